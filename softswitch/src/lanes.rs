//! Datagrams that wait for the switch, sorted so that overload harms what is new before what is under way.
//!
//! | lane | what | turns of eight it goes first in |
//! |---|---|---|
//! | under way | responses, and requests in dialogs from telephones that proved a password | 5 |
//! | known | other requests of such telephones | 2 |
//! | strangers | everything else | 1 |
//!
//! A turn nobody of its lane needs goes to the others, in that order. Each lane is bounded; what finds it full is dropped
//! and counted, and its sender repeats it. What began nothing yet and waited for more than [`PATIENCE`] is answered 503
//! without being looked at closely, so that a queue never makes everybody late.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use ringdown_sip::endpoint::Flow;

/// How long new work may wait. Less turns calls away at a hiccup; more makes callers wait for nothing: half a second
/// later they repeat themselves.
pub(crate) const PATIENCE: Duration = Duration::from_millis(250);

/// Datagrams of one lane, about 1 kB each. At full speed that is half a second's work.
const CAPACITY: usize = 8_192;

/// Where a datagram waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// It belongs to something that began before.
    UnderWay,
    /// A telephone begins something.
    Known,
    /// Somebody begins something.
    Stranger,
}

/// A datagram that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// When it came.
    pub since: Instant,
    /// Where it came from.
    pub flow: Flow,
    /// What it is.
    pub bytes: Bytes,
    /// Whether it begins something.
    pub is_new: bool,
}

/// The lanes.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    under_way: VecDeque<Waiting>,
    known: VecDeque<Waiting>,
    strangers: VecDeque<Waiting>,
    turn: u8,
    dropped: u64,
}

impl Lanes {
    /// Queues a datagram; `is_known` says whether its flow is a telephone's that proved a password.
    pub(crate) fn push(&mut self, now: Instant, (flow, bytes): (Flow, Bytes), is_known: bool) {
        let lane = lane(&bytes, is_known);
        let is_new = lane != Lane::UnderWay;
        let queue = match lane {
            Lane::UnderWay => &mut self.under_way,
            Lane::Known => &mut self.known,
            Lane::Stranger => &mut self.strangers,
        };
        if queue.len() < CAPACITY {
            queue.push_back(Waiting { since: now, flow, bytes, is_new });
        } else {
            self.dropped += 1;
        }
    }

    /// The datagram whose turn it is.
    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        self.turn = (self.turn + 1) % 8;
        let Self { under_way, known, strangers, .. } = self;
        let order = match self.turn {
            0 => [strangers, under_way, known],
            3 | 6 => [known, under_way, strangers],
            _ => [under_way, known, strangers],
        };
        order.into_iter().find_map(VecDeque::pop_front)
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.under_way.is_empty() && self.known.is_empty() && self.strangers.is_empty()
    }

    /// How many found their lane full.
    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }
}

fn lane(bytes: &[u8], is_known: bool) -> Lane {
    // What answers us belongs to a transaction of ours, or is dropped for little.
    if bytes.starts_with(b"SIP/2.0 ") {
        return Lane::UnderWay;
    }
    match (is_known, is_in_dialog(bytes)) {
        (true, true) => Lane::UnderWay,
        (true, false) => Lane::Known,
        (false, _) => Lane::Stranger,
    }
}

/// A guess, before anything is parsed, at whether a request belongs to something that began: by its method, or by a tag
/// in its To. A wrong guess costs its sender a place in a queue.
fn is_in_dialog(bytes: &[u8]) -> bool {
    const METHODS: [&[u8]; 4] = [b"ACK ", b"BYE ", b"CANCEL ", b"PRACK "];
    METHODS.iter().any(|method| bytes.starts_with(method)) || to_line(bytes).is_some_and(has_tag)
}

fn to_line(bytes: &[u8]) -> Option<&[u8]> {
    bytes.split(|byte| *byte == b'\n').find(|line| {
        matches!(
            line,
            [b't' | b'T', b':' | b' ' | b'\t', ..] | [b't' | b'T', b'o' | b'O', b':' | b' ' | b'\t', ..]
        )
    })
}

fn has_tag(line: &[u8]) -> bool {
    line.windows(5).any(|window| window.eq_ignore_ascii_case(b";tag="))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use ringdown_sip::endpoint::{ConnectionId, Transport};

    use super::*;

    fn flow() -> Flow {
        let address = SocketAddr::from(([192, 0, 2, 1], 5060));
        Flow { transport: Transport::Udp, local: address, remote: address, connection: ConnectionId(0) }
    }

    const INVITE: &[u8] = b"INVITE sip:a SIP/2.0\r\nTo: <sip:a>\r\n\r\n";
    const REINVITE: &[u8] = b"INVITE sip:a SIP/2.0\r\nt : <sip:a> ;tag=1\r\n\r\n";

    #[test]
    fn what_is_under_way_is_told_from_what_is_new() {
        for (bytes, is_known, expected) in [
            (INVITE, true, Lane::Known),
            (INVITE, false, Lane::Stranger),
            (REINVITE, true, Lane::UnderWay),
            (REINVITE, false, Lane::Stranger),
            (b"BYE sip:a SIP/2.0\r\n\r\n", true, Lane::UnderWay),
            (b"ACK sip:a SIP/2.0\r\n\r\n", false, Lane::Stranger),
            (b"SIP/2.0 200 OK\r\n\r\n", false, Lane::UnderWay),
            (b"", false, Lane::Stranger),
            (b"\0\0\0\n\n\n", true, Lane::Known),
        ] {
            assert_eq!(lane(bytes, is_known), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_flood_of_strangers_does_not_keep_calls_waiting() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        for _ in 0..20_000 {
            lanes.push(now, (flow(), Bytes::from_static(INVITE)), false);
        }
        for _ in 0..5_000 {
            lanes.push(now, (flow(), Bytes::from_static(REINVITE)), true);
        }
        assert_eq!(lanes.dropped(), 20_000 - 8_192);
        let first: Vec<bool> = (0..5_500).filter_map(|_| lanes.pop()).map(|waiting| waiting.is_new).collect();
        assert!(first.iter().filter(|is_new| !**is_new).count() > 4_800);
        assert!(first.iter().any(|is_new| *is_new), "strangers have their share");
        while lanes.pop().is_some() {}
        assert!(lanes.is_empty());
    }
}
