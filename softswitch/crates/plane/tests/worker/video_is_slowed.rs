use std::time::Duration;

use ringdown_media::rtcp::{ArrivalLog, write_receiver_estimate};
use ringdown_types::VideoSlot;

use crate::{
    camera::{Camera, asked, pair, seen, set_video, stream},
    rig::Rig,
};

const PICTURE: Duration = Duration::from_millis(10);

/// A browser that numbers its packets is told when they came.
#[test]
fn by_the_way_up_as_the_source_itself_finds() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let mut camera = Camera::new(7, 96);
    camera.number = Some(65_530);
    let mut told = Vec::new();
    for picture in 0..100 {
        alice.say(&mut rig, &camera.picture(picture == 0));
        rig.advance(PICTURE);
        told.extend(asked(&mut rig, &mut alice));
    }
    seen(&mut rig, &mut bob);
    assert!((10..14).contains(&told.len()) && told.iter().all(|word| word == "arrivals"), "{told:?}");
}

#[test]
fn by_what_its_receiver_can_take() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let mut camera = Camera::new(7, 96);
    alice.say(&mut rig, &camera.picture(true));
    asked(&mut rig, &mut alice);
    let mut remb = Vec::new();
    write_receiver_estimate(&mut remb, 99, 250_000, &[1]);
    bob.report(&mut rig, &remb);
    assert_eq!(asked(&mut rig, &mut alice), ["remb 250000"]);
    // Repeated while it holds, lifted when the receiver says no more.
    rig.advance(Duration::from_secs(20));
    let said = asked(&mut rig, &mut alice);
    assert!((6..9).contains(&said.len()), "{said:?}");
    assert_eq!(said.last().map(String::as_str), Some("remb 99999744"));
}

#[test]
fn by_what_a_description_allows() {
    let mut rig = Rig::new();
    let (mut alice, bob) = pair(&mut rig);
    let mut slow = stream(VideoSlot::Camera, 5);
    slow.max_send_kbps = Some(384);
    set_video(&mut rig, bob.leg, vec![slow]);
    let mut camera = Camera::new(7, 96);
    alice.say(&mut rig, &camera.picture(true));
    rig.advance(Duration::from_secs(8));
    assert!(asked(&mut rig, &mut alice).contains(&"remb 384000".to_owned()));
}

/// The way to Bob fills up: his feedback shows it, and Alice is told within a second.
#[test]
fn by_the_way_down_as_the_switch_finds() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let mut camera = Camera::new(7, 96);
    let mut log = ArrivalLog::new(rig.now());
    let mut limited = None;
    let (mut number, mut delay) = (0_u16, Duration::ZERO);
    for picture in 0..300 {
        alice.say(&mut rig, &camera.picture(picture == 0));
        if picture > 100 {
            delay += Duration::from_millis(5);
        }
        log.handle_packet(rig.now() + delay, number);
        number += 1;
        let mut feedback = Vec::new();
        log.write_due(rig.now() + delay, 99, 1, &mut feedback);
        if !feedback.is_empty() {
            bob.report(&mut rig, &feedback);
        }
        rig.advance(PICTURE);
        let said = asked(&mut rig, &mut alice);
        if said.iter().any(|word| word.starts_with("remb")) {
            limited.get_or_insert(picture);
        }
    }
    let at = limited.expect("told");
    assert!((110..160).contains(&at), "at picture {at}");
}
