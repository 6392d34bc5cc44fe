//! Telephones transfer with REFER and take over with Replaces; the outcome is that of the commands.

mod support;

use ringdown_sip::message::{HeaderName, Method};
use ringdown_types::EndReason;
use support::{browser::ALL, phone::Manner, *};

/// Alice's browser talks with bob's phone, which is on hold; carol has a phone.
fn bob_talks(office: &mut Office) -> (ringdown_types::LegId, usize, usize) {
    let (alice, bob, carol) = (office.tab(ALICE), office.phone("bob-phone"), office.phone("carol-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    office.at(bob, |phone| phone.reinvite("sendonly"));
    (a, bob, carol)
}

#[test]
fn a_blind_transfer_tells_its_phone_how_it_goes() {
    let mut office = Office::new();
    let (a, bob, carol) = bob_talks(&mut office);
    office.at(bob, |phone| phone.refer("<sip:103@example.test>"));
    assert_eq!(office.phones[bob].last_response().status, 202);
    assert_eq!(office.phones[bob].notified(), [100, 180]);
    let b = office.leg_of(BOB);
    office.at(carol, |phone| phone.answer());
    assert_eq!(office.phones[bob].notified(), [100, 180, 200]);
    assert!(office.phones[bob].call.is_none(), "the switch hangs up");
    assert_eq!(office.ended[&b].0, EndReason::Transferred);
    office.assert_talking(a, office.leg_of(CAROL));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_failed_transfer_gives_the_partner_back() {
    let mut office = Office::new();
    let (a, bob, carol) = bob_talks(&mut office);
    office.phones[carol].manner = Manner::Busy;
    office.at(bob, |phone| phone.refer("<sip:103@example.test>"));
    assert_eq!(office.phones[bob].notified().last(), Some(&486));
    office.at(bob, |phone| phone.reinvite("sendrecv"));
    office.assert_talking(a, office.leg_of(BOB));
    office.at(bob, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_phone_that_hangs_up_at_once_hears_the_outcome_and_is_recalled() {
    let mut office = Office::new();
    let (a, bob, carol) = bob_talks(&mut office);
    office.at(bob, |phone| phone.refer("<sip:103@example.test>"));
    office.at(bob, |phone| phone.hang_up());
    office.at(carol, |phone| phone.refuse(486));
    assert_eq!(office.phones[bob].notified().last(), Some(&486));
    office.at(bob, |phone| phone.answer());
    office.assert_talking(a, office.leg_of(BOB));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_phone_that_may_not_or_cannot_is_refused() {
    let mut office = Office::new();
    let (a, bob, _) = bob_talks(&mut office);
    office.at(bob, |phone| phone.refer("<sip:example.test>"));
    assert_eq!(office.phones[bob].last_response().status, 400);
    office.at(bob, |phone| phone.reinvite("sendrecv"));
    office.assert_talking(a, office.leg_of(BOB));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn two_phones_of_a_user_join_their_calls() {
    for answered in [true, false] {
        let mut office = Office::new();
        let (a, bob, carol) = bob_talks(&mut office);
        let second = office.phone("bob-softphone");
        office.at(second, |phone| phone.dial("103"));
        if answered {
            office.at(carol, |phone| phone.answer());
        }
        let replaces = office.phones[second].replaces();
        let escaped = replaces.replace(';', "%3B").replace('=', "%3D").replace('@', "%40");
        office.at(bob, |phone| phone.refer(&format!("<sip:103@example.test?Replaces={escaped}>")));
        if !answered {
            office.at(carol, |phone| phone.answer());
        }
        office.assert_talking(a, office.leg_of(CAROL));
        assert!(office.phones[bob].call.is_none() && office.phones[second].call.is_none());
        assert_eq!(office.phones[bob].notified().last(), Some(&200));
        office.hang_up(a);
        office.assert_quiet();
    }
}

#[test]
fn a_user_s_other_phone_takes_the_call_over() {
    let mut office = Office::new();
    let (a, bob, _) = bob_talks(&mut office);
    let second = office.phone("bob-softphone");
    let replaces = office.phones[bob].replaces();
    office.phones[second].replacing = Some(replaces);
    office.at(second, |phone| phone.dial("102"));
    assert!(office.phones[bob].call.is_none());
    office.assert_talking(a, office.leg_of(BOB));
    office.at(second, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_stranger_takes_no_call_over_and_a_colleague_may_answer_what_rings() {
    let mut office = Office::new();
    let (a, bob, carol) = bob_talks(&mut office);
    let replaces = office.phones[bob].replaces();
    office.phones[carol].replacing = Some(replaces);
    office.at(carol, |phone| phone.dial("102"));
    assert_eq!(office.phones[carol].last_response().status, 403);
    assert!(office.phones[bob].call.is_some());
    office.hang_up(a);

    let alice = office.tab(ALICE);
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let rings = office.phones[bob].last_request(&Method::Invite).expect("it rings").clone();
    let tag = rings.headers.from().expect("From").tag().expect("a tag").to_owned();
    let call_id = rings.headers.call_id().expect("Call-ID").to_owned();
    let replaces = format!("{call_id};to-tag={tag};from-tag=p;early-only");
    office.phones[carol].replacing = Some(replaces);
    office.at(carol, |phone| phone.dial("102"));
    assert!(office.phones[bob].call.is_none());
    office.assert_talking(a, office.leg_of(CAROL));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_transfer_stays_in_the_house_and_among_ones_own_calls() {
    let mut office = Office::new();
    let (a, bob, carol) = bob_talks(&mut office);
    for target in ["<sip:103@elsewhere.example>", "<sip:4930123456@192.0.2.200>"] {
        office.at(bob, |phone| phone.refer(target));
        assert_eq!(office.phones[bob].last_response().status, 403, "{target}");
    }
    office.at(carol, |phone| phone.dial("*43"));
    let replaces = office.phones[bob].replaces().replace(';', "%3B").replace('=', "%3D").replace('@', "%40");
    office.at(carol, |phone| phone.refer(&format!("<sip:102@example.test?Replaces={replaces}>")));
    assert_eq!(office.phones[carol].last_response().status, 603);
    assert!(office.phones[bob].notified().is_empty() && office.phones[carol].notified().is_empty());
    office.at(carol, |phone| phone.hang_up());
    office.at(bob, |phone| phone.reinvite("sendrecv"));
    office.assert_talking(a, office.leg_of(BOB));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_phone_whose_partner_changes_shows_the_new_one() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    let carol = office.phone("carol-phone");
    office.phones[alice].extra = vec![("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE")];
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    let shown = |message: &ringdown_sip::message::Headers| {
        message.text(&HeaderName::PAssertedIdentity).ok().flatten().map(str::to_owned)
    };
    let answer = office.phones[alice].last_response();
    assert_eq!(shown(&answer.headers).as_deref(), Some("\"Bob\" <sip:102@example.test>"));
    assert!(!office.phones[alice].methods().contains(&"UPDATE"), "it knows already");
    office.at(bob, |phone| phone.refer("<sip:103@example.test>"));
    office.at(carol, |phone| phone.answer());
    let update = office.phones[alice].last_request(&Method::Update).expect("alice is told");
    assert_eq!(shown(&update.headers).as_deref(), Some("\"Carol\" <sip:103@example.test>"));
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}
