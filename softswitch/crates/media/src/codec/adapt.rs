//! How Opus is sent over a network that loses packets: what a receiver reports (RFC 3550 §6.4.1) decides how strong the
//! error correction is, and how many bits there are.

use crate::{api::OpusWishes, codec::OpusSettings};

/// The settings of one outgoing Opus stream.
#[derive(Debug, Clone, Copy)]
pub struct OpusAdaptation {
    base: OpusSettings,
    wishes: OpusWishes,
    /// The share of packets lost, smoothed; `None` until something was reported.
    loss: Option<f32>,
    bitrate: f32,
}

impl OpusAdaptation {
    /// A stream nothing is known of yet: `base`, within what the peer wishes.
    pub fn new(base: OpusSettings, wishes: OpusWishes) -> Self {
        let mut adaptation = Self { base, wishes, loss: None, bitrate: 0.0 };
        adaptation.bitrate = adaptation.most();
        adaptation
    }

    /// The peer described itself anew.
    pub fn set_wishes(&mut self, wishes: OpusWishes) {
        self.wishes = wishes;
        self.bitrate = self.bitrate.min(self.most());
    }

    /// A report came: `fraction_lost` of 256 packets were lost since the one before.
    pub fn handle_report(&mut self, fraction_lost: u8) {
        let lost = f32::from(fraction_lost) / 256.0;
        let known = self.loss.unwrap_or(lost);
        // Up at once, down slowly: loss comes in spells.
        let weight = if lost > known { RISE } else { FALL };
        self.loss = Some(known + (lost - known) * weight);
        // Heavy loss is a queue that is full; light loss is radio, or chance.
        if lost > CONGESTED {
            self.bitrate = (self.bitrate * FEWER).max(LEAST.min(self.most()));
        } else if lost < CALM {
            self.bitrate = (self.bitrate * MORE).min(self.most());
        }
    }

    /// How to encode.
    pub fn settings(&self) -> OpusSettings {
        let expected = self.loss.map_or(f32::from(self.base.expected_loss), |loss| {
            // A little is always expected: the first lost packet of a spell is to be found in its successor.
            (loss * 100.0).ceil().clamp(ALWAYS, MOST)
        });
        OpusSettings {
            bitrate: self.bitrate as u32,
            expected_loss: if self.wishes.inband_fec { expected as u8 } else { 0 },
            dtx: self.base.dtx || self.wishes.dtx,
            constant_bitrate: self.base.constant_bitrate || self.wishes.constant_bitrate,
            max_playback_rate: self.base.max_playback_rate.min(self.wishes.max_playback_rate),
            ..self.base
        }
    }

    /// The most bits per second.
    fn most(&self) -> f32 {
        let wished = self.wishes.max_average_bitrate.unwrap_or(u32::MAX).max(6_000);
        self.base.bitrate.min(wished) as f32
    }
}

/// How much of a report goes into the smoothed loss, where it is more and where it is less.
const RISE: f32 = 0.7;
const FALL: f32 = 0.15;
/// Above, bits are saved; below, they come back.
const CONGESTED: f32 = 0.1;
const CALM: f32 = 0.03;
/// Per report, that is about every five seconds. Fewer bits at once than this are hardly heard.
const FEWER: f32 = 0.85;
const MORE: f32 = 1.08;
/// Bits per second that still leave room for error correction in wide band.
const LEAST: f32 = 20_000.0;
/// In percent. libopus makes nothing of more.
const ALWAYS: f32 = 1.0;
const MOST: f32 = 30.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn adaptation(wishes: OpusWishes) -> OpusAdaptation {
        OpusAdaptation::new(OpusSettings::default(), wishes)
    }

    #[test]
    fn loss_makes_correction_stronger_at_once_and_calm_makes_it_weaker_slowly() {
        let mut stream = adaptation(OpusWishes::default());
        assert_eq!(stream.settings(), OpusSettings::default());
        stream.handle_report(0);
        assert_eq!(stream.settings().expected_loss, 1);
        stream.handle_report(51);
        assert!((14..=15).contains(&stream.settings().expected_loss), "{:?}", stream.settings());
        for _ in 0..3 {
            stream.handle_report(0);
        }
        assert!((7..=10).contains(&stream.settings().expected_loss), "{:?}", stream.settings());
    }

    #[test]
    fn congestion_takes_bits_and_calm_gives_them_back() {
        let mut stream = adaptation(OpusWishes::default());
        for _ in 0..20 {
            stream.handle_report(60);
        }
        assert_eq!(stream.settings().bitrate, 20_000);
        for _ in 0..20 {
            stream.handle_report(1);
        }
        assert_eq!(stream.settings().bitrate, 32_000);
    }

    #[test]
    fn a_peers_wishes_are_kept() {
        let wishes = OpusWishes {
            inband_fec: false,
            dtx: true,
            constant_bitrate: true,
            max_average_bitrate: Some(16_000),
            max_playback_rate: 16_000,
        };
        let mut stream = adaptation(wishes);
        stream.handle_report(128);
        stream.handle_report(0);
        let expected = OpusSettings {
            bitrate: 16_000,
            expected_loss: 0,
            dtx: true,
            constant_bitrate: true,
            max_playback_rate: 16_000,
            ..OpusSettings::default()
        };
        assert_eq!(stream.settings(), expected);
        stream.set_wishes(OpusWishes::default());
        assert_eq!(stream.settings().bitrate, 16_000);
    }
}
