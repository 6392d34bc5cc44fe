//! What callers hear, and who may record them: for the whole installation, by admins.

use std::sync::Arc;

use axum::{Json, extract::State};
use ringdown_control::RecordingRight;
use ringdown_protocol::Problem;
use ringdown_types::TonePlan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Admin, Body};
use crate::{problem::Refusal, server::App, store::SoundSettings as Stored};

/// What callers hear, and who may record them.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SoundSettings {
    /// Whose tones callers hear: a country's two letters (ISO 3166-1), or `international`.
    tone_plan: String,
    /// Who may have calls recorded: `admins`, or `everybody` their own and moderators their rooms'.
    #[schema(value_type = String)]
    recording: RecordingRight,
    /// Every country with tones of its own. Not read.
    #[serde(default, skip_deserializing)]
    tone_plans: Vec<Country>,
}

/// A country with tones of its own.
#[derive(Serialize, ToSchema)]
pub(crate) struct Country {
    /// What `tonePlan` takes.
    code: &'static str,
    /// Its name in English.
    name: &'static str,
}

impl From<Stored> for SoundSettings {
    fn from(stored: Stored) -> Self {
        let country = |plan: TonePlan| Country { code: plan.country(), name: plan.name() };
        Self {
            tone_plan: stored.tone_plan.country().to_owned(),
            recording: stored.recording,
            tone_plans: TonePlan::all().map(country).collect(),
        }
    }
}

/// What callers hear, and who may record them.
#[utoipa::path(
    get, path = "/api/v1/sound-settings", tag = "sounds", security(("bearer" = [])),
    responses((status = 200, body = SoundSettings), (status = 403, body = Problem))
)]
pub(crate) async fn read(State(app): State<Arc<App>>, _: Admin) -> Result<Json<SoundSettings>, Refusal> {
    Ok(Json(app.store.sound_settings().await?.into()))
}

/// Changes both. Calls that go on hear the new tones from the next one on.
#[utoipa::path(
    put, path = "/api/v1/sound-settings", tag = "sounds", security(("bearer" = [])), request_body = SoundSettings,
    responses((status = 200, body = SoundSettings), (status = 400, body = Problem), (status = 403, body = Problem))
)]
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    _: Admin,
    Body(body): Body<SoundSettings>,
) -> Result<Json<SoundSettings>, Refusal> {
    let tone_plan = body
        .tone_plan
        .parse()
        .map_err(|error| Refusal::bad_request(format!("tonePlan: {error}; GET lists those there are")))?;
    let settings = Stored { tone_plan, recording: body.recording };
    app.store.set_sound_settings(settings).await?;
    app.directory.changed().await;
    Ok(Json(settings.into()))
}
