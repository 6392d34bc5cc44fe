//! Whose packets a telephone's port believes: the rules against injected and stolen media ("RTP bleed").
//!
//! [`RULES`] is the table, and the test of it. A source is *learnt*, so that packets go there, only from a packet that
//! was believed and made sense; a new SSRC is no reason for anything. RTCP has a lock of its own under the same rules,
//! or shares that of the port it is multiplexed on.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

/// Where a packet comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The source the stream is locked to.
    Locked,
    /// The address and port of the description.
    Announced,
    /// Another port of the description's address.
    AnnouncedHost,
    /// The address the signalling comes from, where that is another one: the telephone is behind a NAT.
    SignallingHost,
    /// Anywhere else.
    Elsewhere,
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is taken for what it says.
    Believe,
    /// It is taken if its SRTP tag fits.
    Verify,
    /// It is dropped.
    Refuse,
}

/// One row of [`RULES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Whether the stream is locked to a source that is alive.
    pub is_locked: bool,
    /// Where the packet comes from.
    pub source: Source,
    /// Plain RTP of a telephone without a NAT.
    pub direct: Verdict,
    /// Plain RTP of a telephone behind one.
    pub behind_nat: Verdict,
    /// SRTP.
    pub protected: Verdict,
    /// Whether a DTLS handshake is taken from there.
    pub may_shake_hands: bool,
}

/// Every case. What is not here cannot be.
pub const RULES: [Rule; 9] = {
    use Source::{Announced, AnnouncedHost, Elsewhere, Locked, SignallingHost};
    use Verdict::{Believe, Refuse, Verify};
    const fn row(is_locked: bool, source: Source, verdicts: [Verdict; 3], may_shake_hands: bool) -> Rule {
        let [direct, behind_nat, protected] = verdicts;
        Rule { is_locked, source, direct, behind_nat, protected, may_shake_hands }
    }
    [
        row(false, Announced, [Believe, Believe, Verify], true),
        row(false, AnnouncedHost, [Believe, Believe, Verify], true),
        row(false, SignallingHost, [Refuse, Believe, Verify], true),
        row(false, Elsewhere, [Refuse, Refuse, Verify], false),
        row(true, Locked, [Believe, Believe, Verify], true),
        row(true, Announced, [Believe, Refuse, Verify], true),
        row(true, AnnouncedHost, [Refuse, Refuse, Verify], false),
        row(true, SignallingHost, [Refuse, Refuse, Verify], false),
        row(true, Elsewhere, [Refuse, Refuse, Verify], false),
    ]
};

/// What the description and the signalling say of one stream's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The description's address and port.
    pub announced: SocketAddr,
    /// Where the signalling comes from, if that shows a NAT.
    pub nat_source: Option<IpAddr>,
    /// Whether the stream is SRTP.
    pub is_protected: bool,
}

/// The source one stream is locked to.
#[derive(Debug, Clone, Copy, Default)]
pub struct SourceLock {
    locked: Option<(SocketAddr, Instant)>,
}

impl SourceLock {
    /// What becomes of a packet from `source`.
    pub fn judge(&self, now: Instant, source: SocketAddr, expected: &Expected) -> Verdict {
        let rule = self.rule(now, source, expected);
        match expected {
            Expected { is_protected: true, .. } => rule.protected,
            Expected { nat_source: Some(_), .. } => rule.behind_nat,
            Expected { nat_source: None, .. } => rule.direct,
        }
    }

    /// Whether a handshake is taken from `source`.
    pub fn may_shake_hands(&self, now: Instant, source: SocketAddr, expected: &Expected) -> bool {
        self.rule(now, source, expected).may_shake_hands
    }

    fn rule(&self, now: Instant, source: SocketAddr, expected: &Expected) -> &'static Rule {
        let locked = self.alive(now);
        let Expected { announced, nat_source, .. } = *expected;
        let source = if locked == Some(source) {
            Source::Locked
        } else if source == announced {
            Source::Announced
        } else if source.ip() == announced.ip() {
            Source::AnnouncedHost
        } else if nat_source == Some(source.ip()) {
            Source::SignallingHost
        } else {
            Source::Elsewhere
        };
        let rule = RULES.iter().find(|rule| rule.is_locked == locked.is_some() && rule.source == source);
        rule.unwrap_or(&RULES[RULES.len() - 1])
    }

    fn alive(&self, now: Instant) -> Option<SocketAddr> {
        let (locked, heard) = self.locked?;
        (now.saturating_duration_since(heard) < STREAM_DEAD).then_some(locked)
    }

    /// Notes a packet that was believed and made sense.
    pub const fn note(&mut self, now: Instant, source: SocketAddr) {
        self.locked = Some((source, now));
    }

    /// Where packets of ours go: the learnt source of a telephone behind a NAT, or of one whose SRTP comes from another
    /// host; the announced address otherwise. Telephones that send from one port and listen at another exist.
    pub fn destination(&self, expected: &Expected) -> SocketAddr {
        let Expected { announced, nat_source, is_protected } = *expected;
        match self.locked {
            Some((locked, _)) if nat_source.is_some() || (is_protected && locked.ip() != announced.ip()) => {
                locked
            }
            _ => announced,
        }
    }
}

/// A locked source that has been silent for this long may be replaced: a NAT that forgot its mapping. A smaller value
/// lets an injector take a stream over in a pause; a larger one keeps a moved telephone mute for longer.
const STREAM_DEAD: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    /// An address of each kind, for a telephone that announced 10.0.0.5:4000 and signals from 192.0.2.7.
    fn example(source: Source) -> SocketAddr {
        address(match source {
            Source::Locked => "192.0.2.7:61000",
            Source::Announced => "10.0.0.5:4000",
            Source::AnnouncedHost => "10.0.0.5:4001",
            Source::SignallingHost => "192.0.2.7:61001",
            Source::Elsewhere => "203.0.113.9:4000",
        })
    }

    fn expected(is_behind_nat: bool, is_protected: bool) -> Expected {
        Expected {
            announced: example(Source::Announced),
            nat_source: is_behind_nat.then(|| example(Source::SignallingHost).ip()),
            is_protected,
        }
    }

    #[test]
    fn every_rule_is_what_happens() {
        let start = crate::worker::test_start();
        for rule in RULES {
            let mut lock = SourceLock::default();
            if rule.is_locked {
                lock.note(start, example(Source::Locked));
            }
            let (now, source) = (start + STREAM_DEAD / 2, example(rule.source));
            let judge = |nat, protected| lock.judge(now, source, &expected(nat, protected));
            assert_eq!(judge(true, false), rule.behind_nat, "{rule:?}");
            assert_eq!(judge(true, true), rule.protected, "{rule:?}");
            // Without a NAT the signalling's host is any other.
            if rule.source != Source::SignallingHost {
                assert_eq!(judge(false, false), rule.direct, "{rule:?}");
            }
            let may = lock.may_shake_hands(now, source, &expected(true, true));
            assert_eq!(may, rule.may_shake_hands, "{rule:?}");
        }
    }

    #[test]
    fn no_case_is_missing_or_twice() {
        for is_locked in [false, true] {
            for source in [
                Source::Locked,
                Source::Announced,
                Source::AnnouncedHost,
                Source::SignallingHost,
                Source::Elsewhere,
            ] {
                let rows = RULES.iter().filter(|rule| rule.is_locked == is_locked && rule.source == source);
                assert_eq!(rows.count(), usize::from(is_locked || source != Source::Locked));
            }
        }
    }

    /// Nothing unauthenticated from a host that neither description nor signalling named.
    #[test]
    fn a_stranger_is_never_believed() {
        for rule in RULES.into_iter().filter(|rule| rule.source == Source::Elsewhere) {
            assert_eq!((rule.direct, rule.behind_nat), (Verdict::Refuse, Verdict::Refuse));
            assert_eq!(rule.protected, Verdict::Verify);
            assert!(!rule.may_shake_hands);
        }
        assert!(RULES.iter().all(|rule| rule.protected == Verdict::Verify), "SRTP is always verified");
    }

    #[test]
    fn a_silent_source_is_replaced() {
        let start = crate::worker::test_start();
        let mut lock = SourceLock::default();
        lock.note(start, example(Source::Locked));
        let nat = expected(true, false);
        assert_eq!(lock.judge(start, example(Source::SignallingHost), &nat), Verdict::Refuse);
        let dead = start + STREAM_DEAD;
        assert_eq!(lock.judge(dead, example(Source::SignallingHost), &nat), Verdict::Believe);
        assert_eq!(lock.judge(dead, example(Source::Elsewhere), &nat), Verdict::Refuse);
    }

    #[test]
    fn packets_go_to_what_was_learnt_where_it_may_be_learnt() {
        let start = crate::worker::test_start();
        let to = |source, nat, protected| {
            let mut lock = SourceLock::default();
            lock.note(start, example(source));
            lock.destination(&expected(nat, protected))
        };
        assert_eq!(to(Source::Locked, true, false), example(Source::Locked));
        assert_eq!(to(Source::AnnouncedHost, false, false), example(Source::Announced), "asymmetric ports");
        assert_eq!(to(Source::AnnouncedHost, false, true), example(Source::Announced));
        assert_eq!(to(Source::Elsewhere, false, true), example(Source::Elsewhere), "it proved its key");
        assert_eq!(SourceLock::default().destination(&expected(true, false)), example(Source::Announced));
    }
}
