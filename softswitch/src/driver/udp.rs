//! SIP over UDP.

use std::{future::poll_fn, io, net::SocketAddr, sync::Arc, task::Poll};

use bytes::Bytes;
use ringdown_sip::endpoint::{ConnectionId, Flow, Transport};
use socket2::{Protocol, Type};
use tokio::{net::UdpSocket, sync::mpsc, task::JoinSet};
use tracing::{debug, trace};

use super::{socket, stun, udp_errors};
use crate::switch_task::SwitchInput;

/// The receive buffer of a listening socket: what arrives while the switch is busy for a moment.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// Datagrams taken from one socket before the others get their turn. As the switch handles fewer between two reads, what
/// waits does so where it is sorted: the kernel's queue would drop what is under way as readily as what is new. Many
/// more would delay everything else.
const BURST: usize = 512;

/// The listening UDP sockets. The switch task reads them itself: a queue in between would cost a wake for each
/// datagram and only make late ones later. What the switch is too busy for is dropped by the kernel, and its sender
/// repeats it. Dropping it stops listening.
#[derive(Debug)]
pub(crate) struct UdpSockets {
    sockets: Vec<Listening>,
    /// Where a datagram is read to before it gets memory of its size.
    buffer: Box<[u8]>,
    /// Who reads the error queues.
    watchers: JoinSet<()>,
}

#[derive(Debug)]
struct Listening {
    id: ConnectionId,
    local: SocketAddr,
    socket: Arc<UdpSocket>,
    /// Whether there may be more to read.
    is_readable: bool,
}

impl UdpSockets {
    /// Binds every address. The sockets have the [`ConnectionId`]s from 0.
    ///
    /// # Errors
    /// When one cannot be bound.
    pub(crate) fn bind(addresses: &[SocketAddr]) -> io::Result<Self> {
        let listening = |(socket, id): (UdpSocket, u64)| {
            let (id, local, socket) = (ConnectionId(id), socket.local_addr()?, Arc::new(socket));
            Ok(Listening { id, local, socket, is_readable: false })
        };
        let sockets = socket::bind_each(addresses, open)?;
        let sockets = sockets.into_iter().zip(0..).map(listening).collect::<io::Result<_>>()?;
        Ok(Self { sockets, buffer: vec![0; 65_536].into(), watchers: JoinSet::new() })
    }

    /// Tells the switch task of peers the network cannot reach, for as long as the sockets live.
    pub(crate) fn watch_errors(&mut self, switch: &mpsc::Sender<SwitchInput>) {
        for Listening { id, local, socket, .. } in &self.sockets {
            let (socket, switch, id, local) = (Arc::clone(socket), switch.clone(), *id, *local);
            let report = move |remote| {
                let flow = Flow { transport: Transport::Udp, local, remote, connection: id };
                // One that the switch has no room for is lost; a timer says the same later.
                drop(switch.try_send(SwitchInput::Unreachable { flow }));
            };
            self.watchers.spawn(async move { udp_errors::watch(&socket, report).await });
        }
    }

    /// Waits until [`Self::read`] may have something.
    pub(crate) async fn readable(&mut self) {
        let sockets = &mut self.sockets;
        poll_fn(|context| {
            let mut ready = false;
            for listening in sockets.iter_mut() {
                listening.is_readable |= listening.socket.poll_recv_ready(context).is_ready();
                ready |= listening.is_readable;
            }
            if ready { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Takes the datagrams that wait, a burst of each socket. STUN is answered here and takes no room in `batch`.
    pub(crate) fn read(&mut self, batch: &mut Vec<(Flow, Bytes)>) {
        for listening in &mut self.sockets {
            for _ in 0..BURST {
                if !listening.is_readable {
                    break;
                }
                match listening.socket.try_recv_from(&mut self.buffer) {
                    Ok((length, remote)) => batch.extend(listening.take(&self.buffer[..length], remote)),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => listening.is_readable = false,
                    // An ICMP answer to something sent earlier; its particulars are in the error queue.
                    Err(error) => trace!(%error, "receive failed"),
                }
            }
        }
    }

    /// Sends from the socket a flow names, or from the first one that can reach the address. What the kernel does not
    /// take at once is lost, as on the network; transactions repeat it.
    pub(crate) fn send(&self, from: Option<ConnectionId>, remote: SocketAddr, bytes: &[u8]) {
        let named = from.and_then(|id| self.sockets.iter().find(|listening| listening.id == id));
        let fitting = || self.sockets.iter().find(|listening| listening.local.is_ipv4() == remote.is_ipv4());
        let Some(Listening { socket, .. }) = named.or_else(fitting) else {
            return debug!("no UDP socket reaches this address family");
        };
        // What went wrong with an earlier datagram is told to the next one, whomever it is for.
        if let Err(error) = socket.try_send_to(bytes, remote).or_else(|_| socket.try_send_to(bytes, remote)) {
            debug!(%error, "datagram not sent");
        }
    }
}

impl Listening {
    /// What a datagram is to the switch, if anything.
    fn take(&self, datagram: &[u8], remote: SocketAddr) -> Option<(Flow, Bytes)> {
        if !stun::is_stun(datagram) {
            let flow = Flow { transport: Transport::Udp, local: self.local, remote, connection: self.id };
            return Some((flow, Bytes::copy_from_slice(datagram)));
        }
        if let Some(answer) = stun::answer(datagram, remote)
            && let Err(error) = self.socket.try_send_to(&answer, remote)
        {
            debug!(%error, "STUN answer not sent");
        }
        None
    }
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = socket::open(address, Type::DGRAM, Protocol::UDP)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    udp_errors::ask_for(&socket, address.is_ipv6());
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    async fn listening() -> (UdpSockets, SocketAddr) {
        let sockets = UdpSockets::bind(&["127.0.0.1:0".parse().expect("an address")]).expect("bound");
        let Listening { local, socket, .. } = &sockets.sockets[0];
        socket.writable().await.expect("writable");
        let local = *local;
        (sockets, local)
    }

    async fn arrived(sockets: &mut UdpSockets) -> Vec<(Flow, Bytes)> {
        let mut batch = Vec::new();
        timeout(Duration::from_secs(5), sockets.readable()).await.expect("in time");
        sockets.read(&mut batch);
        batch
    }

    fn closed_port() -> SocketAddr {
        std::net::UdpSocket::bind("127.0.0.1:0").expect("bound").local_addr().expect("bound")
    }

    #[tokio::test]
    async fn a_closed_port_is_reported_with_its_address() {
        let (mut sockets, _) = listening().await;
        let (switch, mut inputs) = mpsc::channel(8);
        sockets.watch_errors(&switch);
        for gone in [closed_port(), closed_port()] {
            sockets.send(Some(ConnectionId(0)), gone, b"OPTIONS");
            let input = timeout(Duration::from_secs(5), inputs.recv()).await.expect("in time");
            let Some(SwitchInput::Unreachable { flow }) = input else { panic!("an ICMP error") };
            assert_eq!((flow.remote, flow.connection), (gone, ConnectionId(0)));
        }
    }

    #[tokio::test]
    async fn an_error_of_one_peer_does_not_cost_another_its_datagram() {
        let (sockets, _) = listening().await;
        let gone = closed_port();
        let there = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
        let address = there.local_addr().expect("bound");
        for _ in 0..20 {
            sockets.send(None, gone, b"lost");
            sockets.send(None, address, b"kept");
        }
        let mut buffer = [0; 16];
        for _ in 0..20 {
            let received = timeout(Duration::from_secs(5), there.recv_from(&mut buffer)).await;
            assert_eq!(received.expect("in time").expect("received").0, 4);
        }
    }

    #[tokio::test]
    async fn stun_is_answered_and_the_switch_does_not_see_it() {
        let (mut sockets, address) = listening().await;
        let phone = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
        let request = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], b"0123456789ab"].concat();
        phone.send_to(&request, address).await.expect("sent");
        assert!(arrived(&mut sockets).await.is_empty());
        let mut buffer = [0; 64];
        let received = timeout(Duration::from_secs(5), phone.recv_from(&mut buffer)).await;
        assert_eq!(received.expect("in time").expect("received").0, 32);
        assert_eq!(buffer[..2], [1, 1]);
    }
}
