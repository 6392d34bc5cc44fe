//! Leaving a message and listening to one's own, key by key.

mod support;

use std::{sync::Arc, time::Duration};

use ringdown_call::{
    DepositPlan, Destination, LegEvent, MailboxChange, MailboxMessage, MailboxPlan, Pin, PlaySource,
    RecordingOutcome,
};
use ringdown_types::{LegId, Pii, PromptId, RecordingId, ToneId};
use support::{ALICE, ALICE_TAB, BOB, Hears, World, digit};

const FIRST: RecordingId = RecordingId::from_u128(1);
const SECOND: RecordingId = RecordingId::from_u128(2);

fn leave_message(world: &mut World, is_full: bool) -> LegId {
    world.call(ALICE, ALICE_TAB, Destination::Deposit(DepositPlan { mailbox: BOB, is_full }), true)
}

fn message(id: RecordingId, is_heard: bool) -> MailboxMessage {
    MailboxMessage { id, from: Pii(Arc::from("102")), is_heard }
}

fn listen(world: &mut World, pin: Option<&str>, messages: Vec<MailboxMessage>) -> LegId {
    let pin = pin.map(|pin| Pin::Plain(Pii(Arc::from(pin))));
    world.call(ALICE, ALICE_TAB, Destination::Mailbox(MailboxPlan { mailbox: ALICE, pin, messages }), true)
}

fn press(world: &mut World, leg: LegId, keys: &str) {
    for key in keys.chars() {
        world.event(leg, LegEvent::Dtmf { digit: digit(key), relayed: true });
    }
}

fn heard(world: &World, leg: LegId) -> Option<PlaySource> {
    match world.hears(leg) {
        Hears::Play(source, _) => Some(source),
        _ => None,
    }
}

fn finish(world: &mut World, leg: LegId) {
    let Hears::Play(_, token) = world.hears(leg) else { panic!("{:?}", world.hears(leg)) };
    world.event(leg, LegEvent::PlayFinished { token });
}

/// Lets everything be said that is to be said now, and returns it.
fn hear_out(world: &mut World, leg: LegId) -> Vec<PlaySource> {
    let mut said = Vec::new();
    while let Some(source) = heard(world, leg) {
        said.push(source);
        finish(world, leg);
    }
    said
}

fn prompts<const N: usize>(prompts: [PromptId; N]) -> Vec<PlaySource> {
    prompts.map(PlaySource::Prompt).to_vec()
}

#[test]
fn a_message_is_left_after_the_tone_and_ended_by_hash() {
    let mut world = World::new();
    let alice = leave_message(&mut world, false);
    let mut said = prompts([PromptId::VoicemailLeaveMessage]);
    said.push(PlaySource::Tone(ToneId::Beep));
    assert_eq!(hear_out(&mut world, alice), said);
    assert_eq!(world.recording[&alice].1, BOB);
    press(&mut world, alice, "5#");
    assert!(world.recording.is_empty(), "hash ends it, other keys do not");
    world.event(alice, LegEvent::RecordingEnded(RecordingOutcome::Stored));
    assert_eq!(hear_out(&mut world, alice), prompts([PromptId::VoicemailStored, PromptId::Goodbye]));
    assert!(world.ended.contains_key(&alice));
}

#[test]
fn a_key_skips_the_greeting_and_not_the_tone() {
    let mut world = World::new();
    let alice = leave_message(&mut world, false);
    press(&mut world, alice, "1");
    assert_eq!(heard(&world, alice), Some(PlaySource::Tone(ToneId::Beep)));
    press(&mut world, alice, "1#");
    assert_eq!(heard(&world, alice), Some(PlaySource::Tone(ToneId::Beep)));
    assert!(world.recording.is_empty());
    finish(&mut world, alice);
    assert!(world.recording.contains_key(&alice));
}

#[test]
fn a_full_mailbox_takes_nothing() {
    let mut world = World::new();
    let alice = leave_message(&mut world, true);
    let said = prompts([PromptId::NotAvailable, PromptId::VoicemailFull, PromptId::Goodbye]);
    assert_eq!(hear_out(&mut world, alice), said);
    assert!(world.ended.contains_key(&alice) && world.recording.is_empty());
}

#[test]
fn the_caller_is_told_what_became_of_it() {
    for (outcome, prompt) in [
        (RecordingOutcome::TooShort, PromptId::VoicemailTooShort),
        (RecordingOutcome::Failed, PromptId::VoicemailNotStored),
    ] {
        let mut world = World::new();
        let alice = leave_message(&mut world, false);
        hear_out(&mut world, alice);
        // A limit, silence or a full disk ends it without a key.
        world.event(alice, LegEvent::RecordingEnded(outcome));
        assert_eq!(hear_out(&mut world, alice), prompts([prompt, PromptId::Goodbye]));
    }
}

#[test]
fn a_disk_that_says_nothing_is_not_waited_for() {
    let mut world = World::new();
    let alice = leave_message(&mut world, false);
    hear_out(&mut world, alice);
    press(&mut world, alice, "#");
    world.advance(Duration::from_secs(6));
    assert_eq!(heard(&world, alice), Some(PlaySource::Prompt(PromptId::VoicemailNotStored)));
}

#[test]
fn hanging_up_at_the_tone_ends_the_call() {
    let mut world = World::new();
    let alice = leave_message(&mut world, false);
    press(&mut world, alice, "1");
    world.device_hangs_up(alice);
    assert_eq!(world.control.call_count(), 0);
    // The recording's end crosses the call's.
    world.event(alice, LegEvent::RecordingEnded(RecordingOutcome::TooShort));
}

#[test]
fn counts_are_spoken_and_new_messages_come_first() {
    let mut world = World::new();
    let alice = listen(&mut world, None, vec![message(FIRST, true), message(SECOND, false)]);
    let counts = prompts([
        PromptId::VoicemailYouHave,
        PromptId::Digit1,
        PromptId::VoicemailNewMessage,
        PromptId::VoicemailAnd,
        PromptId::Digit1,
        PromptId::VoicemailSavedMessage,
        PromptId::VoicemailMainMenu,
    ]);
    assert_eq!(hear_out(&mut world, alice), counts);
    press(&mut world, alice, "1");
    let mut said = prompts([
        PromptId::VoicemailMessage,
        PromptId::Digit1,
        PromptId::VoicemailFrom,
        PromptId::Digit1,
        PromptId::Digit0,
        PromptId::Digit2,
    ]);
    said.push(PlaySource::Recording(SECOND));
    said.push(PlaySource::Prompt(PromptId::VoicemailMessageMenu));
    assert_eq!(hear_out(&mut world, alice), said);
    assert_eq!(world.mailbox_changes, [MailboxChange::Heard(SECOND)]);
    press(&mut world, alice, "1");
    assert_eq!(heard(&world, alice), Some(PlaySource::Recording(SECOND)), "repeated");
    press(&mut world, alice, "#");
    finish(&mut world, alice);
    assert_eq!(heard(&world, alice), Some(PlaySource::Prompt(PromptId::Digit2)), "the next one");
    press(&mut world, alice, "3");
    assert_eq!(world.mailbox_changes.last(), Some(&MailboxChange::Deleted(FIRST)));
    let said = hear_out(&mut world, alice);
    assert_eq!(said[..2], prompts([PromptId::VoicemailMessageDeleted, PromptId::VoicemailNoMore]));
    assert_eq!(said[3..5], prompts([PromptId::Digit1, PromptId::VoicemailSavedMessage]));
    press(&mut world, alice, "#");
    assert_eq!(hear_out(&mut world, alice), prompts([PromptId::Goodbye]));
    assert!(world.ended.contains_key(&alice));
}

#[test]
fn an_empty_mailbox_says_so_and_hangs_up() {
    let mut world = World::new();
    let alice = listen(&mut world, None, Vec::new());
    let said = prompts([PromptId::VoicemailYouHave, PromptId::VoicemailNoMessages, PromptId::Goodbye]);
    assert_eq!(hear_out(&mut world, alice), said);
    assert!(world.ended.contains_key(&alice));
}

#[test]
fn a_pin_stands_before_the_messages() {
    let mut world = World::new();
    let alice = listen(&mut world, Some("2580"), vec![message(FIRST, false)]);
    assert_eq!(heard(&world, alice), Some(PlaySource::Prompt(PromptId::EnterPin)));
    press(&mut world, alice, "1#");
    assert_eq!(heard(&world, alice), Some(PlaySource::Prompt(PromptId::WrongPin)));
    press(&mut world, alice, "2580#");
    assert_eq!(heard(&world, alice), Some(PlaySource::Prompt(PromptId::VoicemailYouHave)));
    let bob = listen(&mut world, Some("2580"), vec![message(FIRST, false)]);
    press(&mut world, bob, "1#2#3#");
    finish(&mut world, bob);
    finish(&mut world, bob);
    assert!(world.ended.contains_key(&bob));
    assert!(world.mailbox_changes.is_empty());
}

#[test]
fn saving_marks_it_heard_though_it_was_not_played_to_its_end() {
    let mut world = World::new();
    let alice = listen(&mut world, None, vec![message(FIRST, false)]);
    press(&mut world, alice, "12");
    assert_eq!(world.mailbox_changes, [MailboxChange::Heard(FIRST)]);
    assert_eq!(heard(&world, alice), Some(PlaySource::Prompt(PromptId::VoicemailMessageSaved)));
    press(&mut world, alice, "9");
    assert_eq!(heard(&world, alice), Some(PlaySource::Prompt(PromptId::InvalidKey)));
}

#[test]
fn a_menu_is_repeated_twice_for_somebody_who_presses_nothing() {
    let mut world = World::new();
    let alice = listen(&mut world, None, vec![message(FIRST, false)]);
    hear_out(&mut world, alice);
    for _ in 0..2 {
        world.advance(Duration::from_secs(7));
        assert_eq!(hear_out(&mut world, alice), prompts([PromptId::VoicemailMainMenu]));
    }
    world.advance(Duration::from_secs(7));
    assert_eq!(hear_out(&mut world, alice), prompts([PromptId::Goodbye]));
    assert!(world.ended.contains_key(&alice));
}

#[test]
fn an_announcement_is_said_and_the_call_is_over() {
    let mut world = World::new();
    let said = vec![PromptId::Activated, PromptId::Goodbye];
    let alice = world.call(ALICE, ALICE_TAB, Destination::Announcement(said), true);
    assert_eq!(hear_out(&mut world, alice), prompts([PromptId::Activated, PromptId::Goodbye]));
    assert!(world.ended.contains_key(&alice));
}
