//! The client side of the endpoint: requests out, responses in.

use std::time::Instant;

use super::{ClientId, Destination, Endpoint, Event, Flow, Full, Machine, Output, Transmit, ways::Spare};
use crate::{
    message::{CSeq, HeaderName, Host, MAGIC_COOKIE, Method, Params, Reason, Request, Response, Via},
    transaction::{ClientInviteTransaction, ClientNonInviteTransaction, ClientOutput},
};

/// A client transaction with where its request went. The CANCEL of an INVITE shares its branch and lives with
/// it (RFC 3261 §9.1).
#[derive(Debug)]
pub(super) struct ClientEntry {
    branch: String,
    destination: Destination,
    machine: ClientMachine,
    cancel: Option<ClientNonInviteTransaction>,
    /// Other ways, until a response came.
    spare: Option<Box<Spare>>,
    /// It went over TCP for its length alone. Its peer is still one of UDP: what follows in the dialog goes there.
    is_moved: bool,
    /// Counted among those that only wait for retransmissions.
    lingers: bool,
}

#[derive(Debug)]
enum ClientMachine {
    Invite(ClientInviteTransaction),
    NonInvite(Method, ClientNonInviteTransaction),
}

impl Endpoint {
    /// Sends a request in a new transaction. Via, and Max-Forwards if missing, are added. One that is too long for UDP
    /// goes over TCP where the peer takes a connection.
    ///
    /// # Errors
    /// If the endpoint holds as many transactions as it may.
    pub fn send_request(
        &mut self,
        now: Instant,
        request: Request,
        destination: Destination,
    ) -> Result<ClientId, Full> {
        if self.is_full(true) {
            return Err(Full);
        }
        let id = self.next_id();
        let (first, destinations) = self.ways.choose(now, &request, destination);
        let spare =
            (!destinations.is_empty()).then(|| Box::new(Spare::new(&request, destination, destinations)));
        self.start_client(now, id, request, first, spare);
        Ok(ClientId(id))
    }

    fn start_client(
        &mut self,
        now: Instant,
        id: u64,
        mut request: Request,
        destination: Destination,
        spare: Option<Box<Spare>>,
    ) {
        let branch = format!("{MAGIC_COOKIE}{id:x}.{}", self.random.token(16));
        self.complete(&mut request, destination, &branch);
        let reliable = destination.transport().is_reliable();
        let machine = if request.method == Method::Invite {
            ClientMachine::Invite(ClientInviteTransaction::new(now, request, reliable))
        } else {
            let machine = ClientNonInviteTransaction::new(now, request.encode(), reliable);
            ClientMachine::NonInvite(request.method, machine)
        };
        let is_moved = spare.as_ref().is_some_and(|spare| spare.is_for_length);
        let entry =
            ClientEntry { branch, destination, machine, cancel: None, spare, is_moved, lingers: false };
        self.clients.insert(id, Box::new(entry));
        self.settle_client(now, id);
    }

    /// Sends an ACK for a 2xx: a request without a transaction (RFC 3261 §13.2.2.4). Returns its bytes, to be
    /// repeated with [`Self::retransmit`] for each retransmission of the 2xx.
    pub fn send_ack(&mut self, mut ack: Request, destination: Destination) -> bytes::Bytes {
        let branch = format!("{MAGIC_COOKIE}{}", self.random.token(24));
        self.complete(&mut ack, destination, &branch);
        let bytes = ack.encode();
        self.retransmit(bytes.clone(), destination);
        bytes
    }

    /// Sends bytes as they are.
    pub fn retransmit(&mut self, bytes: bytes::Bytes, destination: Destination) {
        self.outputs.push_back(Output::Transmit(Transmit { destination, bytes }));
    }

    /// Cancels an INVITE (RFC 3261 §9.1). Does nothing and returns false unless a provisional response came
    /// and no final one: the caller tries again at the first provisional response.
    pub fn cancel(&mut self, now: Instant, id: ClientId, reason: Option<&Reason>) -> bool {
        let Some(entry) = self.clients.get_mut(&id.0) else { return false };
        let ClientMachine::Invite(invite) = &entry.machine else { return false };
        if !invite.is_proceeding() || entry.cancel.is_some() {
            return false;
        }
        let Some(request) = invite.request() else { return false };
        let mut cancel = cancel_request(request);
        if let Some(reason) = reason {
            cancel.headers.push(HeaderName::Reason, reason.to_string());
        }
        let reliable = entry.destination.transport().is_reliable();
        entry.cancel = Some(ClientNonInviteTransaction::new(now, cancel.encode(), reliable));
        self.settle_client(now, id.0);
        true
    }

    /// Forgets an INVITE whose CANCEL brought no final response within 64·T1 (RFC 3261 §9.1).
    pub fn abandon(&mut self, now: Instant, id: ClientId) {
        if let Some(entry) = self.clients.get_mut(&id.0) {
            if let ClientMachine::Invite(invite) = &mut entry.machine {
                invite.abandon(now);
            }
            self.settle_client(now, id.0);
        }
    }

    pub(super) fn handle_response(&mut self, now: Instant, flow: Flow, response: Response) {
        let (Ok(via), Ok(cseq)) = (response.headers.via(), response.headers.cseq()) else {
            return self.counters.malformed += 1;
        };
        // "If there is more than one Via, the UAC SHOULD discard the message." §8.1.3.3
        let single = response.headers.values(&HeaderName::Via).is_ok_and(|values| values.len() == 1);
        let id = via.branch().and_then(branch_id).filter(|_| single);
        let entry = id.and_then(|id| self.clients.get_mut(&id).map(|entry| (id, entry)));
        let Some((id, entry)) = entry.filter(|(_, entry)| via.branch() == Some(entry.branch.as_str())) else {
            // A response that matches no transaction is dropped. RFC 6026 §8.9
            return self.counters.strays += 1;
        };
        entry.spare = None;
        match (&mut entry.machine, &mut entry.cancel) {
            (_, Some(cancel)) if cseq.method == Method::Cancel => cancel.handle_response(now, response),
            (ClientMachine::Invite(machine), _) if cseq.method == Method::Invite => {
                machine.handle_response(now, response);
            }
            (ClientMachine::NonInvite(method, machine), _) if cseq.method == *method => {
                machine.handle_response(now, response);
            }
            _ => return self.counters.strays += 1,
        }
        self.response_flow = Some(flow);
        self.settle_client(now, id);
        self.response_flow = None;
    }

    pub(super) fn client_timeout(&mut self, now: Instant, id: u64) {
        if let Some(entry) = self.clients.get_mut(&id) {
            match &mut entry.machine {
                ClientMachine::Invite(machine) => machine.handle_timeout(now),
                ClientMachine::NonInvite(_, machine) => machine.handle_timeout(now),
            }
            if let Some(cancel) = &mut entry.cancel {
                cancel.handle_timeout(now);
            }
            self.settle_client(now, id);
        }
    }

    pub(super) fn client_transport_error(&mut self, now: Instant, failed: Destination) {
        self.ways.note_failed(now, failed);
        for id in self.clients_to(failed) {
            if self.try_another_way(now, id) {
                continue;
            }
            if let Some(entry) = self.clients.get_mut(&id) {
                match &mut entry.machine {
                    ClientMachine::Invite(machine) => machine.handle_transport_error(now),
                    ClientMachine::NonInvite(_, machine) => machine.handle_transport_error(now),
                }
                entry.cancel = None;
            }
            self.settle_client(now, id);
        }
    }

    /// "If the attempt to establish the connection fails, the element SHOULD retry the request, using UDP." §18.1.1
    fn try_another_way(&mut self, now: Instant, id: u64) -> bool {
        let Some(mut spare) = self.clients.get_mut(&id).and_then(|entry| entry.spare.take()) else {
            return false;
        };
        let Some(destination) = spare.destinations.pop_front() else { return false };
        spare.is_for_length = false;
        let request = spare.request.clone();
        self.start_client(now, id, request, destination, Some(spare));
        true
    }

    fn clients_to(&self, failed: Destination) -> Vec<u64> {
        let mut ids: Vec<u64> = self
            .clients
            .iter()
            .filter(|(_, entry)| super::same_peer(entry.destination, failed))
            .map(|(&id, _)| id)
            .collect();
        ids.sort_unstable();
        ids
    }

    /// Passes a machine's outputs on, sets its timer, and removes it when it is over.
    fn settle_client(&mut self, now: Instant, id: u64) {
        let Some(entry) = self.clients.get_mut(&id) else { return };
        let destination = entry.destination;
        let response_flow = self.response_flow.filter(|_| !entry.is_moved);
        let outputs = &mut self.outputs;
        let mut pass = |output, silent: bool| match output {
            ClientOutput::Transmit(bytes) => {
                outputs.push_back(Output::Transmit(Transmit { destination, bytes }))
            }
            _ if silent => {}
            ClientOutput::Response(response) => {
                let response = Box::new(response);
                outputs.push_back(Output::Event(Event::Response {
                    id: ClientId(id),
                    response,
                    flow: response_flow,
                }));
            }
            ClientOutput::TimedOut => outputs.push_back(Output::Event(Event::TimedOut(ClientId(id)))),
            ClientOutput::TransportFailed => {
                outputs.push_back(Output::Event(Event::TransportFailed(ClientId(id))));
            }
        };
        let (terminated, lingers, mut deadline) = match &mut entry.machine {
            ClientMachine::Invite(machine) => {
                std::iter::from_fn(|| machine.poll_output()).for_each(|output| pass(output, false));
                (machine.is_terminated(), machine.is_lingering(), machine.next_timeout())
            }
            ClientMachine::NonInvite(_, machine) => {
                std::iter::from_fn(|| machine.poll_output()).for_each(|output| pass(output, false));
                (machine.is_terminated(), machine.is_lingering(), machine.next_timeout())
            }
        };
        if let Some(cancel) = &mut entry.cancel {
            // What becomes of a CANCEL does not matter: the INVITE's final response tells. §9.1
            std::iter::from_fn(|| cancel.poll_output()).for_each(|output| pass(output, true));
            deadline = [deadline, cancel.next_timeout()].into_iter().flatten().min();
        }
        if terminated {
            return self.end_client(id);
        }
        self.timers.set(Machine::Client(id), deadline.map(|deadline| deadline.max(now)));
        if lingers && !std::mem::replace(&mut entry.lingers, true) {
            self.linger(Machine::Client(id));
        }
    }

    /// Removes a transaction that is over, and tells its user.
    pub(super) fn end_client(&mut self, id: u64) {
        if let Some(entry) = self.clients.remove(&id) {
            self.lingers -= usize::from(entry.lingers);
            self.timers.set(Machine::Client(id), None);
            self.outputs.push_back(Output::Event(Event::ClientEnded(ClientId(id))));
        }
    }

    /// Adds Via and what else every request carries.
    fn complete(&self, request: &mut Request, destination: Destination, branch: &str) {
        let transport = destination.transport();
        let (host, port) = self.config.sent_by(destination);
        let via = Via {
            transport: transport.via_name().to_owned(),
            host: Host::clone(host),
            port: Some(port),
            params: Params::new().with("branch", Some(branch)).with("rport", None),
        };
        request.headers.push_front(HeaderName::Via, via.to_string());
        if !request.headers.contains(&HeaderName::MaxForwards) {
            request.headers.push(HeaderName::MaxForwards, "70");
        }
        if !request.headers.contains(&HeaderName::UserAgent) {
            request.headers.push(HeaderName::UserAgent, self.config.product.clone());
        }
    }
}

/// The number of the transaction, as our branches carry it.
fn branch_id(branch: &str) -> Option<u64> {
    let (id, _) = branch.get(MAGIC_COOKIE.len()..)?.split_once('.')?;
    u64::from_str_radix(id, 16).ok()
}

/// The CANCEL of an INVITE: its URI, topmost Via, From, To, Call-ID, CSeq number and Route (RFC 3261 §9.1).
fn cancel_request(invite: &Request) -> Request {
    let mut cancel = Request::new(Method::Cancel, invite.uri.clone());
    if let Ok(via) = invite.headers.via() {
        cancel.headers.push(HeaderName::Via, via.to_string());
    }
    for header in &invite.headers {
        match header.name() {
            HeaderName::From
            | HeaderName::To
            | HeaderName::CallId
            | HeaderName::Route
            | HeaderName::UserAgent => {
                cancel.headers.push_header(header.clone());
            }
            HeaderName::CSeq => {
                let number = invite.headers.cseq().map_or(0, |cseq| cseq.number);
                cancel.headers.push(HeaderName::CSeq, CSeq { number, method: Method::Cancel }.to_string());
            }
            _ => {}
        }
    }
    cancel.with(HeaderName::MaxForwards, "70")
}
