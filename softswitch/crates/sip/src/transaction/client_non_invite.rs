//! The non-INVITE client transaction (RFC 3261 §17.1.2).

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{ClientOutput, T1, T2, T4, TIMEOUT, Timer, TimerTable};
use crate::message::Response;

/// Non-INVITE client transaction.
///
/// ```text
///  Trying ──1xx──► Proceeding
///   │ └──2xx–6xx──────┴──────► Completed ──K──► Terminated
///   └─F, transport error──┴────────────────────►│
/// ```
#[derive(Debug)]
pub struct ClientNonInviteTransaction {
    state: State,
    reliable: bool,
    timers: TimerTable<Timer>,
    outputs: VecDeque<ClientOutput>,
}

#[derive(Debug)]
enum State {
    Trying { bytes: Bytes, interval: Duration },
    Proceeding { bytes: Bytes },
    Completed,
    Terminated,
}

impl ClientNonInviteTransaction {
    /// Sends the request in `bytes`, whose topmost Via is complete.
    pub fn new(now: Instant, bytes: Bytes, reliable: bool) -> Self {
        let mut timers = TimerTable::new();
        timers.set(Timer::F, now + TIMEOUT);
        if !reliable {
            timers.set(Timer::E, now + T1);
        }
        let outputs = VecDeque::from([ClientOutput::Transmit(bytes.clone())]);
        Self { state: State::Trying { bytes, interval: T1 }, reliable, timers, outputs }
    }

    /// Whether the transaction is answered and only waits for retransmissions.
    pub const fn is_lingering(&self) -> bool {
        matches!(self.state, State::Completed)
    }

    /// Whether the transaction is over.
    pub const fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// Takes a response that belongs to this transaction.
    pub fn handle_response(&mut self, now: Instant, response: Response) {
        match (&self.state, response.status) {
            (State::Trying { bytes, .. }, 100..200) => {
                let bytes = bytes.clone();
                // Timers E and F go on: a request without a final response is still repeated. §17.1.2.2
                self.state = State::Proceeding { bytes };
                self.outputs.push_back(ClientOutput::Response(response));
            }
            (State::Proceeding { .. }, 100..200) => self.outputs.push_back(ClientOutput::Response(response)),
            (State::Trying { .. } | State::Proceeding { .. }, 200..) => {
                self.outputs.push_back(ClientOutput::Response(response));
                self.transition(now, State::Completed);
            }
            // Retransmitted responses end here. §17.1.2.2
            _ => {}
        }
    }

    /// Takes note that the transport failed to deliver.
    pub fn handle_transport_error(&mut self, now: Instant) {
        if matches!(self.state, State::Trying { .. } | State::Proceeding { .. }) {
            self.outputs.push_back(ClientOutput::TransportFailed);
            self.transition(now, State::Terminated);
        }
    }

    /// Lets expire what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((timer, _)) = self.timers.take_expired(now) {
            match (timer, &mut self.state) {
                // At T1, 2·T1, 4·T1, … up to T2. §17.1.2.2
                (Timer::E, State::Trying { bytes, interval }) => {
                    self.outputs.push_back(ClientOutput::Transmit(bytes.clone()));
                    *interval = (*interval * 2).min(T2);
                    self.timers.set(Timer::E, now + *interval);
                }
                // "If timer E fires while in the Proceeding state, … reset with a value of T2." §17.1.2.2
                (Timer::E, State::Proceeding { bytes }) => {
                    self.outputs.push_back(ClientOutput::Transmit(bytes.clone()));
                    self.timers.set(Timer::E, now + T2);
                }
                (Timer::F, State::Trying { .. } | State::Proceeding { .. }) => {
                    self.outputs.push_back(ClientOutput::TimedOut);
                    self.transition(now, State::Terminated);
                }
                (Timer::K, State::Completed) => self.transition(now, State::Terminated),
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
        debug_assert!(!self.is_terminated(), "a terminated transaction stays so");
        self.timers.clear();
        self.state = match next {
            State::Completed if self.reliable => State::Terminated,
            State::Completed => {
                self.timers.set(Timer::K, now + T4);
                State::Completed
            }
            next => next,
        };
    }
}
