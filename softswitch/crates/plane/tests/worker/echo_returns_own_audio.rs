use ringdown_media::api::MediaCommand;
use ringdown_testkit::audio::assert_only_tone;

use crate::{
    phone::{OPUS, PCMA, Phone, RATE},
    rig::{Rig, audio},
};

#[test]
fn in_either_codec_and_with_keys() {
    for codec in [PCMA, OPUS] {
        let mut rig = Rig::new();
        let mut alice = Phone::new(1, codec, Some(440.0));
        rig.add_phone(&alice, audio(&[codec]));
        rig.command(MediaCommand::Echo { leg: alice.leg });
        rig.talk(&mut [&mut alice], 50);
        assert_eq!(alice.packets.len(), 50);
        assert_only_tone(&alice.heard[1600..], RATE, 440.0);
        let (payload_type, clock_rate) = if codec == PCMA { (101, 8000) } else { (110, 48_000) };
        alice.press(&mut rig, payload_type, 5, 5, clock_rate);
        rig.talk(&mut [&mut alice], 1);
        let events = alice.heard_events(payload_type);
        assert_eq!(events.len(), 8);
        assert_eq!(events.iter().filter(|(_, payload)| payload.end).count(), 3);
    }
}
