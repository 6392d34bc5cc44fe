//! Keys heard in the sound itself (ITU-T Q.23, Q.24): eight Goertzel filters over blocks of 12.75 ms.
//!
//! For telephones that know no telephone-event. A key needs two blocks that agree and ends with three that do not, so
//! that it is told from 40 ms on (Q.24 §2.1) and speech is not taken for one.

use ringdown_types::DtmfDigit;

use crate::{
    band::Downsampler,
    codec::{Decoder, MAX_PACKET_MS},
    rtp::FinishedDigit,
};

/// What a packet's sound tells of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keys {
    /// A key that ended.
    pub finished: Option<FinishedDigit>,
    /// Whether the packet holds the sound of a key, as far as it is known by its end.
    pub is_sounding: bool,
}

/// Listens for keys in sound of 8,000 Hz.
#[derive(Debug, Clone, Default)]
pub struct DtmfDetector {
    filters: [Filter; 8],
    energy: f32,
    samples: usize,
    /// The key of the last block.
    last: Option<DtmfDigit>,
    running: Option<Running>,
}

/// A key that sounds.
#[derive(Debug, Clone, Copy)]
struct Running {
    digit: DtmfDigit,
    blocks: u32,
    missed: u32,
}

/// One Goertzel filter.
#[derive(Debug, Clone, Copy, Default)]
struct Filter {
    one: f32,
    two: f32,
}

impl DtmfDetector {
    /// Takes the sound that follows what came before.
    pub fn handle(&mut self, pcm: &[i16]) -> Keys {
        let mut keys = Keys { finished: None, is_sounding: self.running.is_some() };
        let mut rest = pcm;
        while !rest.is_empty() {
            let (here, after) = rest.split_at(rest.len().min(BLOCK - self.samples));
            self.filter(here);
            rest = after;
            if self.samples == BLOCK {
                let found = self.judge();
                keys.finished = self.follow(found).or(keys.finished);
                keys.is_sounding |= self.running.is_some();
            }
        }
        keys
    }

    /// The source pauses: a key that sounded is over.
    pub fn end(&mut self) -> Option<FinishedDigit> {
        let running = self.running.take();
        *self = Self::default();
        running.map(Running::finish)
    }

    fn filter(&mut self, pcm: &[i16]) {
        for (filter, coefficient) in self.filters.iter_mut().zip(COEFFICIENTS) {
            let Filter { mut one, mut two } = *filter;
            for &sample in pcm {
                (one, two) = (f32::from(sample) + coefficient * one - two, one);
            }
            *filter = Filter { one, two };
        }
        self.energy += pcm.iter().map(|&sample| f32::from(sample) * f32::from(sample)).sum::<f32>();
        self.samples += pcm.len();
    }

    /// What a whole block holds.
    fn judge(&mut self) -> Option<DtmfDigit> {
        let mut powers = [0.0_f32; 8];
        for ((power, filter), coefficient) in powers.iter_mut().zip(&mut self.filters).zip(COEFFICIENTS) {
            let Filter { one, two } = std::mem::take(filter);
            *power = one * one + two * two - coefficient * one * two;
        }
        let energy = std::mem::take(&mut self.energy);
        self.samples = 0;
        let (rows, columns) = powers.split_at(4);
        let (row, low) = loudest(rows)?;
        let (column, high) = loudest(columns)?;
        let alone = |band: &[f32], index: usize, power: f32| {
            band.iter().enumerate().all(|(other, &level)| other == index || level * ALONE < power)
        };
        let is_key = low > LOUD
            && high > LOUD
            && low < high * REVERSE_TWIST
            && high < low * TWIST
            && alone(rows, row, low)
            && alone(columns, column, high)
            && low + high > energy * PURE;
        is_key.then(|| key(row, column)).flatten()
    }

    fn follow(&mut self, found: Option<DtmfDigit>) -> Option<FinishedDigit> {
        let confirmed = found.filter(|digit| self.last == Some(*digit));
        self.last = found;
        let mut finished = None;
        if let Some(running) = &mut self.running {
            if found == Some(running.digit) {
                // What was missed in between was a disturbance.
                running.blocks += 1 + std::mem::take(&mut running.missed);
                return None;
            }
            running.missed += 1;
            if running.missed < MISSES_TO_END && confirmed.is_none() {
                return None;
            }
            finished = self.running.take().map(Running::finish);
        }
        if let Some(digit) = confirmed {
            self.running = Some(Running { digit, blocks: 2, missed: 0 });
        }
        finished
    }
}

impl Running {
    fn finish(self) -> FinishedDigit {
        let milliseconds = self.blocks.saturating_mul(BLOCK as u32) / 8;
        FinishedDigit { digit: self.digit, duration_ms: u16::try_from(milliseconds).unwrap_or(u16::MAX) }
    }
}

fn loudest(band: &[f32]) -> Option<(usize, f32)> {
    band.iter().copied().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b))
}

fn key(row: usize, column: usize) -> Option<DtmfDigit> {
    const KEYS: [[char; 4]; 4] =
        [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
    DtmfDigit::from_char(*KEYS.get(row)?.get(column)?)
}

/// Listens for keys in the packets of one leg. They are taken as they come: a lost one shortens a key.
#[derive(Debug)]
pub struct KeyListener {
    decoder: Decoder,
    down: Option<Box<Downsampler>>,
    detector: DtmfDetector,
}

impl KeyListener {
    /// A listener for a codec that carries tones unharmed; `None` for Opus, whose senders all know telephone-event.
    pub fn new(codec: ringdown_types::CodecId) -> Option<Self> {
        use ringdown_types::CodecId;
        if codec == CodecId::Opus {
            return None;
        }
        let decoder = Decoder::new(codec, codec.sample_rate()).ok()?;
        let down = (codec == CodecId::G722).then(Box::default);
        Some(Self { decoder, down, detector: DtmfDetector::default() })
    }

    /// Takes a packet's payload.
    pub fn handle_payload(&mut self, payload: &[u8]) -> Keys {
        let mut pcm = [0; 16 * MAX_PACKET_MS];
        let Ok(samples) = self.decoder.decode(payload, &mut pcm) else { return Keys::default() };
        let Some(down) = &mut self.down else { return self.detector.handle(&pcm[..samples]) };
        let mut narrow = [0; 8 * MAX_PACKET_MS];
        down.process(&pcm[..samples], &mut narrow);
        self.detector.handle(&narrow[..samples / 2])
    }

    /// The source pauses.
    pub fn end(&mut self) -> Option<FinishedDigit> {
        self.detector.end()
    }
}

/// Samples of a block: the filters are 78 Hz wide, which admits the 1.8 % that a key may be off (Q.24 §2.2).
const BLOCK: usize = 102;
/// 2 cos(2π f / 8,000) of 697, 770, 852, 941, 1209, 1336, 1477 and 1633 Hz.
const COEFFICIENTS: [f32; 8] =
    [1.707_737_8, 1.645_281, 1.568_686_6, 1.478_204_6, 1.164_104, 0.996_370_3, 0.798_618_4, 0.568_532_7];
/// −34 dBm0 for each tone (Q.24 §2.3 wants −25 to −29 heard and −55 to −60 not). Of a block: (peak · 102 / 2)².
const LOUD: f32 = 4.0e7;
/// The lower tone may be 8 dB louder, the higher one 6 dB (Q.24 table A-1 has 4 to 10).
const REVERSE_TWIST: f32 = 6.3;
const TWIST: f32 = 4.0;
/// Each is 8 dB louder than its neighbours.
const ALONE: f32 = 6.3;
/// The two tones hold 82 % of all power: 102 / 2 of the block's energy would be all of it. Smaller hears keys in
/// speech, larger misses them in noise.
const PURE: f32 = 0.82 * BLOCK as f32 / 2.0;
/// 38 ms.
const MISSES_TO_END: u32 = 3;

#[cfg(test)]
mod tests {
    use ringdown_types::CodecId;

    use super::*;
    use crate::codec::{Encoder, OpusSettings};

    /// A sine of full scale in G.711 A-law.
    #[expect(clippy::approx_constant, reason = "it is no π")]
    const FULL_SCALE_DBM0: f64 = 3.14;

    fn tones(low: f64, high: f64, levels: (f64, f64), milliseconds: usize) -> Vec<i16> {
        let peak = |dbm0: f64| 32_768.0 * 10_f64.powf((dbm0 - FULL_SCALE_DBM0) / 20.0);
        let (low_peak, high_peak) = (peak(levels.0), peak(levels.1));
        (0..milliseconds * 8)
            .map(|index| {
                let at = index as f64 / 8000.0 * std::f64::consts::TAU;
                ((at * low).sin() * low_peak + (at * high).sin() * high_peak) as i16
            })
            .collect()
    }

    fn hear(pcm: &[i16]) -> String {
        let mut detector = DtmfDetector::default();
        let mut heard = String::new();
        for frame in pcm.chunks(160).chain([&[0; 400][..]]) {
            heard.extend(detector.handle(frame).finished.map(|finished| finished.digit.as_char()));
        }
        heard
    }

    #[test]
    fn every_key_is_heard_at_every_level_and_twist_of_q24() {
        for digit in (0..16).filter_map(DtmfDigit::from_event) {
            assert_eq!(hear(&crate::tone::dtmf(digit)), digit.to_string());
        }
        for levels in
            [(-3.0, -3.0), (-8.0, -6.0), (-25.0, -25.0), (-29.0, -27.0), (-6.0, -12.0), (-12.0, -7.0)]
        {
            // 770 and 1336 Hz, each up to 1.5 % off.
            for off in [0.985, 1.0, 1.015] {
                let pcm = tones(770.0 * off, 1336.0 * off, levels, 80);
                assert_eq!(hear(&pcm), "5", "{levels:?} dBm0, {off}");
            }
        }
    }

    #[test]
    fn what_is_no_key_is_not_heard() {
        // Too soft, one tone alone, 3.5 % off, too short, too much twist.
        assert_eq!(hear(&tones(770.0, 1336.0, (-55.0, -55.0), 200)), "");
        assert_eq!(hear(&tones(770.0, 1336.0, (-8.0, -60.0), 200)), "");
        assert_eq!(hear(&tones(770.0 * 1.04, 1336.0 * 1.04, (-8.0, -8.0), 200)), "");
        assert_eq!(hear(&tones(770.0, 1336.0, (-8.0, -8.0), 20)), "");
        assert_eq!(hear(&tones(770.0, 1336.0, (-5.0, -20.0), 200)), "");
    }

    #[test]
    fn keys_in_a_row_are_told_apart_with_their_lengths() {
        let gap = vec![0; 40 * 8];
        let five = tones(770.0, 1336.0, (-8.0, -8.0), 60);
        let pcm = [&five[..], &gap, &five, &gap, &tones(941.0, 1477.0, (-8.0, -8.0), 500), &gap].concat();
        assert_eq!(hear(&pcm), "55#");
        let mut detector = DtmfDetector::default();
        let long = tones(941.0, 1477.0, (-8.0, -8.0), 500);
        let sounding = long.chunks(160).map(|frame| detector.handle(frame).is_sounding).skip(1);
        assert!(sounding.min().is_some_and(|is_sounding| is_sounding));
        let finished = detector.end().expect("it sounds");
        assert!((460..=520).contains(&finished.duration_ms), "{finished:?}");
        assert_eq!(detector.end(), None);
    }

    #[test]
    fn voices_are_no_keys() {
        // Harmonics of every pitch a voice has, swelling and gliding.
        let mut pcm = Vec::new();
        let mut phase = 0.0_f64;
        for index in 0..8000 * 60 {
            let at = f64::from(index) / 8000.0;
            let pitch = 90.0 + 160.0 * (at * 0.37).sin().abs() + 12.0 * (at * 23.0).sin();
            phase += pitch / 8000.0 * std::f64::consts::TAU;
            let sum: f64 = (1..14)
                .map(|n| {
                    let formant = 1.0
                        / (1.0 + ((f64::from(n) * pitch - 600.0 - 400.0 * (at * 5.0).sin()) / 300.0).powi(2));
                    (phase * f64::from(n)).sin() * (0.1 + formant)
                })
                .sum();
            pcm.push((sum * 4000.0 * (0.5 + 0.5 * (at * 9.0).sin())) as i16);
        }
        assert_eq!(hear(&pcm), "");
    }

    #[test]
    fn keys_are_heard_through_codecs() {
        for codec in [CodecId::Pcmu, CodecId::Pcma, CodecId::G722] {
            let rate = codec.sample_rate();
            let mut encoder = Encoder::new(codec, rate, OpusSettings::default()).expect("its rate");
            let mut listener = KeyListener::new(codec).expect("it carries tones");
            let key = crate::tone::dtmf(DtmfDigit::from_char('7').expect("a key"));
            let pcm = crate::resample::resample(&[key, vec![0; 800]].concat(), 8000, rate);
            let mut heard = Vec::new();
            for frame in pcm.chunks_exact(rate as usize / 50) {
                let mut packet = [0; 160];
                let length = encoder.encode(frame, &mut packet).expect("20 ms");
                heard.extend(listener.handle_payload(&packet[..length]).finished);
            }
            let [FinishedDigit { digit, duration_ms }] = heard[..] else { panic!("{codec:?}: {heard:?}") };
            assert_eq!(digit.as_char(), '7');
            assert!((120..200).contains(&duration_ms), "{duration_ms}");
        }
        assert!(KeyListener::new(CodecId::Opus).is_none());
    }
}
