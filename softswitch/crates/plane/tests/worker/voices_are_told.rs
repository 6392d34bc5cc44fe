use ringdown_media::api::{MediaCommand, MediaEvent};
use ringdown_testkit::audio::Tone;

use crate::{
    phone::{G722, OPUS, PCMA, PCMU, Phone},
    rig::{Rig, audio},
};

fn told(rig: &mut Rig) -> Vec<bool> {
    let events = std::mem::take(&mut rig.events);
    let voice = |event: MediaEvent| match event {
        MediaEvent::VoiceActivity { is_active, .. } => Some(is_active),
        _ => None,
    };
    events.into_iter().filter_map(voice).collect()
}

#[test]
fn of_relayed_legs_in_every_codec_and_to_who_asked() {
    for codec in [PCMA, PCMU, G722, OPUS] {
        let mut rig = Rig::new();
        let mut alice = Phone::new(1, codec, None);
        let mut bob = Phone::new(2, codec, None);
        let hiss = |phone: &Phone| Some(Tone::new(1700.0, phone.rate, -64.0));
        let speech = |phone: &Phone| Some(Tone::new(240.0, phone.rate, -20.0));
        rig.add_phone(&alice, audio(&[codec]));
        rig.add_phone(&bob, audio(&[codec]));
        rig.connect(alice.leg, bob.leg);
        alice.tone = speech(&alice);
        rig.talk(&mut [&mut alice, &mut bob], 20);
        assert_eq!(told(&mut rig), [], "nobody asked");

        rig.command(MediaCommand::WatchVoice { leg: alice.leg, watched: true });
        alice.tone = hiss(&alice);
        rig.talk(&mut [&mut alice, &mut bob], 100);
        told(&mut rig);
        alice.tone = speech(&alice);
        rig.talk(&mut [&mut alice, &mut bob], 20);
        assert_eq!(told(&mut rig), [true], "{codec:?}");
        alice.tone = hiss(&alice);
        rig.talk(&mut [&mut alice, &mut bob], 60);
        assert_eq!(told(&mut rig), [false], "{codec:?}");

        // A sender that pauses says nothing of its silence.
        alice.tone = speech(&alice);
        rig.talk(&mut [&mut alice, &mut bob], 20);
        alice.tone = None;
        rig.talk(&mut [&mut alice, &mut bob], 60);
        assert_eq!(told(&mut rig), [true, false], "{codec:?}");
        rig.command(MediaCommand::WatchVoice { leg: alice.leg, watched: false });
        alice.tone = speech(&alice);
        rig.talk(&mut [&mut alice, &mut bob], 20);
        assert_eq!(told(&mut rig), []);
    }
}
