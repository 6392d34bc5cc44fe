//! The INVITE server transaction (RFC 3261 §17.2.1, RFC 6026 §7.1).

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{ServerOutput, T1, T2, T4, TIMEOUT, TRYING_DELAY, Timer, TimerTable};
use crate::message::{Request, Response};

/// INVITE server transaction.
///
/// ```text
///  Proceeding ──2xx──► Accepted ──L──────────────► Terminated
///   │   └──3xx–6xx──► Completed ──ACK─► Confirmed ──I──►│
///   │                      └────────────H──────────────►│
///   └─transport error (Completed, too)─────────────────►│
/// ```
/// Proceeding answers retransmitted INVITEs with the latest provisional response, Completed with the final one;
/// Accepted and Confirmed absorb them. Accepted lets the user repeat its 2xx and passes ACKs on.
#[derive(Debug)]
pub struct ServerInviteTransaction {
    state: State,
    reliable: bool,
    timers: TimerTable<Timer>,
    outputs: VecDeque<ServerOutput>,
}

#[derive(Debug)]
enum State {
    Proceeding { trying: Box<Response>, last_provisional: Option<Bytes> },
    Accepted,
    Completed { final_response: Bytes, interval: Duration },
    Confirmed,
    Terminated,
}

impl ServerInviteTransaction {
    /// Begins with the arrival of `invite`.
    pub fn new(now: Instant, invite: &Request, reliable: bool) -> Self {
        let mut timers = TimerTable::new();
        timers.set(Timer::Trying, now + TRYING_DELAY);
        let trying = Box::new(Response::to_request(invite, 100));
        let state = State::Proceeding { trying, last_provisional: None };
        Self { state, reliable, timers, outputs: VecDeque::new() }
    }

    /// Whether no final response was sent.
    pub const fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    /// Whether the transaction is over for its user and only waits for retransmissions.
    pub const fn is_lingering(&self) -> bool {
        matches!(self.state, State::Accepted | State::Confirmed)
    }

    /// Whether the transaction is over.
    pub const fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// Takes a retransmission of the INVITE.
    pub fn handle_retransmission(&mut self) {
        match &self.state {
            // "The most recent provisional response … MUST be passed to the transport layer." §17.2.1
            State::Proceeding { last_provisional: Some(bytes), .. }
            | State::Completed { final_response: bytes, .. } => {
                self.outputs.push_back(ServerOutput::Transmit(bytes.clone()));
            }
            // RFC 6026 §7.1 for Accepted.
            State::Proceeding { .. } | State::Accepted | State::Confirmed | State::Terminated => {}
        }
    }

    /// Takes an ACK with the INVITE's branch.
    pub fn handle_ack(&mut self, now: Instant, ack: Request) {
        match self.state {
            // The ACK of a 3xx–6xx stops timers G and H. §17.2.1
            State::Completed { .. } => self.transition(now, State::Confirmed),
            // The ACK of a 2xx belongs to the user. RFC 6026 §7.1
            State::Accepted => self.outputs.push_back(ServerOutput::Acknowledged(ack)),
            State::Proceeding { .. } | State::Confirmed | State::Terminated => {}
        }
    }

    /// Sends a response of the user. A second final response is dropped, except that a 2xx may be repeated.
    pub fn send_response(&mut self, now: Instant, response: &Response) {
        match (&mut self.state, response.status) {
            (State::Proceeding { last_provisional, .. }, ..200) => {
                let bytes = response.encode();
                *last_provisional = Some(bytes.clone());
                self.timers.stop(Timer::Trying);
                self.outputs.push_back(ServerOutput::Transmit(bytes));
            }
            (State::Proceeding { .. }, 200..300) => {
                self.outputs.push_back(ServerOutput::Transmit(response.encode()));
                self.transition(now, State::Accepted);
            }
            // "The server transaction passes the 2xx retransmissions of its user on." RFC 6026 §7.1
            (State::Accepted, 200..300) => self.outputs.push_back(ServerOutput::Transmit(response.encode())),
            (State::Proceeding { .. }, 300..) => {
                let final_response = response.encode();
                self.outputs.push_back(ServerOutput::Transmit(final_response.clone()));
                self.transition(now, State::Completed { final_response, interval: T1 });
            }
            _ => {}
        }
    }

    /// Takes note that the transport failed for good.
    pub fn handle_transport_error(&mut self, now: Instant) {
        // A 2xx is repeated by the user, so Accepted goes on. RFC 6026 §8.8
        if matches!(self.state, State::Proceeding { .. } | State::Completed { .. } | State::Confirmed) {
            self.outputs.push_back(ServerOutput::TransportFailed);
            self.transition(now, State::Terminated);
        }
    }

    /// Lets expire what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((timer, _)) = self.timers.take_expired(now) {
            match (timer, &mut self.state) {
                // "It MUST generate a 100 unless it knows that the user will respond within 200 ms." §17.2.1
                (Timer::Trying, State::Proceeding { trying, last_provisional }) => {
                    let bytes = trying.encode();
                    *last_provisional = Some(bytes.clone());
                    self.outputs.push_back(ServerOutput::Transmit(bytes));
                }
                (Timer::G, State::Completed { final_response, interval }) => {
                    self.outputs.push_back(ServerOutput::Transmit(final_response.clone()));
                    *interval = (*interval * 2).min(T2);
                    self.timers.set(Timer::G, now + *interval);
                }
                (Timer::H, State::Completed { .. }) => {
                    self.outputs.push_back(ServerOutput::TimedOut);
                    self.transition(now, State::Terminated);
                }
                (Timer::I | Timer::L, _) => self.transition(now, State::Terminated),
                _ => {}
            }
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
            State::Completed { .. } => {
                // "For reliable transports timer G is not set." Timer H is set for all. §17.2.1
                if !self.reliable {
                    self.timers.set(Timer::G, now + T1);
                }
                self.timers.set(Timer::H, now + TIMEOUT);
                next
            }
            State::Accepted => {
                self.timers.set(Timer::L, now + TIMEOUT);
                next
            }
            State::Confirmed if self.reliable => State::Terminated,
            State::Confirmed => {
                self.timers.set(Timer::I, now + T4);
                next
            }
            State::Proceeding { .. } | State::Terminated => next,
        };
    }
}
