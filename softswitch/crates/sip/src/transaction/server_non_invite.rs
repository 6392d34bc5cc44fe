//! The non-INVITE server transaction (RFC 3261 §17.2.2).

use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;

use super::{ServerOutput, TIMEOUT, Timer, TimerTable};
use crate::message::Response;

/// Non-INVITE server transaction.
///
/// ```text
///  Trying ──1xx──► Proceeding
///     └──2xx–6xx──────┴──────► Completed ──J──► Terminated
///                     └─transport error────────►│
/// ```
/// Trying absorbs retransmitted requests; Proceeding and Completed answer them with the latest response.
#[derive(Debug)]
pub struct ServerNonInviteTransaction {
    state: State,
    reliable: bool,
    timers: TimerTable<Timer>,
    outputs: VecDeque<ServerOutput>,
}

#[derive(Debug)]
enum State {
    Trying,
    Proceeding { last_provisional: Bytes },
    Completed { final_response: Bytes },
    Terminated,
}

impl ServerNonInviteTransaction {
    /// Begins with the arrival of a request.
    pub const fn new(reliable: bool) -> Self {
        Self { state: State::Trying, reliable, timers: TimerTable::new(), outputs: VecDeque::new() }
    }

    /// Whether no final response was sent.
    pub const fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Trying | State::Proceeding { .. })
    }

    /// Whether the transaction is answered and only waits for retransmissions.
    pub const fn is_lingering(&self) -> bool {
        matches!(self.state, State::Completed { .. })
    }

    /// Whether the transaction is over.
    pub const fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// Takes a retransmission of the request.
    pub fn handle_retransmission(&mut self) {
        match &self.state {
            State::Proceeding { last_provisional: bytes } | State::Completed { final_response: bytes } => {
                self.outputs.push_back(ServerOutput::Transmit(bytes.clone()));
            }
            State::Trying | State::Terminated => {}
        }
    }

    /// Sends a response of the user. "Any other final responses passed by the TU MUST be discarded." §17.2.2
    pub fn send_response(&mut self, now: Instant, response: &Response) {
        if !self.is_proceeding() {
            return;
        }
        let bytes = response.encode();
        self.outputs.push_back(ServerOutput::Transmit(bytes.clone()));
        if response.is_provisional() {
            self.state = State::Proceeding { last_provisional: bytes };
        } else {
            self.transition(now, State::Completed { final_response: bytes });
        }
    }

    /// Takes note that the transport failed for good.
    pub fn handle_transport_error(&mut self, now: Instant) {
        if !self.is_terminated() {
            self.outputs.push_back(ServerOutput::TransportFailed);
            self.transition(now, State::Terminated);
        }
    }

    /// Lets expire what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.timers.take_expired(now).is_some() {
            self.transition(now, State::Terminated);
        }
    }

    /// The earliest deadline.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next_timeout()
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<ServerOutput> {
        self.outputs.pop_front()
    }

    fn transition(&mut self, now: Instant, next: State) {
        debug_assert!(!self.is_terminated(), "a terminated transaction stays so");
        self.timers.clear();
        self.state = match next {
            // 64·T1 for unreliable transports, zero for reliable ones. §17.2.2
            State::Completed { .. } if self.reliable => State::Terminated,
            State::Completed { .. } => {
                self.timers.set(Timer::J, now + TIMEOUT);
                next
            }
            next => next,
        };
    }
}
