//! Parking, retrieving and picking up, from phones and browsers, by code and by command.

mod support;

use std::time::Duration;

use ringdown_control::{Command, CommandError, CommandResult, Event};
use ringdown_media::api::{MediaEvent, PlaySource};
use ringdown_types::{EndReason, PromptId};
use support::{browser::ALL, *};

fn music() -> Hears {
    Hears::Play(PlaySource::Prompt(PromptId::MusicOnHold), 0)
}

#[test]
fn a_browser_parks_a_phone_and_a_phone_fetches_it() {
    let mut office = Office::new();
    office.allow_everything();
    let (alice, bob, carol) = (office.phone("alice-phone"), office.tab(BOB), office.phone("carol-phone"));
    office.at(alice, |phone| phone.dial("102"));
    let b = office.browser_answers(bob);
    let a = office.leg_of(ALICE);
    assert_eq!(office.command(Command::Park { leg: b, slot: None }), CommandResult::Parked { slot: 701 });
    assert_eq!(office.ended[&b].0, EndReason::Parked);
    assert_eq!(office.hears(a), music());
    let parked = office.switch.snapshot().parked;
    assert_eq!((parked[0].slot, parked[0].party.number.0.as_str()), (701, "101"));
    assert!(
        office.events.iter().any(|event| matches!(event, Event::Parked { parked } if parked.slot == 701))
    );

    office.at(carol, |phone| phone.dial("701"));
    assert_eq!(office.phones[carol].statuses(), [401, 200], "it is answered at once");
    office.assert_talking(a, office.leg_of(CAROL));
    assert_eq!(office.legs[&a].peer.number.0, "103");
    assert!(office.switch.snapshot().parked.is_empty());
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_phone_parks_whom_it_holds_and_hears_the_slot() {
    let mut office = Office::new();
    office.allow_everything();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let second = office.phone("bob-softphone");
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    office.at(bob, |phone| phone.reinvite("sendonly"));
    office.at(second, |phone| phone.dial("*68"));
    assert!(office.phones[bob].call.is_none(), "its call is over");
    assert_eq!(office.hears(a), music());
    let b = office.leg_of(BOB);
    for (digit, token) in [(PromptId::Digit7, 1), (PromptId::Digit0, 2), (PromptId::Digit1, 3)] {
        assert_eq!(office.hears(b), Hears::Play(PlaySource::Prompt(digit), token));
        office.media_event(MediaEvent::PlayFinished { leg: b, token });
    }
    assert!(office.phones[second].call.is_none(), "the switch hangs up");
    let fetched = office.browser_calls(alice, ALICE, "702", &ALL);
    assert_eq!(office.ended[&fetched].0, EndReason::NotFound, "that slot is free, and alice holds nobody");
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn nobody_fetches_and_whoever_parked_is_rung_at_every_device() {
    let mut office = Office::new();
    office.allow_everything();
    let (alice, bob, desk) = (office.tab(ALICE), office.tab(BOB), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let b = office.browser_answers(bob);
    office.command(Command::Park { leg: b, slot: Some(702) });
    office.advance(Duration::from_secs(60));
    office.at(desk, |phone| phone.answer());
    office.assert_talking(a, office.leg_of(BOB));
    office.at(desk, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn slots_that_do_not_exist_or_are_taken_are_refused() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let b = office.browser_answers(bob);
    let refused = |office: &mut Office, slot| match office.command(Command::Park { leg: b, slot }) {
        CommandResult::Refused { error, .. } => error,
        other => panic!("refused, not {other:?}"),
    };
    assert_eq!(refused(&mut office, None), CommandError::Invalid, "nothing can be parked");
    office.allow_everything();
    assert_eq!(refused(&mut office, Some(799)), CommandError::Invalid);
    office.assert_talking(a, b);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_ringing_call_is_picked_up_by_code_from_phone_and_browser() {
    for code in ["*8", "*8102"] {
        for from_phone in [true, false] {
            let mut office = Office::new();
            office.allow_everything();
            let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
            let (tab, phone) = (office.tab(CAROL), office.phone("carol-phone"));
            office.at(alice, |phone| phone.dial("102"));
            if from_phone {
                office.at(phone, |phone| phone.dial(code));
            } else {
                office.browser_calls(tab, CAROL, code, &ALL);
            }
            assert!(office.phones[bob].call.is_none(), "bob's phone stops ringing");
            let (a, c) = (office.leg_of(ALICE), office.leg_of(CAROL));
            office.assert_talking(a, c);
            assert_eq!(
                (office.legs[&a].peer.number.0.as_str(), office.legs[&c].peer.number.0.as_str()),
                ("103", "101")
            );
            assert_eq!(office.phones[alice].statuses(), [401, 180, 200]);
            office.at(alice, |phone| phone.hang_up());
            assert_eq!(office.records().len(), 1);
            office.assert_quiet();
        }
    }
}

#[test]
fn who_is_in_no_pick_up_group_picks_up_by_extension_only() {
    let mut office = Office::new();
    let (alice, bob, carol) = (office.tab(ALICE), office.phone("bob-phone"), office.tab(CAROL));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let refused = office.browser_calls(carol, CAROL, "*8", &ALL);
    assert_eq!(office.ended[&refused].0, EndReason::NotFound);
    assert!(office.phones[bob].call.is_some());
    let c = office.browser_calls(carol, CAROL, "*8102", &ALL);
    office.assert_talking(a, c);
    office.hang_up(a);
    office.assert_quiet();
}
