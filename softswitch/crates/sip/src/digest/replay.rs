//! Which nonce counts were used (RFC 7616 §3.4: "nc").

use std::collections::BTreeMap;

use super::nonce::Nonce;

/// The used counts of live nonces. Bounded: under pressure the oldest nonces stop being good.
#[derive(Debug, Default)]
pub(super) struct UsedNonces {
    counts: BTreeMap<Nonce, Counts>,
    /// Nonces issued at this time or before are not good any more: their counts are forgotten.
    floor_ms: Option<u64>,
}

/// Nonces remembered at most, about 64 bytes each. Fewer make telephones authenticate twice under load.
const MAX_NONCES: usize = 65_536;

/// Counts may arrive out of order by this much: a telephone sends two requests at once and the network swaps them.
const WINDOW: u32 = 64;

#[derive(Debug, Clone, Copy)]
struct Counts {
    highest: u32,
    /// Bit n: `highest - n` was used.
    seen: u64,
}

impl UsedNonces {
    /// Forgets nonces issued before; they are refused for their age.
    pub(super) fn expire(&mut self, oldest_ms: u64) {
        while let Some(first) = self.counts.first_entry() {
            if first.key().issued_ms >= oldest_ms {
                break;
            }
            first.remove();
        }
    }

    /// Notes the use of a count; `false` if it was used, or is too old to know.
    pub(super) fn note(&mut self, nonce: Nonce, count: u32) -> bool {
        if self.floor_ms.is_some_and(|floor| nonce.issued_ms <= floor) {
            return false;
        }
        let Some(counts) = self.counts.get_mut(&nonce) else {
            self.counts.insert(nonce, Counts { highest: count, seen: 1 });
            if self.counts.len() > MAX_NONCES
                && let Some((oldest, _)) = self.counts.pop_first()
            {
                self.floor_ms = Some(oldest.issued_ms);
            }
            return true;
        };
        if count > counts.highest {
            let step = count - counts.highest;
            counts.seen = if step < WINDOW { counts.seen << step | 1 } else { 1 };
            counts.highest = count;
            return true;
        }
        let back = counts.highest - count;
        if back >= WINDOW || counts.seen & 1 << back != 0 {
            return false;
        }
        counts.seen |= 1 << back;
        true
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }
}

#[cfg(test)]
mod tests {
    use ringdown_types::SeededRandom;

    use super::*;
    use crate::digest::nonce::NonceKey;

    fn nonce(issued_ms: u64, random: &mut SeededRandom) -> Nonce {
        let key = NonceKey::new(random);
        key.open(&key.issue(issued_ms, random)).expect("its own")
    }

    #[test]
    fn each_count_is_good_once_and_may_overtake() {
        let (mut used, mut random) = (UsedNonces::default(), SeededRandom::new(1));
        let nonce = nonce(0, &mut random);
        let uses = [(1, true), (3, true), (2, true), (2, false), (3, false), (200, true), (100, false)];
        for (count, good) in uses {
            assert_eq!(used.note(nonce, count), good, "{count}");
        }
    }

    #[test]
    fn a_flood_of_nonces_is_bounded_and_forgets_no_use() {
        let (mut used, mut random) = (UsedNonces::default(), SeededRandom::new(2));
        let first = nonce(1, &mut random);
        assert!(used.note(first, 1));
        for issued in 0..MAX_NONCES as u64 {
            let _ = used.note(nonce(issued + 2, &mut random), 1);
        }
        assert_eq!(used.len(), MAX_NONCES);
        assert!(!used.note(first, 1) && !used.note(first, 2));
        used.expire(u64::MAX);
        assert_eq!(used.len(), 0);
    }
}
