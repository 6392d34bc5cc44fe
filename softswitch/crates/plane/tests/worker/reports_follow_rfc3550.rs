use std::{net::SocketAddr, time::Duration};

use ringdown_media::{
    api::{MediaCommand, MediaEvent},
    rtcp::{Report, ReportBlock, RtcpPacket, parse_compound, write_report},
};
use ringdown_plane::{SocketKey, WorkerConfig};

use crate::{
    phone::{PCMA, Phone},
    rig::{Rig, audio},
};

#[test]
fn sender_and_receiver_reports_with_a_bye_at_the_end() {
    let since_unix_epoch = Duration::from_secs(1_900_000_000);
    let mut rig = Rig::with_config(WorkerConfig { since_unix_epoch, ..WorkerConfig::default() });
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    let mut bob = Phone::new(2, PCMA, None);
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    for round in 0..1000 {
        // Each hundredth packet of alice is lost.
        if round % 100 == 50 {
            alice.frame();
        }
        rig.talk(&mut [&mut alice, &mut bob], 1);
    }
    let to_alice: Vec<RtcpPacket<'_>> =
        alice.rtcp.iter().flat_map(|bytes| parse_compound(bytes).expect("well formed")).collect();
    assert!((3..10).contains(&alice.rtcp.len()), "{} reports in 20 s", alice.rtcp.len());
    let Some(RtcpPacket::ReceiverReport { reports, .. }) = to_alice.iter().rev().nth(1) else {
        panic!("alice is sent nothing, so she gets receiver reports: {to_alice:?}")
    };
    assert_eq!(reports[0].ssrc, alice.ssrc);
    assert!((7..=10).contains(&reports[0].cumulative_lost), "{reports:?}");
    assert_eq!(to_alice.last(), Some(&RtcpPacket::SourceDescription { cname: Some(b"ringdown") }));

    let last = bob.rtcp.last().expect("reports").clone();
    let mut packets = parse_compound(&last).expect("well formed");
    let Some(RtcpPacket::SenderReport { ntp, packets: count, octets, ssrc, .. }) = packets.next() else {
        panic!("bob is sent audio, so he gets sender reports")
    };
    assert_eq!(octets, count * 160);
    assert_eq!(ntp >> 32, (rig_seconds(&bob, ntp)) + 2_208_988_800);

    // Bob answers 40 ms later; the worker learns the round trip.
    let block = ReportBlock { ssrc, last_sender_report: (ntp >> 16) as u32, ..ReportBlock::default() };
    let mut answer = Vec::new();
    write_report(&mut answer, &Report { ssrc: bob.ssrc, sender: None, block: Some(block), cname: "bob" });
    let rtcp = SocketAddr::new(bob.address.ip(), bob.address.port() + 1);
    rig.deliver(SocketKey::Rtcp(bob.port), rtcp, &answer);
    let stats = rig.worker.stats(bob.leg).expect("a leg");
    assert!(stats.round_trip_ms > 0.0 && stats.round_trip_ms < 8000.0, "{stats:?}");

    rig.sent.clear();
    rig.command(MediaCommand::RemoveLeg { leg: bob.leg });
    let bye = rig.sent.iter().find(|sent| sent.socket == SocketKey::Rtcp(bob.port)).expect("a last report");
    let last = parse_compound(&bye.bytes).expect("well formed").last();
    assert_eq!(last, Some(RtcpPacket::Bye { ssrc: Some(ssrc) }));
    let removed = rig.events.iter().find_map(|event| match event {
        MediaEvent::LegRemoved { stats, .. } => Some(*stats),
        _ => None,
    });
    assert_eq!(removed.map(|stats| stats.packets_sent), Some(1000));
    assert!(!rig.ports.contains(&bob.port));
}

/// The second in which the report was made: it lies within the twenty seconds of the test.
fn rig_seconds(_: &Phone, ntp: u64) -> u64 {
    let seconds = (ntp >> 32) - 2_208_988_800;
    assert!((1_900_000_000..1_900_000_021).contains(&seconds));
    seconds
}
