use std::time::Duration;

use ringdown_media::{
    rtcp::{FeedbackKind, RtcpPacket, parse_compound, write_nack},
    video::MissingPackets,
};
use ringdown_testkit::{Link, Path};

use crate::{
    camera::{Camera, OUR_RTX, OURS, pair, seen},
    rig::Rig,
};

const STEP: Duration = Duration::from_millis(10);

/// A tenth is lost on the way to the switch and a tenth on the way from it; 30 ms each way. Both ends repair, so all
/// but a few pictures arrive.
#[test]
fn of_a_tenth_on_both_ways() {
    let mut rig = Rig::new();
    let (mut alice, mut bob) = pair(&mut rig);
    let link = || Link { latency: Duration::from_millis(30), ..Link::with_loss(100) };
    let (mut up, mut down) = (Path::new(5, link()), Path::new(6, link()));
    let mut camera = Camera::new(7, 96);
    let mut again = Camera::new(70, 97);
    again.sequence = 0;
    let mut said: Vec<Vec<u8>> = Vec::new();
    let mut missing = MissingPackets::default();
    let mut came = std::collections::BTreeSet::new();
    for step in 0..1000_u16 {
        let now = rig.now();
        if step < 900 {
            let picture = camera.picture(step == 0);
            said.push(picture.clone());
            if step == 0 {
                alice.say(&mut rig, &picture);
            } else {
                up.send(now, picture);
            }
        }
        while let Some((_, packet)) = up.poll(now) {
            alice.say(&mut rig, &packet);
        }
        for (packet, payload) in seen(&mut rig, &mut bob) {
            down.send(now, (packet, payload));
        }
        while let Some((_, (packet, payload))) = down.poll(now) {
            let (sequence, payload) = match packet.ssrc {
                OUR_RTX => (u16::from_be_bytes([payload[0], payload[1]]), payload[2..].to_vec()),
                _ => (packet.sequence, payload),
            };
            missing.handle_packet(now, sequence);
            came.insert(payload);
        }
        let mut lost = Vec::new();
        missing.take_due(now, Duration::from_millis(70), &mut lost);
        if !lost.is_empty() {
            let mut nack = Vec::new();
            write_nack(&mut nack, 99, OURS, &lost);
            bob.report(&mut rig, &nack);
        }
        // Alice answers what the switch asks for, as browsers do.
        seen(&mut rig, &mut alice);
        for compound in std::mem::take(&mut alice.compounds) {
            for packet in parse_compound(&compound).expect("well formed") {
                let RtcpPacket::Feedback(feedback) = packet else { continue };
                let FeedbackKind::Nack { lost, .. } = feedback.kind else { continue };
                for sequence in lost.iter() {
                    let at = sequence.wrapping_sub(65_530);
                    let mut packet = again.picture(false);
                    packet.truncate(12);
                    packet.extend(sequence.to_be_bytes());
                    packet.extend(&said[usize::from(at)][12..]);
                    up.send(now, packet);
                }
            }
        }
        rig.advance(STEP);
    }
    assert!(came.len() >= 895, "{} of 900 pictures", came.len());
}
