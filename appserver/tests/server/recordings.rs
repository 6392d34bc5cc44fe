//! Recordings over REST: begun, listed, fetched in parts, stopped and deleted, with the rights of whoever asks; and the
//! installation's sound settings.

use ringdown_control::{
    Command, CommandError, CommandResult, NodeFrame, PlayedSound, Recording, RecordingRight, RecordingState,
    SoundBytes,
};
use ringdown_types::{LegId, Pii, RecordedTracks, RecordingId, SoundFormat, UserId};
use serde_json::json;

use crate::harness::{Running, Switch, party, text};

const RECORDING: RecordingId = RecordingId::from_u128(0xabc);
const URL: &str = "https://intranet/a.wav";
const LEG: LegId = LegId::from_u128(0x11);

/// A softswitch with one recording of one user: 600,000 bytes of sound.
async fn answer(switch: &mut Switch, owner: UserId) -> Command {
    let (id, command) = switch.call_command().await;
    let sound: Vec<u8> = (0..600_000_u32).map(|byte| (byte % 251) as u8).collect();
    let is_theirs = |by: Option<UserId>| by.is_none() || by == Some(owner);
    let refuse = |error| CommandResult::Refused { error, message: "no".to_owned() };
    let result = match &command {
        Command::RecordLeg { leg: LEG, by, .. } if is_theirs(*by) => {
            CommandResult::Recording { recording: RECORDING }
        }
        Command::RecordLeg { .. } => refuse(CommandError::NotAllowed),
        Command::ListRecordings { by } => {
            let recording = Recording {
                id: RECORDING,
                owner: Some(owner),
                call: None,
                leg: None,
                room: None,
                parties: vec![party(Some(owner), "101"), party(None, "102")],
                started_at: 1_700_000_000_000,
                duration_ms: 4_000,
                format: SoundFormat::Ogg,
                channels: 1,
                state: RecordingState::Cut,
            };
            CommandResult::Recordings {
                recordings: if is_theirs(*by) { vec![recording] } else { Vec::new() },
            }
        }
        Command::FetchRecording { offset, by, .. } if is_theirs(*by) => {
            let rest = sound.get(*offset as usize..).unwrap_or_default();
            let part = SoundBytes(rest[..rest.len().min(SoundBytes::MAX)].to_vec());
            CommandResult::RecordingSound { format: SoundFormat::Ogg, total: 600_000, part }
        }
        Command::PlayToRoom { by: None, .. } => CommandResult::Done,
        Command::PlayToRoom { .. } => refuse(CommandError::NotAllowed),
        Command::StopPlayingToRoom { by: None, .. } => CommandResult::Done,
        Command::PlayToLeg { leg: LEG, sound: PlayedSound::Url(Pii(url)), by: None } => {
            assert_eq!(url, URL);
            let message = "the host has no public address".to_owned();
            CommandResult::Refused { error: CommandError::Invalid, message }
        }
        Command::PlayToLeg { leg: LEG, by: None, .. } => CommandResult::Done,
        Command::StopPlayingToLeg { leg: LEG, by: None } => CommandResult::Done,
        Command::PlayToLeg { by: None, .. } => refuse(CommandError::NoSuchLeg),
        Command::StopPlayingToRoom { .. } | Command::PlayToLeg { .. } | Command::StopPlayingToLeg { .. } => {
            refuse(CommandError::NotAllowed)
        }
        Command::StopRecording { .. } => refuse(CommandError::WrongState),
        Command::DeleteRecording { by, .. } if is_theirs(*by) => CommandResult::Done,
        _ => refuse(CommandError::NoSuchRecording),
    };
    switch.send(&NodeFrame::Reply { id, result }).await;
    command
}

#[tokio::test]
async fn users_record_and_hear_their_own_and_admins_everybodys() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let alice = running.login("alice").await;
    let owner: UserId = text(&alice["me"]["userId"]).parse().expect("an id");
    let serve = tokio::spawn(async move {
        let mut commands = Vec::new();
        loop {
            let command = answer(&mut switch, owner).await;
            let is_last = matches!(command, Command::DeleteRecording { by: None, .. });
            commands.push(command);
            if is_last {
                return (switch, commands);
            }
        }
    });
    let token = running.token("alice").await;
    let wish = json!({"callId": LEG.to_string(), "tracks": "split", "format": "wav"}).to_string();
    let begun =
        running.http("POST", "/api/v1/recordings", Some(&token), &[], Some(wish.clone())).await.expect(201);
    assert_eq!(begun["id"], RECORDING.to_string());
    let list = running.get("/api/v1/recordings", Some(&token)).await.expect(200);
    let item = &list["recordings"][0];
    assert_eq!((&item["state"], &item["parties"][1]["number"]), (&json!("cut"), &json!("102")));

    let path = format!("/api/v1/recordings/{RECORDING}");
    let whole = running.http("GET", &path, Some(&token), &[], None).await;
    assert_eq!((whole.status, whole.body.len()), (200, 600_000));
    assert_eq!(whole.headers.get("content-type").map(String::as_str), Some("audio/ogg"));
    let range = running.http("GET", &path, Some(&token), &[("range", "bytes=-10")], None).await;
    assert_eq!(
        (range.status, range.headers.get("content-range").map(String::as_str)),
        (206, Some("bytes 599990-599999/600000"))
    );
    assert_eq!(range.body, whole.body[599_990..]);
    running.http("POST", &format!("{path}/stop"), Some(&token), &[], None).await.expect(409);

    let bob = running.token("bob").await;
    running.http("POST", "/api/v1/recordings", Some(&bob), &[], Some(wish)).await.expect(403);
    let list = running.get("/api/v1/recordings", Some(&bob)).await.expect(200);
    assert_eq!(list["recordings"], json!([]));
    running.get(&path, Some(&bob)).await.expect(404);
    running.http("DELETE", &path, Some(&bob), &[], None).await.expect(404);
    running.http("DELETE", &path, None, &[], None).await.expect(401);
    let admin = running.token("admin").await;
    let room = "/api/v1/rooms/00000000000000000000000000000600/play";
    let beep = || Some(json!({"tone": "beep"}).to_string());
    running.http("POST", room, Some(&bob), &[], beep()).await.expect(403);
    running.http("POST", room, Some(&admin), &[], beep()).await.expect(204);
    running.http("POST", room, Some(&admin), &[], Some("{}".to_owned())).await.expect(400);
    running.http("DELETE", room, Some(&bob), &[], None).await.expect(403);
    running.http("DELETE", room, Some(&admin), &[], None).await.expect(204);
    let call = format!("/api/v1/calls/{LEG}/play");
    running.http("POST", &call, Some(&bob), &[], beep()).await.expect(403);
    running.http("POST", &call, Some(&admin), &[], beep()).await.expect(204);
    let url = |url: &str| Some(json!({"url": url}).to_string());
    running.http("POST", &call, Some(&admin), &[], url(URL)).await.expect(400);
    running.http("POST", &call, Some(&admin), &[], url(&"a".repeat(2049))).await.expect(400);
    let gone = format!("/api/v1/calls/{}/play", LegId::from_u128(0x12));
    running.http("POST", &gone, Some(&admin), &[], beep()).await.expect(404);
    running.http("DELETE", &call, Some(&bob), &[], None).await.expect(403);
    running.http("DELETE", &call, Some(&admin), &[], None).await.expect(204);
    running.http("DELETE", &path, Some(&admin), &[], None).await.expect(204);

    let (_switch, commands) = serve.await.expect("the switch answers");
    let tracks = RecordedTracks::Split;
    let asked = Command::RecordLeg { leg: LEG, tracks, format: SoundFormat::Wav, by: Some(owner) };
    assert_eq!(commands.first(), Some(&asked));
}

#[tokio::test]
async fn the_installation_s_tones_and_rights_reach_the_softswitch() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let path = "/api/v1/sound-settings";
    let alice = running.token("alice").await;
    running.get(path, Some(&alice)).await.expect(403);
    let admin = running.token("admin").await;
    let before = running.get(path, Some(&admin)).await.expect(200);
    assert_eq!((&before["tonePlan"], &before["recording"]), (&json!("international"), &json!("admins")));
    assert!(before["tonePlans"].as_array().is_some_and(|plans| plans.len() > 30));

    let put = |body: serde_json::Value| running.http("PUT", path, Some(&admin), &[], Some(body.to_string()));
    put(json!({"tonePlan": "atlantis", "recording": "admins"})).await.expect(400);
    let after = put(json!({"tonePlan": "DE", "recording": "everybody"})).await.expect(200);
    assert_eq!(after["tonePlan"], "de");
    loop {
        let directory = switch.next_directory().await;
        if directory.tone_plan.country() == "de" {
            assert_eq!(directory.recording, RecordingRight::Everybody);
            break;
        }
    }
}
