//! Settings changed by a code, from a telephone and from a browser, with the same result as a command.

mod support;

use ringdown_control::{Command, CommandResult, Event, SettingChange, SettingChanged};
use ringdown_media::api::{MediaEvent, PlaySource};
use ringdown_types::{EndReason, ForwardKind, PromptId};
use support::{browser::ALL, *};

fn changes(office: &Office) -> Vec<SettingChange> {
    let changed = |event: &Event| match event {
        Event::SettingChanged { changed: SettingChanged { user, change, .. } } if *user == BOB => {
            Some(change.clone())
        }
        _ => None,
    };
    office.events.iter().filter_map(changed).collect()
}

fn forward(when: ForwardKind, to: Option<&str>) -> SettingChange {
    SettingChange::Forward { when, to: to.and_then(|to| to.parse().ok()) }
}

/// Bob's tab dials a code and hears what became of it to the end.
fn dial(office: &mut Office, code: &str) -> PromptId {
    let tab = *office.browsers.keys().next().expect("bob's tab");
    let leg = office.browser_calls(tab, BOB, code, &ALL);
    let Hears::Play(PlaySource::Prompt(prompt), token) = office.hears(leg) else {
        panic!("{code} is announced, not {:?}", office.hears(leg))
    };
    office.media_event(MediaEvent::PlayFinished { leg, token });
    assert_eq!(office.ended[&leg].0, EndReason::Hangup, "the switch hangs up");
    prompt
}

#[test]
fn every_code_switches_its_setting_on_and_off() {
    let dnd = |on| SettingChange::DoNotDisturb { on };
    for (on, off, first, second) in [
        ("*78", "*79", dnd(true), dnd(false)),
        ("*72103", "*73", forward(ForwardKind::Always, Some("103")), forward(ForwardKind::Always, None)),
        ("*90103", "*91", forward(ForwardKind::Busy, Some("103")), forward(ForwardKind::Busy, None)),
        ("*92103", "*93", forward(ForwardKind::NoAnswer, Some("103")), forward(ForwardKind::NoAnswer, None)),
        ("*94103", "*95", forward(ForwardKind::Offline, Some("103")), forward(ForwardKind::Offline, None)),
    ] {
        let mut office = Office::new();
        office.tab(BOB);
        assert_eq!(dial(&mut office, on), PromptId::Activated);
        assert_eq!(dial(&mut office, off), PromptId::Deactivated);
        assert_eq!(changes(&office), [first, second], "{on} {off}");
        office.assert_quiet();
    }
}

#[test]
fn a_telephone_hears_it_too_and_the_next_call_obeys() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(bob, |phone| phone.dial("*78"));
    assert_eq!(office.phones[bob].statuses(), [401, 200]);
    let leg = office.leg_of(BOB);
    let Hears::Play(PlaySource::Prompt(PromptId::Activated), token) = office.hears(leg) else {
        panic!("bob hears {:?}", office.hears(leg))
    };
    office.media_event(MediaEvent::PlayFinished { leg, token });
    assert!(office.phones[bob].call.is_none(), "the switch hangs up");
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].statuses(), [401, 486]);
    office.assert_quiet();
}

#[test]
fn switching_on_what_is_on_is_announced_and_tells_nobody() {
    let mut office = Office::new();
    office.tab(BOB);
    let change = SettingChange::DoNotDisturb { on: true };
    assert_eq!(office.command(Command::ChangeSetting { user: BOB, change }), CommandResult::Done);
    assert_eq!(dial(&mut office, "*78"), PromptId::Activated);
    assert_eq!(changes(&office).len(), 1);
    office.assert_quiet();
}

#[test]
fn a_code_that_leads_nowhere_changes_nothing() {
    let mut office = Office::new();
    let bob = office.phone("bob-phone");
    for nowhere in ["*72999", "*72102", "*72", "*720044207"] {
        office.phones[bob].log.clear();
        office.at(bob, |phone| phone.dial(nowhere));
        assert_eq!(office.phones[bob].statuses().last(), Some(&404), "{nowhere}");
    }
    assert!(changes(&office).is_empty());
    office.assert_quiet();
}
