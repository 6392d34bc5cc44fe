//! Finished calls.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use ringdown_protocol::{CallOutcome, CallQuality, HistoryResult, PeerInfo, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use crate::{problem::Refusal, server::App, sign_in::Caller, store::HistoryRow};

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// The cursor of the page before.
    cursor: Option<String>,
    /// 1 to 100, 50 if left out.
    limit: Option<u32>,
    /// Of the own history only calls that came to this.
    #[param(inline)]
    outcome: Option<CallOutcome>,
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
    let (page, limit) = read(page)?;
    let found = app.store.own_history(caller.account.id, page.outcome, page.cursor.as_deref(), limit).await?;
    found.map(Json).ok_or_else(foreign_cursor)
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
    let (page, limit) = read(page)?;
    if page.outcome.is_some() {
        return Err(Refusal::bad_request("outcome is for the own history: a call has one for each side"));
    }
    let found = app.store.history(page.cursor.as_deref(), limit).await?.ok_or_else(foreign_cursor)?;
    Ok(Json(AllHistory {
        entries: found.rows.into_iter().map(FinishedCall::from).collect(),
        cursor: found.cursor,
    }))
}

fn read(page: PageQuery) -> Result<(Page, u32), Refusal> {
    let Query(page) = page.map_err(|error| Refusal::bad_request(error.body_text()))?;
    let limit = page.limit.unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(Refusal::bad_request("limit is 1 to 100"));
    }
    Ok((page, limit))
}

fn foreign_cursor() -> Refusal {
    Refusal::bad_request("the cursor is not one of the server's")
}
