//! Where a number goes and why, for admins: the softswitch says, for it is the one that decides.

use std::sync::Arc;

use axum::{Json, extract::State};
use ringdown_control::{Command, CommandResult};
use ringdown_protocol::Problem;
use ringdown_types::{DialKey, Pii, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Admin, Body};
use crate::{problem::Refusal, server::App};

/// Body of `POST /api/v1/explain`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Question {
    /// The account that would call.
    caller: String,
    /// What it would dial, at most 128 bytes.
    dialled: String,
    /// When, Unix time in milliseconds; this moment if left out.
    #[serde(default)]
    at: Option<u64>,
}

/// Where a number goes and why.
#[derive(Serialize, ToSchema)]
pub(crate) struct Answer {
    /// What was looked at, in order, a sentence each.
    steps: Vec<String>,
    /// What becomes of the call, in one word: `user`, `group`, `unknown`, `refused` and so on.
    outcome: String,
}

/// Says where a number goes and why, without calling it.
#[utoipa::path(
    post, path = "/api/v1/explain", tag = "numbers", security(("bearer" = [])), request_body = Question,
    responses((status = 200, body = Answer), (status = 400, body = Problem), (status = 503, body = Problem))
)]
pub(crate) async fn explain(
    State(app): State<Arc<App>>,
    _: Admin,
    Body(question): Body<Question>,
) -> Result<Json<Answer>, Refusal> {
    let caller: UserId =
        question.caller.parse().map_err(|error| Refusal::bad_request(format!("caller: {error}")))?;
    if question.dialled.len() > DialKey::MAX_DIALLED_BYTES {
        return Err(Refusal::bad_request("dialled is at most 128 bytes"));
    }
    let command = Command::Explain { caller, dialled: Pii(question.dialled), at: question.at };
    match app.desk.ask(command).await {
        Ok(CommandResult::Explained { explanation }) => Ok(Json(Answer {
            steps: explanation.steps.into_iter().map(|step| step.0).collect(),
            outcome: explanation.outcome,
        })),
        Ok(_) => Err(Refusal::SwitchUnavailable("the softswitch cannot explain".to_owned())),
        Err(error) => Err(Refusal::SwitchUnavailable(error.message)),
    }
}
