//! Calls the switch places for a user, devices that are asked to answer, and calls completed once somebody is free.

mod support;

use std::collections::BTreeMap;

use ringdown_control::{Command, CommandError, CommandResult, CompletionState, Event};
use ringdown_media::api::MediaEvent;
use ringdown_sip::message::{HeaderName, Method};
use ringdown_types::UserId;
use support::{browser::ALL, *};

fn originate(user: UserId, to: &str, auto_answer: bool) -> Command {
    let variables = BTreeMap::from([("ticket".to_owned(), "4711".to_owned())]);
    Command::Originate { user, to: to.to_owned(), auto_answer, variables }
}

/// What the last `Offered` brought.
fn offered(office: &Office) -> (bool, BTreeMap<String, String>) {
    let last = office.events.iter().rev().find_map(|event| match event {
        Event::Offered { auto_answer, variables, .. } => Some((*auto_answer, variables.clone())),
        _ => None,
    });
    last.expect("a browser was offered a call")
}

#[test]
fn a_click_rings_the_own_phone_and_then_calls() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.tab(BOB));
    assert!(matches!(office.command(originate(ALICE, "102", true)), CommandResult::Originated { .. }));
    let invite = office.phones[alice].last_request(&Method::Invite).expect("alice's own phone rings").clone();
    let from = invite.headers.from().expect("a From").uri.sip().expect("sip").decoded_user();
    assert_eq!(from.as_deref(), Some("102"), "it shows whom she will reach");
    let text = |name: &HeaderName| invite.headers.text(name).ok().flatten().expect("a header").to_owned();
    assert!(text(&HeaderName::CallInfo).ends_with(";answer-after=0"));
    assert!(text(&HeaderName::AlertInfo).contains("info=alert-autoanswer"));
    assert_eq!(text(&HeaderName::Other("Answer-Mode".into())), "Auto");

    office.at(alice, |phone| phone.answer());
    let (auto_answer, variables) = offered(&office);
    assert!(!auto_answer, "bob is rung as usual");
    assert_eq!(variables["ticket"], "4711");
    let b = office.browser_answers(bob);
    office.assert_talking(office.leg_of(ALICE), b);
    assert_eq!(office.legs[&b].peer.number.0, "101");
    office.hang_up(b);
    let record = office.records()[0].clone();
    assert_eq!((record.caller.number.0.as_str(), record.callee.number.0.as_str()), ("101", "102"));
    office.assert_quiet();
}

#[test]
fn a_click_without_a_device_or_a_user_calls_nobody() {
    let mut office = Office::new();
    office.tab(BOB);
    assert!(matches!(office.command(originate(ALICE, "102", false)), CommandResult::Originated { .. }));
    assert_eq!(office.records().len(), 1, "it ended at once");
    let nobody = UserId::from_u128(9);
    for (asked, refusal) in [
        (originate(nobody, "102", false), CommandError::NoSuchSession),
        (originate(ALICE, "", false), CommandError::Invalid),
    ] {
        match office.command(asked) {
            CommandResult::Refused { error, .. } => assert_eq!(error, refusal),
            other => panic!("refused, not {other:?}"),
        }
    }
    office.assert_quiet();
}

#[test]
fn an_intercom_call_asks_phone_and_browser_to_answer() {
    let mut office = Office::new();
    let (alice, bob, tab) = (office.tab(ALICE), office.phone("bob-phone"), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "*80102", &ALL);
    assert!(offered(&office).0);
    let invite = office.phones[bob].last_request(&Method::Invite).expect("it rings");
    assert!(invite.headers.text(&HeaderName::CallInfo).ok().flatten().is_some());
    let b = office.browser_answers(tab);
    office.assert_talking(a, b);
    office.hang_up(a);

    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    assert!(!offered(&office).0, "an ordinary call does not");
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn once_the_busy_user_is_free_the_call_is_placed() {
    let mut office = Office::new();
    office.new_directory(|directory| directory.users[1].max_calls = 1);
    let (alice, bob, carol) = (office.tab(ALICE), office.phone("bob-phone"), office.tab(CAROL));
    let c = office.browser_calls(carol, CAROL, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    office.browser_calls(alice, ALICE, "102", &ALL);
    let asks = office.browser_calls(alice, ALICE, "*66", &ALL);
    office.media_event(MediaEvent::PlayFinished { leg: asks, token: 1 });
    assert!(office.ended.contains_key(&asks), "\"activated\", and the switch hangs up");
    office.hang_up(c);
    let states: Vec<_> = office
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Completion { user: ALICE, target, state } => Some((target.number.0.clone(), *state)),
            _ => None,
        })
        .collect();
    let of_bob = |state| ("102".to_owned(), state);
    assert_eq!(states, [of_bob(CompletionState::Waiting), of_bob(CompletionState::Ringing)]);
    let a = office.browser_answers(alice);
    office.at(bob, |phone| phone.answer());
    office.assert_talking(a, office.leg_of(BOB));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn completion_is_asked_for_and_taken_back_by_command() {
    let mut office = Office::new();
    let alice = office.tab(ALICE);
    let ask = |on| Command::Completion { user: ALICE, on };
    assert!(matches!(
        office.command(ask(true)),
        CommandResult::Refused { error: CommandError::WrongState, .. }
    ));
    office.new_directory(|directory| directory.users[1].max_calls = 1);
    let (bob, carol) = (office.phone("bob-phone"), office.tab(CAROL));
    let c = office.browser_calls(carol, CAROL, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    office.browser_calls(alice, ALICE, "102", &ALL);
    assert_eq!(office.command(ask(true)), CommandResult::Done);
    assert_eq!(office.command(ask(false)), CommandResult::Done);
    office.hang_up(c);
    assert!(office.legs_of(ALICE).is_empty(), "she is not rung");
    office.assert_quiet();
}

#[test]
fn a_second_call_rings_unless_its_user_does_not_want_to_wait() {
    let mut office = Office::new();
    let (alice, bob, carol) = (office.tab(ALICE), office.tab(BOB), office.tab(CAROL));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.browser_answers(bob);
    let c = office.browser_calls(carol, CAROL, "102", &ALL);
    assert_eq!(office.legs_of(BOB).len(), 2, "the second rings while he talks");
    office.hang_up(c);
    office.change(BOB, ringdown_control::SettingChange::CallWaiting { on: false });
    let c = office.browser_calls(carol, CAROL, "102", &ALL);
    assert_eq!(office.ended[&c].0, ringdown_types::EndReason::Busy);
    office.hang_up(a);
    office.assert_quiet();
}
