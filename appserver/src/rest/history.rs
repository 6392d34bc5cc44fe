//! Finished calls.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use ringdown_protocol::{CallQuality, HistoryResult, PeerInfo, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use crate::{
    problem::Refusal,
    server::App,
    sign_in::Caller,
    store::{HistoryPage, HistoryRow},
};

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// The cursor of the page before.
    cursor: Option<String>,
    /// 1 to 100, 50 if left out.
    limit: Option<u32>,
}

/// A finished call with both sides.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FinishedCall {
    /// The call.
    call_id: String,
    /// Who called.
    caller: PeerInfo,
    /// Who was called.
    callee: PeerInfo,
    /// What was dialled.
    dialled: String,
    /// When it began, Unix time in milliseconds.
    started_at: u64,
    /// When it was answered.
    answered_at: Option<u64>,
    /// When it ended.
    ended_at: u64,
    /// Why it ended.
    reason: String,
    /// How good the audio was, by device.
    quality: Vec<DeviceQuality>,
}

/// How good the audio of one of a call's devices was.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeviceQuality {
    /// Whose device; null for a service.
    user_id: Option<String>,
    /// The figures.
    quality: CallQuality,
}

/// A page of everybody's calls.
#[derive(Serialize, ToSchema)]
pub(crate) struct AllHistory {
    /// Finished calls, newest first.
    entries: Vec<FinishedCall>,
    /// For the next page; none at the end.
    cursor: Option<String>,
}

impl From<HistoryRow> for FinishedCall {
    fn from(row: HistoryRow) -> Self {
        Self {
            call_id: row.call_id,
            caller: row.caller,
            callee: row.callee,
            dialled: row.dialled.0,
            started_at: row.started_at,
            answered_at: row.answered_at,
            ended_at: row.ended_at,
            reason: row.reason,
            quality: row
                .quality
                .into_iter()
                .map(|(user_id, quality)| DeviceQuality { user_id, quality })
                .collect(),
        }
    }
}

type PageQuery = Result<Query<Page>, QueryRejection>;

/// The own finished calls, newest first.
#[utoipa::path(
    get, path = "/api/v1/history", tag = "history", security(("bearer" = [])), params(Page),
    responses((status = 200, body = HistoryResult), (status = 400, body = Problem))
)]
pub(crate) async fn own(
    State(app): State<Arc<App>>,
    caller: Caller,
    page: PageQuery,
) -> Result<Json<HistoryResult>, Refusal> {
    let user = caller.account.id;
    let page = read(&app, Some(user), page).await?;
    let entries = page.rows.iter().map(|row| row.seen_by(user)).collect();
    Ok(Json(HistoryResult { entries, cursor: page.cursor }))
}

/// Everybody's finished calls, newest first, for admins.
#[utoipa::path(
    get, path = "/api/v1/history/all", tag = "history", security(("bearer" = [])), params(Page),
    responses((status = 200, body = AllHistory), (status = 403, body = Problem))
)]
pub(crate) async fn all(
    State(app): State<Arc<App>>,
    _: Admin,
    page: PageQuery,
) -> Result<Json<AllHistory>, Refusal> {
    let page = read(&app, None, page).await?;
    Ok(Json(AllHistory {
        entries: page.rows.into_iter().map(FinishedCall::from).collect(),
        cursor: page.cursor,
    }))
}

async fn read(
    app: &App,
    user: Option<ringdown_types::UserId>,
    page: PageQuery,
) -> Result<HistoryPage, Refusal> {
    let Query(page) = page.map_err(|error| Refusal::bad_request(error.body_text()))?;
    let limit = page.limit.unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(Refusal::bad_request("limit is 1 to 100"));
    }
    let page = app.store.history(user, page.cursor.as_deref(), limit).await?;
    page.ok_or_else(|| Refusal::bad_request("the cursor is not one of the server's"))
}
