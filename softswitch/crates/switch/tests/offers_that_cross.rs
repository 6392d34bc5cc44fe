//! Two pages change what they show at the same instants, in any order: whatever offers cross, each side ends up seeing
//! what the other shows.

mod support;

use proptest::prelude::*;
use ringdown_control::{Command, CommandResult};
use ringdown_types::{MediaDirection as Direction, VideoSlot};
use support::{
    video::{Page, VP8, settle, stream},
    *,
};

/// What one of the two does.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Shows or hides the camera, whatever the switch is saying at that moment.
    Camera(usize),
    /// Shows or hides the screen.
    Screen(usize),
    /// Reads one description of the switch.
    Reads(usize),
    /// Holds, or takes back.
    Hold(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..2_usize;
    prop_oneof![
        3 => who.clone().prop_map(Step::Camera),
        2 => who.clone().prop_map(Step::Screen),
        6 => who.clone().prop_map(Step::Reads),
        1 => (who, any::<bool>()).prop_map(|(who, held)| Step::Hold(who, held)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn each_side_sees_what_the_other_shows(steps in prop::collection::vec(step(), 1..24)) {
        let mut office = Office::new();
        let mut pages = [Page::new(&mut office, ALICE, &[VP8]), Page::new(&mut office, BOB, &[VP8])];
        let a = pages[0].call_by_voice(&mut office, ALICE, "102");
        let b = pages[1].answer_call(&mut office);
        let [alice, bob] = &mut pages;
        settle(&mut office, &mut [alice, bob]);
        let legs = [a, b];
        let mut shows = [[false; 2]; 2];
        for step in steps {
            match step {
                Step::Camera(who) => {
                    shows[who][0] = !shows[who][0];
                    pages[who].shows(&mut office, &shows[who]);
                }
                Step::Screen(who) => {
                    shows[who][1] = !shows[who][1];
                    pages[who].shows(&mut office, &shows[who]);
                }
                Step::Reads(who) => pages[who].read_one(&mut office, &shows[who]),
                Step::Hold(who, held) => {
                    let leg = legs[who];
                    let command = if held { Command::Hold { leg } } else { Command::Unhold { leg } };
                    prop_assert_eq!(office.command(command), CommandResult::Done);
                }
            }
        }
        for leg in legs {
            office.command(Command::Unhold { leg });
        }
        for _ in 0..40 {
            for who in 0..2 {
                pages[who].read_one(&mut office, &shows[who]);
            }
        }
        for (from, to) in [(0, 1), (1, 0)] {
            for (slot, shown) in [VideoSlot::Camera, VideoSlot::Screen].into_iter().zip(shows[from]) {
                let sent = stream(&office, legs[from], slot).is_some_and(|stream| stream.direction.receives());
                let seen = stream(&office, legs[to], slot).is_some_and(|stream| stream.direction.sends());
                prop_assert_eq!((sent, seen), (shown, shown), "{:?} of {}", slot, from);
                let direction = pages[to].agreed_of(slot).unwrap_or(Direction::Inactive);
                prop_assert_eq!(direction.receives(), shown, "{:?} as {} was told", slot, to);
            }
        }
        office.hang_up(a);
        office.assert_quiet();
    }
}
