//! A setting changed on the switch is in force at once, and stays so until the app server's directory has it.

mod support;

use ringdown_control::{Command, CommandError, CommandResult, Event, SettingChange, SettingChanged};
use ringdown_types::ForwardKind;
use support::*;

fn do_not_disturb(on: bool) -> SettingChange {
    SettingChange::DoNotDisturb { on }
}

fn forward(to: &str) -> SettingChange {
    SettingChange::Forward { when: ForwardKind::Always, to: to.parse().ok() }
}

fn changes(office: &Office) -> Vec<SettingChanged> {
    let changed = |event: &Event| match event {
        Event::SettingChanged { changed } => Some(changed.clone()),
        _ => None,
    };
    office.events.iter().filter_map(changed).collect()
}

fn change(office: &mut Office, change: SettingChange) -> CommandResult {
    office.command(Command::ChangeSetting { user: BOB, change })
}

#[test]
fn a_change_is_told_once_and_numbered_upwards() {
    let mut office = Office::new();
    for on in [true, true, false] {
        assert_eq!(change(&mut office, do_not_disturb(on)), CommandResult::Done);
    }
    let told = changes(&office);
    assert_eq!(told.len(), 2, "switching on what is on changes nothing");
    assert!(told[0].number < told[1].number, "also within one millisecond");
    assert_eq!(office.switch.changed_settings(), told[1..], "what it replaces is forgotten");
    assert_eq!(office.switch.snapshot().settings, told[1..]);
}

#[test]
fn an_older_directory_does_not_undo_it_and_a_newer_one_settles_it() {
    let mut office = Office::new();
    change(&mut office, do_not_disturb(true));
    change(&mut office, forward("103"));
    let [first, second] = changes(&office).try_into().expect("two changes");

    let mut snapshot = directory();
    snapshot.version = 2;
    snapshot.users[1].settings.do_not_disturb = true;
    snapshot.users[1].settings.last_change = first.number;
    office.switch.apply_directory(office.now, snapshot.clone()).expect("it is sound");
    assert_eq!(office.switch.changed_settings(), std::slice::from_ref(&second));

    snapshot.version = 3;
    snapshot.users[1].settings.last_change = second.number;
    office.switch.apply_directory(office.now, snapshot).expect("it is sound");
    assert!(office.switch.changed_settings().is_empty(), "the app server has it, or knows better");
}

#[test]
fn it_survives_a_restart_without_an_app_server() {
    let mut before = Office::new();
    change(&mut before, do_not_disturb(true));
    let kept = before.switch.changed_settings();
    let mut after = Office::new();
    after.switch.restore_settings(kept.clone());
    assert_eq!(after.switch.changed_settings(), kept);
    assert_eq!(change(&mut after, do_not_disturb(true)), CommandResult::Done);
    assert!(changes(&after).is_empty(), "it is on already");
}

#[test]
fn somebody_who_left_takes_their_changes_along() {
    let mut office = Office::new();
    change(&mut office, do_not_disturb(true));
    let mut snapshot = directory();
    snapshot.version = 2;
    snapshot.users.retain(|user| user.id != BOB);
    snapshot.devices.retain(|device| device.user != BOB);
    office.switch.apply_directory(office.now, snapshot).expect("it is sound");
    assert!(office.switch.changed_settings().is_empty());
}

#[test]
fn a_forward_that_leads_nowhere_is_refused() {
    let mut office = Office::new();
    for nowhere in ["999", "102", "*78", "0044207"] {
        let result = change(&mut office, forward(nowhere));
        let refused = matches!(result, CommandResult::Refused { error: CommandError::Invalid, .. });
        assert!(refused, "{nowhere}: {result:?}");
    }
    assert!(changes(&office).is_empty());
}
