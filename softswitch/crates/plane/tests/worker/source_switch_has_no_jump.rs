use ringdown_media::api::{MediaCommand, PlaySource};
use ringdown_testkit::audio::assert_only_tone;
use ringdown_types::{PromptId, ToneId};

use crate::{
    phone::{OPUS, PCMA, Phone, RATE},
    rig::{Rig, audio, leg},
};

/// Ringback, then bob, then music, then bob again, then carol who speaks another codec.
#[test]
fn whatever_feeds_a_leg() {
    for codec in [PCMA, OPUS] {
        let mut rig = Rig::new();
        let mut alice = Phone::new(1, codec, None);
        let mut bob = Phone::new(2, codec, Some(700.0));
        let mut carol = Phone::new(3, if codec == PCMA { OPUS } else { PCMA }, Some(950.0));
        rig.add_phone(&alice, audio(&[codec]));
        rig.add_phone(&bob, audio(&[codec]));
        rig.add_phone(&carol, audio(&[(carol.codec, carol.payload_type)]));
        let mut parts = Vec::new();
        let mut talk = |rig: &mut Rig, alice: &mut Phone, frames: usize, hertz: f64| {
            let before = alice.heard.len();
            rig.talk(&mut [alice, &mut bob, &mut carol], frames);
            parts.push((before, alice.heard.len(), hertz));
        };
        let play = |source, token| MediaCommand::Play { leg: leg(1), source, repeat: true, token };

        rig.command(play(PlaySource::Tone(ToneId::Ringback), 1));
        talk(&mut rig, &mut alice, 40, 425.0);
        rig.connect(leg(1), leg(2));
        talk(&mut rig, &mut alice, 40, 700.0);
        rig.command(play(PlaySource::Prompt(PromptId::MusicOnHold), 2));
        talk(&mut rig, &mut alice, 40, 600.0);
        rig.connect(leg(2), leg(1));
        talk(&mut rig, &mut alice, 40, 700.0);
        rig.connect(leg(1), leg(3));
        talk(&mut rig, &mut alice, 60, 950.0);

        alice.assert_continuous();
        for (from, to, hertz) in parts {
            // The decoder's memory of the source before, and the jitter buffer of a transcoder, last some frames.
            assert_only_tone(&alice.heard[from + 1600..to], RATE, hertz);
        }
        let markers = alice.packets.iter().filter(|(packet, _)| packet.marker).count();
        assert_eq!(markers, 5);
    }
}
