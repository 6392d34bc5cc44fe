use ringdown_testkit::audio::{assert_only_tone, level_dbfs};

use crate::{
    phone::{OPUS, PCMA, PCMU, Phone, RATE},
    rig::{Rig, audio},
};

#[test]
fn opus_and_g711_hear_each_other() {
    for law in [PCMA, PCMU] {
        let mut rig = Rig::new();
        let mut alice = Phone::new(1, OPUS, Some(440.0));
        let mut bob = Phone::new(2, law, Some(700.0));
        rig.add_phone(&alice, audio(&[OPUS]));
        rig.add_phone(&bob, audio(&[law]));
        rig.connect(alice.leg, bob.leg);
        rig.talk(&mut [&mut alice, &mut bob], 100);
        for (phone, hertz) in [(&alice, 700.0), (&bob, 440.0)] {
            let heard = &phone.heard[3200..];
            assert!(heard.len() > 160 * 70, "{} samples", heard.len());
            assert_only_tone(heard, RATE, hertz);
            let level = level_dbfs(heard);
            assert!((level + 12.0).abs() < 1.0, "{level} dBFS, {} in", phone.codec.encoding_name());
            phone.assert_continuous();
        }
    }
}

#[test]
fn a_silent_partner_costs_no_packets() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, OPUS, Some(440.0));
    let mut bob = Phone::new(2, PCMA, None);
    rig.add_phone(&alice, audio(&[OPUS]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 50);
    alice.tone = None;
    rig.talk(&mut [&mut alice, &mut bob], 25);
    let before = bob.packets.len();
    rig.talk(&mut [&mut alice, &mut bob], 50);
    assert_eq!(bob.packets.len(), before);
    alice.tone = Some(ringdown_testkit::audio::Tone::new(440.0, RATE, -12.0));
    rig.talk(&mut [&mut alice, &mut bob], 50);
    assert!(bob.packets.len() > before + 40);
    for pair in bob.packets.windows(2) {
        assert_eq!(pair[1].0.sequence, pair[0].0.sequence.wrapping_add(1));
    }
}
