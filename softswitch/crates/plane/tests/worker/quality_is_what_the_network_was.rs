use std::time::Duration;

use ringdown_testkit::{Link, NetFigures};
use ringdown_types::{CodecId, WayQuality};

use crate::{
    bad_network::Behind,
    phone::{OPUS, PCMA, Phone},
    rig::{Rig, audio},
};

/// Alice talks to Bob for two minutes over a link: what the worker says of her at the end, and what the network did.
fn call(codec: (CodecId, u8), link: Link, parts_per_million: i32) -> (WayQuality, NetFigures) {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, codec, Some(440.0));
    let bob = Phone::new(2, codec, None);
    rig.add_phone(&alice, audio(&[codec]));
    rig.add_phone(&bob, audio(&[codec]));
    rig.connect(alice.leg, bob.leg);
    let mut behind = Behind::new(&rig, link, parts_per_million);
    behind.talk(&mut rig, &mut alice, 120);
    let quality = rig.worker.stats(alice.leg).expect("a leg").quality;
    assert_eq!(quality.codec, Some(codec.0));
    (quality.from_device.expect("she talked"), behind.figures())
}

#[test]
fn a_perfect_network_is_a_perfect_call() {
    for codec in [PCMA, OPUS] {
        let (quality, figures) = call(codec, Link::default(), 0);
        assert_eq!((quality.lost, quality.packets), (0, figures.delivered));
        assert!(quality.mos_listening > 4.2 && quality.jitter_ms < 0.5, "{quality:?}");
    }
}

#[test]
fn loss_by_chance_is_counted_to_the_packet_and_is_no_burst() {
    let (quality, figures) = call(PCMA, Link::with_loss(20), 0);
    // A packet lost after the last that came is not known to be lost.
    assert!(
        figures.lost - quality.lost <= 1 && quality.packets == figures.delivered,
        "{quality:?} {figures:?}"
    );
    assert!((1.0..3.0).contains(&quality.loss_percent), "{quality:?}");
    assert!((3.9..4.3).contains(&quality.mos_listening), "{quality:?}");
}

#[test]
fn the_same_loss_in_bursts_is_worse() {
    let (single, _) = call(PCMA, Link::with_loss(60), 0);
    let (burst, figures) = call(PCMA, Link::with_bursts(60, 8), 0);
    assert_eq!(burst.packets, figures.delivered);
    assert!(burst.burst_percent > single.burst_percent.map(|percent| percent * 1.5), "{single:?} {burst:?}");
    // Less was lost, and yet: in some period much was.
    assert!(burst.loss_percent < single.loss_percent && burst.rating < single.rating, "{single:?} {burst:?}");
    assert!(burst.mos_lowest < single.mos_lowest - 1.0, "{single:?} {burst:?}");
}

#[test]
fn jitter_is_measured_and_loses_nothing() {
    let link = Link { jitter: Duration::from_millis(18), ..Link::with_latency(Duration::from_millis(50)) };
    let (quality, _) = call(PCMA, link, 0);
    // The mean difference of two numbers evenly spread over 18 ms is 6 ms.
    assert!((4.5..7.5).contains(&quality.jitter_ms), "{quality:?}");
    assert_eq!(quality.lost, 0);
}

#[test]
fn late_and_doubled_packets_are_not_lost_ones() {
    let link = Link {
        reorder_per_mille: 50,
        reorder_delay: Duration::from_millis(90),
        duplicate_per_mille: 30,
        ..Link::default()
    };
    let (quality, figures) = call(PCMA, link, 0);
    assert!(figures.reordered > 100 && figures.duplicated > 50);
    assert_eq!(quality.lost, 0, "{quality:?}");
    assert_eq!(quality.packets, figures.delivered - figures.duplicated, "each counts once");
}

#[test]
fn a_clock_that_is_off_is_neither_jitter_nor_loss() {
    for parts_per_million in [-300, 300] {
        let (quality, _) = call(PCMA, Link::default(), parts_per_million);
        assert!(quality.lost == 0 && quality.jitter_ms < 0.5 && quality.mos_listening > 4.3, "{quality:?}");
    }
}
