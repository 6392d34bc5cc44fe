//! The E-model: from loss and delay to a rating and a mean opinion score.
//!
//! Narrowband codecs are rated by ITU-T G.107, wideband ones by G.107.1, fullband ones by G.107.2, each on the scale of
//! its own band brought to 0–100: a fine G.711 call and a fine Opus call both come to about 4.4. Scores of different
//! bands tell how disturbed a call is, not which of two codecs sounds better.

use std::time::Duration;

use ringdown_types::CodecId;

/// What a codec costs by itself, and how it takes loss (G.113).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impairment {
    /// Equipment impairment factor, Ie.
    factor: f64,
    /// Packet-loss robustness factor, Bpl.
    robustness: f64,
    band: Band,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Band {
    /// The rating of a faultless connection.
    best: f64,
    /// Where Ie,eff ends as everything is lost.
    worst: f64,
    /// What brings a rating to the scale of 0 to 100.
    scale: f64,
}

/// G.107 with its default values (Table 3): Ro − Is − Idle.
const NARROW: Band = Band { best: 93.2, worst: 95.0, scale: 1.0 };
/// G.107.1: R up to 129; MOS of R / 1.29 (§7.7).
const WIDE: Band = Band { best: 129.0, worst: 95.0, scale: 1.29 };
/// G.107.2: R up to 148; MOS of R / 1.48.
const FULL: Band = Band { best: 148.0, worst: 132.0, scale: 1.48 };

impl Impairment {
    /// G.711 with concealment of lost packets: G.113 Appendix I, Table I.4 (G.711 with its Appendix I, random loss).
    pub const G711: Self = Self { factor: 0.0, robustness: 25.1, band: NARROW };

    /// G.722 at 64 kbit/s: Ie,wb of G.113 Appendix IV. It lists no robustness for concealment by repeated pitch
    /// periods; the value here is that of the wideband codecs there, and rather low.
    pub const G722: Self = Self { factor: 13.0, robustness: 4.9, band: WIDE };

    /// Opus in super-wideband at 31 kbit/s with a variable rate, about what browsers send. G.113 lists none; this is
    /// of M. Alahmadi, P. Pocta, H. Melvin, "An Adaptive Bitrate Switching Algorithm for Speech Applications in Context
    /// of WebRTC", ACM TOMM 17(4), 2021, for random loss. Its error correction is given no credit.
    pub const OPUS: Self = Self { factor: 16.83, robustness: 10.44, band: FULL };

    /// A codec's impairment.
    pub const fn of(codec: CodecId) -> Self {
        match codec {
            CodecId::Opus => Self::OPUS,
            CodecId::G722 => Self::G722,
            CodecId::Pcmu | CodecId::Pcma => Self::G711,
        }
    }
}

/// What was lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loss {
    /// The share, in percent.
    pub percent: f64,
    /// How much longer than by chance the rows of lost packets are (BurstR, G.107 §7.5): 1 for losses by chance, above
    /// for losses in bursts. Values below 1 count as 1.
    pub burst_ratio: f64,
}

/// The rating, 0 to 100, of a codec under a loss and, where it is known, a delay from mouth to ear.
pub fn rating(impairment: Impairment, loss: Loss, delay: Option<Duration>) -> f64 {
    let Impairment { factor, robustness, band } = impairment;
    let percent = loss.percent.clamp(0.0, 100.0);
    // G.107 §7.5: Ie,eff = Ie + (95 − Ie) · Ppl / (Ppl / BurstR + Bpl).
    let effective =
        factor + (band.worst - factor) * percent / (percent / loss.burst_ratio.max(1.0) + robustness);
    let delay = delay.map_or(0.0, delay_impairment);
    ((band.best - effective) / band.scale - delay).clamp(0.0, 100.0)
}

/// The mean opinion score of a rating (G.107 Annex B), 1 to 4.5.
pub fn mos(rating: f64) -> f64 {
    if rating <= 0.0 {
        return 1.0;
    }
    if rating >= 100.0 {
        return 4.5;
    }
    // The polynomial falls below 1 for ratings under 6.5.
    (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).max(1.0)
}

/// What a delay costs (Id, G.107 §7.4) beyond none, with the default echo losses. Ratings of every band are judged by
/// it after they were brought to the scale of 100.
fn delay_impairment(delay: Duration) -> f64 {
    let impairment = |milliseconds: f64| {
        talker_echo(milliseconds) + listener_echo(2.0 * milliseconds) + absolute_delay(milliseconds)
    };
    impairment(delay.as_secs_f64().min(MAX_DELAY_SECONDS) * 1000.0) - impairment(0.0)
}

/// Idte of a one-way delay T in milliseconds.
fn talker_echo(delay: f64) -> f64 {
    let echo = TALKER_ECHO_LOSS - 40.0 * ((1.0 + delay / 10.0) / (1.0 + delay / 150.0)).log10()
        + 6.0 * (-0.3 * delay * delay).exp();
    let echo_rating = 80.0 + 2.5 * (echo - 14.0);
    let noise_rating = -1.5 * (NOISE - RECEIVE_LOUDNESS);
    let half = (noise_rating - echo_rating) / 2.0;
    (half + (half * half + 100.0).sqrt() - 1.0) * (1.0 - (-delay).exp())
}

/// Idle of a round-trip delay Tr in milliseconds.
fn listener_echo(round_trip: f64) -> f64 {
    let echo_rating = 10.5 * (LISTENER_ECHO_LOSS + 7.0) * (round_trip + 1.0).powf(-0.25);
    let half = (SIGNAL_TO_NOISE - echo_rating) / 2.0;
    half + (half * half + 169.0).sqrt()
}

/// Idd of an absolute delay Ta in milliseconds.
fn absolute_delay(delay: f64) -> f64 {
    if delay <= 100.0 {
        return 0.0;
    }
    let x = (delay / 100.0).log2();
    let root = |x: f64| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    25.0 * (root(x) - 3.0 * root(x / 3.0) + 2.0)
}

/// TELR, WEPL, RLR of G.107 Table 3, in dB.
const TALKER_ECHO_LOSS: f64 = 65.0;
const LISTENER_ECHO_LOSS: f64 = 110.0;
const RECEIVE_LOUDNESS: f64 = 2.0;
/// No and Ro for the values of that table; a test derives them.
const NOISE: f64 = -61.179_2;
const SIGNAL_TO_NOISE: f64 = 94.768_8;

/// Nobody talks over more.
const MAX_DELAY_SECONDS: f64 = 10.0;

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Loss = Loss { percent: 0.0, burst_ratio: 1.0 };

    fn lost(percent: f64) -> Loss {
        Loss { percent, burst_ratio: 1.0 }
    }

    /// G.107 §7.1 to §7.3 with Table 3's values, written out: the model's constants are those of the text.
    #[test]
    fn the_default_rating_is_93_2() {
        let db = |level: f64| 10_f64.powf(level / 10.0);
        let (slr, rlr, stmr, lstr, telr) = (8.0, 2.0, 15.0, 18.0, TALKER_ECHO_LOSS);
        let (ps, pr, ds, nc, nfor) = (35.0_f64, 35.0_f64, 3.0, -70.0, -64.0);
        let olr = slr + rlr;
        let nos = ps - slr - ds - 100.0 + 0.004 * (ps - olr - ds - 14.0).powi(2);
        let pre = pr + 10.0 * (1.0 + db(10.0 - lstr)).log10();
        let nor = rlr - 121.0 + pre + 0.008 * (pre - 35.0).powi(2);
        let no = 10.0 * (db(nc) + db(nos) + db(nor) + db(nfor + rlr)).log10();
        let ro = 15.0 - 1.5 * (slr + no);
        assert!((no - NOISE).abs() < 0.001, "No = {no}");
        assert!((ro - SIGNAL_TO_NOISE).abs() < 0.001, "Ro = {ro}");

        let xolr = olr + 0.2 * (64.0 + no - rlr);
        let iolr = 20.0 * ((1.0 + (xolr / 8.0).powi(8)).powf(1.0 / 8.0) - xolr / 8.0);
        let stmro = -10.0 * (db(-stmr) + db(-telr)).log10();
        let ist = 12.0 * (1.0 + ((stmro - 13.0) / 6.0).powi(8)).powf(1.0 / 8.0)
            - 28.0 * (1.0 + ((stmro + 1.0) / 19.4).powi(35)).powf(1.0 / 35.0)
            - 13.0 * (1.0 + ((stmro - 3.0) / 33.0).powi(13)).powf(1.0 / 13.0)
            + 29.0;
        let q: f64 = 37.0;
        let g = 1.07 + 0.258 * q + 0.0602 * q * q;
        let (y, z) = ((ro - 100.0) / 15.0 + 46.0 / 8.4 - g / 9.0, 46.0 / 30.0 - g / 40.0);
        let iq = 15.0 * (1.0 + 10_f64.powf(y) + 10_f64.powf(z)).log10();
        let default = ro - (iolr + ist + iq) - listener_echo(0.0);
        assert!((default - 93.2).abs() < 0.05, "R = {default}");
    }

    #[test]
    fn ratings_and_scores_are_those_of_the_tables() {
        // G.107 Annex B, Table B.1: R 90, 80, 70, 60, 50 are MOS 4.34, 4.03, 3.60, 3.10, 2.58.
        for (rating, score) in [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)] {
            assert!((mos(rating) - score).abs() < 0.007, "{rating}: {}", mos(rating));
        }
        assert!((mos(rating(Impairment::G711, NONE, None)) - 4.41).abs() < 0.005);
        assert_eq!((mos(-3.0), mos(3.0), mos(100.0)), (1.0, 1.0, 4.5));
    }

    #[test]
    fn loss_costs_what_the_codecs_robustness_says() {
        // G.711 with concealment: (95 · 5) / (5 + 25.1) = 15.8.
        assert!((rating(Impairment::G711, lost(5.0), None) - 77.4).abs() < 0.1);
        let score = |impairment, percent| mos(rating(impairment, lost(percent), None));
        assert!(score(Impairment::G711, 3.0) > 3.9);
        assert!(score(Impairment::OPUS, 0.0) > 4.25 && score(Impairment::OPUS, 1.0) > 4.0);
        assert!(score(Impairment::G722, 0.0) > 4.25);
        for impairment in [Impairment::G711, Impairment::G722, Impairment::OPUS] {
            let falling: Vec<_> = (0..=100).map(|percent| score(impairment, f64::from(percent))).collect();
            assert!(falling.is_sorted_by(|before, after| before >= after), "{impairment:?}");
        }
        let bursts = Loss { percent: 5.0, burst_ratio: 3.0 };
        assert!(rating(Impairment::G711, bursts, None) < rating(Impairment::G711, lost(5.0), None));
    }

    #[test]
    fn delay_costs_little_up_to_150_ms_and_much_beyond() {
        let cost = |ms| delay_impairment(Duration::from_millis(ms));
        assert_eq!(cost(0), 0.0);
        assert!((1.0..5.0).contains(&cost(150)), "{}", cost(150));
        assert!((15.0..25.0).contains(&cost(300)), "{}", cost(300));
        assert!((28.0..40.0).contains(&cost(500)), "{}", cost(500));
        assert!(cost(3_600_000).is_finite());
    }
}
