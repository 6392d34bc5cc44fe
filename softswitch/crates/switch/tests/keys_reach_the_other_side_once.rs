//! A digit pressed on one side is one digit on the other, whichever way it travels.

mod support;

use ringdown_control::{Command, Event};
use ringdown_media::api::MediaEvent;
use ringdown_types::{DtmfDigit, LegId};
use support::{browser::ALL, *};

fn digit(key: char) -> DtmfDigit {
    DtmfDigit::from_char(key).expect("a key")
}

fn told(office: &Office) -> Vec<(LegId, char)> {
    let mut digits = Vec::new();
    for event in &office.events {
        if let Event::Dtmf { leg, digit } = event {
            digits.push((*leg, digit.as_char()));
        }
    }
    digits
}

#[test]
fn by_info_by_telephone_event_and_by_command() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    let b = office.leg_of(BOB);

    // INFO is signalling: the media plane has to make the sound.
    office.at(bob, |phone| phone.info_dtmf('5'));
    assert_eq!(office.phones[bob].last_response().status, 200);
    assert_eq!(office.digits, [(a, digit('5'))]);
    // A telephone-event has gone to the partner already.
    office.media_event(MediaEvent::Dtmf { leg: b, digit: digit('6'), duration_ms: 100 });
    assert_eq!(office.digits.len(), 1);
    // A key on the screen.
    office.command(Command::SendDtmf { leg: a, digits: vec![digit('1'), digit('#')] });
    assert_eq!(office.digits[1..], [(b, digit('1')), (b, digit('#'))]);
    assert_eq!(told(&office), [(a, '5'), (a, '6'), (b, '1'), (b, '#')]);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_muted_leg_is_muted_in_the_media_plane() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.browser_answers(bob);
    office.command(Command::Mute { leg: a, muted: true });
    assert!(office.media[&a].muted && office.legs[&a].muted);
    office.command(Command::Mute { leg: a, muted: false });
    assert!(!office.media[&a].muted && !office.legs[&a].muted);
    office.hang_up(a);
    office.assert_quiet();
}
