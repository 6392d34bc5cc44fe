//! The own voicemail: the softswitch keeps the messages, and is asked for them. Nobody reads another's, admins neither.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::Response,
};
use ringdown_control::{Command, CommandError, CommandResult, SoundBytes};
use ringdown_desk::mailbox_as_shown;
use ringdown_protocol::{Mailbox, Problem};
use ringdown_types::{RecordingId, SoundFormat, UserId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    Body, no_content, read_id,
    sound::{self, Named},
};
use crate::{access::VoicemailLink, problem::Refusal, server::App, sign_in::Caller};

/// The longest sound that is handed on: more than the longest message.
const MAX_SOUND_BYTES: u64 = 16 * 1024 * 1024;

/// Body of `PATCH /api/v1/voicemail/{id}`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Mark {
    /// Whether it counts as listened to.
    is_heard: bool,
}

/// The messages of the own mailbox, oldest first.
#[utoipa::path(
    get, path = "/api/v1/voicemail", tag = "voicemail", security(("bearer" = [])),
    responses((status = 200, body = Mailbox), (status = 503, body = Problem))
)]
pub(crate) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Mailbox>, Refusal> {
    match ask(&app, Command::ListVoicemail { user: caller.account.id }).await? {
        CommandResult::Voicemail { messages } => Ok(Json(mailbox_as_shown(messages))),
        _ => Err(not_understood()),
    }
}

/// As what kind of file a message is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// `wav` if left out, or `ogg`.
    #[serde(default = "wav")]
    #[param(value_type = Option<String>)]
    format: SoundFormat,
}

const fn wav() -> SoundFormat {
    SoundFormat::Wav
}

/// A message's sound as an attachment: a WAV or an Ogg file, whole or one range of it.
#[utoipa::path(
    get, path = "/api/v1/voicemail/{id}", tag = "voicemail", security(("bearer" = [])), params(Wanted),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>), (status = 206, content_type = "audio/wav", body = Vec<u8>),
        (status = 404, body = Problem), (status = 416), (status = 503, body = Problem)
    )
)]
pub(crate) async fn fetch(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(Wanted { format }): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let message = read_id(&id, "message")?;
    sound_of(app, (caller.account.id, message, format), &headers).await
}

/// A message's sound by a link of the method `voicemail.link`, for an `<audio>` element; the link is the permission.
#[utoipa::path(
    get, path = "/api/v1/voicemail-links/{link}", tag = "voicemail", params(("link" = String, Path), Wanted),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>), (status = 206, content_type = "audio/wav", body = Vec<u8>),
        (status = 404, body = Problem), (status = 416), (status = 503, body = Problem)
    )
)]
pub(crate) async fn fetch_by_link(
    State(app): State<Arc<App>>,
    Path(link): Path<String>,
    Query(Wanted { format }): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let VoicemailLink { user, message, .. } = app.sign_in.read_link(&link).await?;
    sound_of(app, (user, message, format), &headers).await
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

async fn sound_of(
    app: Arc<App>,
    (user, message, format): (UserId, RecordingId, SoundFormat),
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let (total, _) = part(&app, (user, message, format), 0).await?;
    let named = Named::sound(format, &format!("voicemail-{message}"));
    Ok(sound::answer(headers, named, total, move |offset| {
        let app = Arc::clone(&app);
        async move { Ok(part(&app, (user, message, format), offset).await?.1) }
    }))
}

/// A part of a sound from a byte on, and how long the whole is.
async fn part(
    app: &App,
    (user, message, format): (UserId, RecordingId, SoundFormat),
    offset: u64,
) -> Result<(u64, Vec<u8>), Refusal> {
    match ask(app, Command::FetchVoicemail { user, message, offset, format }).await? {
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
