use ringdown_media::api::{AudioParameters, MediaCommand, PlaySource};
use ringdown_testkit::audio::assert_only_tone;
use ringdown_types::{MediaDirection, PromptId};

use crate::{
    phone::{PCMA, Phone, RATE},
    rig::{Rig, audio},
};

#[test]
fn until_music_plays_and_then_the_call_goes_on() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    let mut bob = Phone::new(2, PCMA, Some(700.0));
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 20);

    // Bob holds alice: nothing flows to him nor from him.
    let held = AudioParameters { direction: MediaDirection::Inactive, ..audio(&[PCMA]) };
    rig.command(MediaCommand::SetAudio { leg: bob.leg, audio: held });
    rig.talk(&mut [&mut alice, &mut bob], 20);
    assert_eq!((alice.packets.len(), bob.packets.len()), (20, 20));
    // Nor does a playback break what was negotiated.
    let music = |leg, token| MediaCommand::Play {
        leg,
        source: PlaySource::Prompt(PromptId::MusicOnHold),
        repeat: true,
        token,
    };
    rig.command(music(bob.leg, 1));
    rig.command(music(alice.leg, 2));
    rig.talk(&mut [&mut alice, &mut bob], 40);
    // The first frame of music goes out at once.
    assert_eq!((alice.packets.len(), bob.packets.len()), (61, 20));
    assert_only_tone(&alice.heard[20 * 160..], RATE, 600.0);

    rig.command(MediaCommand::SetAudio { leg: bob.leg, audio: audio(&[PCMA]) });
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 30);
    assert_only_tone(&alice.heard[61 * 160..], RATE, 700.0);
    assert_only_tone(&bob.heard[20 * 160..], RATE, 440.0);
    alice.assert_continuous();
}
