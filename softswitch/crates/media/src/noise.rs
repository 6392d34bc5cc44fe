//! Comfort noise (RFC 3389): the level and the colour of a silence, told in a few octets.

/// Makes noise as a payload describes it.
#[derive(Debug, Clone)]
pub struct NoiseGenerator {
    /// The root mean square it makes, before the filter.
    excitation: f32,
    reflection: [f32; MAX_ORDER],
    order: usize,
    /// The lattice's delays.
    backward: [f32; MAX_ORDER + 1],
    state: u32,
}

impl NoiseGenerator {
    /// Noise as the payload of a packet describes it; of an empty one, very soft noise.
    pub fn new(payload: &[u8]) -> Self {
        let mut generator = Self {
            excitation: 0.0,
            reflection: [0.0; MAX_ORDER],
            order: 0,
            backward: [0.0; MAX_ORDER + 1],
            state: 0x2545_f491,
        };
        generator.update(payload);
        generator
    }

    /// Takes a newer description. The noise goes on without a break.
    pub fn update(&mut self, payload: &[u8]) {
        let (&level, coefficients) = payload.split_first().unwrap_or((&SOFTEST, &[]));
        // RFC 3389 §3.1: −level dB of the overload point, of a square wave.
        let level = f32::from(level & 0x7f).max(LOUDEST);
        let wanted = f32::from(i16::MAX) * 10_f32.powf(-level / 20.0);
        // §3: what the receiver has no use for is left out.
        self.order = coefficients.len().min(MAX_ORDER);
        let mut gain = 1.0_f32;
        for (known, &octet) in self.reflection.iter_mut().zip(coefficients) {
            // §3.2: k = 258 (N − 127) / 32768.
            *known = (f32::from(octet) - 127.0) * 258.0 / 32_768.0;
            gain *= 1.0 - *known * *known;
        }
        // The filter has the gain of the inverse prediction error.
        self.excitation = wanted * gain.max(0.0).sqrt();
    }

    /// Fills `out`.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            let value = self.white() * self.excitation;
            *sample = self.filter(value).round().clamp(-32_768.0, 32_767.0) as i16;
        }
    }

    /// White noise of power 1: evenly spread over ±√3.
    fn white(&mut self) -> f32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        (self.state as f32 / u32::MAX as f32 - 0.5) * 12_f32.sqrt()
    }

    /// The all-pole lattice of the reflection coefficients.
    fn filter(&mut self, input: f32) -> f32 {
        let mut forward = input;
        for stage in (0..self.order).rev() {
            forward -= self.reflection[stage] * self.backward[stage];
            self.backward[stage + 1] = self.backward[stage] + self.reflection[stage] * forward;
        }
        // A filter at the edge of stability stays bounded.
        self.backward[0] = forward.clamp(-65_536.0, 65_536.0);
        forward
    }
}

/// Describes silence: [`NOISE_LENGTH`] octets for a frame of background noise of 8 kHz.
pub fn describe(pcm: &[i16]) -> [u8; NOISE_LENGTH] {
    let mut autocorrelation = [0.0_f64; ORDER + 1];
    for (lag, sum) in autocorrelation.iter_mut().enumerate() {
        *sum = pcm.iter().zip(pcm.iter().skip(lag)).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    }
    let mean = autocorrelation[0] / pcm.len().max(1) as f64;
    let level = -10.0 * (mean.max(1e-9) / f64::from(i16::MAX).powi(2)).log10();
    let mut payload = [127; NOISE_LENGTH];
    payload[0] = level.round().clamp(0.0, 127.0) as u8;
    for (octet, k) in payload[1..].iter_mut().zip(reflection_coefficients(autocorrelation)) {
        *octet = (k * 32_768.0 / 258.0 + 127.0).round().clamp(0.0, 254.0) as u8;
    }
    payload
}

/// Levinson and Durbin's recursion.
fn reflection_coefficients(mut autocorrelation: [f64; ORDER + 1]) -> [f64; ORDER] {
    // A floor of white noise keeps pure tones away from the edge of stability.
    autocorrelation[0] = autocorrelation[0] * 1.001 + 1.0;
    let mut reflection = [0.0; ORDER];
    let mut predictor = [0.0; ORDER + 1];
    predictor[0] = 1.0;
    let mut error = autocorrelation[0];
    for stage in 0..ORDER {
        let sum: f64 = (0..=stage).map(|index| predictor[index] * autocorrelation[stage + 1 - index]).sum();
        let k = (-sum / error).clamp(-0.98, 0.98);
        reflection[stage] = k;
        let before = predictor;
        for index in 1..=stage + 1 {
            predictor[index] += k * before[stage + 1 - index];
        }
        error *= 1.0 - k * k;
    }
    reflection
}

/// How many octets [`describe`] makes: a level and four coefficients, of which the fourth hardly changes what is heard.
pub const NOISE_LENGTH: usize = ORDER + 1;
const ORDER: usize = 4;
/// The most coefficients that are used of a payload. RFC 3389 §3.2 finds ten enough for speech codecs.
const MAX_ORDER: usize = 12;
/// −78 dB.
const SOFTEST: u8 = 78;
/// −30 dB: louder "silence" is a mistake or an attack on ears.
const LOUDEST: f32 = 30.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn decibels(pcm: &[i16]) -> f64 {
        let power = pcm.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / pcm.len() as f64;
        10.0 * (power.max(1e-9) / f64::from(i16::MAX).powi(2)).log10()
    }

    #[test]
    fn noise_has_the_level_that_was_told_whatever_its_colour() {
        for payload in [
            &[45][..],
            &[45, 127, 127],
            &[45, 60, 160, 110],
            &[45, 100, 110, 120, 130, 140, 127, 90, 150, 127, 120, 130, 110, 127, 3, 250],
            &[200; 3],
            &[0],
        ] {
            let mut noise = vec![0; 16_000];
            NoiseGenerator::new(payload).fill(&mut noise);
            let expected = -f64::from(payload[0] & 0x7f).max(30.0);
            assert!((decibels(&noise[1600..]) - expected).abs() < 1.5, "{payload:?}: {}", decibels(&noise));
        }
        let mut noise = vec![0; 8000];
        NoiseGenerator::new(&[]).fill(&mut noise);
        assert!(decibels(&noise) < -70.0);
    }

    #[test]
    fn described_noise_sounds_like_what_was_described() {
        for payload in [[50, 40, 150, 127, 127], [50, 127, 127, 127, 127], [62, 200, 120, 130, 127]] {
            let mut noise = vec![0; 16_000];
            NoiseGenerator::new(&payload).fill(&mut noise);
            let described = describe(&noise[8000..]);
            for (told, found) in payload.into_iter().zip(described) {
                assert!(told.abs_diff(found) <= 6, "{payload:?} was described as {described:?}");
            }
        }
        assert_eq!(describe(&[0; 160])[0], 127);
        assert_eq!(describe(&[]).len(), NOISE_LENGTH);
    }
}
