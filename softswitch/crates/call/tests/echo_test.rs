//! The echo test announces itself, then echoes.

mod support;

use ringdown_call::{Destination, EndedBy, LegCommand, LegEvent, PlaySource};
use ringdown_types::{EndReason, LegId, PromptId};
use support::*;

fn announcement(world: &World, leg: LegId) -> u32 {
    match world.hears(leg) {
        Hears::Play(PlaySource::Prompt(PromptId::EchoTest), token) => token,
        other => panic!("the prompt should play, not {other:?}"),
    }
}

#[test]
fn the_prompt_then_the_callers_own_voice() {
    let mut world = World::new();
    let alice = world.call(ALICE, ALICE_TAB, Destination::EchoTest, true);
    assert!(world.answered.contains(&alice));
    let token = announcement(&world, alice);
    world.event(alice, LegEvent::PlayFinished { token: token + 1 });
    assert_eq!(announcement(&world, alice), token, "another playback's end means nothing");
    world.event(alice, LegEvent::PlayFinished { token });
    assert_eq!(world.hears(alice), Hears::Itself);

    world.device_hangs_up(alice);
    assert_eq!((world.record().reason, world.record().by), (EndReason::Hangup, EndedBy::Local));
    assert!(world.record().answered_at.is_some());
}

#[test]
fn a_caller_who_holds_finds_it_again() {
    let mut world = World::new();
    let alice = world.call(ALICE, ALICE_TAB, Destination::EchoTest, true);
    let token = announcement(&world, alice);
    assert_eq!(world.command(alice, LegCommand::Hold), Ok(()));
    assert_eq!(world.hears(alice), Hears::Nothing);
    assert_eq!(world.command(alice, LegCommand::Unhold), Ok(()));
    world.event(alice, LegEvent::PlayFinished { token });
    assert_eq!(world.hears(alice), Hears::Itself);
}
