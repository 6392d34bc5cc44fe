//! Voicemail over REST: the own mailbox and no other, the sound whole and in parts.

use ringdown_control::{Command, CommandError, CommandResult, SoundBytes, VoicemailMessage};
use ringdown_types::{RecordingId, UserId};
use serde_json::json;

use crate::harness::{Running, Switch, party, text};

const MESSAGE: RecordingId = RecordingId::from_u128(0xabc);

/// A softswitch with one message for one user: 600,000 bytes of sound.
async fn answer(switch: &mut Switch, owner: UserId) -> Command {
    let (id, command) = switch.call_command().await;
    let sound: Vec<u8> = (0..600_000_u32).map(|byte| (byte % 251) as u8).collect();
    let message = || VoicemailMessage {
        id: MESSAGE,
        user: owner,
        from: party(None, "102"),
        received_at: 1_700_000_000_000,
        duration_ms: 4_000,
        is_heard: false,
    };
    let missing = || CommandResult::Refused { error: CommandError::NoSuchMessage, message: "no".to_owned() };
    let is_owners = |user: UserId, message: RecordingId| user == owner && message == MESSAGE;
    let result = match &command {
        Command::ListVoicemail { user } => {
            let messages = if *user == owner { vec![message()] } else { Vec::new() };
            CommandResult::Voicemail { messages }
        }
        Command::FetchVoicemail { user, message, offset, .. } if is_owners(*user, *message) => {
            let rest = sound.get(*offset as usize..).unwrap_or_default();
            let part = SoundBytes(rest[..rest.len().min(SoundBytes::MAX)].to_vec());
            CommandResult::VoicemailSound { total: 600_000, part }
        }
        Command::MarkVoicemail { user, message, .. } | Command::DeleteVoicemail { user, message }
            if is_owners(*user, *message) =>
        {
            CommandResult::Done
        }
        _ => missing(),
    };
    switch.send(&ringdown_control::NodeFrame::Reply { id, result }).await;
    command
}

#[tokio::test]
async fn the_own_messages_are_listed_fetched_marked_and_deleted() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let alice = running.login("alice").await;
    let owner: UserId = text(&alice["me"]["userId"]).parse().expect("an id");
    let token = running.token("alice").await;
    let serve = tokio::spawn(async move {
        let mut commands = Vec::new();
        while commands.len() < 11 {
            commands.push(answer(&mut switch, owner).await);
        }
        (switch, commands)
    });

    let mailbox = running.get("/api/v1/voicemail", Some(&token)).await.expect(200);
    assert_eq!((&mailbox["new"], &mailbox["saved"]), (&json!(1), &json!(0)));
    assert_eq!(mailbox["messages"][0]["from"]["number"], "102");
    let path = format!("/api/v1/voicemail/{MESSAGE}");
    let whole = running.http("GET", &path, Some(&token), &[], None).await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.headers.get("content-type").map(String::as_str), Some("audio/wav"));
    let named = format!("attachment; filename=\"voicemail-{MESSAGE}.wav\"");
    assert_eq!(whole.headers.get("content-disposition").map(String::as_str), Some(named.as_str()));
    assert_eq!(whole.body.len(), 600_000);
    let range = running.http("GET", &path, Some(&token), &[("range", "bytes=1000-1009")], None).await;
    assert_eq!(
        (range.status, range.headers.get("content-range").map(String::as_str)),
        (206, Some("bytes 1000-1009/600000"))
    );
    assert_eq!(range.body, whole.body[1000..1010]);
    running
        .http("PATCH", &path, Some(&token), &[], Some(json!({"isHeard": true}).to_string()))
        .await
        .expect(204);

    // Bob and an admin have mailboxes of their own, and none of them is alice's.
    for other in ["bob", "admin"] {
        let token = running.token(other).await;
        running.http("DELETE", &path, Some(&token), &[], None).await.expect(404);
    }
    running.http("DELETE", &path, Some(&token), &[], None).await.expect(204);
    let (_switch, commands) = serve.await.expect("the switch answers");
    assert!(commands.contains(&Command::MarkVoicemail { user: owner, message: MESSAGE, is_heard: true }));
    assert_eq!(commands.last(), Some(&Command::DeleteVoicemail { user: owner, message: MESSAGE }));
}

#[tokio::test]
async fn strangers_get_nothing_and_a_missing_switch_is_told() {
    let running = Running::start().await;
    let path = format!("/api/v1/voicemail/{MESSAGE}");
    for (method, path) in [("GET", "/api/v1/voicemail"), ("GET", &path), ("DELETE", &path)] {
        running.http(method, path, None, &[], None).await.expect(401);
    }
    let token = running.token("alice").await;
    running.get("/api/v1/voicemail", Some(&token)).await.expect(503);
    running.get("/api/v1/voicemail/nonsense", Some(&token)).await.expect(404);
}
