//! Tabs close, reload, crash and change networks during calls.

mod support;

use std::time::Duration;

use ringdown_control::{Command, CommandError, CommandResult, DescriptionKind, EndedBy, LegState};
use ringdown_media::api::{MediaEvent, MediaFailure, Transport};
use ringdown_types::EndReason;
use support::{browser::ALL, *};

#[test]
fn a_session_that_is_gone_ends_its_legs() {
    let mut office = Office::new();
    let (alice, bob, desk) = (office.tab(ALICE), office.tab(BOB), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    // A ringing tab closes: the phone rings on.
    let (b, _) = office.browsers[&bob].offered[0];
    office.command(Command::SessionDown { session: bob });
    assert_eq!(office.ended[&b], (EndReason::ResumeExpired, EndedBy::Switch));
    office.at(desk, |phone| phone.answer());
    // The caller's tab is gone for good: the call ends.
    office.command(Command::SessionDown { session: alice });
    assert_eq!(office.ended[&a], (EndReason::ResumeExpired, EndedBy::Switch));
    assert_eq!(office.phones[desk].methods(), ["INVITE", "BYE"]);
    office.assert_quiet();
}

#[test]
fn a_hang_up_that_comes_after_the_closed_connection_is_a_hang_up() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let b = office.browser_answers(bob);
    office.media_event(MediaEvent::LegFailed { leg: a, failure: MediaFailure::ConsentExpired });
    office.advance(Duration::from_secs(1));
    office.hang_up(a);
    assert_eq!(office.ended[&b], (EndReason::Hangup, EndedBy::Remote));
    office.assert_quiet();
}

#[test]
fn media_that_does_not_come_back_ends_the_call() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let b = office.browser_answers(bob);
    office.media_event(MediaEvent::LegFailed { leg: a, failure: MediaFailure::ConsentExpired });
    office.advance(Duration::from_secs(119));
    assert_eq!(office.legs[&b].state, LegState::Active);
    office.advance(Duration::from_secs(2));
    assert_eq!(office.ended[&a], (EndReason::MediaFailed, EndedBy::Switch));
    office.assert_quiet();
}

#[test]
fn a_silent_phone_is_not_hung_up() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    let b = office.leg_of(BOB);
    office.media_event(MediaEvent::LegFailed { leg: b, failure: MediaFailure::ConsentExpired });
    office.advance(Duration::from_secs(600));
    office.assert_talking(a, b);
    office.media_event(MediaEvent::LegFailed { leg: b, failure: MediaFailure::SocketUnavailable });
    assert_eq!(office.ended[&a].0, EndReason::MediaFailed);
    office.assert_quiet();
}

#[test]
fn a_forged_certificate_ends_the_call_at_once() {
    let mut office = Office::new();
    let (alice, _) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.media_event(MediaEvent::LegFailed { leg: a, failure: MediaFailure::FingerprintMismatch });
    assert_eq!(office.ended[&a].0, EndReason::MediaFailed);
    office.assert_quiet();
}

#[test]
fn an_ice_restart_is_answered_with_new_credentials() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let b = office.browser_answers(bob);
    let ufrag = |office: &Office| match &office.media[&a].transport {
        Transport::WebRtc { local_ufrag, remote: Some(remote), .. } => {
            (local_ufrag.clone(), remote.ufrag.clone())
        }
        other => panic!("a browser, not {other:?}"),
    };
    let before = ufrag(&office);
    office.media_event(MediaEvent::LegFailed { leg: a, failure: MediaFailure::ConsentExpired });
    let description = support::browser::restart(&ALL);
    assert_eq!(office.command(Command::Describe { leg: a, description }), CommandResult::Done);
    let after = ufrag(&office);
    assert!(before.0 != after.0 && after.1 == "newr");
    let (_, answer) = office.browsers[&alice].descriptions.last().expect("an answer");
    assert_eq!(answer.kind, DescriptionKind::Answer);
    assert!(answer.sdp.contains(&after.0));
    office.media_event(MediaEvent::LegConnected { leg: a });
    office.advance(Duration::from_secs(60));
    office.assert_talking(a, b);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn an_offer_that_crosses_ours_wins() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    // Our offer that narrows to PCMA is unanswered when the browser offers.
    let description = support::browser::offer(&ALL);
    assert_eq!(office.command(Command::Describe { leg: a, description }), CommandResult::Done);
    let (_, answer) = office.browsers[&alice].descriptions.last().cloned().expect("an answer");
    assert_eq!((answer.kind, support::browser::formats(&answer)), (DescriptionKind::Answer, vec![8]));
    // The answer to the offer that is void is refused.
    let late = support::browser::answer(&support::browser::offer(&[8]));
    let refused = office.command(Command::Describe { leg: a, description: late });
    assert!(matches!(refused, CommandResult::Refused { error: CommandError::WrongState, .. }), "{refused:?}");
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn candidates_are_checked_and_otherwise_not_needed() {
    let mut office = Office::new();
    let alice = office.tab(ALICE);
    let leg = office.browser_calls(alice, ALICE, "*43", &ALL);
    let good = "candidate:1 1 udp 2113937151 192.0.2.9 33530 typ host generation 0";
    for (text, fine) in [(good, true), ("", true), ("candidate:", false), ("nonsense", false)] {
        let candidate = Some(ringdown_control::CandidateText(text.to_owned()));
        let result = office.command(Command::Candidate { leg, candidate });
        assert_eq!(result == CommandResult::Done, fine, "{text}");
    }
    assert_eq!(office.command(Command::Candidate { leg, candidate: None }), CommandResult::Done);
    office.hang_up(leg);
    office.assert_quiet();
}

#[test]
fn sessions_the_app_server_forgot_stop_ringing() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    office.switch.handle_link_up(office.now);
    office.command(Command::SessionUp { session: alice, user: ALICE });
    office.advance(Duration::from_secs(89));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    assert_eq!(office.browsers[&bob].offered.len(), 1, "it may still come back");
    office.hang_up(a);
    office.advance(Duration::from_secs(2));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    assert_eq!(office.ended[&a].0, EndReason::Offline);
    office.assert_quiet();
}
