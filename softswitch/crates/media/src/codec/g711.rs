//! G.711 (ITU-T G.711): both laws by tables, and what fills a gap.

/// The only sample rate of G.711.
pub const SAMPLE_RATE: u32 = 8000;

/// The sample of each µ-law octet.
pub static ULAW: [i16; 256] = {
    let mut out = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        out[octet] = decode_ulaw(octet as u8);
        octet += 1;
    }
    out
};

/// The sample of each A-law octet.
pub static ALAW: [i16; 256] = {
    let mut out = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        out[octet] = decode_alaw(octet as u8);
        octet += 1;
    }
    out
};

/// The A-law octet of each µ-law octet.
static ULAW_TO_ALAW: [u8; 256] = {
    let mut out = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        out[octet] = encode_alaw(decode_ulaw(octet as u8));
        octet += 1;
    }
    out
};

/// The µ-law octet of each A-law octet.
static ALAW_TO_ULAW: [u8; 256] = {
    let mut out = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        out[octet] = encode_ulaw(decode_alaw(octet as u8));
        octet += 1;
    }
    out
};

/// Turns a µ-law payload into A-law, in place.
pub fn ulaw_to_alaw(payload: &mut [u8]) {
    payload.iter_mut().for_each(|octet| *octet = ULAW_TO_ALAW[usize::from(*octet)]);
}

/// Turns an A-law payload into µ-law, in place.
pub fn alaw_to_ulaw(payload: &mut [u8]) {
    payload.iter_mut().for_each(|octet| *octet = ALAW_TO_ULAW[usize::from(*octet)]);
}

const fn decode_ulaw(octet: u8) -> i16 {
    let octet = !octet;
    let exponent = (octet >> 4) & 7;
    let magnitude = ((((octet & 0x0f) as i16) << 3) + ULAW_BIAS) << exponent;
    if octet & 0x80 != 0 { ULAW_BIAS - magnitude } else { magnitude - ULAW_BIAS }
}

const fn decode_alaw(octet: u8) -> i16 {
    let octet = octet ^ 0x55;
    let exponent = (octet >> 4) & 7;
    let mantissa = ((octet & 0x0f) as i16) << 4;
    let magnitude = if exponent == 0 { mantissa + 8 } else { (mantissa + 0x108) << (exponent - 1) };
    if octet & 0x80 != 0 { magnitude } else { -magnitude }
}

/// The µ-law octet of a sample.
pub const fn encode_ulaw(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = (sample as i32).abs();
    let magnitude = (if magnitude > ULAW_CLIP { ULAW_CLIP } else { magnitude }) + ULAW_BIAS as i32;
    // The bias puts the highest bit at 7 to 14.
    !(sign | segment(magnitude) as u8)
}

/// The A-law octet of a sample.
pub const fn encode_alaw(sample: i16) -> u8 {
    // Negative samples are mirrored so that −1 falls together with 0.
    let (sign, magnitude) = if sample < 0 { (0, !sample) } else { (0x80, sample) };
    let magnitude = magnitude as i32;
    let octet = if magnitude < 0x100 { magnitude >> 4 } else { segment(magnitude) };
    (sign | octet as u8) ^ 0x55
}

/// The number of the highest bit above 7, and the four bits below it: as floating-point numbers are written (IEEE 754
/// §3.4), which is what processors do to many samples at once.
const fn segment(magnitude: i32) -> i32 {
    ((magnitude as f32).to_bits() >> 19) as i32 - ((127 + 7) << 4)
}

const ULAW_BIAS: i16 = 0x84;
const ULAW_CLIP: i32 = 32_635;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_survive_their_samples() {
        for octet in 0..=u8::MAX {
            assert_eq!(encode_alaw(ALAW[usize::from(octet)]), octet, "A-law {octet:#x}");
            // µ-law has two zeros.
            let again = encode_ulaw(ULAW[usize::from(octet)]);
            assert!(again == octet || (octet == 0x7f && again == 0xff), "µ-law {octet:#x}");
        }
    }

    #[test]
    fn known_values() {
        // ITU-T G.711 tables 1a and 2a: the loudest, and silence.
        assert_eq!((encode_alaw(i16::MAX), encode_alaw(i16::MIN)), (0xaa, 0x2a));
        assert_eq!((encode_ulaw(i16::MAX), encode_ulaw(i16::MIN)), (0x80, 0x00));
        assert_eq!((encode_alaw(0), encode_ulaw(0)), (0xd5, 0xff));
        assert_eq!((ALAW[0xaa], ULAW[0x80]), (32_256, 32_124));
    }

    /// As the tables 1a and 2a of G.711 put it: the segment is the place of the highest bit.
    #[test]
    fn every_sample_is_in_its_segment() {
        for sample in i16::MIN..=i16::MAX {
            let octet = |magnitude: u32| {
                let exponent = 24 - magnitude.leading_zeros();
                (exponent << 4 | (magnitude >> (exponent + 3)) & 0x0f) as u8
            };
            let biased = u32::from(sample.unsigned_abs()).min(32_635) + 0x84;
            let sign = if sample < 0 { 0x80 } else { 0 };
            assert_eq!(encode_ulaw(sample), !(sign | octet(biased)), "µ-law {sample}");
            let mirrored = (if sample < 0 { !sample } else { sample }) as u32;
            let octet = if mirrored < 0x100 { (mirrored >> 4) as u8 } else { octet(mirrored) };
            assert_eq!(encode_alaw(sample), (sign ^ 0x80 | octet) ^ 0x55, "A-law {sample}");
        }
    }

    #[test]
    fn the_error_of_any_sample_is_small() {
        for sample in i16::MIN..=i16::MAX {
            let bound = i32::from(sample).abs() / 16 + 16;
            let alaw = i32::from(ALAW[usize::from(encode_alaw(sample))]);
            assert!((alaw - i32::from(sample)).abs() <= bound, "A-law {sample}: {alaw}");
            let ulaw = i32::from(ULAW[usize::from(encode_ulaw(sample))]);
            assert!((ulaw - i32::from(sample)).abs() <= bound + 640, "µ-law {sample}: {ulaw}");
        }
    }

    #[test]
    fn the_laws_are_exchanged_in_place() {
        let mut payload: Vec<u8> = (0..=u8::MAX).collect();
        ulaw_to_alaw(&mut payload);
        for (ulaw, &alaw) in payload.iter().enumerate() {
            let (before, after) = (i32::from(ULAW[ulaw]), i32::from(ALAW[usize::from(alaw)]));
            assert!((before - after).abs() <= before.abs() / 16 + 16, "{before} became {after}");
        }
        alaw_to_ulaw(&mut payload);
    }
}
