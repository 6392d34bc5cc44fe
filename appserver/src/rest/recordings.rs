//! Recordings of calls and rooms: a softswitch makes and keeps them, and is asked for them. Users see their own, admins
//! every one.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use ringdown_control::{Command, CommandError, CommandResult, Recording, RecordingState, SoundBytes};
use ringdown_protocol::{PeerInfo, Problem, Role};
use ringdown_types::{RecordedTracks, RecordingId, SoundFormat, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Body, no_content, read_id,
    sound::{self, Named},
};
use crate::{problem::Refusal, server::App, sign_in::Caller};

/// Body of `POST /api/v1/recordings`: a leg or a room.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Wish {
    /// The call as the client protocol names it (`callId`).
    #[serde(default)]
    call_id: Option<String>,
    /// The room.
    #[serde(default)]
    room_id: Option<String>,
    /// What of a call: `mixed` if left out, `split` for a channel for each side, `said` for the own side alone.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    tracks: RecordedTracks,
    /// `ogg` if left out, or `wav`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    format: SoundFormat,
}

/// A recording that began.
#[derive(Serialize, ToSchema)]
pub(crate) struct Begun {
    /// It.
    id: String,
}

/// A recording.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    /// It.
    id: String,
    /// Who asked for it; null for an admin.
    owner: Option<String>,
    /// The room; null for a call.
    room_id: Option<String>,
    /// Who took part when it began, in a call the recorded side first.
    parties: Vec<PeerInfo>,
    /// When it began, Unix time in milliseconds.
    started_at: u64,
    /// How long it is, in milliseconds; 0 while it goes on.
    duration_ms: u32,
    /// `ogg` or `wav`.
    #[schema(value_type = String)]
    format: SoundFormat,
    /// One or two.
    channels: u8,
    /// `running`, `stored`, or `cut`: it ends early, because the disk was full or the softswitch stopped.
    #[schema(value_type = String)]
    state: RecordingState,
}

/// Recordings, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Recordings {
    /// A thousand at most.
    recordings: Vec<Item>,
}

impl From<Recording> for Item {
    fn from(recording: Recording) -> Self {
        let party = |party: ringdown_control::Party| PeerInfo {
            user_id: party.user.map(|user| user.to_string()),
            number: party.number,
            name: party.name,
        };
        let Recording { started_at, duration_ms, format, channels, state, .. } = recording;
        Self {
            id: recording.id.to_string(),
            owner: recording.owner.map(|owner| owner.to_string()),
            room_id: recording.room.map(|room| room.to_string()),
            parties: recording.parties.into_iter().map(party).collect(),
            started_at,
            duration_ms,
            format,
            channels,
            state,
        }
    }
}

/// The own recordings, or all for an admin.
#[utoipa::path(
    get, path = "/api/v1/recordings", tag = "recordings", security(("bearer" = [])),
    responses((status = 200, body = Recordings), (status = 503, body = Problem))
)]
pub(crate) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Recordings>, Refusal> {
    match ask(&app, Command::ListRecordings { by: by(&caller) }).await? {
        CommandResult::Recordings { recordings } => {
            Ok(Json(Recordings { recordings: recordings.into_iter().map(Item::from).collect() }))
        }
        _ => Err(not_understood()),
    }
}

/// Begins a recording: of an own call, of a room one moderates; of anything for an admin.
#[utoipa::path(
    post, path = "/api/v1/recordings", tag = "recordings", security(("bearer" = [])), request_body = Wish,
    responses(
        (status = 201, body = Begun), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 503, body = Problem)
    )
)]
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(wish): Body<Wish>,
) -> Result<(StatusCode, Json<Begun>), Refusal> {
    let (by, tracks, format) = (by(&caller), wish.tracks, wish.format);
    let command = match (wish.call_id, wish.room_id) {
        (Some(leg), None) => Command::RecordLeg { leg: read_id(&leg, "call")?, tracks, format, by },
        (None, Some(room)) => Command::RecordRoom { room: read_id(&room, "room")?, format, by },
        _ => return Err(Refusal::bad_request("one of callId and roomId is wanted")),
    };
    match ask(&app, command).await? {
        CommandResult::Recording { recording } => {
            Ok((StatusCode::CREATED, Json(Begun { id: recording.to_string() })))
        }
        _ => Err(not_understood()),
    }
}

/// Ends a recording.
#[utoipa::path(
    post, path = "/api/v1/recordings/{id}/stop", tag = "recordings", security(("bearer" = [])),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 503, body = Problem))
)]
pub(crate) async fn stop(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let recording = read_id(&id, "recording")?;
    ask(&app, Command::StopRecording { recording, by: by(&caller) }).await?;
    Ok(no_content())
}

/// A recording's sound as an attachment, whole or one range of it.
#[utoipa::path(
    get, path = "/api/v1/recordings/{id}", tag = "recordings", security(("bearer" = [])),
    responses(
        (status = 200, content_type = "audio/ogg", body = Vec<u8>), (status = 206, content_type = "audio/ogg", body = Vec<u8>),
        (status = 404, body = Problem), (status = 416), (status = 503, body = Problem)
    )
)]
pub(crate) async fn fetch(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (by, recording) = (by(&caller), read_id(&id, "recording")?);
    let (format, total, _) = part(&app, (recording, by), 0).await?;
    let named = Named::sound(format, &format!("recording-{recording}"));
    Ok(sound::answer(&headers, named, total, move |offset| {
        let app = Arc::clone(&app);
        async move { Ok(part(&app, (recording, by), offset).await?.2) }
    }))
}

/// Deletes a recording.
#[utoipa::path(
    delete, path = "/api/v1/recordings/{id}", tag = "recordings", security(("bearer" = [])),
    responses((status = 204), (status = 404, body = Problem), (status = 503, body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let recording = read_id(&id, "recording")?;
    ask(&app, Command::DeleteRecording { recording, by: by(&caller) }).await?;
    Ok(no_content())
}

/// Whose rights hold: an admin's are not asked for.
pub(crate) fn by(caller: &Caller) -> Option<UserId> {
    (caller.account.role != Role::Admin).then_some(caller.account.id)
}

async fn part(
    app: &App,
    (recording, by): (RecordingId, Option<UserId>),
    offset: u64,
) -> Result<(SoundFormat, u64, Vec<u8>), Refusal> {
    match ask(app, Command::FetchRecording { recording, offset, by }).await? {
        CommandResult::RecordingSound { format, total, part: SoundBytes(part) } => Ok((format, total, part)),
        _ => Err(not_understood()),
    }
}

pub(crate) async fn ask(app: &App, command: Command) -> Result<CommandResult, Refusal> {
    match app.desk.ask(command).await {
        Ok(CommandResult::Refused { error, message }) => Err(match error {
            CommandError::NoSuchRecording => Refusal::NotFound("recording"),
            CommandError::NoSuchLeg => Refusal::NotFound("call"),
            CommandError::NoSuchRoom => Refusal::NotFound("room"),
            CommandError::NotAllowed => Refusal::Forbidden,
            CommandError::WrongState => Refusal::Conflict(message),
            CommandError::Invalid => Refusal::bad_request(message),
            _ => Refusal::SwitchUnavailable(message),
        }),
        Ok(result) => Ok(result),
        Err(error) => Err(Refusal::SwitchUnavailable(error.message)),
    }
}

fn not_understood() -> Refusal {
    Refusal::SwitchUnavailable("the softswitch makes no recordings".to_owned())
}
