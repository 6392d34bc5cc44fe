//! Where a number goes, told to an administrator without a call.

mod support;

use ringdown_control::{Command, CommandResult, Explanation, SettingChange};
use ringdown_types::{ForwardKind, Pii, UserId};
use support::*;

fn explain(office: &mut Office, dialled: &str) -> (Vec<String>, String) {
    let command = Command::Explain { caller: ALICE, dialled: Pii(dialled.to_owned()), at: None };
    match office.command(command) {
        CommandResult::Explained { explanation: Explanation { steps, outcome } } => {
            (steps.into_iter().map(|step| step.0).collect(), outcome)
        }
        other => panic!("{other:?}"),
    }
}

fn forward(office: &mut Office, user: UserId, when: ForwardKind, to: &str) {
    let change = SettingChange::Forward { when, to: to.parse().ok() };
    assert_eq!(office.command(Command::ChangeSetting { user, change }), CommandResult::Done);
}

#[test]
fn forwards_are_followed_to_their_end() {
    let mut office = Office::new();
    office.phone("carol-phone");
    forward(&mut office, BOB, ForwardKind::Always, "103");
    forward(&mut office, CAROL, ForwardKind::NoAnswer, "101");
    let (steps, outcome) = explain(&mut office, "102");
    assert_eq!(outcome, "user");
    assert!(steps.contains(&"the user forwards every call to \"103\"".to_owned()), "{steps:#?}");
    assert_eq!(steps.last().map(String::as_str), Some("if nobody answers, the call goes to \"101\""));
}

#[test]
fn a_circle_of_forwards_ends() {
    let mut office = Office::new();
    forward(&mut office, BOB, ForwardKind::Always, "103");
    forward(&mut office, CAROL, ForwardKind::Always, "102");
    let (steps, _) = explain(&mut office, "102");
    assert!(steps.last().is_some_and(|step| step.contains("circle")), "{steps:#?}");
}

#[test]
fn an_unknown_number_says_so_and_nobody_is_rung() {
    let mut office = Office::new();
    let bob = office.tab(BOB);
    let (steps, outcome) = explain(&mut office, "0044207");
    assert_eq!(outcome, "unknown");
    assert!(steps.last().is_some_and(|step| step.contains("no outside line")), "{steps:#?}");
    explain(&mut office, "102");
    assert!(office.browsers[&bob].offered.is_empty());
    assert_eq!(office.switch.call_count(), 0);
}
