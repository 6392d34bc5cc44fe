//! Where a key frame begins, read from the payload without decoding it.

use ringdown_types::VideoCoding;

/// Whether `payload` is the first packet of a picture that needs none before it.
pub fn begins_key_frame(coding: VideoCoding, payload: &[u8]) -> bool {
    let found = match coding {
        VideoCoding::Vp8 => vp8(payload),
        VideoCoding::H264 { .. } => h264(payload),
        VideoCoding::Vp9 { .. } => vp9(payload),
        VideoCoding::Av1 { .. } => av1(payload),
    };
    found.unwrap_or(false)
}

/// RFC 7741 §4.2 (descriptor), §4.3 (header: the P bit is zero in a key frame).
fn vp8(payload: &[u8]) -> Option<bool> {
    let first = *payload.first()?;
    let starts_partition_0 = first & 0x10 != 0 && first & 0x0f == 0;
    let mut at = 1;
    if first & 0x80 != 0 {
        let present = *payload.get(1)?;
        at = 2;
        if present & 0x80 != 0 {
            // The picture id has 7 or 15 bits.
            at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
        }
        at += usize::from(present & 0x40 != 0);
        at += usize::from(present & 0x30 != 0);
    }
    Some(starts_partition_0 && payload.get(at)? & 1 == 0)
}

/// RFC 6184 §5.4: an IDR slice or the sequence parameters before one, alone, at the head of an aggregate, or as the
/// first fragment.
fn h264(payload: &[u8]) -> Option<bool> {
    let is_start = |unit: u8| matches!(unit & 0x1f, IDR_SLICE | SEQUENCE_PARAMETERS);
    match payload.first()? & 0x1f {
        STAP_A => {
            let mut rest = payload.get(1..)?;
            while let Some(([l0, l1], after)) = rest.split_first_chunk::<2>() {
                let (unit, next) = after.split_at_checked(usize::from(u16::from_be_bytes([*l0, *l1])))?;
                if is_start(*unit.first()?) {
                    return Some(true);
                }
                rest = next;
            }
            Some(false)
        }
        FU_A => {
            let header = *payload.get(1)?;
            Some(header & 0x80 != 0 && is_start(header))
        }
        unit => Some(is_start(unit)),
    }
}

/// RFC 9628 §4.2: the beginning (B) of a picture that is not predicted (P) from others, in its lowest layer.
fn vp9(payload: &[u8]) -> Option<bool> {
    let first = *payload.first()?;
    let (has_id, is_predicted, has_layers, begins) =
        (first & 0x80 != 0, first & 0x40 != 0, first & 0x20 != 0, first & 0x08 != 0);
    let mut at = 1;
    if has_id {
        at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
    }
    // The layer octet: TID, U, SID (three bits), D.
    let is_lowest = !has_layers || payload.get(at)? & 0x0e == 0;
    Some(begins && !is_predicted && is_lowest)
}

/// The AV1 payload specification §4.4: the N bit of the aggregation header begins a coded video sequence.
fn av1(payload: &[u8]) -> Option<bool> {
    Some(payload.first()? & 0x08 != 0)
}

const IDR_SLICE: u8 = 5;
const SEQUENCE_PARAMETERS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ringdown_types::H264Profile;

    use super::*;

    #[test]
    fn vp8_is_read_behind_its_descriptor() {
        assert_eq!(vp8(&[0x10, 0x50]), Some(true));
        assert_eq!(vp8(&[0x10, 0x51]), Some(false));
        assert_eq!(vp8(&[0x00, 0x50]), Some(false));
        assert_eq!(vp8(&[0x11, 0x50]), Some(false));
        // Picture id of 15 bits, TL0PICIDX, TID.
        assert_eq!(vp8(&[0x90, 0xe0, 0x80, 1, 2, 3, 0x30]), Some(true));
        assert_eq!(vp8(&[0x90, 0x80, 0x01, 0x31]), Some(false));
        assert_eq!(vp8(&[0x90, 0x80]), None);
    }

    #[test]
    fn h264_is_read_in_units_aggregates_and_fragments() {
        assert_eq!(h264(&[0x67, 1]), Some(true));
        assert_eq!(h264(&[0x65, 1]), Some(true));
        assert_eq!(h264(&[0x61, 1]), Some(false));
        assert_eq!(h264(&[0x78, 0, 1, 0x09, 0, 2, 0x67, 1, 0, 1, 0x68]), Some(true));
        assert_eq!(h264(&[0x78, 0, 2, 0x41, 1]), Some(false));
        assert_eq!(h264(&[0x7c, 0x85, 1]), Some(true));
        assert_eq!(h264(&[0x7c, 0x05, 1]), Some(false));
        assert_eq!(h264(&[0x7c, 0x81, 1]), Some(false));
    }

    #[test]
    fn vp9_and_av1_say_it_in_their_descriptor() {
        assert_eq!(vp9(&[0x88, 0x01]), Some(true));
        assert_eq!(vp9(&[0xa8, 0x81, 0x01, 0x00]), Some(true));
        assert_eq!(vp9(&[0xa8, 0x81, 0x01, 0x02]), Some(false));
        assert_eq!(vp9(&[0xc8, 0x01]), Some(false));
        assert_eq!(vp9(&[0x80, 0x01]), Some(false));
        assert_eq!((av1(&[0x18]), av1(&[0x10])), (Some(true), Some(false)));
    }

    proptest! {
        #[test]
        fn any_payload_is_judged(payload in prop::collection::vec(any::<u8>(), 0..40)) {
            let h264 = VideoCoding::H264 { profile: H264Profile::Baseline, packetization_mode: 1 };
            for coding in [VideoCoding::Vp8, h264, VideoCoding::Vp9 { profile: 0 }, VideoCoding::Av1 { profile: 0 }] {
                begins_key_frame(coding, &payload);
            }
        }
    }
}
