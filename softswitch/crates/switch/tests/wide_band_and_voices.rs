//! G.722 between devices that share it, and who speaks.

mod support;

use ringdown_control::{Command, CommandError, CommandResult, Event};
use ringdown_media::api::MediaEvent;
use ringdown_types::CodecId;
use support::{browser::ALL, *};

const WIDE_PHONE: [(u8, &str); 3] = [(9, "G722/8000"), (8, "PCMA/8000"), (101, "telephone-event/8000")];

#[test]
fn two_phones_that_prefer_g722_get_it() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.phones[alice].codecs = WIDE_PHONE.to_vec();
    office.phones[bob].codecs = WIDE_PHONE.to_vec();
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    office.assert_talking(a, b);
    assert_eq!((office.codec(a), office.codec(b)), (CodecId::G722, CodecId::G722));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_phone_of_8_khz_gets_what_it_knows_from_one_of_16() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.phones[alice].codecs = WIDE_PHONE.to_vec();
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    office.assert_talking(a, b);
    assert_eq!((office.codec(a), office.codec(b)), (CodecId::Pcma, CodecId::Pcma), "nothing is transcoded");
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_watched_leg_tells_who_speaks_until_it_is_over() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    let b = office.leg_of(BOB);
    assert_eq!(office.command(Command::WatchVoice { leg: b, watched: true }), CommandResult::Done);
    assert!(office.media[&b].is_watched);
    office.media_event(MediaEvent::VoiceActivity { leg: b, is_active: true });
    let told = |office: &Office| {
        office.events.iter().filter(|event| matches!(event, Event::VoiceActivity { .. })).count()
    };
    assert!(office.events.contains(&Event::VoiceActivity { leg: b, is_active: true }));
    office.hang_up(a);
    office.media_event(MediaEvent::VoiceActivity { leg: b, is_active: false });
    assert_eq!(told(&office), 1);
    let late = office.command(Command::WatchVoice { leg: b, watched: true });
    assert!(matches!(late, CommandResult::Refused { error: CommandError::NoSuchLeg, .. }), "{late:?}");
}
