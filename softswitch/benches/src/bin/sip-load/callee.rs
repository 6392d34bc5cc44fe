//! The called telephones: they ring and answer every call at once, and repeat their 200 until its ACK comes.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use ringdown_benches::{
    phones,
    wire::{Wire, response},
};

use crate::{generator::T1, sockets::Sockets};

/// The calls telephones were called in.
#[derive(Default)]
pub(crate) struct Callees {
    calls: HashMap<Box<str>, Answered>,
    /// 200s to be repeated, earliest first: all wait equally long for the first time, later times come late at most.
    alarms: VecDeque<(Instant, Box<str>)>,
}

#[derive(Debug)]
struct Answered {
    socket: usize,
    answer: Vec<u8>,
    is_confirmed: bool,
    interval: Duration,
    begun: Instant,
}

impl Callees {
    /// Takes a request. Says whether it ended a call that no telephone was called in: a caller's.
    pub(crate) fn receive(&mut self, socket: usize, wire: Wire<'_>, sockets: &Sockets) -> bool {
        let Some(call_id) = wire.first("Call-ID") else { return false };
        match wire.method() {
            "INVITE" => self.ring(socket, call_id, wire, sockets),
            "ACK" => {
                if let Some(call) = self.calls.get_mut(call_id) {
                    call.is_confirmed = true;
                }
            }
            "BYE" => {
                sockets.answer(socket, &response(wire, "200 OK", "", "", ""));
                return self.calls.remove(call_id).is_none();
            }
            // CANCEL comes too late for a telephone that answers at once. OPTIONS and NOTIFY are welcome.
            _ => sockets.answer(socket, &response(wire, "200 OK", ";tag=o", "", "")),
        }
        false
    }

    fn ring(&mut self, socket: usize, call_id: &str, wire: Wire<'_>, sockets: &Sockets) {
        if let Some(call) = self.calls.get(call_id) {
            // A retransmission, or a change of the session nobody here makes.
            return sockets.answer(socket, &call.answer);
        }
        let local = sockets.address(socket);
        let contact = format!("Contact: <sip:callee@{local}>\r\n");
        let tag = format!(";tag=u{:x}", self.calls.len() + self.alarms.len());
        sockets.answer(socket, &response(wire, "180 Ringing", &tag, &contact, ""));
        let headers =
            format!("{contact}Content-Type: application/sdp\r\nAllow: INVITE, ACK, CANCEL, OPTIONS, BYE\r\n");
        let answer = response(wire, "200 OK", &tag, &headers, &phones::description(local));
        sockets.answer(socket, &answer);
        let now = Instant::now();
        self.alarms.push_back((now + T1, call_id.into()));
        let call = Answered { socket, answer, is_confirmed: false, interval: T1, begun: now };
        self.calls.insert(call_id.into(), call);
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.alarms.front().map(|(at, _)| *at)
    }

    /// Repeats what is due; says how many 200s those were.
    pub(crate) fn handle_timeout(&mut self, now: Instant, sockets: &Sockets) -> u64 {
        let mut repeated = 0;
        while let Some((at, call_id)) = self.alarms.pop_front() {
            if at > now {
                self.alarms.push_front((at, call_id));
                break;
            }
            let Some(call) = self.calls.get_mut(&call_id).filter(|call| !call.is_confirmed) else { continue };
            // "Until 64·T1 seconds after the first 2xx." RFC 3261 §13.3.1.4
            if now - call.begun > T1 * 64 {
                self.calls.remove(&call_id);
                continue;
            }
            sockets.answer(call.socket, &call.answer);
            repeated += 1;
            call.interval = (call.interval * 2).min(T1 * 8);
            self.alarms.push_back((now + call.interval, call_id));
        }
        repeated
    }
}
