use std::time::Duration;

use ringdown_media::{
    api::{MediaCommand, PlaySource},
    rtcp::{write_full_intra, write_picture_loss},
};
use ringdown_types::PromptId;

use crate::{
    camera::{Camera, OURS, asked, pair, seen},
    rig::Rig,
};

const PICTURE: Duration = Duration::from_millis(33);

/// Nobody can decode the middle of a stream: the source is asked, at most every 400 ms, until one comes.
#[test]
fn from_the_middle_of_a_stream() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let mut camera = Camera::new(7, 96);
    let mut requests = 0;
    for _ in 0..24 {
        alice.say(&mut rig, &camera.picture(false));
        rig.advance(PICTURE);
        requests += asked(&mut rig, &mut alice).iter().filter(|word| *word == "pli 7").count();
        assert_eq!(seen(&mut rig, &mut bob), []);
    }
    assert!((2..=3).contains(&requests), "{requests} in 800 ms");
    alice.say(&mut rig, &camera.picture(true));
    alice.say(&mut rig, &camera.picture(false));
    assert_eq!(seen(&mut rig, &mut bob).len(), 2);
}

/// Music on hold plays no video; taken back, she is asked for a key frame at once and the numbers go on.
#[test]
fn after_hold() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let mut camera = Camera::new(7, 96);
    alice.say(&mut rig, &camera.picture(true));
    let before = seen(&mut rig, &mut bob);
    rig.advance(Duration::from_secs(1));
    let source = PlaySource::Prompt(PromptId::MusicOnHold);
    rig.command(MediaCommand::Play { leg: bob.leg, source, repeat: true, token: 1 });
    for _ in 0..30 {
        alice.say(&mut rig, &camera.picture(false));
        rig.advance(PICTURE);
    }
    assert!(seen(&mut rig, &mut bob).iter().all(|(packet, _)| packet.ssrc != OURS));
    asked(&mut rig, &mut alice);
    rig.connect(alice.leg, bob.leg);
    rig.advance(Duration::ZERO);
    assert!(asked(&mut rig, &mut alice).contains(&"pli 7".to_owned()));
    alice.say(&mut rig, &camera.picture(false));
    alice.say(&mut rig, &camera.picture(true));
    let after = seen(&mut rig, &mut bob);
    let video: Vec<_> = after.iter().filter(|(packet, _)| packet.ssrc == OURS).collect();
    assert_eq!(video.len(), 1);
    assert_eq!(video[0].0.sequence, before[0].0.sequence.wrapping_add(1));
}

/// Requests cross legs, PLI and FIR alike, with the source's SSRC; a repeated FIR is one.
#[test]
fn when_its_receiver_lost_a_picture() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let mut camera = Camera::new(7, 96);
    alice.say(&mut rig, &camera.picture(true));
    rig.advance(Duration::from_secs(1));
    asked(&mut rig, &mut alice);
    let mut pli = Vec::new();
    write_picture_loss(&mut pli, 99, OURS);
    bob.report(&mut rig, &pli);
    bob.report(&mut rig, &pli);
    assert_eq!(asked(&mut rig, &mut alice), ["pli 7"]);
    alice.say(&mut rig, &camera.picture(true));
    rig.advance(Duration::from_secs(1));
    assert_eq!(asked(&mut rig, &mut alice), [""; 0]);
    let mut fir = Vec::new();
    write_full_intra(&mut fir, 99, OURS, 4);
    for _ in 0..3 {
        bob.report(&mut rig, &fir);
        rig.advance(Duration::from_secs(1));
    }
    assert_eq!(asked(&mut rig, &mut alice), ["pli 7"]);
}
