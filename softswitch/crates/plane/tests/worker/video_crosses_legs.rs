use std::time::Duration;

use ringdown_media::api::{MediaCommand, MediaEvent};
use ringdown_types::VideoSlot;

use crate::{
    camera::{Camera, OURS, asked, pair, seen, set_video, stream},
    rig::Rig,
};

#[test]
fn with_the_listeners_numbers_and_one_ssrc() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let mut camera = Camera::new(7, 96);
    let mut all = Vec::new();
    for picture in 0..20 {
        alice.say(&mut rig, &camera.picture(picture == 0));
        all.extend(seen(&mut rig, &mut bob));
        rig.advance(Duration::from_millis(33));
    }
    assert_eq!(all.len(), 20);
    for (at, pair) in all.windows(2).enumerate() {
        let ((one, _), (two, payload)) = (&pair[0], &pair[1]);
        assert_eq!((two.ssrc, two.payload_type, two.marker), (OURS, 101, true));
        assert_eq!(two.sequence, one.sequence.wrapping_add(1));
        assert_eq!(two.timestamp, one.timestamp.wrapping_add(3000));
        assert_eq!(payload[2..4], 65_531_u16.wrapping_add(at as u16).to_be_bytes());
    }
    let started = MediaEvent::VideoStarted { leg: alice.leg, slot: VideoSlot::Camera };
    assert_eq!(rig.events.iter().filter(|event| **event == started).count(), 1);
    assert!(!asked(&mut rig, &mut alice).iter().any(|word| word.starts_with("pli")));
}

/// Camera and screen share payload types: the section they say they are of tells them apart, or their source.
#[test]
fn camera_and_screen_go_to_their_like() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    for (page, shift) in [(&alice, 0), (&bob, 5)] {
        let both = VideoSlot::ALL.map(|slot| stream(slot, shift));
        set_video(&mut rig, page.leg, both.to_vec());
    }
    let (mut camera, mut screen) = (Camera::new(7, 96), Camera::new(8, 96));
    (camera.mid, screen.mid) = (Some((4, "1")), Some((4, "2")));
    for picture in 0..4 {
        if picture == 2 {
            // Browsers stop saying it once they know they are known.
            (camera.mid, screen.mid) = (None, None);
        }
        alice.say(&mut rig, &camera.picture(picture == 0));
        alice.say(&mut rig, &screen.picture(picture == 0));
        let came = seen(&mut rig, &mut bob);
        assert_eq!(came.iter().map(|(packet, _)| packet.ssrc).collect::<Vec<_>>(), [OURS, OURS + 16]);
    }
}

#[test]
fn what_was_dropped_is_sent_no_more_and_an_unknown_coding_not_at_all() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let mut camera = Camera::new(7, 96);
    let mut only_vp9 = stream(VideoSlot::Camera, 5);
    only_vp9.formats.remove(0);
    set_video(&mut rig, bob.leg, vec![only_vp9]);
    alice.say(&mut rig, &camera.picture(true));
    assert_eq!(seen(&mut rig, &mut bob), []);
    set_video(&mut rig, bob.leg, Vec::new());
    alice.say(&mut rig, &camera.picture(true));
    assert_eq!(seen(&mut rig, &mut bob), []);
    set_video(&mut rig, bob.leg, vec![stream(VideoSlot::Camera, 5)]);
    alice.say(&mut rig, &camera.picture(true));
    assert_eq!(seen(&mut rig, &mut bob).len(), 1);
    rig.command(MediaCommand::RemoveLeg { leg: bob.leg });
    alice.say(&mut rig, &camera.picture(true));
    assert_eq!(seen(&mut rig, &mut bob), []);
}
