//! The INVITE client transaction (RFC 3261 §17.1.1, RFC 6026 §7.2).

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{ClientOutput, T1, TIMEOUT, Timer, TimerTable};
use crate::message::{CSeq, HeaderName, Method, Request, Response};

/// INVITE client transaction.
///
/// ```text
///  Calling ──1xx──► Proceeding
///   │ │ │            │     │
///   │ │ └──2xx──►────┼2xx──┴──► Accepted ──M──► Terminated
///   │ └─3xx–6xx, ACK─┴3xx–6xx─► Completed ──D──►│
///   └─B, transport error───────────────────────►│
/// ```
/// Accepted passes every 2xx on; Completed answers every 3xx–6xx with the ACK again.
#[derive(Debug)]
pub struct ClientInviteTransaction {
    state: State,
    /// What a CANCEL and the ACK of a 3xx–6xx are made of; until the INVITE is accepted.
    request: Option<Box<Request>>,
    reliable: bool,
    timers: TimerTable<Timer>,
    outputs: VecDeque<ClientOutput>,
}

#[derive(Debug)]
enum State {
    Calling { bytes: Bytes, interval: Duration },
    Proceeding,
    Accepted,
    Completed { ack: Bytes },
    Terminated,
}

impl ClientInviteTransaction {
    /// Sends `request`, whose topmost Via is complete.
    pub fn new(now: Instant, request: Request, reliable: bool) -> Self {
        let bytes = request.encode();
        let mut timers = TimerTable::new();
        timers.set(Timer::B, now + TIMEOUT);
        // A reliable transport needs no timer A. §17.1.1.2
        if !reliable {
            timers.set(Timer::A, now + T1);
        }
        let outputs = VecDeque::from([ClientOutput::Transmit(bytes.clone())]);
        Self {
            state: State::Calling { bytes, interval: T1 },
            request: Some(Box::new(request)),
            reliable,
            timers,
            outputs,
        }
    }

    /// The request, until it is accepted.
    pub fn request(&self) -> Option<&Request> {
        self.request.as_deref()
    }

    /// Whether a provisional response came and no final one: only then may a CANCEL be sent (§9.1).
    pub const fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding)
    }

    /// Whether the transaction is answered and only waits for retransmissions.
    pub const fn is_lingering(&self) -> bool {
        matches!(self.state, State::Accepted | State::Completed { .. })
    }

    /// Whether the transaction is over.
    pub const fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// Takes a response that belongs to this transaction.
    pub fn handle_response(&mut self, now: Instant, response: Response) {
        match (&self.state, response.status) {
            // "The client transaction SHOULD NOT retransmit the request any longer" and passes the provisional
            // response to its user. §17.1.1.2
            (State::Calling { .. } | State::Proceeding, 100..200) => {
                self.transition(now, State::Proceeding);
                self.outputs.push_back(ClientOutput::Response(response));
            }
            // A 2xx is acknowledged by the user; more of them may follow from other branches. RFC 6026 §7.2
            (State::Calling { .. } | State::Proceeding, 200..300) => {
                self.transition(now, State::Accepted);
                self.outputs.push_back(ClientOutput::Response(response));
            }
            (State::Accepted, 200..300) => self.outputs.push_back(ClientOutput::Response(response)),
            // A 3xx–6xx is acknowledged here. §17.1.1.3
            (State::Calling { .. } | State::Proceeding, 300..) => {
                let Some(request) = &self.request else { return };
                let ack = ack(request, &response).encode();
                self.outputs.push_back(ClientOutput::Transmit(ack.clone()));
                self.outputs.push_back(ClientOutput::Response(response));
                self.transition(now, State::Completed { ack });
            }
            // "Any retransmissions of the final response MUST cause the ACK to be re-passed." §17.1.1.2
            (State::Completed { ack }, 300..) => self.outputs.push_back(ClientOutput::Transmit(ack.clone())),
            _ => {}
        }
    }

    /// Takes note that the transport failed to deliver.
    pub fn handle_transport_error(&mut self, now: Instant) {
        match self.state {
            // §17.1.4. In Proceeding the request was delivered; the response may come another way.
            State::Calling { .. } | State::Completed { .. } => {
                self.outputs.push_back(ClientOutput::TransportFailed);
                self.transition(now, State::Terminated);
            }
            State::Proceeding | State::Accepted | State::Terminated => {}
        }
    }

    /// Ends the transaction without a word: the user gave up waiting (§9.1, 64·T1 after a CANCEL).
    pub fn abandon(&mut self, now: Instant) {
        self.transition(now, State::Terminated);
    }

    /// Lets expire what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((timer, _)) = self.timers.take_expired(now) {
            match (timer, &mut self.state) {
                // "When timer A fires, the client transaction MUST retransmit the request", at 2·T1, 4·T1, ….
                (Timer::A, State::Calling { bytes, interval }) => {
                    self.outputs.push_back(ClientOutput::Transmit(bytes.clone()));
                    *interval *= 2;
                    self.timers.set(Timer::A, now + *interval);
                }
                // "If the client transaction is still in the Calling state when timer B fires, …" §17.1.1.2
                (Timer::B, State::Calling { .. }) => {
                    self.outputs.push_back(ClientOutput::TimedOut);
                    self.transition(now, State::Terminated);
                }
                (Timer::D | Timer::M, _) => self.transition(now, State::Terminated),
                _ => {}
            }
        }
    }

    /// The earliest deadline.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next_timeout()
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<ClientOutput> {
        self.outputs.pop_front()
    }

    fn transition(&mut self, now: Instant, next: State) {
        debug_assert!(
            !matches!((&self.state, &next), (State::Terminated, to) if !matches!(to, State::Terminated)),
            "a terminated transaction stays so"
        );
        self.timers.clear();
        match &next {
            // At least 32 s, or zero seconds for reliable transports. §17.1.1.2
            State::Completed { .. } if self.reliable => {
                self.state = State::Terminated;
                return;
            }
            State::Completed { .. } => self.timers.set(Timer::D, now + TIMEOUT),
            State::Accepted => {
                self.timers.set(Timer::M, now + TIMEOUT);
                // Nothing is made of it any more, and it is kept for 32 s.
                self.request = None;
            }
            State::Calling { .. } | State::Proceeding | State::Terminated => {}
        }
        self.state = next;
    }
}

/// The ACK for a 3xx–6xx (RFC 3261 §17.1.1.3): the INVITE's URI, topmost Via, Route, From, Call-ID and CSeq
/// number, the response's To.
fn ack(invite: &Request, response: &Response) -> Request {
    let mut ack = Request::new(Method::Ack, invite.uri.clone());
    if let Ok(via) = invite.headers.via() {
        ack.headers.push(HeaderName::Via, via.to_string());
    }
    for header in &invite.headers {
        match header.name() {
            HeaderName::From | HeaderName::CallId | HeaderName::Route => {
                ack.headers.push_header(header.clone())
            }
            HeaderName::To => {
                let to = response.headers.all(&HeaderName::To).next().unwrap_or(header);
                ack.headers.push_header(to.clone());
            }
            HeaderName::CSeq => {
                let number = invite.headers.cseq().map_or(0, |cseq| cseq.number);
                ack.headers.push(HeaderName::CSeq, CSeq { number, method: Method::Ack }.to_string());
            }
            _ => {}
        }
    }
    ack.with(HeaderName::MaxForwards, "70")
}
