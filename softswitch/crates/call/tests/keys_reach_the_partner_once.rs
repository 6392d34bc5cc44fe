//! A digit pressed on one side is one digit on the other.

mod support;

use ringdown_call::{CommandError, LegCommand, LegEvent};
use support::*;

#[test]
fn a_digit_the_media_plane_relayed_is_not_sent_again() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE]);
    world.event(bob[0], LegEvent::Answered);
    world.event(bob[0], LegEvent::Dtmf { digit: digit('5'), relayed: true });
    assert_eq!(world.digits_sent, []);
    assert_eq!(world.digits_told, [(alice, digit('5'))]);
    world.event(bob[0], LegEvent::Dtmf { digit: digit('6'), relayed: false });
    assert_eq!(world.digits_sent, [(alice, digit('6'))]);
}

#[test]
fn digits_from_the_screen_keep_their_order() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE]);
    let keys: Vec<_> = "12#".chars().map(digit).collect();
    assert_eq!(world.command(alice, LegCommand::SendDtmf(keys.clone())), Err(CommandError::WrongState));
    world.event(bob[0], LegEvent::Answered);
    assert_eq!(world.command(alice, LegCommand::SendDtmf(keys.clone())), Ok(()));
    let expected: Vec<_> = keys.into_iter().map(|key| (bob[0], key)).collect();
    assert_eq!(world.digits_sent, expected);
    assert_eq!(world.digits_told, expected);
}

#[test]
fn neither_no_digit_nor_a_novel_is_sent() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE]);
    world.event(bob[0], LegEvent::Answered);
    for count in [0, LegCommand::MAX_DIGITS + 1] {
        let keys = vec![digit('1'); count];
        assert_eq!(world.command(alice, LegCommand::SendDtmf(keys)), Err(CommandError::Invalid));
    }
}

#[test]
fn a_held_side_hears_no_digit() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE]);
    world.event(bob[0], LegEvent::Answered);
    assert_eq!(world.command(alice, LegCommand::Hold), Ok(()));
    world.event(bob[0], LegEvent::Dtmf { digit: digit('1'), relayed: false });
    assert_eq!((world.digits_sent.len(), world.digits_told.len()), (0, 0));
}
