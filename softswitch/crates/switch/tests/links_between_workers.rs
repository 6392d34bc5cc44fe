//! Legs that come together on different media workers are linked, and links go with their bridges.

mod support;

use ringdown_control::{Command, CommandResult};
use ringdown_media::api::{MediaEvent, MediaFailure, Transport};
use ringdown_types::{EndReason, LegId, VideoSlot};
use support::{
    browser::ALL,
    video::{H264, Page, VP8, assert_decodable, settle, stream},
    *,
};

/// Alice and carol ring at bob's tabs: two calls on two workers.
fn two_calls(office: &mut Office) -> [LegId; 4] {
    let (alice, bob, carol) = (office.phone("alice-phone"), office.tab(BOB), office.phone("carol-phone"));
    office.at(alice, |phone| phone.dial("102"));
    let first = office.browser_answers(bob);
    office.at(carol, |phone| phone.dial("102"));
    let second = office.browser_answers(bob);
    let (a, c) = (office.leg_of(ALICE), office.leg_of(CAROL));
    assert_ne!(office.media[&a].worker, office.media[&c].worker, "the calls are spread");
    [a, first, c, second]
}

#[test]
fn an_attended_transfer_across_workers_is_linked_until_it_ends() {
    let mut office = Office::with_two_workers();
    let [a, first, c, second] = two_calls(&mut office);
    let complete = Command::CompleteTransfer { leg: first, other: second };
    assert_eq!(office.command(complete), CommandResult::Done);
    office.assert_linked(a, c);

    assert_eq!(office.command(Command::Hold { leg: a }), CommandResult::Done);
    assert_eq!(office.media.len(), 2, "no link while nobody hears anybody");
    assert_eq!(office.command(Command::Unhold { leg: a }), CommandResult::Done);
    office.assert_linked(a, c);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_link_that_cannot_work_ends_the_call() {
    let mut office = Office::with_two_workers();
    let [a, first, c, second] = two_calls(&mut office);
    office.command(Command::CompleteTransfer { leg: first, other: second });
    let Hears::Leg(link) = office.hears(a) else { panic!("a link") };
    office.media_event(MediaEvent::LegFailed { leg: link, failure: MediaFailure::ConsentExpired });
    office.assert_linked(a, c);
    office.media_event(MediaEvent::LegFailed { leg: link, failure: MediaFailure::SocketUnavailable });
    assert_eq!(office.ended[&c].0, EndReason::MediaFailed);
    office.assert_quiet();
}

#[test]
fn without_a_port_for_a_link_the_call_ends() {
    let mut office = Office::with(|config| {
        let mut second = config.workers[0].clone();
        config.workers[0].rtp_ports = 20_000..=20_001;
        second.rtp_ports = 20_100..=20_101;
        config.workers.push(second);
    });
    let [a, first, c, second] = two_calls(&mut office);
    office.command(Command::CompleteTransfer { leg: first, other: second });
    for leg in [a, c] {
        assert_eq!(office.ended[&leg].0, EndReason::MediaFailed);
    }
    office.assert_quiet();
}

#[test]
fn a_user_s_next_call_is_on_the_worker_of_the_one_they_are_in() {
    let mut office = Office::with_two_workers();
    let (alice, bob, carol) = (office.phone("alice-phone"), office.tab(BOB), office.phone("carol-phone"));
    office.at(alice, |phone| phone.dial("102"));
    let first = office.browser_answers(bob);
    let second = office.browser_calls(bob, BOB, "103", &ALL);
    office.at(carol, |phone| phone.answer());
    assert_eq!(office.media[&first].worker, office.media[&second].worker);
    office.command(Command::CompleteTransfer { leg: first, other: second });
    office.assert_talking(office.leg_of(ALICE), office.leg_of(CAROL));
    office.at(carol, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn pictures_cross_a_link_on_ports_of_their_own() {
    let mut office = Office::with_two_workers();
    let codings = [VP8, H264];
    let mut alice = Page::new(&mut office, ALICE, &codings);
    let mut carol = Page::new(&mut office, CAROL, &codings);
    let mut tabs = [0, 1].map(|_| Page::new(&mut office, BOB, &codings).with_camera());
    let a = alice.call(&mut office, ALICE, "102");
    let first = tabs[0].answer_call(&mut office);
    let c = carol.call(&mut office, CAROL, "102");
    let second = tabs[1].answer_call(&mut office);
    assert_ne!(office.media[&a].worker, office.media[&c].worker, "the calls are spread");
    assert_eq!(office.command(Command::CompleteTransfer { leg: first, other: second }), CommandResult::Done);
    settle(&mut office, &mut [&mut alice, &mut carol]);
    office.assert_linked(a, c);
    assert_decodable(&office, a, c, VideoSlot::Camera);

    let (Hears::Leg(at_a), Hears::Leg(at_c)) = (office.hears(a), office.hears(c)) else { panic!("a link") };
    let ports = |leg| match &stream(&office, leg, VideoSlot::Camera).expect("a link's camera").transport {
        Some(Transport::Rtp { local_port, remote: Some(remote) }) => (*local_port, remote.rtp.port()),
        other => panic!("plain RTP, not {other:?}"),
    };
    assert_eq!(ports(at_a), (ports(at_c).1, ports(at_c).0), "each sends to the other");
    for leg in [a, c] {
        let link = if leg == a { at_a } else { at_c };
        let numbered = &stream(&office, link, VideoSlot::Camera).expect("a link's camera").formats;
        let spoken = &stream(&office, leg, VideoSlot::Camera).expect("a camera").formats;
        assert!(spoken.iter().all(|format| numbered.iter().any(|known| known.coding == format.coding)));
    }
    // A screen that is added goes the same way.
    alice.show_more(&mut office, None);
    settle(&mut office, &mut [&mut alice, &mut carol]);
    assert_decodable(&office, a, c, VideoSlot::Screen);
    assert!(stream(&office, at_c, VideoSlot::Screen).is_some());
    office.hang_up(a);
    office.assert_quiet();
}
