//! A tone generator.

use std::f64::consts::TAU;

/// A sine without end: an iterator of samples whose phase goes on from call to call.
#[derive(Debug, Clone)]
pub struct Tone {
    phase: f64,
    step: f64,
    peak: f64,
}

impl Tone {
    /// A sine of `hz` at `rate` samples per second, at `level_dbfs` (0 = full scale, −12 = a quarter of it).
    pub fn new(hz: f64, rate: u32, level_dbfs: f64) -> Self {
        let peak = f64::from(i16::MAX) * 10_f64.powf(level_dbfs.min(0.0) / 20.0);
        Self { phase: 0.0, step: TAU * hz / f64::from(rate), peak }
    }

    /// The next `count` samples.
    pub fn samples(&mut self, count: usize) -> Vec<i16> {
        self.by_ref().take(count).collect()
    }
}

impl Iterator for Tone {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        let sample = self.phase.sin() * self.peak;
        self.phase = (self.phase + self.step) % TAU;
        Some(sample.round() as i16)
    }
}
