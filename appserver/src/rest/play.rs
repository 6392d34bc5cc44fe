//! Playing a sound to a room or to one leg, and stopping it.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
};
use ringdown_control::{Command, PlayedSound};
use ringdown_protocol::Problem;
use ringdown_types::{Pii, PromptId, ToneId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Body, no_content, read_id,
    recordings::{ask, by},
};
use crate::{problem::Refusal, server::App, sign_in::Caller};

/// Body of `POST /api/v1/rooms/{id}/play` and `POST /api/v1/calls/{id}/play`: one of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Played {
    /// A tone: `dial`, `ringback`, `busy`, `congestion`, `call-waiting`, `howler`, `special-information`, `beep`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    tone: Option<ToneId>,
    /// A prompt of the sound pack, by its name there.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    prompt: Option<PromptId>,
    /// A WAV or Ogg/Opus file: an `http` or `https` URL of a host that the softswitch's `play_hosts` allows.
    #[serde(default)]
    url: Option<String>,
}

impl Played {
    fn sound(self) -> Result<PlayedSound, Refusal> {
        match (self.tone, self.prompt, self.url) {
            (Some(tone), None, None) => Ok(PlayedSound::Tone(tone)),
            (None, Some(prompt), None) => Ok(PlayedSound::Prompt(prompt)),
            (None, None, Some(url)) if url.len() <= MAX_URL => Ok(PlayedSound::Url(Pii(url))),
            (None, None, Some(_)) => Err(Refusal::bad_request("the URL is longer than 2,048 bytes")),
            _ => Err(Refusal::bad_request("one of tone, prompt and url is wanted")),
        }
    }
}

/// Longer ones are no addresses of files.
const MAX_URL: usize = 2_048;

/// Plays a sound once to everybody in a room, beneath what they say: for its moderators and admins.
#[utoipa::path(
    post, path = "/api/v1/rooms/{id}/play", tag = "sounds", security(("bearer" = [])), request_body = Played,
    responses(
        (status = 204), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 503, body = Problem)
    )
)]
pub(crate) async fn to_room(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(played): Body<Played>,
) -> Result<Response, Refusal> {
    let (room, sound) = (read_id(&id, "room")?, played.sound()?);
    ask(&app, Command::PlayToRoom { room, sound, by: by(&caller) }).await?;
    Ok(no_content())
}

/// Ends everything that is played to a room: for its moderators and admins.
#[utoipa::path(
    delete, path = "/api/v1/rooms/{id}/play", tag = "sounds", security(("bearer" = [])),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 503, body = Problem)
    )
)]
pub(crate) async fn stop_in_room(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let room = read_id(&id, "room")?;
    ask(&app, Command::StopPlayingToRoom { room, by: by(&caller) }).await?;
    Ok(no_content())
}

/// Plays a sound once to one side of a call, which hears nothing else meanwhile: for admins, and moderators of the room
/// it is in. A tone that repeats plays until it is stopped.
#[utoipa::path(
    post, path = "/api/v1/calls/{id}/play", tag = "sounds", security(("bearer" = [])), request_body = Played,
    responses(
        (status = 204), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 503, body = Problem)
    )
)]
pub(crate) async fn to_call(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(played): Body<Played>,
) -> Result<Response, Refusal> {
    let (leg, sound) = (read_id(&id, "call")?, played.sound()?);
    ask(&app, Command::PlayToLeg { leg, sound, by: by(&caller) }).await?;
    Ok(no_content())
}

/// Ends what is played to one side of a call: for admins, and moderators of the room it is in.
#[utoipa::path(
    delete, path = "/api/v1/calls/{id}/play", tag = "sounds", security(("bearer" = [])),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 503, body = Problem))
)]
pub(crate) async fn stop_in_call(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let leg = read_id(&id, "call")?;
    ask(&app, Command::StopPlayingToLeg { leg, by: by(&caller) }).await?;
    Ok(no_content())
}
