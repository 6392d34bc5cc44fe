use ringdown_media::api::MediaEvent;
use ringdown_testkit::audio::{assert_only_tone, assert_silent};

use crate::{
    phone::{OPUS, PCMA, PCMU, Phone, RATE},
    rig::{Rig, audio},
};

#[test]
fn each_hears_the_other_and_nothing_else() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    let mut bob = Phone::new(2, PCMA, Some(700.0));
    let mut carol = Phone::new(3, PCMA, Some(950.0));
    for phone in [&alice, &bob, &carol] {
        rig.add_phone(phone, audio(&[PCMA]));
    }
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob, &mut carol], 50);
    assert_only_tone(&alice.heard, RATE, 700.0);
    assert_only_tone(&bob.heard, RATE, 440.0);
    assert!(carol.heard.is_empty());
    alice.assert_continuous();
    assert_eq!(rig.events.iter().filter(|event| matches!(event, MediaEvent::MediaStarted { .. })).count(), 3);
    assert_eq!(rig.events.iter().filter(|event| matches!(event, MediaEvent::LegConnected { .. })).count(), 3);
}

#[test]
fn opus_is_relayed_as_it_is_and_its_payload_type_mapped() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, OPUS, Some(440.0));
    let mut bob = Phone::new(2, (OPUS.0, 96), None);
    rig.add_phone(&alice, audio(&[OPUS, PCMA]));
    rig.add_phone(&bob, audio(&[(OPUS.0, 96)]));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 50);
    assert_eq!(bob.packets.len(), 50);
    assert_only_tone(&bob.heard[1600..], RATE, 440.0);
}

#[test]
fn the_two_laws_are_exchanged_without_delay() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMU, Some(440.0));
    let mut bob = Phone::new(2, PCMA, Some(700.0));
    rig.add_phone(&alice, audio(&[PCMU]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 50);
    assert_eq!((alice.packets.len(), bob.packets.len()), (50, 50));
    assert_only_tone(&alice.heard, RATE, 700.0);
    assert_only_tone(&bob.heard, RATE, 440.0);
}

#[test]
fn a_muted_leg_is_not_heard_and_its_pause_is_no_loss() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    let mut bob = Phone::new(2, PCMA, Some(700.0));
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 10);
    rig.command(ringdown_media::api::MediaCommand::Mute { leg: alice.leg, muted: true });
    let before = bob.packets.len();
    rig.talk(&mut [&mut alice, &mut bob], 30);
    assert_eq!(bob.packets.len(), before);
    assert_silent(&bob.heard[before * 160..], RATE);
    rig.command(ringdown_media::api::MediaCommand::Mute { leg: alice.leg, muted: false });
    rig.talk(&mut [&mut alice, &mut bob], 30);
    assert_eq!(bob.packets.len(), before + 30);
    bob.assert_continuous();
    let (last, first) = (&bob.packets[before - 1].0, &bob.packets[before].0);
    assert!(first.marker);
    assert_eq!(first.timestamp.wrapping_sub(last.timestamp), 31 * 160);
}
