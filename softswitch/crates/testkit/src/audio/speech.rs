//! Sound that is built like speech, for codecs and measures that treat speech in their own way: voiced syllables with
//! gliding pitch and formants, hisses, stops and pauses. Made, not recorded: the same seed makes the same words.

use std::f64::consts::{PI, TAU};

/// `seconds` of a voice at `rate` samples per second, its loudest syllables at about −12 dBFS.
pub fn speech(rate: u32, seconds: f64, seed: u64) -> Vec<i16> {
    let mut voice = Voice::new(rate, seed);
    let length = (f64::from(rate) * seconds) as usize;
    let mut sound: Vec<f64> = Vec::with_capacity(length + rate as usize);
    while sound.len() < length {
        voice.word(&mut sound);
    }
    sound.truncate(length);
    let peak = sound.iter().fold(1e-9_f64, |peak, value| peak.max(value.abs()));
    sound.iter().map(|value| (value / peak * PEAK).round() as i16).collect()
}

/// A speaker: a pulse train and noise through resonators.
struct Voice {
    rate: f64,
    state: u64,
    phase: f64,
    pitch: f64,
    formants: [Resonator; 4],
    frequencies: [f64; 4],
}

#[derive(Default, Clone, Copy)]
struct Resonator {
    one: f64,
    two: f64,
}

impl Resonator {
    fn next(&mut self, input: f64, hertz: f64, width: f64, rate: f64) -> f64 {
        let radius = (-PI * width / rate).exp();
        let turn = 2.0 * radius * (TAU * hertz / rate).cos();
        let value = input + turn * self.one - radius * radius * self.two;
        (self.two, self.one) = (self.one, value);
        // About the same loudness wherever it stands.
        value * (1.0 - radius)
    }
}

impl Voice {
    fn new(rate: u32, seed: u64) -> Self {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let frequencies = VOWELS[0];
        Self {
            rate: f64::from(rate),
            state,
            phase: 0.0,
            pitch: 120.0,
            formants: [Resonator::default(); 4],
            frequencies,
        }
    }

    /// 0 to 1.
    fn chance(&mut self) -> f64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One to four syllables and a pause.
    fn word(&mut self, sound: &mut Vec<f64>) {
        let syllables = 1 + (self.chance() * 4.0) as usize;
        for _ in 0..syllables {
            match (self.chance() * 3.0) as usize {
                0 => self.hiss(sound),
                1 => self.stop(sound),
                _ => {}
            }
            self.vowel(sound);
        }
        let pause = 0.03 + 0.15 * self.chance() * self.chance();
        sound.extend(std::iter::repeat_n(0.0, (pause * self.rate) as usize));
    }

    fn vowel(&mut self, sound: &mut Vec<f64>) {
        let target = VOWELS[(self.chance() * VOWELS.len() as f64) as usize % VOWELS.len()];
        let (pitch, loudness) = (90.0 + 90.0 * self.chance(), 0.5 + 0.5 * self.chance());
        let length = ((0.08 + 0.12 * self.chance()) * self.rate) as usize;
        for index in 0..length {
            let glide = 8.0 / self.rate / 0.1;
            for (frequency, wanted) in self.frequencies.iter_mut().zip(target) {
                *frequency += (wanted - *frequency) * glide;
            }
            self.pitch += (pitch - self.pitch) * glide * 0.5;
            self.phase += self.pitch / self.rate * TAU;
            // A pulse of the glottis, rounded: harmonics fall by 12 dB an octave.
            let pulse = if self.phase >= TAU { 1.0 } else { 0.0 };
            self.phase %= TAU;
            let breath = (self.chance() - 0.5) * 0.02;
            let envelope = (PI * index as f64 / length as f64).sin().sqrt() * loudness;
            let mut value = 0.0;
            for (number, gain) in [1.0, 0.6, 0.3, 0.12].into_iter().enumerate() {
                let (hertz, width) = (self.frequencies[number], 60.0 + 40.0 * number as f64);
                value += gain * self.formants[number].next(pulse * 12.0 + breath, hertz, width, self.rate);
            }
            sound.push(value * envelope);
        }
    }

    fn hiss(&mut self, sound: &mut Vec<f64>) {
        let length = ((0.05 + 0.06 * self.chance()) * self.rate) as usize;
        let centre = (2200.0 + 3800.0 * self.chance()).min(self.rate * 0.42);
        let mut resonator = Resonator::default();
        for index in 0..length {
            let noise = self.chance() - 0.5;
            let envelope = (PI * index as f64 / length as f64).sin();
            sound.push(resonator.next(noise, centre, 900.0, self.rate) * envelope * 1.2);
        }
    }

    fn stop(&mut self, sound: &mut Vec<f64>) {
        sound.extend(std::iter::repeat_n(0.0, (0.04 * self.rate) as usize));
        let length = (0.012 * self.rate) as usize;
        for index in 0..length {
            let noise = self.chance() - 0.5;
            sound.push(noise * 0.35 * (1.0 - index as f64 / length as f64));
        }
    }
}

/// Formants of five vowels of a man (Peterson and Barney 1952), with a fourth at 3,400 Hz.
const VOWELS: [[f64; 4]; 5] = [
    [730.0, 1090.0, 2440.0, 3400.0],
    [530.0, 1840.0, 2480.0, 3400.0],
    [270.0, 2290.0, 3010.0, 3400.0],
    [570.0, 840.0, 2410.0, 3400.0],
    [300.0, 870.0, 2240.0, 3400.0],
];

/// −12 dBFS.
const PEAK: f64 = 8230.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::level_dbfs;

    #[test]
    fn it_has_syllables_and_pauses_and_is_the_same_each_time() {
        for rate in [8000, 16_000, 48_000] {
            let sound = speech(rate, 4.0, 3);
            assert_eq!(sound, speech(rate, 4.0, 3));
            assert_ne!(sound, speech(rate, 4.0, 4));
            let levels: Vec<f64> = sound.chunks(rate as usize / 50).map(level_dbfs).collect();
            let loud = levels.iter().filter(|level| **level > -35.0).count();
            let quiet = levels.iter().filter(|level| **level < -50.0).count();
            assert!(loud > 80 && quiet > 10, "{loud} loud, {quiet} quiet of {}", levels.len());
        }
    }
}
