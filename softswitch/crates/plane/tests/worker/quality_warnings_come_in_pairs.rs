use ringdown_media::api::MediaCommand;
use ringdown_testkit::Link;
use ringdown_types::{AudioWay, QualityIssue};

use crate::{
    bad_network::{Behind, course, report, reports},
    phone::{PCMA, Phone},
    rig::{Rig, audio},
};

fn two_phones() -> (Rig, Phone, Phone) {
    let mut rig = Rig::new();
    let (alice, bob) = (Phone::new(1, PCMA, Some(440.0)), Phone::new(2, PCMA, None));
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    (rig, alice, bob)
}

#[test]
fn loss_is_told_once_and_its_end_once_and_figures_every_ten_seconds() {
    let (mut rig, mut alice, _bob) = two_phones();
    let mut behind = Behind::new(&rig, Link::default(), 0);
    behind.talk(&mut rig, &mut alice, 60);
    let calm = reports(&rig, alice.leg).len();
    assert!((3..=6).contains(&calm), "{calm} reports in a minute");
    behind.set_link(Link::with_loss(100));
    behind.talk(&mut rig, &mut alice, 60);
    behind.set_link(Link::default());
    behind.talk(&mut rig, &mut alice, 60);
    let told = course(&rig, alice.leg, QualityIssue::Loss, AudioWay::FromDevice);
    assert_eq!(told, [false, true, false], "{:?}", reports(&rig, alice.leg));
    assert!(reports(&rig, alice.leg).len() <= 20, "bounded whatever the network does");
    let raised = rig.worker.counts().quality.warnings;
    let index = QualityIssue::ALL.iter().position(|issue| *issue == QualityIssue::Loss);
    assert_eq!(raised[index.expect("it is one")], 1);
}

#[test]
fn one_way_audio_names_the_leg_and_the_way() {
    let (mut rig, mut alice, mut bob) = two_phones();
    rig.talk(&mut [&mut alice, &mut bob], 50 * 20);
    let from_bob = course(&rig, bob.leg, QualityIssue::OneWayAudio, AudioWay::FromDevice);
    assert_eq!(from_bob, [true], "bob hears alice, and nothing comes of him");
    assert!(reports(&rig, alice.leg).iter().all(|report| report.warnings.is_empty()), "alice is fine");
    bob.tone = alice.tone.clone();
    rig.talk(&mut [&mut alice, &mut bob], 50 * 10);
    let from_bob = course(&rig, bob.leg, QualityIssue::OneWayAudio, AudioWay::FromDevice);
    assert_eq!(from_bob, [true, false]);
}

#[test]
fn nobody_is_expected_on_hold() {
    let (mut rig, mut alice, mut bob) = two_phones();
    rig.command(MediaCommand::Disconnect { leg: alice.leg });
    rig.talk(&mut [&mut alice, &mut bob], 50 * 30);
    assert!(reports(&rig, bob.leg).is_empty(), "{:?}", reports(&rig, bob.leg));
}

#[test]
fn a_device_that_reports_to_hear_nothing_is_deaf() {
    let (mut rig, mut alice, mut bob) = two_phones();
    bob.tone = alice.tone.clone();
    // Bob's reports say what comes, then that nothing more does.
    for round in 0..60 {
        rig.talk(&mut [&mut alice, &mut bob], 50);
        let (last, _) = bob.packets.last().expect("alice is heard");
        let (ssrc, first) = (last.ssrc, u32::from(bob.packets[0].0.sequence));
        let heard = if round < 30 { bob.packets.len() as u32 } else { 30 * 50 };
        report(&mut rig, &bob, ssrc, (first + heard, 0));
    }
    let to_bob = course(&rig, bob.leg, QualityIssue::OneWayAudio, AudioWay::ToDevice);
    assert_eq!(to_bob, [false, true]);
    assert!(course(&rig, bob.leg, QualityIssue::OneWayAudio, AudioWay::FromDevice).iter().all(|told| !told));
}

#[test]
fn what_a_device_lost_is_its_own_report() {
    let (mut rig, mut alice, mut bob) = two_phones();
    for second in 0..60 {
        rig.talk(&mut [&mut alice, &mut bob], 50);
        let (ssrc, first) = (bob.packets[0].0.ssrc, u32::from(bob.packets[0].0.sequence));
        report(&mut rig, &bob, ssrc, (first + bob.packets.len() as u32, second * 5));
    }
    let to_bob = rig.worker.stats(bob.leg).expect("a leg").quality.to_device.expect("bob reports");
    assert!((9.5..10.5).contains(&to_bob.loss_percent), "{to_bob:?}");
    assert!(to_bob.mos_listening < 3.7, "{to_bob:?}");
    assert_eq!(course(&rig, bob.leg, QualityIssue::Loss, AudioWay::ToDevice).last(), Some(&true));
}

#[test]
fn a_silent_microphone_is_told_unless_it_is_muted() {
    let (mut rig, mut alice, mut bob) = two_phones();
    let speaks = alice.tone.take();
    let mut silence = |rig: &mut Rig, alice: &mut Phone, seconds: usize| {
        for _ in 0..seconds * 50 {
            alice.sequence = alice.sequence.wrapping_add(1);
            alice.timestamp = alice.timestamp.wrapping_add(160);
            let packet = alice.packet(8, alice.timestamp, &[0xd5; 160]);
            rig.deliver(ringdown_plane::SocketKey::Rtp(alice.port), alice.address, &packet);
            rig.talk(&mut [&mut bob], 1);
        }
    };
    let told = |rig: &Rig| course(rig, leg(), QualityIssue::SilentMicrophone, AudioWay::FromDevice);
    rig.command(MediaCommand::Mute { leg: alice.leg, muted: true });
    silence(&mut rig, &mut alice, 40);
    assert_eq!(told(&rig), [false]);
    rig.command(MediaCommand::Mute { leg: alice.leg, muted: false });
    silence(&mut rig, &mut alice, 30);
    assert_eq!(told(&rig), [false, true]);
    alice.tone = speaks;
    let mut carol = Phone::new(3, PCMA, None);
    rig.talk(&mut [&mut alice, &mut carol], 50 * 10);
    assert_eq!(told(&rig), [false, true, false]);
}

fn leg() -> ringdown_types::LegId {
    crate::rig::leg(1)
}
