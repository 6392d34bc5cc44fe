//! Where a request goes, and where else when that fails (RFC 3261 §18.1.1).
//!
//! "If a request is within 200 bytes of the path MTU, or if it is larger than 1300 bytes and the path MTU is unknown,
//! the request MUST be sent using a congestion controlled transport protocol, such as TCP." A telephone that registered
//! over UDP is tried over TCP then, and over UDP after all when it does not take a connection. A telephone behind a NAT
//! cannot be connected to, so it is not tried.
//!
//! A telephone may also close a connection it likes to be called over; it is reached anew at its Contact.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{Destination, Transport};
use crate::message::{Request, Uri};

/// The longest request that goes over UDP, in bytes.
const LONGEST_BY_UDP: usize = 1_300;

/// A Via, User-Agent, Content-Length, and the start line around the URI.
const NOT_YET_THERE: usize = 230;

/// How long a telephone that took no connection is not tried again. It may have got new firmware since.
const MEMORY: Duration = Duration::from_secs(3_600);

/// Telephones remembered for that. One that is forgotten is tried once more.
const MOST_REMEMBERED: usize = 4_096;

/// What is known of the ways to peers.
#[derive(Debug, Default)]
pub(super) struct Ways {
    /// Who took no TCP connection, and since when.
    refused: HashMap<SocketAddr, Instant>,
    order: VecDeque<SocketAddr>,
}

/// What is left to try for a request.
#[derive(Debug)]
pub(super) struct Spare {
    /// The request without our Via.
    pub(super) request: Request,
    /// Where, in this order.
    pub(super) destinations: VecDeque<Destination>,
    /// Whether the way taken is TCP because the request is long.
    pub(super) is_for_length: bool,
}

impl Spare {
    pub(super) fn new(request: &Request, asked: Destination, destinations: VecDeque<Destination>) -> Self {
        let is_for_length = asked.transport() == Transport::Udp;
        Self { request: request.clone(), destinations, is_for_length }
    }
}

impl Ways {
    /// The first way of a request to `destination`, and the others.
    pub(super) fn choose(
        &self,
        now: Instant,
        request: &Request,
        destination: Destination,
    ) -> (Destination, VecDeque<Destination>) {
        match destination.transport() {
            Transport::Udp => {
                let remote = destination.remote();
                if is_long(request) && contact(&request.uri) == Some(remote) && self.may_try(now, remote) {
                    let tcp = Destination::Address { transport: Transport::Tcp, remote };
                    return (tcp, VecDeque::from([destination]));
                }
                (destination, VecDeque::new())
            }
            Transport::Tcp if matches!(destination, Destination::Flow(_)) => {
                let at_contact = contact(&request.uri).filter(|at| at.ip() == destination.remote().ip());
                let by = |transport| at_contact.map(|remote| Destination::Address { transport, remote });
                let is_udp_named = request.uri.sip().is_some_and(|uri| !uri.params.contains("transport"));
                let by_udp = by(Transport::Udp).filter(|_| is_udp_named);
                (destination, by(Transport::Tcp).into_iter().chain(by_udp).collect())
            }
            _ => (destination, VecDeque::new()),
        }
    }

    /// A peer took no connection.
    pub(super) fn note_failed(&mut self, now: Instant, failed: Destination) {
        let Destination::Address { transport: Transport::Tcp, remote } = failed else { return };
        if self.refused.insert(remote, now).is_none() {
            self.order.push_back(remote);
        }
        if self.order.len() > MOST_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.refused.remove(&oldest);
        }
    }

    fn may_try(&self, now: Instant, remote: SocketAddr) -> bool {
        let since = self.refused.get(&remote);
        since.is_none_or(|since| now.saturating_duration_since(*since) >= MEMORY)
    }
}

/// The address a URI names, if it may be reached over either transport.
fn contact(uri: &Uri) -> Option<SocketAddr> {
    let uri = uri.sip().filter(|uri| !uri.secure)?;
    let takes_tcp = uri.params.get("transport").is_none_or(|transport| transport.eq_ignore_ascii_case("tcp"));
    let address = uri.host.address().filter(|_| takes_tcp)?;
    Some(SocketAddr::new(address, uri.port.unwrap_or(Transport::Tcp.default_port())))
}

fn is_long(request: &Request) -> bool {
    let lines = request.headers.iter().map(|header| header.name().as_str().len() + header.value().len() + 4);
    lines.sum::<usize>() + request.body.len() + NOT_YET_THERE > LONGEST_BY_UDP
}
