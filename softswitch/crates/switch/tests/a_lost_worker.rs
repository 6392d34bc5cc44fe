//! A media worker that hung is replaced: its calls end, and nobody else's.

mod support;

use ringdown_control::{Command, CommandResult};
use ringdown_types::{EndReason, LegId};
use support::*;

fn port(office: &Office, leg: LegId) -> u16 {
    match &office.media[&leg].transport {
        ringdown_media::api::Transport::Rtp { local_port, .. } => *local_port,
        other => panic!("a telephone, not {other:?}"),
    }
}

#[test]
fn its_calls_end_and_others_go_on() {
    let mut office = Office::with_two_workers();
    let (alice, bob, carol) = (office.phone("alice-phone"), office.tab(BOB), office.phone("carol-phone"));
    office.at(alice, |phone| phone.dial("102"));
    let first = office.browser_answers(bob);
    office.at(carol, |phone| phone.dial("102"));
    let second = office.browser_answers(bob);
    let (a, c) = (office.leg_of(ALICE), office.leg_of(CAROL));
    let (lost, lost_port) = (office.media[&a].worker, port(&office, a));
    assert_ne!(lost, office.media[&c].worker, "the calls are spread");

    office.lose_worker(lost);
    assert_eq!(
        (office.ended[&a].0, office.ended[&first].0),
        (EndReason::MediaFailed, EndReason::MediaFailed)
    );
    assert!(!office.ended.contains_key(&c));
    assert_eq!(office.command(Command::Unhold { leg: second }), CommandResult::Done);
    office.assert_talking(c, second);

    office.at(alice, |phone| phone.dial("*43"));
    let again = office.leg_of(ALICE);
    assert_eq!(office.media[&again].worker, lost, "the one in its place takes calls");
    assert_ne!(port(&office, again), lost_port, "what hangs still holds the port");
    office.hang_up(again);
    office.hang_up(c);
    office.assert_quiet();
}

#[test]
fn a_call_over_a_link_to_it_ends() {
    let mut office = Office::with_two_workers();
    let (alice, bob, carol) = (office.phone("alice-phone"), office.tab(BOB), office.phone("carol-phone"));
    office.at(alice, |phone| phone.dial("102"));
    let first = office.browser_answers(bob);
    office.at(carol, |phone| phone.dial("102"));
    let second = office.browser_answers(bob);
    let (a, c) = (office.leg_of(ALICE), office.leg_of(CAROL));
    office.command(Command::CompleteTransfer { leg: first, other: second });
    office.assert_linked(a, c);
    office.lose_worker(office.media[&c].worker);
    assert_eq!((office.ended[&a].0, office.ended[&c].0), (EndReason::MediaFailed, EndReason::MediaFailed));
    office.assert_quiet();
}
