//! Finished calls, written in batches and read in pages.

use ringdown_control::{CallRecord, EndedBy, LegFigures};
use ringdown_desk::quality_as_seen;
use ringdown_protocol::{CallQuality, PeerInfo};
use ringdown_types::{LegQuality, Pii, UserId};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{
    Store, StoreError, bigint,
    call_sides::{record_seen, record_side},
    number, text,
};
use crate::writers::HistoryItem;

/// A finished call with both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    /// The call.
    pub call_id: String,
    /// Who called.
    pub caller: PeerInfo,
    /// Who was called.
    pub callee: PeerInfo,
    /// What was dialled.
    pub dialled: Pii<String>,
    /// When it began, Unix milliseconds.
    pub started_at: u64,
    /// When it was answered.
    pub answered_at: Option<u64>,
    /// When it ended.
    pub ended_at: u64,
    /// Why it ended.
    pub reason: String,
    /// How good its legs' audio was, each with its account.
    pub quality: Vec<(Option<String>, CallQuality)>,
}

/// A page of history, newest first.
#[derive(Debug, Clone, Default)]
pub struct HistoryPage {
    /// The calls.
    pub rows: Vec<HistoryRow>,
    /// Names the place after this page; `None` at the end.
    pub cursor: Option<String>,
}

macro_rules! columns {
    () => {
        "call_id, caller_user, caller_number, caller_name, callee_user, callee_number, callee_name, dialled, \
         started_at, answered_at, ended_at, reason"
    };
}

const OF_EVERYBODY: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM calls WHERE started_at < $1 OR (started_at = $1 AND call_id < $2) ",
    "ORDER BY started_at DESC, call_id DESC LIMIT $3"
);

impl Store {
    /// Writes finished calls and how good their legs were in one transaction; what was written before is passed over.
    /// Returns how many were new.
    ///
    /// # Errors
    /// When the database fails; nothing is written then.
    pub async fn record(&self, items: &[HistoryItem]) -> Result<u64, StoreError> {
        let mut transaction = self.history.begin().await?;
        let mut new = 0;
        for item in items {
            new += match item {
                HistoryItem::Call(record) => record_call(&mut transaction, record).await?,
                HistoryItem::Leg(figures) => record_leg(&mut transaction, figures).await?,
                HistoryItem::Side(side) => record_side(&mut transaction, side).await?,
                HistoryItem::Seen(user) => record_seen(&mut transaction, *user).await?,
            };
        }
        transaction.commit().await?;
        Ok(new)
    }

    /// A page of `limit` calls of everybody. `None` where the cursor is not one of ours.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history(&self, cursor: Option<&str>, limit: u32) -> Result<Option<HistoryPage>, StoreError> {
        let (before, call) = match cursor.map(read_cursor) {
            None => (i64::MAX, "~".to_owned()),
            Some(Some(place)) => place,
            Some(None) => return Ok(None),
        };
        let query = sqlx::query(OF_EVERYBODY).bind(before).bind(call).bind(i64::from(limit));
        let rows = query.fetch_all(&self.history).await?;
        let mut rows: Vec<_> = rows.iter().map(read_row).collect::<Result<_, _>>()?;
        self.add_quality(&mut rows).await?;
        let full = rows.len() == limit as usize;
        let cursor = rows.last().filter(|_| full).map(|row| format!("{}-{}", row.started_at, row.call_id));
        Ok(Some(HistoryPage { rows, cursor }))
    }

    /// Adds what is known of the calls' legs.
    async fn add_quality(&self, rows: &mut [HistoryRow]) -> Result<(), StoreError> {
        let calls: Vec<_> = rows.iter().map(|row| row.call_id.clone()).collect();
        for (call, user, quality) in self.qualities(&calls).await? {
            for row in rows.iter_mut().filter(|row| row.call_id == call) {
                row.quality.push((user.clone(), quality.clone()));
            }
        }
        Ok(())
    }

    /// How good the legs of calls were: each with its call and its account.
    pub(super) async fn qualities(
        &self,
        calls: &[String],
    ) -> Result<Vec<(String, Option<String>, CallQuality)>, StoreError> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<_> = (1..=calls.len()).map(|place| format!("${place}")).collect();
        let text = format!(
            "SELECT call_id, user_id, quality FROM call_quality WHERE call_id IN ({}) ORDER BY leg_id",
            places.join(", ")
        );
        // Nothing but numbered places was put in.
        let mut query = sqlx::query(sqlx::AssertSqlSafe(text));
        for call in calls {
            query = query.bind(call.clone());
        }
        let mut found = Vec::new();
        for row in query.fetch_all(&self.history).await? {
            let figures: String = row.try_get("quality")?;
            // Figures of another version that cannot be read are left out; the call is what matters.
            let Ok(figures) = serde_json::from_str::<LegQuality>(&figures) else { continue };
            found.push((row.try_get("call_id")?, row.try_get("user_id")?, quality_as_seen(&figures)));
        }
        Ok(found)
    }
}

async fn record_call(connection: &mut AnyConnection, record: &CallRecord) -> Result<u64, StoreError> {
    let user = |user: Option<UserId>| user.map(|user| user.to_string());
    let done = sqlx::query(
                "INSERT INTO calls (call_id, caller_user, caller_number, caller_name, callee_user, callee_number, \
                 callee_name, dialled, started_at, answered_at, ended_at, reason, ended_by) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (call_id) DO NOTHING",
            )
            .bind(record.call.to_string())
            .bind(user(record.caller.user))
            .bind(text(&record.caller.number))
            .bind(text(&record.caller.name))
            .bind(user(record.callee.user))
            .bind(text(&record.callee.number))
            .bind(text(&record.callee.name))
            .bind(text(&record.dialled))
            .bind(bigint(record.started_at))
            .bind(record.answered_at.map(bigint))
            .bind(bigint(record.ended_at))
            .bind(record.reason.name())
            .bind(match record.by {
                EndedBy::Local => "caller",
                EndedBy::Remote => "callee",
                EndedBy::Switch => "switch",
            })
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

async fn record_leg(connection: &mut AnyConnection, figures: &LegFigures) -> Result<u64, StoreError> {
    let quality = serde_json::to_string(&figures.quality).expect("string keys, finite numbers");
    let done = sqlx::query(
        "INSERT INTO call_quality (leg_id, call_id, user_id, quality) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (leg_id) DO NOTHING",
    )
    .bind(figures.leg.to_string())
    .bind(figures.call.to_string())
    .bind(figures.user.map(|user| user.to_string()))
    .bind(quality)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

pub(super) fn read_cursor(cursor: &str) -> Option<(i64, String)> {
    let (at, call) = cursor.split_once('-')?;
    let call: ringdown_types::CallId = call.parse().ok()?;
    Some((at.parse().ok()?, call.to_string()))
}

fn read_row(row: &AnyRow) -> Result<HistoryRow, StoreError> {
    let answered: Option<i64> = row.try_get("answered_at")?;
    Ok(HistoryRow {
        call_id: row.try_get("call_id")?,
        caller: PeerInfo {
            user_id: row.try_get("caller_user")?,
            number: Pii(row.try_get("caller_number")?),
            name: Pii(row.try_get("caller_name")?),
        },
        callee: PeerInfo {
            user_id: row.try_get("callee_user")?,
            number: Pii(row.try_get("callee_number")?),
            name: Pii(row.try_get("callee_name")?),
        },
        dialled: Pii(row.try_get("dialled")?),
        started_at: number(row, "started_at")?,
        answered_at: answered
            .map(|at| u64::try_from(at).map_err(|_| StoreError::Corrupt("answered_at")))
            .transpose()?,
        ended_at: number(row, "ended_at")?,
        reason: row.try_get("reason")?,
        quality: Vec::new(),
    })
}
