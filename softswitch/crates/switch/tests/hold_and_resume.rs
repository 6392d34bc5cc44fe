//! Holding from a desk phone and from a browser: music, then voices again.

mod support;

use ringdown_control::Command;
use ringdown_media::api::PlaySource;
use ringdown_types::{MediaDirection, PromptId};
use support::{browser::ALL, *};

fn music() -> Hears {
    Hears::Play(PlaySource::Prompt(PromptId::MusicOnHold), 0)
}

#[test]
fn a_phone_holds_by_re_invite() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    let b = office.leg_of(BOB);
    for (hold, unhold) in [("sendonly", "sendrecv"), ("inactive", "sendrecv")] {
        office.at(bob, |phone| phone.reinvite(hold));
        assert_eq!(office.phones[bob].last_response().status, 200);
        let answer = office.phones[bob].last_response().sdp().expect("an answer");
        let answer = String::from_utf8(answer.to_vec()).expect("text");
        assert!(!answer.contains("a=sendrecv"), "{hold} is not answered with sendrecv");
        assert_eq!((office.hears(a), office.hears(b)), (music(), Hears::Nothing));
        assert!(office.legs[&b].held && office.legs[&a].held_by_peer);
        assert!(!office.media[&b].audio.direction.sends());

        office.at(bob, |phone| phone.reinvite(unhold));
        office.assert_talking(a, b);
        assert_eq!(office.media[&b].audio.direction, MediaDirection::SendRecv);
    }
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_browser_holds_by_command_and_the_phone_hears_music_without_a_re_invite() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    let b = office.leg_of(BOB);
    office.command(Command::Hold { leg: a });
    assert_eq!((office.hears(a), office.hears(b)), (Hears::Nothing, music()));
    assert_eq!(office.legs[&a].direction, MediaDirection::Inactive);
    assert_eq!(office.phones[bob].methods(), ["INVITE"]);

    // Bob holds too, and alice comes back first.
    office.at(bob, |phone| phone.reinvite("sendonly"));
    assert_eq!((office.hears(a), office.hears(b)), (Hears::Nothing, Hears::Nothing));
    office.command(Command::Unhold { leg: a });
    assert_eq!((office.hears(a), office.hears(b)), (music(), Hears::Nothing));
    office.at(bob, |phone| phone.reinvite("sendrecv"));
    office.assert_talking(a, b);
    office.at(bob, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_re_invite_that_cannot_be_served_leaves_the_call_as_it_was() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    let before = office.media[&b].clone();
    office.phones[bob].codecs = vec![(18, "G729/8000")];
    office.at(bob, |phone| phone.reinvite("sendrecv"));
    assert_eq!(office.phones[bob].last_response().status, 488);
    office.assert_talking(a, b);
    assert_eq!(office.media[&b], before);
    office.at(bob, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn an_old_phone_holds_with_the_address_zero() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    let (b, rtp) = (office.leg_of(BOB), office.phones[bob].rtp);
    // RFC 2543 §B.5
    office.phones[bob].rtp.set_ip([0, 0, 0, 0].into());
    office.at(bob, |phone| phone.reinvite("sendrecv"));
    assert_eq!(office.phones[bob].last_response().status, 200);
    assert_eq!((office.hears(a), office.hears(b)), (music(), Hears::Nothing));
    office.phones[bob].rtp = rtp;
    office.at(bob, |phone| phone.reinvite("sendrecv"));
    office.assert_talking(a, b);
    office.hang_up(a);
    office.assert_quiet();
}
