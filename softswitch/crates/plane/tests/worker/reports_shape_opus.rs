use std::net::SocketAddr;

use ringdown_media::{
    codec::Decoder,
    rtcp::{Report, ReportBlock, RtcpPacket, parse_compound, write_report},
};
use ringdown_plane::SocketKey;
use ringdown_types::CodecId;

use crate::{
    phone::{OPUS, PCMA, Phone},
    rig::{Rig, audio},
};

/// Bob hears Opus made for him and reports that `fraction` of 256 packets were lost.
fn report(rig: &mut Rig, bob: &Phone, fraction: u8) {
    let ssrc = bob.packets.last().expect("audio").0.ssrc;
    let block = ReportBlock { ssrc, fraction_lost: fraction, ..ReportBlock::default() };
    let mut bytes = Vec::new();
    write_report(&mut bytes, &Report { ssrc: bob.ssrc, sender: None, block: Some(block), cname: "bob" });
    let rtcp = SocketAddr::new(bob.address.ip(), bob.address.port() + 1);
    rig.deliver(SocketKey::Rtcp(bob.port), rtcp, &bytes);
}

/// How much sound of the packet before is found in packets, by decoding each as its predecessor's replacement after
/// silence: without error correction that is silence as well.
fn corrected(bob: &Phone) -> usize {
    let is_there = |payload: &Vec<u8>| {
        let mut decoder = Decoder::new(CodecId::Opus, 8000).expect("a rate of Opus");
        let mut pcm = [0; 160];
        decoder.conceal(Some(payload), &mut pcm);
        pcm.iter().any(|sample| sample.abs() > 500)
    };
    bob.packets.iter().rev().take(20).filter(|(_, payload)| is_there(payload)).count()
}

#[test]
fn loss_makes_packets_hold_what_the_one_before_held_and_none_takes_it_out() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, None);
    let mut bob = Phone::new(2, OPUS, None);
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.add_phone(&bob, audio(&[OPUS]));
    rig.connect(alice.leg, bob.leg);
    let speak = |rig: &mut Rig, alice: &mut Phone, bob: &mut Phone| {
        // A swelling sound, so that Opus hears a voice.
        for round in 0..10 {
            let level = if round % 2 == 0 { -12.0 } else { -24.0 };
            alice.tone =
                Some(ringdown_testkit::audio::Tone::new(300.0 + f64::from(round) * 40.0, 8000, level));
            rig.talk(&mut [alice, bob], 5);
        }
    };
    speak(&mut rig, &mut alice, &mut bob);
    let size =
        |bob: &Phone| bob.packets.iter().rev().take(50).map(|(_, payload)| payload.len()).sum::<usize>();
    for _ in 0..3 {
        report(&mut rig, &bob, 51);
    }
    speak(&mut rig, &mut alice, &mut bob);
    assert!(corrected(&bob) >= 18, "{} of 20", corrected(&bob));
    let congested = size(&bob);
    for _ in 0..40 {
        report(&mut rig, &bob, 0);
    }
    speak(&mut rig, &mut alice, &mut bob);
    assert!(size(&bob) > congested, "{} and {congested} octets", size(&bob));
    bob.assert_continuous();
}

/// Alice's encoder is the only one on the way: she must learn what bob misses.
#[test]
fn loss_beyond_the_switch_is_told_to_who_speaks() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, OPUS, Some(440.0));
    let mut bob = Phone::new(2, OPUS, None);
    rig.add_phone(&alice, audio(&[OPUS]));
    rig.add_phone(&bob, audio(&[OPUS]));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 50);
    let told = |phone: &Phone| -> Vec<u8> {
        let packets = phone.rtcp.iter().flat_map(|bytes| parse_compound(bytes).expect("well formed"));
        let fractions = packets.filter_map(|packet| match packet {
            RtcpPacket::ReceiverReport { reports, .. } => reports.first().map(|report| report.fraction_lost),
            _ => None,
        });
        fractions.collect()
    };
    rig.talk(&mut [&mut alice, &mut bob], 500);
    assert!(told(&alice).iter().all(|fraction| *fraction == 0));
    report(&mut rig, &bob, 51);
    alice.rtcp.clear();
    rig.talk(&mut [&mut alice, &mut bob], 500);
    assert_eq!(told(&alice).last(), Some(&51));
}
