//! The main story, between every two kinds of device.

mod support;

use ringdown_control::{Command, CommandError, CommandResult, EndedBy, Event, LegState, SessionDescription};
use ringdown_media::api::{PlaySource, Transport};
use ringdown_sip::message::{HeaderName, Method};
use ringdown_types::{CodecId, EndReason, ToneId};
use support::{
    browser::{self, ALL},
    phone::OPUS_FIRST,
    *,
};

#[test]
fn from_desk_phone_to_desk_phone() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].statuses(), [401, 180]);
    assert_eq!(office.legs[&office.leg_of(BOB)].state, LegState::Ringing);

    office.at(bob, |phone| phone.answer());
    assert_eq!(office.phones[alice].statuses(), [401, 180, 200]);
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    office.assert_talking(a, b);
    assert_eq!((office.codec(a), office.codec(b)), (CodecId::Pcma, CodecId::Pcma));
    let Transport::Rtp { remote: Some(remote), .. } = office.media[&a].transport else {
        panic!("alice's address is known")
    };
    assert_eq!((remote.rtp, remote.nat_source), (office.phones[alice].rtp, None));

    office.at(bob, |phone| phone.hang_up());
    assert_eq!(office.phones[alice].methods(), ["BYE"]);
    assert_eq!(office.ended[&b], (EndReason::Hangup, EndedBy::Local));
    assert_eq!(office.ended[&a], (EndReason::Hangup, EndedBy::Remote));
    let record = office.records()[0].clone();
    assert_eq!((record.reason, record.by), (EndReason::Hangup, EndedBy::Remote));
    assert_eq!((record.caller.user, record.callee.user), (Some(ALICE), Some(BOB)));
    assert_eq!(record.dialled.as_str(), "102");
    office.assert_quiet();
}

#[test]
fn from_browser_to_browser() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    // The caller is connected while it rings, and hears the ringing tone.
    assert_eq!(office.browsers[&alice].descriptions.len(), 1);
    assert_eq!(office.browsers[&alice].candidates.last(), Some(&(a, None)));
    assert_eq!(office.hears(a), Hears::Play(PlaySource::Tone(ToneId::Ringback), 0));

    let b = office.browser_answers(bob);
    office.assert_talking(a, b);
    assert_eq!((office.codec(a), office.codec(b)), (CodecId::Opus, CodecId::Opus));
    assert_eq!(office.browsers[&alice].descriptions.len(), 1, "nothing needed narrowing");
    assert_eq!(office.legs[&b].peer.name.as_str(), "Alice");

    office.hang_up(a);
    assert_eq!(office.ended[&b], (EndReason::Hangup, EndedBy::Remote));
    office.assert_quiet();
}

#[test]
fn from_browser_to_desk_phone() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let invite = office.phones[bob].last_request(&Method::Invite).expect("bob is called");
    let from = invite.headers.from().expect("From");
    assert_eq!(from.display.as_deref(), Some("Alice"));
    assert_eq!(from.uri.to_string(), "sip:101@example.test");

    office.at(bob, |phone| phone.answer());
    let b = office.leg_of(BOB);
    office.assert_talking(a, b);
    assert_eq!(office.codec(b), CodecId::Pcma);
    // How loud she is her browser says itself, under its own number.
    assert_eq!([a, b].map(|leg| office.media[&leg].audio.audio_level), [Some(3), None]);
    // The phone knows PCMA only, so the browser is asked to speak it too.
    let (_, offer) = office.browsers[&alice].descriptions.last().cloned().expect("a new offer");
    assert_eq!(support::browser::formats(&offer), [8]);
    let description = support::browser::answer(&offer);
    assert!(offer.sdp.contains("a=extmap:3 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"));
    office.command(ringdown_control::Command::Describe { leg: a, description });
    assert_eq!(office.codec(a), CodecId::Pcma);
    assert_eq!(office.media[&a].audio.audio_level, Some(3));

    office.at(bob, |phone| phone.hang_up());
    assert_eq!(office.ended[&a], (EndReason::Hangup, EndedBy::Remote));
    office.assert_quiet();
}

#[test]
fn from_desk_phone_to_browser() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.tab(BOB));
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].statuses(), [401, 180]);
    let (_, offer) = office.browsers[&bob].offered[0].clone();
    assert_eq!(support::browser::formats(&offer), [8, 111, 0], "what the phone knows comes first");

    let b = office.browser_answers(bob);
    assert_eq!(office.phones[alice].statuses(), [401, 180, 200]);
    let a = office.leg_of(ALICE);
    office.assert_talking(a, b);
    assert_eq!((office.codec(a), office.codec(b)), (CodecId::Pcma, CodecId::Pcma));

    office.hang_up(b);
    assert_eq!(office.phones[alice].methods(), ["BYE"]);
    office.assert_quiet();
}

#[test]
fn two_opus_speakers_speak_opus() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.tab(BOB));
    office.phones[alice].codecs = OPUS_FIRST.to_vec();
    office.at(alice, |phone| phone.dial("102"));
    let b = office.browser_answers(bob);
    let a = office.leg_of(ALICE);
    assert_eq!((office.codec(a), office.codec(b)), (CodecId::Opus, CodecId::Opus));
    office.hang_up(b);
    office.assert_quiet();
}

#[test]
fn a_browser_may_describe_itself_before_its_user_answers() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let (b, offer) = office.browsers[&bob].offered[0].clone();
    let description = support::browser::answer(&offer);
    office.command(ringdown_control::Command::Describe { leg: b, description });
    let Transport::WebRtc { remote, .. } = &office.media[&b].transport else { panic!("a browser") };
    assert!(remote.is_some(), "its transport is known");
    assert_eq!(office.hears(b), Hears::Nothing, "but nobody hears anybody");

    office.command(ringdown_control::Command::Answer { leg: b, description: None });
    office.assert_talking(a, b);
    office.hang_up(b);
    office.assert_quiet();
}

#[test]
fn what_the_caller_claims_to_be_does_not_matter() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial_as("102", "103"));
    let invite = office.phones[bob].last_request(&Method::Invite).expect("bob is called");
    let from = invite.headers.from().expect("From");
    assert_eq!(
        (from.display.as_deref(), from.uri.to_string().as_str()),
        (Some("Alice"), "sip:101@example.test")
    );
    assert!(!invite.headers.contains(&HeaderName::Authorization), "credentials stay here");
    office.at(alice, |phone| phone.cancel());
    office.assert_quiet();
}

#[test]
fn events_come_in_an_order_that_makes_sense() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.browser_answers(bob);
    office.hang_up(a);
    let first = |wanted: &dyn Fn(&Event) -> bool| office.events.iter().position(wanted).expect("it happened");
    let started = first(&|event| matches!(event, Event::CallStarted { .. }));
    let shown = first(&|event| matches!(event, Event::LegChanged { .. }));
    let offered = first(&|event| matches!(event, Event::Offered { .. }));
    let ended = first(&|event| matches!(event, Event::LegEnded { .. }));
    let over = first(&|event| matches!(event, Event::CallEnded { .. }));
    assert!(started < shown && shown < offered && offered < ended && ended < over);
    assert_eq!(over, office.events.len() - 1);
}

#[test]
fn an_answer_said_twice_is_taken_once() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.tab(BOB));
    office.at(alice, |phone| phone.dial("102"));
    let (leg, offer) = office.browsers[&bob].offered.last().cloned().expect("the browser rings");
    let answer = browser::answer(&offer);
    let describe =
        |description: &SessionDescription| Command::Describe { leg, description: description.clone() };
    assert_eq!(office.command(describe(&answer)), CommandResult::Done);
    assert_eq!(office.command(describe(&answer)), CommandResult::Done, "its first outcome was lost");
    let mut other = answer;
    other.sdp.push_str("a=x-another:1\r\n");
    assert!(matches!(
        office.command(describe(&other)),
        CommandResult::Refused { error: CommandError::WrongState, .. }
    ));
    assert_eq!(office.command(Command::Answer { leg, description: None }), CommandResult::Done);
    office.assert_talking(office.leg_of(ALICE), leg);
}
