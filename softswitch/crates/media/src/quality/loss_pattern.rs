//! What is lost of a stream, and whether in bursts (RFC 3611 §4.7.2, A.2).

/// Judges each sequence number once it is so far behind that it will not come any more.
#[derive(Debug, Clone, Copy, Default)]
pub struct LossPattern {
    /// The highest number so far.
    highest: Option<u64>,
    /// Which of the last 32 numbers came; bit 0 is the highest.
    came: u64,
    /// How many numbers below the highest are still to be judged.
    open: u32,
    counts: Counts,
}

/// The counters of RFC 3611 A.2, and rows of losses.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    totals: LossTotals,
    /// Received since the last loss.
    received_since: u64,
    /// Lost within the burst that may be going on.
    lost_in_row: u64,
    is_lost_before: bool,
    c11: u64,
    c13: u64,
    c14: u64,
    c22: u64,
    c23: u64,
    c33: u64,
}

/// What became of a stream's packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LossTotals {
    /// Came, each counted once.
    pub received: u64,
    /// Never came.
    pub lost: u64,
    /// Rows of losses: two in a row are one.
    pub rows: u64,
    /// Came twice.
    pub duplicates: u64,
    /// Came after a later one.
    pub reordered: u64,
}

impl LossTotals {
    /// What was added since `earlier`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            received: self.received.saturating_sub(earlier.received),
            lost: self.lost.saturating_sub(earlier.lost),
            rows: self.rows.saturating_sub(earlier.rows),
            duplicates: self.duplicates.saturating_sub(earlier.duplicates),
            reordered: self.reordered.saturating_sub(earlier.reordered),
        }
    }

    /// The share that was lost, in percent.
    pub fn percent(self) -> f64 {
        let judged = self.received + self.lost;
        if judged == 0 { 0.0 } else { self.lost as f64 * 100.0 / judged as f64 }
    }

    /// How much longer the rows of losses are than they would be by chance (G.107 §7.5): at least 1.
    pub fn burst_ratio(self) -> f64 {
        if self.rows == 0 {
            return 1.0;
        }
        let length = self.lost as f64 / self.rows as f64;
        (length * (1.0 - self.percent() / 100.0)).max(1.0)
    }
}

impl LossPattern {
    /// A packet came; `extended` does not wrap.
    pub fn handle_packet(&mut self, extended: u64) {
        let Some(highest) = self.highest else {
            (self.highest, self.came, self.open) = (Some(extended), 1, 1);
            return;
        };
        if extended > highest {
            self.advance(extended, extended - highest);
            return;
        }
        let behind = highest - extended;
        let bit = if behind < u64::from(self.open) { 1_u64 << behind } else { 0 };
        if bit == 0 {
            // Judged already, or from before the first: it came too late for anybody.
            return;
        }
        if self.came & bit == 0 {
            self.came |= bit;
            self.counts.totals.reordered += 1;
        } else {
            self.counts.totals.duplicates += 1;
        }
    }

    /// The stream is over: another one follows.
    pub fn end_stream(&mut self) {
        while self.open > 0 {
            self.judge_oldest();
        }
        (self.highest, self.came) = (None, 0);
    }

    fn advance(&mut self, extended: u64, step: u64) {
        if step > MAX_GAP {
            // Numbers that jump so far were not lost: the sender began anew.
            self.end_stream();
            (self.highest, self.came, self.open) = (Some(extended), 1, 1);
            return;
        }
        for _ in 0..step {
            if self.open == WINDOW {
                self.judge_oldest();
            }
            self.came <<= 1;
            self.open += 1;
        }
        self.came |= 1;
        self.highest = Some(extended);
    }

    fn judge_oldest(&mut self) {
        self.open = self.open.saturating_sub(1);
        let came = self.came & 1_u64 << self.open != 0;
        self.counts.judge(came);
    }

    /// What is known of all packets but the last 32. After [`LossPattern::end_stream`], of all.
    pub const fn totals(&self) -> LossTotals {
        self.counts.totals
    }

    /// The share lost within bursts, in percent (RFC 3611 §4.7.2); 0 where there was none.
    pub fn burst_percent(&self) -> f64 {
        self.counts.burst_percent()
    }
}

impl Counts {
    /// The body of RFC 3611 A.2.
    fn judge(&mut self, came: bool) {
        if came {
            self.totals.received += 1;
            self.received_since += 1;
            self.is_lost_before = false;
            return;
        }
        self.totals.lost += 1;
        self.totals.rows += u64::from(!self.is_lost_before);
        self.is_lost_before = true;
        if self.received_since >= G_MIN {
            if self.lost_in_row == 1 {
                self.c14 += 1;
            } else {
                self.c13 += 1;
            }
            self.lost_in_row = 1;
            self.c11 += self.received_since;
        } else {
            self.lost_in_row += 1;
            if self.received_since == 0 {
                self.c33 += 1;
            } else {
                self.c23 += 1;
                self.c22 += self.received_since - 1;
            }
        }
        self.received_since = 0;
    }

    fn burst_percent(&self) -> f64 {
        let (c31, c32) = (self.c13, self.c23);
        let stays = (c31 + c32 + self.c33) as f64;
        if self.c23 + self.c33 == 0 || stays == 0.0 {
            return 0.0;
        }
        let p32 = c32 as f64 / stays;
        let p23 =
            if self.c22 + self.c23 < 1 { 1.0 } else { 1.0 - self.c22 as f64 / (self.c22 + self.c23) as f64 };
        100.0 * p23 / (p23 + p32)
    }
}

/// How far behind the highest a number is judged: 0.64 s of packets of 20 ms, longer than any playout buffer waits. A
/// larger value tells later; at most 64.
const WINDOW: u32 = 32;

/// A minute of packets of 20 ms (RFC 3550 A.1, MAX_DROPOUT).
const MAX_GAP: u64 = 3000;

/// So many packets without a loss end a burst (RFC 3611 §4.7.2).
const G_MIN: u64 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(came: impl IntoIterator<Item = u64>) -> LossPattern {
        let mut pattern = LossPattern::default();
        for number in came {
            pattern.handle_packet(number);
        }
        pattern.end_stream();
        pattern
    }

    #[test]
    fn each_packet_is_counted_once_whatever_its_order() {
        let totals = pattern([10, 11, 13, 12, 13, 16, 15]).totals();
        let expected = LossTotals { received: 6, lost: 1, rows: 1, duplicates: 1, reordered: 2 };
        assert_eq!(totals, expected);
    }

    #[test]
    fn single_losses_far_apart_are_no_burst() {
        let pattern = pattern((0..2000).filter(|number| number % 50 != 25));
        assert_eq!(pattern.totals().lost, 40);
        assert!((pattern.totals().percent() - 2.0).abs() < 0.01);
        assert_eq!((pattern.burst_percent(), pattern.totals().burst_ratio()), (0.0, 1.0));
    }

    #[test]
    fn rows_of_losses_are_a_burst_as_dense_as_they_are() {
        // Every 200 packets, ten of which every other one is lost.
        let in_burst = |number: u64| number % 200 >= 190 && number.is_multiple_of(2);
        let dotted = pattern((0..4000).filter(|&number| !in_burst(number)));
        assert!((45.0..65.0).contains(&dotted.burst_percent()), "{}", dotted.burst_percent());
        let solid = pattern((0..4000).filter(|number| number % 200 < 190));
        assert!(solid.burst_percent() > 95.0, "{}", solid.burst_percent());
        assert!(solid.totals().burst_ratio() > 9.0);
    }

    #[test]
    fn a_sender_that_begins_anew_has_lost_nothing() {
        assert_eq!(pattern([1, 2, 3, 40_000, 40_001]).totals().lost, 0);
        assert_eq!(pattern([1, 502]).totals().lost, 500);
    }

    #[test]
    fn what_comes_after_it_was_judged_stays_lost() {
        let totals = pattern((0..100).filter(|number| *number != 7).chain([7])).totals();
        assert_eq!((totals.lost, totals.received), (1, 99));
    }
}
