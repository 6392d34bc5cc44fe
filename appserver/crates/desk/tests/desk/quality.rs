//! How good a call is: its own user sees the figures, both sides what is wrong.

use ringdown_control::{Event, LegFigures, LegRole};
use ringdown_types::{AudioWay, LegId, LegQuality, QualityIssue, QualityReport, QualityWarning, WayQuality};
use serde_json::json;

use crate::world::{ALICE, BOB, LINK, World, answered, leg};

fn report(warnings: &[QualityWarning]) -> QualityReport {
    let way = WayQuality { mos_listening: 4.4, mos_conversation: Some(4.25), ..WayQuality::default() };
    let figures = LegQuality { from_device: Some(way), ..LegQuality::default() };
    QualityReport { figures, warnings: warnings.to_vec() }
}

const SILENT: QualityWarning =
    QualityWarning { issue: QualityIssue::SilentMicrophone, way: AudioWay::FromDevice };

#[test]
fn the_own_side_sees_figures_and_both_sides_see_what_is_wrong() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    let (alices, bobs) = (answered(leg(1, ALICE, &alice)), answered(leg(2, BOB, &bob)));
    assert_eq!(alices.call, bobs.call);
    world.event(Event::LegChanged { leg: alices });
    world.event(Event::LegChanged { leg: bobs });
    let last = world.pushes(alice.conn, "call.state").last().map(|(seq, _)| *seq);

    world.event(Event::LegQuality { leg: LegId::from_u128(1), report: report(&[]) });
    let (seq, told) = world.pushes(alice.conn, "call.quality").pop().expect("her figures");
    assert_eq!((seq, told["call"].as_str()), (0, Some(LegId::from_u128(1).to_string().as_str())));
    assert!((told["quality"]["sent"]["mos"].as_f64().expect("a score") - 4.25).abs() < 0.001);
    assert!(world.pushes(bob.conn, "call.quality").is_empty(), "her figures are no news for bob");

    world.event(Event::LegQuality { leg: LegId::from_u128(1), report: report(&[SILENT]) });
    let own = json!([{ "issue": "silent-microphone", "side": "own", "way": "sent" }]);
    let peer = json!([{ "issue": "silent-microphone", "side": "peer", "way": "sent" }]);
    assert_eq!(world.pushes(alice.conn, "call.quality").last().expect("news").1["quality"]["warnings"], own);
    assert_eq!(world.pushes(bob.conn, "call.quality").last().expect("news").1["quality"]["warnings"], peer);

    world.event(Event::LegQuality { leg: LegId::from_u128(1), report: report(&[]) });
    let over = world.pushes(bob.conn, "call.quality");
    assert_eq!((over.len(), &over[1].1["quality"]["warnings"]), (2, &json!([])));
    assert_eq!(
        world.pushes(alice.conn, "call.state").last().map(|(seq, _)| *seq),
        last,
        "nothing is numbered"
    );
}

#[test]
fn figures_of_a_leg_that_is_over_go_to_history_alone() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let alice = world.hello(ALICE);
    let figures = LegFigures {
        leg: LegId::from_u128(1),
        call: ringdown_types::CallId::from_u128(9),
        user: Some(ALICE),
        role: LegRole::Caller,
        quality: report(&[]).figures,
    };
    world.event(Event::LegFigures { figures: figures.clone() });
    world.event(Event::LegQuality { leg: figures.leg, report: report(&[SILENT]) });
    assert!(world.pushes(alice.conn, "call.quality").is_empty());
    assert_eq!(world.figures, [figures]);
}
