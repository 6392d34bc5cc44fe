//! A message is left from a phone or a browser, listened to at *97, and managed over the control link.

mod support;

use ringdown_control::{Command, CommandError, CommandResult, Event, VoicemailCount, VoicemailMessage};
use ringdown_media::api::{MediaEvent, PlaySource, RecordingEnd};
use ringdown_types::{DtmfDigit, ForwardKind, LegId, PromptId, RecordingId, ToneId};
use support::{browser::ALL, *};

/// Everybody takes messages.
fn office() -> Office {
    let mut office = Office::new();
    office.new_directory(|directory| {
        for user in &mut directory.users {
            user.settings.voicemail = Some(ringdown_control::VoicemailSettings::default());
        }
    });
    office
}

fn press(office: &mut Office, leg: LegId, keys: &str) {
    for key in keys.chars() {
        let digit = DtmfDigit::from_char(key).expect("a key");
        office.media_event(MediaEvent::Dtmf { leg, digit, duration_ms: 100 });
    }
}

/// Everything that is said to a leg until it is expected to do something.
fn hear_out(office: &mut Office, leg: LegId) -> Vec<PlaySource> {
    let mut said = Vec::new();
    while let Hears::Play(source, token) = office.hears(leg) {
        said.push(source);
        office.media_event(MediaEvent::PlayFinished { leg, token });
    }
    said
}

/// Says something after the tone: the file that comes of it.
fn record(office: &mut Office, leg: LegId, duration_ms: u32) -> RecordingId {
    assert_eq!(hear_out(office, leg).last(), Some(&PlaySource::Tone(ToneId::Beep)));
    let recording = office.media[&leg].recording.expect("the leg is recorded");
    let end = RecordingEnd::Stopped;
    press(office, leg, "#");
    assert_eq!(office.media[&leg].recording, None);
    let is_stored = duration_ms > 0;
    office.media_event(MediaEvent::RecordingEnded { leg: Some(leg), recording, end, duration_ms, is_stored });
    recording
}

fn messages(office: &mut Office, user: ringdown_types::UserId) -> Vec<VoicemailMessage> {
    match office.command(Command::ListVoicemail { user }) {
        CommandResult::Voicemail { messages } => messages,
        other => panic!("{other:?}"),
    }
}

fn counts(office: &Office) -> Vec<(u32, u32)> {
    let of = |event: &Event| match event {
        Event::VoicemailChanged { count: VoicemailCount { new, saved, .. } } => Some((*new, *saved)),
        _ => None,
    };
    office.events.iter().filter_map(of).collect()
}

#[test]
fn a_message_is_left_after_a_forward_and_listened_to() {
    let mut office = office();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.forward(BOB, ForwardKind::Busy, "*98102");
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.refuse(486));
    let leg = office.leg_of(ALICE);
    let message = record(&mut office, leg, 4_200);
    assert_eq!(counts(&office), [(1, 0)]);
    assert_eq!(
        hear_out(&mut office, leg),
        [PromptId::VoicemailStored, PromptId::Goodbye].map(PlaySource::Prompt)
    );
    let kept = office.kept[&message].clone();
    assert_eq!((kept.user, kept.from.number.as_str(), kept.duration_ms), (BOB, "101", 4_200));
    assert_eq!(messages(&mut office, BOB), [kept]);

    office.at(bob, |phone| phone.dial("*97"));
    let leg = office.leg_of(BOB);
    let said = hear_out(&mut office, leg);
    assert_eq!(said[1..3], [PromptId::Digit1, PromptId::VoicemailNewMessage].map(PlaySource::Prompt));
    press(&mut office, leg, "1");
    assert!(hear_out(&mut office, leg).contains(&PlaySource::Recording(message)));
    assert_eq!(counts(&office), [(1, 0), (0, 1)]);
    assert!(office.kept[&message].is_heard);
    press(&mut office, leg, "3");
    assert_eq!(counts(&office), [(1, 0), (0, 1), (0, 0)]);
    assert!(office.kept.is_empty() && office.switch.snapshot().voicemail.is_empty());
    office.at(bob, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn hanging_up_ends_a_message_and_keeps_it_unless_nothing_was_said() {
    for (duration_ms, kept) in [(5_000, 1), (300, 0)] {
        let mut office = office();
        let alice = office.tab(ALICE);
        let leg = office.browser_calls(alice, ALICE, "*98102", &ALL);
        hear_out(&mut office, leg);
        let recording = office.media[&leg].recording.expect("the leg is recorded");
        office.hang_up(leg);
        // The file is closed after the leg is gone.
        let end = RecordingEnd::LegRemoved;
        office.media_event(MediaEvent::RecordingEnded {
            leg: Some(leg),
            recording,
            end,
            duration_ms,
            is_stored: true,
        });
        assert_eq!(office.kept.len(), kept);
        assert_eq!(messages(&mut office, BOB).len(), kept);
        office.assert_quiet();
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_no_message() {
    let mut office = office();
    let alice = office.tab(ALICE);
    let leg = office.browser_calls(alice, ALICE, "*98102", &ALL);
    hear_out(&mut office, leg);
    let recording = office.media[&leg].recording.expect("the leg is recorded");
    let end = RecordingEnd::Failed;
    office.media_event(MediaEvent::RecordingEnded {
        leg: Some(leg),
        recording,
        end,
        duration_ms: 0,
        is_stored: false,
    });
    assert_eq!(office.media[&leg].recording, None, "the worker stops");
    let said = [PromptId::VoicemailNotStored, PromptId::Goodbye].map(PlaySource::Prompt);
    assert_eq!(hear_out(&mut office, leg), said);
    assert!(office.kept.is_empty() && counts(&office).is_empty());
    office.assert_quiet();
}

#[test]
fn a_mailbox_takes_a_hundred_messages_and_no_more() {
    let mut office = office();
    let message = |id: u128| VoicemailMessage {
        id: RecordingId::from_u128(id),
        user: BOB,
        from: ringdown_control::Party {
            user: Some(ALICE),
            number: ringdown_types::Pii("101".to_owned()),
            name: ringdown_types::Pii("Alice".to_owned()),
        },
        received_at: id as u64,
        duration_ms: 2_000,
        is_heard: false,
    };
    office.switch.restore_voicemail((1..=99).rev().map(message).collect());
    assert_eq!(messages(&mut office, BOB)[0].id, RecordingId::from_u128(1), "oldest first");
    let (alice, carol) = (office.tab(ALICE), office.tab(CAROL));
    let first = office.browser_calls(alice, ALICE, "*98102", &ALL);
    hear_out(&mut office, first);
    // The last place is taken by a message that is still being left.
    let second = office.browser_calls(carol, CAROL, "*98102", &ALL);
    assert!(hear_out(&mut office, second).contains(&PlaySource::Prompt(PromptId::VoicemailFull)));
    let recording = office.media[&first].recording.expect("the leg is recorded");
    let (end, duration_ms) = (RecordingEnd::TooLong, 180_000);
    office.media_event(MediaEvent::RecordingEnded {
        leg: Some(first),
        recording,
        end,
        duration_ms,
        is_stored: true,
    });
    assert_eq!(messages(&mut office, BOB).len(), 100);
    hear_out(&mut office, first);
    office.assert_quiet();
}

#[test]
fn messages_are_marked_and_deleted_over_the_control_link_by_their_owner_only() {
    let mut office = office();
    let alice = office.tab(ALICE);
    let leg = office.browser_calls(alice, ALICE, "*98102", &ALL);
    let message = record(&mut office, leg, 2_000);
    hear_out(&mut office, leg);
    let mark = |user, is_heard| Command::MarkVoicemail { user, message, is_heard };
    let delete = |user| Command::DeleteVoicemail { user, message };
    let refused = |result| match result {
        CommandResult::Refused { error, .. } => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(office.command(mark(ALICE, true))), CommandError::NoSuchMessage);
    assert_eq!(refused(office.command(delete(ALICE))), CommandError::NoSuchMessage);
    assert_eq!(office.command(mark(BOB, true)), CommandResult::Done);
    assert!(office.kept[&message].is_heard);
    assert_eq!(office.command(mark(BOB, false)), CommandResult::Done);
    assert_eq!(office.command(delete(BOB)), CommandResult::Done);
    assert_eq!(refused(office.command(delete(BOB))), CommandError::NoSuchMessage);
    assert_eq!(counts(&office), [(1, 0), (0, 1), (1, 0), (0, 0)]);
    office.assert_quiet();
}

#[test]
fn a_pin_keeps_a_mailbox_from_whoever_sits_at_the_desk() {
    let mut office = Office::new();
    // SHA-256 of bob's id, a colon and 2580.
    let hash = "290351100ea189711b017a6505f1b639f6b6b7f89317672a7b71ff08587a3f7f";
    office.new_directory(|directory| {
        directory.users[1].settings.voicemail = Some(ringdown_control::VoicemailSettings {
            pin_sha256: Some(hash.to_owned()),
            ..Default::default()
        });
    });
    let bob = office.tab(BOB);
    let leg = office.browser_calls(bob, BOB, "*97", &ALL);
    assert_eq!(office.hears(leg), Hears::Play(PlaySource::Prompt(PromptId::EnterPin), 1));
    press(&mut office, leg, "1111#");
    press(&mut office, leg, "2580#");
    assert!(hear_out(&mut office, leg).contains(&PlaySource::Prompt(PromptId::VoicemailNoMessages)));
    office.assert_quiet();
}
