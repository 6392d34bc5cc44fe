//! The server side of the endpoint: requests in, responses out.

use std::{
    fmt::Write,
    hash::{DefaultHasher, Hash, Hasher},
    net::SocketAddr,
    sync::Arc,
    time::Instant,
};

use tracing::debug;

use super::{
    Destination, Endpoint, Event, Flow, Machine, Output, ServerId, Transmit, Transport,
    check::{Essentials, refusal},
};
use crate::{
    message::{HeaderName, Host, Method, Request, Response, Via, strip_private_headers},
    transaction::{ServerInviteTransaction, ServerNonInviteTransaction, ServerOutput},
};

/// A server transaction with where its responses go.
#[derive(Debug)]
pub(super) struct ServerEntry {
    key: Arc<str>,
    merge_key: Option<Arc<str>>,
    destination: Destination,
    /// Where responses go when the connection is gone (RFC 3261 §18.2.2); taken once.
    fallback: Option<Destination>,
    machine: ServerMachine,
    /// Counted among those that only wait for retransmissions.
    lingers: bool,
}

#[derive(Debug)]
enum ServerMachine {
    Invite(ServerInviteTransaction),
    NonInvite(ServerNonInviteTransaction),
}

impl Endpoint {
    /// Sends a response in its transaction. Server is added to final responses, and a To tag where it lacks.
    /// A transaction that is over takes no response: then nothing is sent.
    pub fn send_response(&mut self, now: Instant, id: ServerId, response: Response) {
        let response = self.dress(response);
        let Some(entry) = self.servers.get_mut(&id.0) else { return };
        match &mut entry.machine {
            ServerMachine::Invite(machine) => machine.send_response(now, &response),
            ServerMachine::NonInvite(machine) => machine.send_response(now, &response),
        }
        self.settle_server(now, id.0);
    }

    /// The refusal of a request that cannot be served whoever sent it: its method, scheme, extensions or encoding.
    /// `None` if it may go on. For its user to send **after** the sender proved who it is (RFC 3261 §8.2: authentication
    /// comes first): a stranger is not told what is served.
    pub fn refusal(&self, flow: Flow, request: &Request) -> Option<Response> {
        let response = refusal(&self.config, flow, request)?;
        debug!(method = %request.method, status = response.status, "request refused");
        Some(response)
    }

    /// Forgets a transaction nobody will answer: what its user worked for it with failed. Its sender gives up in time.
    pub(crate) fn give_up(&mut self, id: ServerId) {
        self.forget_server(id.0);
    }

    /// Sends a final response and forgets the transaction (RFC 3261 §8.2.7): for challenges, which must not
    /// cost memory. A retransmission of the request is then a request again, and the ACK of an INVITE is
    /// dropped.
    pub fn send_stateless(&mut self, id: ServerId, response: Response) {
        let Some(entry) = self.servers.get(&id.0) else { return };
        let destination = entry.destination;
        let response = self.dress(response);
        self.forget_server(id.0);
        self.outputs.push_back(Output::Transmit(Transmit { destination, bytes: response.encode() }));
    }

    pub(super) fn handle_request(&mut self, now: Instant, flow: Flow, mut request: Request) {
        let essentials = match Essentials::of(&request) {
            Ok(essentials) => essentials,
            Err(error) => {
                self.counters.malformed += 1;
                let response = Response::to_request(&request, 400).with_reason(&error.to_string());
                return self.refuse(&request, flow, response);
            }
        };
        let via = self.observe_source(flow, &mut request, &essentials.via);
        if self.config.strip_private_headers {
            strip_private_headers(&mut request.headers);
        }
        let key = transaction_key(&request, &essentials, &via, &request.method);
        if let Some(&id) = self.server_keys.get(key.as_str()) {
            return self.handle_known(now, id, request);
        }
        match request.method {
            // An ACK that belongs to no transaction here acknowledges a 2xx. §17.2.3
            Method::Ack => {
                self.outputs.push_back(Output::Event(Event::Ack { request: Box::new(request), flow }))
            }
            Method::Cancel => self.handle_cancel(now, flow, request, &essentials, (key, via)),
            _ => self.handle_new(now, flow, request, &essentials, (key, via)),
        }
    }

    fn handle_known(&mut self, now: Instant, id: u64, request: Request) {
        if let Some(entry) = self.servers.get_mut(&id) {
            match (&mut entry.machine, request.method == Method::Ack) {
                (ServerMachine::Invite(machine), true) => machine.handle_ack(now, request),
                (ServerMachine::Invite(machine), false) => machine.handle_retransmission(),
                (ServerMachine::NonInvite(machine), false) => machine.handle_retransmission(),
                (ServerMachine::NonInvite(_), true) => {}
            }
        }
        self.settle_server(now, id);
    }

    fn handle_new(
        &mut self,
        now: Instant,
        flow: Flow,
        request: Request,
        essentials: &Essentials,
        way: (String, Via),
    ) {
        let in_dialog = essentials.to.tag().is_some();
        if self.is_full(in_dialog) || (self.overloaded && !in_dialog) {
            self.counters.shed += 1;
            let response = Response::to_request(&request, 503)
                .with(HeaderName::RetryAfter, self.config.retry_after_seconds.to_string());
            return self.refuse(&request, flow, response);
        }
        // The same request by another way: it was forked to us before. §8.2.2.2
        let merge_key = (!in_dialog).then(|| {
            let tag = essentials.from.tag().unwrap_or_default();
            format!("{}\n{tag}\n{} {}", essentials.call_id, essentials.cseq, request.method)
        });
        if merge_key.as_ref().is_some_and(|key| self.merge_keys.contains(key.as_str())) {
            let response = Response::to_request(&request, 482);
            return self.refuse(&request, flow, response);
        }
        let id = self.open(now, flow, &request, merge_key, way);
        self.outputs.push_back(Output::Event(Event::Request {
            id: ServerId(id),
            request: Box::new(request),
            flow,
        }));
    }

    fn handle_cancel(
        &mut self,
        now: Instant,
        flow: Flow,
        request: Request,
        essentials: &Essentials,
        way: (String, Via),
    ) {
        let invite_key = transaction_key(&request, essentials, &way.1, &Method::Invite);
        let invite = self.server_keys.get(invite_key.as_str()).copied();
        let Some(invite) = invite.filter(|id| self.servers.contains_key(id)) else {
            // "If the UAS did not find a matching transaction, it SHOULD respond with a 481." §9.2
            let response = Response::to_request(&request, 481);
            return self.refuse(&request, flow, response);
        };
        if self.is_full(true) {
            let response = Response::to_request(&request, 503);
            return self.refuse(&request, flow, response);
        }
        let id = self.open(now, flow, &request, None, way);
        // "Regardless of the method of the original request, the CANCEL is answered with a 200." §9.2
        let tag = stateless_tag(&request);
        self.send_response(now, ServerId(id), Response::to_request(&request, 200).with_to_tag(&tag));
        let reasons = request.headers.reasons();
        self.outputs.push_back(Output::Event(Event::Cancelled { id: ServerId(invite), reasons }));
    }

    fn open(
        &mut self,
        now: Instant,
        flow: Flow,
        request: &Request,
        merge_key: Option<String>,
        way: (String, Via),
    ) -> u64 {
        let (key, via) = way;
        let id = self.next_id();
        let reliable = flow.transport.is_reliable();
        let machine = if request.method == Method::Invite {
            ServerMachine::Invite(ServerInviteTransaction::new(now, request, reliable))
        } else {
            ServerMachine::NonInvite(ServerNonInviteTransaction::new(reliable))
        };
        let key: Arc<str> = key.into();
        self.server_keys.insert(Arc::clone(&key), id);
        let merge_key: Option<Arc<str>> = merge_key.map(Into::into);
        if let Some(merge_key) = &merge_key {
            self.merge_keys.insert(Arc::clone(merge_key));
        }
        let (destination, fallback) = response_destination(flow, &via);
        let entry = ServerEntry { key, merge_key, destination, fallback, machine, lingers: false };
        self.servers.insert(id, Box::new(entry));
        self.settle_server(now, id);
        id
    }

    pub(super) fn server_timeout(&mut self, now: Instant, id: u64) {
        if let Some(entry) = self.servers.get_mut(&id) {
            match &mut entry.machine {
                ServerMachine::Invite(machine) => machine.handle_timeout(now),
                ServerMachine::NonInvite(machine) => machine.handle_timeout(now),
            }
        }
        self.settle_server(now, id);
    }

    pub(super) fn server_transport_error(&mut self, now: Instant, failed: Destination) {
        let mut ids: Vec<u64> = self
            .servers
            .iter()
            .filter(|(_, entry)| super::same_peer(entry.destination, failed))
            .map(|(&id, _)| id)
            .collect();
        ids.sort_unstable();
        for id in ids {
            if let Some(entry) = self.servers.get_mut(&id) {
                match (entry.fallback.take(), &mut entry.machine) {
                    // "If that connection is no longer open, the server SHOULD open a connection to the address
                    // in received, using the port in sent-by." §18.2.2
                    (Some(fallback), _) => entry.destination = fallback,
                    (None, ServerMachine::Invite(machine)) => machine.handle_transport_error(now),
                    (None, ServerMachine::NonInvite(machine)) => machine.handle_transport_error(now),
                }
            }
            self.settle_server(now, id);
        }
    }

    /// Passes a machine's outputs on, sets its timer, and removes it when it is over.
    fn settle_server(&mut self, now: Instant, id: u64) {
        let Some(entry) = self.servers.get_mut(&id) else { return };
        let destination = entry.destination;
        let mut poll = || match &mut entry.machine {
            ServerMachine::Invite(machine) => machine.poll_output(),
            ServerMachine::NonInvite(machine) => machine.poll_output(),
        };
        while let Some(output) = poll() {
            self.outputs.push_back(match output {
                ServerOutput::Transmit(bytes) => Output::Transmit(Transmit { destination, bytes }),
                ServerOutput::Acknowledged(ack) => {
                    let Some(flow) = self.request_flow else { continue };
                    Output::Event(Event::Ack { request: Box::new(ack), flow })
                }
                ServerOutput::TimedOut | ServerOutput::TransportFailed => {
                    Output::Event(Event::ServerFailed(ServerId(id)))
                }
            });
        }
        let (terminated, lingers, deadline) = match &entry.machine {
            ServerMachine::Invite(machine) => {
                (machine.is_terminated(), machine.is_lingering(), machine.next_timeout())
            }
            ServerMachine::NonInvite(machine) => {
                (machine.is_terminated(), machine.is_lingering(), machine.next_timeout())
            }
        };
        if terminated {
            return self.forget_server(id);
        }
        self.timers.set(Machine::Server(id), deadline.map(|deadline| deadline.max(now)));
        if lingers && !std::mem::replace(&mut entry.lingers, true) {
            self.linger(Machine::Server(id));
        }
    }

    pub(super) fn forget_server(&mut self, id: u64) {
        self.timers.set(Machine::Server(id), None);
        if let Some(entry) = self.servers.remove(&id) {
            self.lingers -= usize::from(entry.lingers);
            self.server_keys.remove(&entry.key);
            if let Some(merge_key) = &entry.merge_key {
                self.merge_keys.remove(merge_key);
            }
        }
    }

    /// Answers without a transaction. ACKs are never answered (RFC 3261 §17.1.1.3).
    pub(super) fn refuse(&mut self, request: &Request, flow: Flow, response: Response) {
        if request.method != Method::Ack {
            let response = response.with_to_tag(&stateless_tag(request));
            self.answer_stateless(flow, response);
        }
    }

    /// Sends a response without a transaction: where its topmost Via says, or, where that cannot be read, back
    /// where the request came from.
    pub(super) fn answer_stateless(&mut self, flow: Flow, response: Response) {
        let response = self.dress(response);
        let destination = match response.headers.via() {
            Ok(via) => response_destination(flow, &via).0,
            Err(_) => Destination::Flow(flow),
        };
        self.outputs.push_back(Output::Transmit(Transmit { destination, bytes: response.encode() }));
    }

    fn dress(&self, response: Response) -> Response {
        if response.is_provisional() || response.headers.contains(&HeaderName::Server) {
            return response;
        }
        let product = self.config.product.clone();
        response.with(HeaderName::Server, product)
    }

    /// Writes the source into the topmost Via where it differs or is asked for (RFC 3261 §18.2.1, RFC 3581 §4).
    /// What a sender wrote there itself is replaced.
    fn observe_source(&self, flow: Flow, request: &mut Request, via: &Via) -> Via {
        let mut via = via.clone();
        let ip = flow.remote.ip().to_canonical();
        let asks = via.params.contains("rport");
        if asks {
            via.params.set("rport", Some(&flow.remote.port().to_string()));
        }
        if asks || via.host.address().map(|address| address.to_canonical()) != Some(ip) {
            via.params.set("received", Some(&ip.to_string()));
        } else {
            via.params.remove("received");
        }
        request.headers.set_top_via(&via);
        via
    }
}

/// Where responses to a request from `flow` go, and where they go when a connection is gone (RFC 3261 §18.2.2).
/// `maddr` is not followed: it would let a sender aim our responses at others.
fn response_destination(flow: Flow, via: &Via) -> (Destination, Option<Destination>) {
    let ip = flow.remote.ip();
    let sent_by = SocketAddr::new(ip, via.port_or_default());
    match flow.transport {
        Transport::Udp => {
            // "The response MUST be sent to the address in received, to the port in rport." RFC 3581 §4
            let remote = if via.params.contains("rport") { flow.remote } else { sent_by };
            (Destination::Flow(Flow { remote, ..flow }), None)
        }
        transport => {
            // A browser accepts no connection. RFC 7118 §5.5
            let fallback = transport
                .accepts_connections()
                .then_some(Destination::Address { transport, remote: sent_by });
            (Destination::Flow(flow), fallback)
        }
    }
}

/// What names the transaction a request belongs to (RFC 3261 §17.2.3). `method` is the request's, or INVITE to
/// find what a CANCEL means.
fn transaction_key(request: &Request, essentials: &Essentials, via: &Via, method: &Method) -> String {
    let method = if *method == Method::Ack { &Method::Invite } else { method };
    match via.branch() {
        Some(branch) => {
            let mut key = String::with_capacity(branch.len() + 48);
            for part in [method.as_str(), "\n", branch, "\n"] {
                key.push_str(part);
            }
            match &via.host {
                Host::Name(name) => key.extend(name.chars().map(|char| char.to_ascii_lowercase())),
                // Numbers have no case. Writing to a string cannot fail.
                Host::Address(address) => drop(write!(key, "{address}")),
            }
            let _ = write!(key, ":{}", via.port_or_default());
            key
        }
        // A sender of RFC 2543: URI, tags, Call-ID, CSeq and Via stand for the branch. The To tag is left out,
        // so that an ACK, which carries ours, finds its INVITE.
        None => format!(
            "{method}\n{}\n{}\n{}\n{}\n{}:{}",
            request.uri,
            essentials.from.tag().unwrap_or_default(),
            essentials.call_id,
            essentials.cseq,
            via.host,
            via.port_or_default(),
        ),
    }
}

/// A To tag that is the same for each retransmission of `request` (RFC 3261 §8.2.7).
fn stateless_tag(request: &Request) -> String {
    let mut hasher = DefaultHasher::new();
    for name in [HeaderName::CallId, HeaderName::From, HeaderName::CSeq] {
        request.headers.text(&name).ok().flatten().hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}
