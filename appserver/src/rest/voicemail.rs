//! The own voicemail: the softswitch keeps the messages, and is asked for them. Nobody reads another's, admins neither.

use std::{ops::RangeInclusive, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use ringdown_control::{Command, CommandError, CommandResult, SoundBytes, VoicemailMessage};
use ringdown_protocol::{PeerInfo, Problem};
use ringdown_types::{RecordingId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Body, no_content, read_id};
use crate::{problem::Refusal, server::App, sign_in::Caller};

/// The longest sound that is handed on: more than the longest message.
const MAX_SOUND_BYTES: u64 = 16 * 1024 * 1024;

/// A message in the own mailbox.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    /// The message.
    id: String,
    /// Who left it.
    from: PeerInfo,
    /// When, Unix time in milliseconds.
    received_at: u64,
    /// How long it is, in milliseconds.
    duration_ms: u32,
    /// Whether it was listened to, or marked so.
    is_heard: bool,
}

/// The own mailbox.
#[derive(Serialize, ToSchema)]
pub(crate) struct Mailbox {
    /// Its messages, oldest first.
    messages: Vec<Message>,
    /// How many nobody has listened to.
    new: usize,
    /// How many are left.
    saved: usize,
}

/// Body of `PATCH /api/v1/voicemail/{id}`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Mark {
    /// Whether it counts as listened to.
    is_heard: bool,
}

impl From<VoicemailMessage> for Message {
    fn from(message: VoicemailMessage) -> Self {
        let from = PeerInfo {
            user_id: message.from.user.map(|user| user.to_string()),
            number: message.from.number,
            name: message.from.name,
        };
        let VoicemailMessage { id, received_at, duration_ms, is_heard, .. } = message;
        Self { id: id.to_string(), from, received_at, duration_ms, is_heard }
    }
}

/// The messages of the own mailbox, oldest first.
#[utoipa::path(
    get, path = "/api/v1/voicemail", tag = "voicemail", security(("bearer" = [])),
    responses((status = 200, body = Mailbox), (status = 503, body = Problem))
)]
pub(crate) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Mailbox>, Refusal> {
    match ask(&app, Command::ListVoicemail { user: caller.account.id }).await? {
        CommandResult::Voicemail { messages } => {
            let saved = messages.iter().filter(|message| message.is_heard).count();
            let new = messages.len() - saved;
            Ok(Json(Mailbox { messages: messages.into_iter().map(Message::from).collect(), new, saved }))
        }
        _ => Err(not_understood()),
    }
}

/// A message's sound as an attachment: a WAV file, whole or one range of it.
#[utoipa::path(
    get, path = "/api/v1/voicemail/{id}", tag = "voicemail", security(("bearer" = [])),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>), (status = 206, content_type = "audio/wav", body = Vec<u8>),
        (status = 404, body = Problem), (status = 416), (status = 503, body = Problem)
    )
)]
pub(crate) async fn fetch(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (user, message) = (caller.account.id, read_id(&id, "message")?);
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let (total, mut sound) = part(&app, user, message, asked.and_then(first_byte).unwrap_or(0)).await?;
    let named = format!("attachment; filename=\"voicemail-{message}.wav\"");
    let mut answer = vec![
        (header::CONTENT_TYPE, "audio/wav".to_owned()),
        (header::CONTENT_DISPOSITION, named),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    let Some(wanted) = asked.map_or(Some(None), |range| read_range(range, total)) else {
        let all = [(header::CONTENT_RANGE, format!("bytes */{total}"))];
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, all).into_response());
    };
    let (first, last) =
        wanted.as_ref().map_or((0, total.saturating_sub(1)), |range| (*range.start(), *range.end()));
    if asked.and_then(first_byte).unwrap_or(0) != first {
        // The last so many bytes were asked for: where they begin was not known before.
        sound = part(&app, user, message, first).await?.1;
    }
    let length = usize::try_from((last + 1).saturating_sub(first)).unwrap_or(usize::MAX);
    while sound.len() < length {
        let (_, more) = part(&app, user, message, first + sound.len() as u64).await?;
        if more.is_empty() {
            // It was deleted meanwhile.
            return Err(Refusal::NotFound("message"));
        }
        sound.extend(more);
    }
    sound.truncate(length);
    let status = if wanted.is_some() {
        answer.push((header::CONTENT_RANGE, format!("bytes {first}-{last}/{total}")));
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    Ok((status, axum::response::AppendHeaders(answer), sound).into_response())
}

/// Marks a message as listened to, or as new.
#[utoipa::path(
    patch, path = "/api/v1/voicemail/{id}", tag = "voicemail", security(("bearer" = [])), request_body = Mark,
    responses((status = 204), (status = 404, body = Problem), (status = 503, body = Problem))
)]
pub(crate) async fn mark(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(mark): Body<Mark>,
) -> Result<Response, Refusal> {
    let (user, message) = (caller.account.id, read_id(&id, "message")?);
    ask(&app, Command::MarkVoicemail { user, message, is_heard: mark.is_heard }).await?;
    Ok(no_content())
}

/// Deletes a message.
#[utoipa::path(
    delete, path = "/api/v1/voicemail/{id}", tag = "voicemail", security(("bearer" = [])),
    responses((status = 204), (status = 404, body = Problem), (status = 503, body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let (user, message) = (caller.account.id, read_id(&id, "message")?);
    ask(&app, Command::DeleteVoicemail { user, message }).await?;
    Ok(no_content())
}

/// A part of a sound from a byte on, and how long the whole is.
async fn part(app: &App, user: UserId, message: RecordingId, offset: u64) -> Result<(u64, Vec<u8>), Refusal> {
    match ask(app, Command::FetchVoicemail { user, message, offset }).await? {
        CommandResult::VoicemailSound { total, part: SoundBytes(part) } if total <= MAX_SOUND_BYTES => {
            Ok((total, part))
        }
        _ => Err(not_understood()),
    }
}

async fn ask(app: &App, command: Command) -> Result<CommandResult, Refusal> {
    match app.desk.ask(command).await {
        Ok(CommandResult::Refused { error: CommandError::NoSuchMessage, .. }) => {
            Err(Refusal::NotFound("message"))
        }
        Ok(CommandResult::Refused { message, .. }) => Err(Refusal::SwitchUnavailable(message)),
        Ok(result) => Ok(result),
        Err(error) => Err(Refusal::SwitchUnavailable(error.message)),
    }
}

fn not_understood() -> Refusal {
    Refusal::SwitchUnavailable("the softswitch has no voicemail".to_owned())
}

/// The first byte a range asks for, if it says one.
fn first_byte(range: &str) -> Option<u64> {
    range.strip_prefix("bytes=")?.split_once('-')?.0.parse().ok()
}

/// The range of a sound that is asked for (RFC 9110 §14.1.2): `Some(None)` for a header that is passed over, being of
/// another unit or of several ranges; `None` where there is nothing in it.
fn read_range(range: &str, total: u64) -> Option<Option<RangeInclusive<u64>>> {
    let Some(range) = range.strip_prefix("bytes=").filter(|range| !range.contains(',')) else {
        return Some(None);
    };
    let Some((first, last)) = range.split_once('-') else { return Some(None) };
    let end = total.checked_sub(1)?;
    let (first, last) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(end)),
        (Ok(first), Err(_)) if last.is_empty() => (first, end),
        (Err(_), Ok(suffix)) if first.is_empty() && suffix > 0 => (total.saturating_sub(suffix), end),
        (Err(_), Ok(0)) if first.is_empty() => return None,
        _ => return Some(None),
    };
    (first <= end).then_some(Some(first..=last))
}

#[cfg(test)]
mod tests {
    use super::read_range;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        for (range, expected) in [
            ("bytes=0-9", Some(Some(0..=9))),
            ("bytes=90-", Some(Some(90..=99))),
            ("bytes=-10", Some(Some(90..=99))),
            ("bytes=90-500", Some(Some(90..=99))),
            ("bytes=-500", Some(Some(0..=99))),
            ("bytes=100-", None),
            ("bytes=-0", None),
            ("bytes=9-0", Some(None)),
            ("bytes=0-1,5-6", Some(None)),
            ("items=0-1", Some(None)),
            ("bytes=x", Some(None)),
        ] {
            assert_eq!(read_range(range, 100), expected, "{range}");
        }
        assert_eq!(read_range("bytes=0-", 0), None);
    }
}
