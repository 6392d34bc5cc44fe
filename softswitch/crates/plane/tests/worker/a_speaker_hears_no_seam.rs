//! Whoever begins to speak, or ceases, changes between the encoding all others share and one of their own.

use ringdown_media::api::MediaCommand;
use ringdown_testkit::audio::Tone;
use ringdown_types::{CodecId, MixId};

use crate::{
    phone::{G722, OPUS, PCMA, PCMU, Phone},
    rig::{Rig, audio},
};

const ROOM: MixId = MixId::from_u128(9);

/// What is not the tone in the worst 10 ms, in dB beneath it.
fn worst_seam(heard: &[i16], rate: u32, hertz: f64) -> f64 {
    let step = std::f64::consts::TAU * hertz / f64::from(rate);
    let residual = |window: &[i16]| {
        // Least squares: sines and cosines of this window are not quite orthogonal.
        let (mut ss, mut cc, mut sc, mut xs, mut xc, mut xx) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (index, &sample) in window.iter().enumerate() {
            let ((sine, cosine), sample) = ((index as f64 * step).sin_cos(), f64::from(sample));
            (ss, cc, sc) = (ss + sine * sine, cc + cosine * cosine, sc + sine * cosine);
            (xs, xc, xx) = (xs + sample * sine, xc + sample * cosine, xx + sample * sample);
        }
        let determinant = ss * cc - sc * sc;
        let (a, b) = ((xs * cc - xc * sc) / determinant, (xc * ss - xs * sc) / determinant);
        let rest = xx - a * xs - b * xc;
        10.0 * (rest.max(1.0) / xx.max(1.0)).log10()
    };
    heard.windows(rate as usize / 100).step_by(20).map(residual).fold(f64::MIN, f64::max)
}

/// What bob hears of alice in one codec: while he is silent, and around the moments he begins and ceases to talk.
fn seams(codec: (CodecId, u8)) -> (f64, f64) {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    let mut bob = Phone::new(2, codec, None);
    let mut carol = Phone::new(3, codec, None);
    for (phone, codec) in [(&alice, PCMA), (&bob, codec), (&carol, codec)] {
        rig.add_phone(phone, audio(&[codec]));
        rig.command(MediaCommand::JoinMix { leg: phone.leg, mix: ROOM, is_link: false });
    }
    rig.talk(&mut [&mut alice, &mut bob, &mut carol], 200);
    let quiet = bob.heard.len();
    for _ in 0..3 {
        bob.tone = Some(Tone::new(950.0, bob.rate, -12.0));
        rig.talk(&mut [&mut alice, &mut bob, &mut carol], 60);
        bob.tone = None;
        rig.talk(&mut [&mut alice, &mut bob, &mut carol], 60);
    }
    bob.assert_continuous();
    assert_eq!(bob.packets.len(), alice.packets.len());
    (
        worst_seam(&bob.heard[quiet / 2..quiet], bob.rate, 440.0),
        worst_seam(&bob.heard[quiet..], bob.rate, 440.0),
    )
}

#[test]
fn in_no_codec() {
    for codec in [PCMA, PCMU, G722, OPUS] {
        let (before, after) = seams(codec);
        // Opus's state cannot be copied: 30 dB beneath the tone is what is left of that, and is not heard.
        let allowed = if codec == OPUS { 7.0 } else { 1.0 };
        assert!(after < before + allowed, "{codec:?}: {before:.1} dB before, {after:.1} dB at the seams");
    }
}
