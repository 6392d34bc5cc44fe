use std::time::Duration;

use ringdown_media::rtcp::write_nack;
use ringdown_types::VideoSlot;

use crate::{
    camera::{Camera, OUR_RTX, OURS, asked, pair, seen, set_video, stream},
    rig::Rig,
};

fn nack(lost: &[u16]) -> Vec<u8> {
    let mut out = Vec::new();
    write_nack(&mut out, 99, OURS, lost);
    out
}

/// RFC 4588: in a stream of its own, the original number before the payload.
#[test]
fn on_the_way_down_from_the_store() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let mut camera = Camera::new(7, 96);
    for picture in 0..10 {
        alice.say(&mut rig, &camera.picture(picture == 0));
    }
    let came = seen(&mut rig, &mut bob);
    let (lost, payload) = &came[4];
    bob.report(&mut rig, &nack(&[lost.sequence]));
    bob.report(&mut rig, &nack(&[lost.sequence, 5]));
    let again = seen(&mut rig, &mut bob);
    assert_eq!(again.len(), 1, "once within a round trip, and nothing that never was");
    let (packet, body) = &again[0];
    assert_eq!((packet.ssrc, packet.payload_type, packet.timestamp), (OUR_RTX, 102, lost.timestamp));
    assert_eq!(body[..2], lost.sequence.to_be_bytes());
    assert_eq!(body[2..], payload[..]);
}

/// A browser without a stream for retransmissions is sent the very same bytes again.
#[test]
fn without_rtx_by_the_same_packet() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let mut plain = stream(VideoSlot::Camera, 5);
    plain.formats.iter_mut().for_each(|format| format.rtx = None);
    set_video(&mut rig, bob.leg, vec![plain]);
    let mut camera = Camera::new(7, 96);
    alice.say(&mut rig, &camera.picture(true));
    // Lost on its way.
    let lost = rig.sent.pop().expect("a packet to bob");
    alice.say(&mut rig, &camera.picture(false));
    let next = seen(&mut rig, &mut bob);
    bob.report(&mut rig, &nack(&[next[0].0.sequence.wrapping_sub(1)]));
    assert_eq!(rig.sent.last().map(|sent| sent.bytes.clone()), Some(lost.bytes));
    assert_eq!(seen(&mut rig, &mut bob).len(), 1);
}

/// The switch asks for what is missing itself, and puts it back in its place.
#[test]
fn on_the_way_up_by_asking_the_source() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let mut camera = Camera::new(7, 96);
    alice.say(&mut rig, &camera.picture(true));
    let lost = camera.picture(false);
    alice.say(&mut rig, &camera.picture(false));
    let before = seen(&mut rig, &mut bob);
    assert_eq!(before[1].0.sequence, before[0].0.sequence.wrapping_add(2), "the gap is kept");
    asked(&mut rig, &mut alice);
    rig.advance(Duration::from_millis(20));
    assert_eq!(asked(&mut rig, &mut alice), ["nack 7 [65531]"]);

    let mut again = Camera::new(70, 97);
    again.sequence = 3;
    let mut retransmission = again.picture(false);
    retransmission.truncate(12);
    retransmission.extend(65_531_u16.to_be_bytes());
    retransmission.extend(&lost[12..]);
    alice.say(&mut rig, &retransmission);
    let filled = seen(&mut rig, &mut bob);
    assert_eq!(filled[0].0.sequence, before[0].0.sequence.wrapping_add(1));
    assert_eq!(filled[0].1, lost[12..]);
    rig.advance(Duration::from_millis(900));
    assert_eq!(asked(&mut rig, &mut alice), [""; 0]);
}

/// What fills a sender's pauses (probing with old packets) goes nowhere.
#[test]
fn not_by_what_nobody_misses() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let mut camera = Camera::new(7, 96);
    alice.say(&mut rig, &camera.picture(true));
    assert_eq!(seen(&mut rig, &mut bob).len(), 1);
    let mut padding = Camera::new(70, 97).picture(false);
    padding.truncate(12);
    padding.extend(65_530_u16.to_be_bytes());
    alice.say(&mut rig, &padding);
    assert_eq!(seen(&mut rig, &mut bob), []);
}
