//! Pushes a session has been sent, kept for a replay.

use std::{collections::VecDeque, fmt::Write as _, sync::Arc};

use ringdown_protocol::Push;
use ringdown_types::UserId;

/// A push without its number: all who are told the same share its text.
#[derive(Clone, PartialEq, Eq)]
pub struct PushBody(Arc<str>);

impl PushBody {
    /// The text of a push.
    pub fn new(push: &Push) -> Self {
        Self(serde_json::to_string(push).expect("pushes have string keys and finite numbers").into())
    }

    /// The frame with its number: `{"seq":12,"event":…,"data":…}`.
    pub fn frame(&self, seq: u64) -> String {
        let mut text = String::with_capacity(self.0.len() + 24);
        // The body is an object: what follows its bracket goes behind the number.
        let fields = self.0.strip_prefix('{').unwrap_or_default();
        write!(text, "{{\"seq\":{seq},{fields}").expect("a string grows");
        text
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

/// Descriptions and names stay out of logs.
impl std::fmt::Debug for PushBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PushBody({} bytes)", self.0.len())
    }
}

/// What is kept of a push.
#[derive(Debug, Clone)]
pub enum Kept {
    /// All of it.
    Push(PushBody),
    /// Whose presence it told. What counts is how they are at the replay.
    Presence(Arc<[UserId]>),
    /// Whose directory entries it told.
    Entries(Arc<[UserId]>),
}

impl Kept {
    fn bytes(&self) -> usize {
        match self {
            Self::Push(body) => body.len(),
            Self::Presence(users) | Self::Entries(users) => std::mem::size_of_val(&**users),
        }
    }
}

/// The last pushes of a session with their numbers, bounded in count and bytes.
#[derive(Debug, Default)]
pub struct PushRing {
    pushes: VecDeque<Kept>,
    bytes: usize,
    /// The number of the newest push.
    seq: u64,
}

impl PushRing {
    /// Pushes kept. A resume that missed more gets the whole state, which is cheaper than a longer replay.
    pub const MAX_PUSHES: usize = 256;
    /// Bytes kept. Offers and answers are some KiB each; this is what a session costs at worst.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// The number of the newest push, 0 before the first.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Takes a push; its number is [`Self::seq`] + 1, which is returned.
    pub fn push(&mut self, kept: Kept) -> u64 {
        self.seq += 1;
        self.bytes += kept.bytes();
        self.pushes.push_back(kept);
        while self.pushes.len() > Self::MAX_PUSHES || self.bytes > Self::MAX_BYTES {
            let Some(oldest) = self.pushes.pop_front() else { break };
            self.bytes -= oldest.bytes();
        }
        self.seq
    }

    /// The pushes after `last_seq`, or `None` where they are not all kept.
    pub fn replay(&self, last_seq: u64) -> Option<impl Iterator<Item = &Kept>> {
        let missed = usize::try_from(self.seq.checked_sub(last_seq)?).ok()?;
        let skip = self.pushes.len().checked_sub(missed)?;
        Some(self.pushes.iter().skip(skip))
    }

    /// Forgets every push and goes on counting after `seq`, or after the newest push, whichever is higher.
    pub fn restart_after(&mut self, seq: u64) {
        self.pushes.clear();
        self.bytes = 0;
        self.seq = self.seq.max(seq);
    }
}

#[cfg(test)]
mod tests {
    use ringdown_protocol::PresenceEntry;

    use super::*;

    fn ring(pushes: usize) -> PushRing {
        let mut ring = PushRing::default();
        for number in 1..=pushes {
            ring.push(Kept::Push(PushBody(number.to_string().into())));
        }
        ring
    }

    fn replayed(ring: &PushRing, last_seq: u64) -> Option<Vec<String>> {
        let text = |kept: &Kept| match kept {
            Kept::Push(body) => body.0.to_string(),
            Kept::Presence(_) | Kept::Entries(_) => String::new(),
        };
        Some(ring.replay(last_seq)?.map(text).collect())
    }

    #[test]
    fn a_replay_is_exactly_what_was_missed() {
        let ring = ring(5);
        assert_eq!(replayed(&ring, 3), Some(vec!["4".into(), "5".into()]));
        assert_eq!(replayed(&ring, 5), Some(vec![]));
        assert_eq!(replayed(&ring, 6), None, "a number from the future");
    }

    #[test]
    fn what_fell_out_of_the_ring_is_not_replayed() {
        let ring = ring(PushRing::MAX_PUSHES + 10);
        assert_eq!(replayed(&ring, 9), None);
        assert_eq!(replayed(&ring, 10).map(|pushes| pushes.len()), Some(PushRing::MAX_PUSHES));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut ring = PushRing::default();
        for _ in 0..100 {
            ring.push(Kept::Push(PushBody("x".repeat(64 * 1024).into())));
            assert!(ring.bytes <= PushRing::MAX_BYTES);
        }
        assert_eq!(ring.seq(), 100);
        assert_eq!(replayed(&ring, 96).map(|pushes| pushes.len()), Some(4));
    }

    #[test]
    fn a_frame_is_the_push_with_its_number() {
        let entries = Vec::<PresenceEntry>::new();
        let frame = PushBody::new(&Push::Presence { entries: entries.clone() }).frame(7);
        let whole = ringdown_protocol::PushFrame { seq: 7, push: Push::Presence { entries } };
        assert_eq!(frame, serde_json::to_string(&whole).expect("string keys"));
        assert_eq!(PushBody::new(&Push::Ping {}).frame(0), r#"{"seq":0,"event":"ping","data":{}}"#);
    }
}
