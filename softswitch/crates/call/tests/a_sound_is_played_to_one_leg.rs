//! A sound is played to one leg in the middle of what it does, and then it goes on with that.

mod support;

use ringdown_call::{CommandError, Destination, LegCommand, LegEvent, PlaySource};
use ringdown_types::{LegId, PromptId, ToneId};
use support::*;

const BEEP: PlaySource = PlaySource::Tone(ToneId::Beep);
const GOODBYE: PlaySource = PlaySource::Prompt(PromptId::Goodbye);

fn token(world: &World, leg: LegId, source: PlaySource) -> u32 {
    match world.hears(leg) {
        Hears::Play(heard, token) if heard == source => token,
        other => panic!("{source:?} should play, not {other:?}"),
    }
}

#[test]
fn a_call_goes_on_when_the_sound_ends() {
    let mut world = World::new();
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_PHONE));
    assert_eq!(world.command(alice, LegCommand::Play(BEEP)), Ok(()));
    let first = token(&world, alice, BEEP);
    assert_eq!(world.hears(bob), Hears::Nothing);
    assert_eq!(world.command(alice, LegCommand::Play(BEEP)), Ok(()));
    let second = token(&world, alice, BEEP);
    world.event(alice, LegEvent::PlayFinished { token: first });
    assert_eq!(token(&world, alice, BEEP), second, "the end of the sound before means nothing");
    world.event(alice, LegEvent::PlayFinished { token: second });
    world.assert_talking(alice, bob);
}

#[test]
fn it_is_stopped() {
    let mut world = World::new();
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_PHONE));
    assert_eq!(world.command(alice, LegCommand::StopPlaying), Ok(()), "nothing plays");
    for leg in [alice, bob] {
        assert_eq!(world.command(leg, LegCommand::Play(GOODBYE)), Ok(()));
    }
    let (_, _) = (token(&world, alice, GOODBYE), token(&world, bob, GOODBYE));
    assert_eq!(world.command(bob, LegCommand::StopPlaying), Ok(()));
    assert_eq!(world.hears(bob), Hears::Nothing);
    assert_eq!(world.command(alice, LegCommand::StopPlaying), Ok(()));
    world.assert_talking(alice, bob);
}

#[test]
fn holding_ends_it_and_a_leg_that_holds_or_rings_has_none() {
    let mut world = World::new();
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_PHONE));
    assert_eq!(world.command(alice, LegCommand::Play(BEEP)), Ok(()));
    assert_eq!(world.command(alice, LegCommand::Hold), Ok(()));
    assert_eq!((world.hears(alice), world.hears(bob)), (Hears::Nothing, music()));
    assert_eq!(world.command(alice, LegCommand::Play(BEEP)), Err(CommandError::WrongState));
    assert_eq!(world.command(alice, LegCommand::Unhold), Ok(()));
    world.assert_talking(alice, bob);

    let mut world = World::new();
    let (alice, _) = world.alice_calls_bob(&[BOB_PHONE]);
    assert_eq!(world.command(alice, LegCommand::Play(BEEP)), Err(CommandError::WrongState));
}

#[test]
fn a_service_waits_for_it() {
    let mut world = World::new();
    let alice = world.call(ALICE, ALICE_TAB, Destination::EchoTest, true);
    let prompt = PlaySource::Prompt(PromptId::EchoTest);
    let own = token(&world, alice, prompt);
    assert_eq!(world.command(alice, LegCommand::Play(BEEP)), Ok(()));
    let inserted = token(&world, alice, BEEP);
    world.event(alice, LegEvent::PlayFinished { token: inserted });
    assert_eq!(token(&world, alice, prompt), own, "its prompt begins anew");
    world.event(alice, LegEvent::PlayFinished { token: own });
    assert_eq!(world.hears(alice), Hears::Itself);
}

#[test]
fn hanging_up_in_the_middle_ends_both() {
    let mut world = World::new();
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_PHONE));
    assert_eq!(world.command(bob, LegCommand::Play(BEEP)), Ok(()));
    world.device_hangs_up(alice);
    assert_eq!(world.command(bob, LegCommand::StopPlaying), Err(CommandError::NoSuchLeg));
}
