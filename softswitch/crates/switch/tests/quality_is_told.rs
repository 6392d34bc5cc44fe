//! What a media worker says of a leg's quality reaches the app server, and its last figures follow its end.

mod support;

use ringdown_control::{Event, LegRole};
use ringdown_media::api::{LegStats, MediaEvent};
use ringdown_types::{AudioWay, LegId, LegQuality, QualityIssue, QualityReport, QualityWarning, WayQuality};
use support::*;

fn report() -> QualityReport {
    let way = WayQuality { packets: 500, mos_listening: 4.3, ..WayQuality::default() };
    QualityReport {
        figures: LegQuality { from_device: Some(way), ..LegQuality::default() },
        warnings: vec![QualityWarning { issue: QualityIssue::OneWayAudio, way: AudioWay::ToDevice }],
    }
}

#[test]
fn figures_and_warnings_go_to_the_app_server_as_they_come() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    let b = office.leg_of(BOB);
    office.media_event(MediaEvent::Quality { leg: b, report: Box::new(report()) });
    assert_eq!(office.events.last(), Some(&Event::LegQuality { leg: b, report: report() }));
    let told = office.events.len();
    let link = LegId::from_u128(99);
    office.media_event(MediaEvent::Quality { leg: link, report: Box::new(report()) });
    assert_eq!(office.events.len(), told, "links between workers are nobody's");

    office.last_stats = LegStats { quality: report().figures, ..LegStats::default() };
    let call = office.legs[&b].call;
    office.at(bob, |phone| phone.hang_up());
    let figures: Vec<_> = office
        .events
        .iter()
        .filter_map(|event| match event {
            Event::LegFigures { figures } => Some(figures.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(figures.len(), 2, "one for each leg");
    let bobs = figures.iter().find(|figures| figures.leg == b).expect("bob's");
    assert_eq!((bobs.call, bobs.user, bobs.role), (call, Some(BOB), LegRole::Callee));
    assert_eq!(bobs.quality, report().figures);
    let ended = office.events.iter().position(|event| matches!(event, Event::CallEnded { .. }));
    let last = office.events.iter().rposition(|event| matches!(event, Event::LegFigures { .. }));
    assert!(ended < last, "figures follow the end");
}

#[test]
fn a_leg_that_was_never_heard_has_no_figures() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    office.at(alice, |phone| phone.hang_up());
    assert!(!office.events.iter().any(|event| matches!(event, Event::LegFigures { .. })));
    office.assert_quiet();
}
