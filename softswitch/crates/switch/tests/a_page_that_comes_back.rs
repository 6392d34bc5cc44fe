//! Reloads, crashes and lost networks in calls: the leg waits, the other side hears that it does.

mod support;

use std::time::Duration;

use ringdown_control::{Command, CommandResult, DescriptionKind, EndedBy, SessionDescription};
use ringdown_media::api::{MediaEvent, MediaFailure, PlaySource, Transport};
use ringdown_types::{EndReason, LegId, PromptId, SessionId, ToneId};
use support::{browser::ALL, *};

const COMFORT: Hears = Hears::Play(PlaySource::Tone(ToneId::Comfort), 0);

fn two_pages() -> (Office, [SessionId; 2], [LegId; 2]) {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let b = office.browser_answers(bob);
    office.assert_talking(a, b);
    (office, [alice, bob], [a, b])
}

/// The certificate of the page's that a leg expects, and our ufrag towards it.
fn transport(office: &Office, leg: LegId) -> (u8, String) {
    match &office.media[&leg].transport {
        Transport::WebRtc { local_ufrag, remote: Some(remote), .. } => {
            (remote.fingerprint[0], local_ufrag.clone())
        }
        other => panic!("a browser, not {other:?}"),
    }
}

fn comes_back(office: &mut Office, (session, leg): (SessionId, LegId), certificate: &str) {
    let before = transport(office, leg).1;
    let description = support::browser::reloaded(&ALL, certificate);
    assert_eq!(office.command(Command::Describe { leg, description }), CommandResult::Done);
    let (_, answer) = office.browsers[&session].descriptions.last().expect("an answer");
    assert_eq!(answer.kind, DescriptionKind::Answer);
    let (fingerprint, ufrag) = transport(office, leg);
    assert_eq!(format!("{fingerprint:02X}"), certificate);
    assert!(ufrag != before && answer.sdp.contains(&ufrag));
    office.media_event(MediaEvent::LegConnected { leg });
}

#[test]
fn the_other_side_hears_a_comfort_tone_and_is_told() {
    let (mut office, [alice, _], [a, b]) = two_pages();
    office.media_event(MediaEvent::LegLost { leg: a });
    assert_eq!((office.hears(a), office.hears(b)), (Hears::Nothing, COMFORT));
    assert!(office.legs[&b].peer_lost && !office.legs[&a].peer_lost);
    office.advance(Duration::from_secs(60));
    comes_back(&mut office, (alice, a), "CD");
    office.assert_talking(a, b);
    assert!(!office.legs[&b].peer_lost);
    // What was waited for is forgotten.
    office.advance(Duration::from_secs(300));
    office.assert_talking(a, b);
    office.hang_up(b);
    office.assert_quiet();
}

#[test]
fn a_reload_that_nobody_noticed_leaves_no_trace() {
    let (mut office, [alice, bob], [a, b]) = two_pages();
    for certificate in ["CD", "EF"] {
        comes_back(&mut office, (alice, a), certificate);
        comes_back(&mut office, (bob, b), certificate);
        office.assert_talking(a, b);
    }
    office.hang_up(a);
    assert_eq!(office.ended[&b], (EndReason::Hangup, EndedBy::Remote));
    office.assert_quiet();
}

#[test]
fn both_sides_are_lost_and_return_one_after_the_other() {
    let (mut office, [alice, bob], [a, b]) = two_pages();
    office.media_event(MediaEvent::LegLost { leg: a });
    office.media_event(MediaEvent::LegLost { leg: b });
    comes_back(&mut office, (bob, b), "CD");
    assert_eq!((office.hears(a), office.hears(b)), (Hears::Nothing, COMFORT));
    comes_back(&mut office, (alice, a), "EF");
    office.assert_talking(a, b);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn media_that_was_only_interrupted_needs_no_description() {
    let (mut office, _, [a, b]) = two_pages();
    office.media_event(MediaEvent::LegLost { leg: a });
    office.media_event(MediaEvent::LegBack { leg: a });
    office.assert_talking(a, b);
    office.advance(Duration::from_secs(300));
    office.assert_talking(a, b);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_page_that_comes_back_and_is_not_reached_may_try_again() {
    let (mut office, [alice, _], [a, b]) = two_pages();
    office.media_event(MediaEvent::LegLost { leg: a });
    let description = support::browser::reloaded(&ALL, "CD");
    assert_eq!(office.command(Command::Describe { leg: a, description }), CommandResult::Done);
    office.media_event(MediaEvent::LegFailed { leg: a, failure: MediaFailure::DtlsFailed });
    assert_eq!(office.hears(b), COMFORT);
    comes_back(&mut office, (alice, a), "EF");
    office.assert_talking(a, b);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_side_that_is_held_goes_on_hearing_music() {
    let music = Hears::Play(PlaySource::Prompt(PromptId::MusicOnHold), 0);
    let (mut office, [alice, bob], [a, b]) = two_pages();
    office.command(Command::Hold { leg: a });
    office.media_event(MediaEvent::LegLost { leg: a });
    assert_eq!(office.hears(b), music);
    comes_back(&mut office, (alice, a), "CD");
    assert_eq!(office.hears(b), music);
    // The one who is held reloads.
    office.media_event(MediaEvent::LegLost { leg: b });
    comes_back(&mut office, (bob, b), "EF");
    assert_eq!(office.hears(b), music);
    office.command(Command::Unhold { leg: a });
    office.assert_talking(a, b);
    office.hang_up(a);
    office.assert_quiet();
}

fn ufrag_in(description: &SessionDescription) -> &str {
    let line = description.sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:"));
    line.expect("a ufrag")
}

#[test]
fn a_page_that_cannot_offer_is_made_one() {
    let (mut office, [alice, _], [a, b]) = two_pages();
    office.media_event(MediaEvent::LegLost { leg: a });
    let before = transport(&office, a).1;
    assert_eq!(office.command(Command::Reoffer { leg: a }), CommandResult::Done);
    let (_, offer) = office.browsers[&alice].descriptions.last().expect("an offer").clone();
    assert_eq!(offer.kind, DescriptionKind::Offer);
    assert!(
        ALL.iter().all(|codec| support::browser::formats(&offer).contains(codec)),
        "all codecs, for it may know others"
    );
    assert_ne!(ufrag_in(&offer), before, "a page knows a transport once");
    assert_eq!(transport(&office, a).1, before, "until it answers nothing changes");
    let description = support::browser::answer_of_another(&offer, "CD");
    assert_eq!(office.command(Command::Describe { leg: a, description }), CommandResult::Done);
    assert_eq!(transport(&office, a), (0xcd, ufrag_in(&offer).to_owned()));
    office.media_event(MediaEvent::LegConnected { leg: a });
    office.assert_talking(a, b);
    office.hang_up(b);
    office.assert_quiet();
}

#[test]
fn an_offer_anew_that_is_not_answered_leaves_the_page_that_is_there_alone() {
    let (mut office, [alice, _], [a, b]) = two_pages();
    let before = transport(&office, a).1;
    for _ in 0..2 {
        assert_eq!(office.command(Command::Reoffer { leg: a }), CommandResult::Done);
    }
    // The page offers something itself, over the transport it has.
    let description = support::browser::offer(&ALL);
    assert_eq!(office.command(Command::Describe { leg: a, description }), CommandResult::Done);
    let (_, answer) = office.browsers[&alice].descriptions.last().expect("an answer");
    assert_eq!((answer.kind, ufrag_in(answer)), (DescriptionKind::Answer, before.as_str()));
    office.assert_talking(a, b);
    // Who rings has an offer to answer already.
    office.hang_up(a);
    office.browser_calls(alice, ALICE, "102", &ALL);
    let ringing = office.leg_of(BOB);
    assert!(matches!(office.command(Command::Reoffer { leg: ringing }), CommandResult::Refused { .. }));
    office.hang_up(ringing);
}

#[test]
fn a_page_is_reloaded_while_it_rings() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let b = office.leg_of(BOB);
    // The first page had not answered our offer, the second one has: both are followed by a page that offers.
    for certificate in ["CD", "EF"] {
        let description = support::browser::reloaded(&ALL, certificate);
        assert_eq!(office.command(Command::Describe { leg: b, description }), CommandResult::Done);
        office.media_event(MediaEvent::LegConnected { leg: b });
    }
    assert_eq!(office.command(Command::Answer { leg: b, description: None }), CommandResult::Done);
    office.assert_talking(a, b);
    // And the caller, before anybody answers.
    office.hang_up(a);
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.media_event(MediaEvent::LegLost { leg: a });
    comes_back(&mut office, (alice, a), "CD");
    let b = office.browser_answers(bob);
    office.assert_talking(a, b);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_caller_who_is_lost_while_it_rings_is_waited_for_by_who_answers() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.media_event(MediaEvent::LegLost { leg: a });
    let b = office.browser_answers(bob);
    assert_eq!(office.hears(b), COMFORT);
    comes_back(&mut office, (alice, a), "CD");
    office.assert_talking(a, b);
    office.hang_up(b);
    office.assert_quiet();
}

#[test]
fn a_telephone_hears_the_comfort_tone_without_a_re_invite() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    let b = office.leg_of(BOB);
    office.media_event(MediaEvent::LegLost { leg: a });
    assert_eq!(office.hears(b), COMFORT);
    office.media_event(MediaEvent::LegBack { leg: a });
    office.assert_talking(a, b);
    assert_eq!(office.phones[bob].methods(), ["INVITE"]);
    office.at(bob, |phone| phone.hang_up());
    office.assert_quiet();
}
