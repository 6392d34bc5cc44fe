//! Secrets that are good once and not for long.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{access::hash_secret, random::secret};

/// Values behind secrets.
#[derive(Debug)]
pub(crate) struct OneTime<T> {
    lifetime: Duration,
    max: usize,
    kept: Mutex<Kept<T>>,
}

#[derive(Debug)]
struct Kept<T> {
    values: HashMap<String, (Instant, T)>,
    /// The names in the order they were given out, which is that of their ends: all live equally long. Those that were
    /// redeemed stay until they come to the front or there are too many of them.
    order: VecDeque<String>,
}

impl<T> OneTime<T> {
    /// Keeps at most `max` values for `lifetime` each; beyond it the oldest give way.
    pub(crate) fn new(lifetime: Duration, max: usize) -> Self {
        Self { lifetime, max, kept: Mutex::new(Kept { values: HashMap::new(), order: VecDeque::new() }) }
    }

    /// Keeps a value; returns its secret.
    pub(crate) fn issue(&self, now: Instant, value: T) -> String {
        let (name, ends) = (secret(), now + self.lifetime);
        let hash = hash_secret(&name);
        let mut kept = self.kept.lock().expect("no holder of the lock panics");
        kept.make_room(now, self.max);
        kept.order.push_back(hash.clone());
        kept.values.insert(hash, (ends, value));
        name
    }

    /// Gives a value out, once.
    pub(crate) fn redeem(&self, now: Instant, secret: &str) -> Option<T> {
        let mut kept = self.kept.lock().expect("no holder of the lock panics");
        let (ends, value) = kept.values.remove(&hash_secret(secret))?;
        (ends > now).then_some(value)
    }
}

impl<T> Kept<T> {
    /// Drops what is over, and the oldest where there are `max`. What is looked at was given out once: the cost of an
    /// issue does not grow with what is kept.
    fn make_room(&mut self, now: Instant, max: usize) {
        while let Some(oldest) = self.order.front() {
            let is_over = self.values.get(oldest).is_none_or(|(ends, _)| *ends <= now);
            if !is_over && self.values.len() < max {
                break;
            }
            self.values.remove(oldest);
            self.order.pop_front();
        }
        // Redeemed ones behind one that is not.
        if self.order.len() >= 2 * max {
            self.order.retain(|hash| self.values.contains_key(hash));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_given_out_once_in_time_and_the_oldest_gives_way() {
        let (kept, now) = (OneTime::new(Duration::from_secs(60), 2), Instant::now());
        let first = kept.issue(now, 1);
        assert_eq!(kept.redeem(now, &first), Some(1));
        assert_eq!(kept.redeem(now, &first), None);
        let late = kept.issue(now, 2);
        assert_eq!(kept.redeem(now + Duration::from_secs(60), &late), None);
        let old = kept.issue(now, 3);
        let others =
            [kept.issue(now + Duration::from_secs(1), 4), kept.issue(now + Duration::from_secs(2), 5)];
        assert_eq!(kept.redeem(now, &old), None);
        assert_eq!(others.map(|one| kept.redeem(now, &one)), [Some(4), Some(5)]);
    }

    #[test]
    fn redeemed_ones_take_no_room_however_many_there_were() {
        let (kept, now) = (OneTime::new(Duration::from_secs(60), 4), Instant::now());
        let first = kept.issue(now, 0);
        for number in 1..100 {
            let one = kept.issue(now, number);
            assert_eq!(kept.redeem(now, &one), Some(number));
        }
        assert!(kept.kept.lock().expect("no holder panics").order.len() <= 8);
        assert_eq!(kept.redeem(now, &first), Some(0), "it was not the oldest of too many");
    }
}
