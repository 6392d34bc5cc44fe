//! Whatever happens between two connections, a client that resumes has seen every push once, in order, or was given
//! the whole state.

use std::time::Duration;

use proptest::prelude::*;
use ringdown_control::Event;
use ringdown_types::EndReason;

use crate::world::{ALICE, BOB, LINK, World, answered, leg};

#[derive(Debug, Clone)]
enum Step {
    Ring(u8),
    Answer(u8),
    End(u8),
    Lose,
    Resume,
    Pass(u16),
    Neighbour,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4u8).prop_map(Step::Ring),
        (0..4u8).prop_map(Step::Answer),
        (0..4u8).prop_map(Step::End),
        Just(Step::Lose),
        Just(Step::Resume),
        (0..2_000u16).prop_map(Step::Pass),
        Just(Step::Neighbour),
    ]
}

proptest! {
    #[test]
    fn no_push_is_lost_or_told_twice(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        world.connect_node(LINK, 1);
        let tab = world.hello(BOB);
        let mut conn = Some(tab.conn);
        let mut seen = 0;
        let mut states = 0;
        for step in steps {
            let ringing = |id: u8| leg(u128::from(id) + 1, BOB, &tab);
            match step {
                Step::Ring(id) => world.ring(ringing(id)),
                Step::Answer(id) => world.event(Event::LegChanged { leg: answered(ringing(id)) }),
                Step::End(id) => world.end(ringing(id), EndReason::Hangup),
                Step::Lose => if let Some(lost) = conn.take() { world.disconnect(lost) },
                Step::Resume => if conn.is_none() {
                    let (new, result) = world.resume(&tab, seen);
                    let result = result.expect("the window is long");
                    prop_assert!(result["seq"].as_u64().expect("a number") >= seen);
                    seen = result["seq"].as_u64().expect("a number");
                    states += usize::from(result.get("state").is_some());
                    conn = Some(new);
                },
                Step::Pass(ms) => if conn.is_some() || ms < 500 { world.pass(Duration::from_millis(ms.into())) },
                Step::Neighbour => { let other = world.hello(ALICE); world.disconnect(other.conn); },
            }
            for (to, frame) in std::mem::take(&mut world.frames) {
                if Some(to) == conn && let Some(seq) = frame["seq"].as_u64() {
                    prop_assert_eq!(seq, seen + 1, "{}", frame);
                    seen = seq;
                }
            }
        }
        prop_assert!(states <= 120);
    }
}

#[test]
fn who_missed_more_than_the_ring_holds_gets_the_state() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(BOB);
    world.ring(leg(1, BOB, &tab));
    world.disconnect(tab.conn);
    for _ in 0..200 {
        world.event(Event::LegChanged { leg: answered(leg(1, BOB, &tab)) });
        world.event(Event::LegChanged {
            leg: {
                let mut held = answered(leg(1, BOB, &tab));
                held.held = true;
                held
            },
        });
    }
    let (_, resumed) = world.resume(&tab, 1);
    let resumed = resumed.expect("a resume");
    assert_eq!(resumed["state"]["calls"][0]["held"], true);
    assert!(resumed["seq"].as_u64() > Some(400));
}

#[test]
fn missed_presence_is_told_as_it_is_now_and_keeps_its_number() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(BOB);
    world.ring(leg(1, BOB, &tab));
    world.pass(Duration::from_millis(200));
    let seen = world.frames.drain(..).filter_map(|(_, frame)| frame["seq"].as_u64()).max().expect("pushes");
    let alice = world.hello(ALICE);
    world.pass(Duration::from_millis(200));
    world.disconnect(tab.conn);
    world.event(Event::LegChanged { leg: answered(leg(2, ALICE, &alice)) });
    world.frames.clear();
    let (conn, resumed) = world.resume(&tab, seen);
    assert!(resumed.expect("a resume").get("state").is_none(), "nothing but a few pushes was missed");
    world.pass(Duration::from_millis(200));
    let pushes: Vec<_> =
        world.frames.iter().filter(|(to, frame)| *to == conn && frame["seq"].is_u64()).collect();
    let numbers: Vec<_> = pushes.iter().filter_map(|(_, frame)| frame["seq"].as_u64()).collect();
    assert_eq!(numbers, (seen + 1..).take(numbers.len()).collect::<Vec<_>>());
    let told: Vec<_> = pushes
        .iter()
        .flat_map(|(_, frame)| frame["data"]["entries"].as_array().into_iter().flatten())
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["presence"], "on-call");
}
