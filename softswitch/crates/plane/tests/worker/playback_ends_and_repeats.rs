use std::sync::Arc;

use ringdown_media::{
    api::{MediaCommand, MediaEvent, PlaySource},
    codec::OpusSettings,
    prompt::SoundStore,
};
use ringdown_testkit::audio::assert_only_tone;
use ringdown_types::PromptId;

use crate::{
    phone::{OPUS, PCMA, Phone, RATE},
    rig::{Rig, audio},
};

fn play(phone: &Phone, prompt: PromptId, repeat: bool, token: u32) -> MediaCommand {
    MediaCommand::Play { leg: phone.leg, source: PlaySource::Prompt(prompt), repeat, token }
}

#[test]
fn a_prompt_is_heard_once_and_reported() {
    for codec in [PCMA, OPUS] {
        let mut rig = Rig::new();
        let mut alice = Phone::new(1, codec, None);
        rig.add_phone(&alice, audio(&[codec]));
        rig.command(play(&alice, PromptId::EchoTest, false, 9));
        rig.talk(&mut [&mut alice], 20);
        assert_eq!(alice.heard.len(), 10 * 160);
        assert_only_tone(&alice.heard[160..], RATE, 1000.0);
        assert!(rig.events.contains(&MediaEvent::PlayFinished { leg: alice.leg, token: 9 }));
    }
}

#[test]
fn a_missing_prompt_is_over_at_once() {
    let mut rig = Rig::new();
    let alice = Phone::new(1, PCMA, None);
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.command(play(&alice, PromptId::NotAvailable, true, 3));
    assert!(rig.events.contains(&MediaEvent::PlayFinished { leg: alice.leg, token: 3 }));
}

#[test]
fn new_sounds_do_not_cut_what_is_playing() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, None);
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.command(play(&alice, PromptId::MusicOnHold, true, 1));
    rig.talk(&mut [&mut alice], 40);
    rig.worker.set_sounds(Arc::new(SoundStore::new(OpusSettings::default()).expect("Opus works")));
    rig.talk(&mut [&mut alice], 40);
    assert_only_tone(&alice.heard, RATE, 600.0);
    // The first frame goes out at once.
    assert_eq!(alice.packets.len(), 81);
    rig.command(play(&alice, PromptId::MusicOnHold, true, 2));
    assert!(rig.events.contains(&MediaEvent::PlayFinished { leg: alice.leg, token: 2 }));
}
