//! Finished calls as their sides saw them, and how many missed ones were not seen.

use ringdown_desk::CallSide;
use ringdown_protocol::{CallDirection, CallOutcome, HistoryEntry, HistoryResult, PeerInfo};
use ringdown_types::{Pii, UserId};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{Store, StoreError, bigint, history::read_cursor, number, parsed, text};

/// An outcome and its name in the store.
const OUTCOMES: [(CallOutcome, &str); 5] = [
    (CallOutcome::Answered, "answered"),
    (CallOutcome::AnsweredElsewhere, "answered-elsewhere"),
    (CallOutcome::Missed, "missed"),
    (CallOutcome::Declined, "declined"),
    (CallOutcome::Unanswered, "unanswered"),
];

macro_rules! page {
    ($of:literal) => {
        concat!(
            "SELECT call_id, direction, outcome, peer_user, peer_number, peer_name, started_at, answered_at, ",
            "ended_at, reason FROM call_sides WHERE user_id = $1 AND ",
            $of,
            "(started_at < $2 OR (started_at = $2 AND call_id < $3)) ",
            "ORDER BY started_at DESC, call_id DESC LIMIT $4"
        )
    };
}

const ALL: &str = page!("");
const OF_AN_OUTCOME: &str = page!("outcome = $5 AND ");

impl Store {
    /// A page of `limit` of the user's calls, newest first, or of those with an outcome. `None` where the cursor is not
    /// one of ours.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_history(
        &self,
        user: UserId,
        outcome: Option<CallOutcome>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Option<HistoryResult>, StoreError> {
        let (before, call) = match cursor.map(read_cursor) {
            None => (i64::MAX, "~".to_owned()),
            Some(Some(place)) => place,
            Some(None) => return Ok(None),
        };
        let query = sqlx::query(if outcome.is_some() { OF_AN_OUTCOME } else { ALL });
        let mut query = query.bind(user.to_string()).bind(before).bind(call).bind(i64::from(limit));
        if let Some(outcome) = outcome {
            query = query.bind(name(outcome));
        }
        let rows = query.fetch_all(&self.history).await?;
        let mut entries: Vec<_> = rows.iter().map(read_entry).collect::<Result<_, _>>()?;
        let user = user.to_string();
        let calls: Vec<_> = entries.iter().map(|entry| entry.call_id.clone()).collect();
        for (call, of, quality) in self.qualities(&calls).await? {
            let own = entries.iter_mut().find(|entry| entry.call_id == call && entry.quality.is_none());
            if let Some(entry) = own.filter(|_| of.as_ref() == Some(&user)) {
                entry.quality = Some(quality);
            }
        }
        let full = entries.len() == limit as usize;
        let last = entries.last().filter(|_| full);
        let cursor = last.map(|entry| format!("{}-{}", entry.started_at, entry.call_id));
        Ok(Some(HistoryResult { entries, cursor }))
    }

    /// How many missed calls each account has not seen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn missed_calls(&self) -> Result<Vec<(UserId, u32)>, StoreError> {
        let rows = sqlx::query("SELECT user_id, missed FROM missed_calls WHERE missed > 0");
        let rows = rows.fetch_all(&self.history).await?;
        rows.iter().map(|row| Ok((parsed(row, "user_id")?, number(row, "missed")?))).collect()
    }

    /// Who had to do with whom in the latest `limit` sides of calls, the latest last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recent_contacts(&self, limit: u32) -> Result<Vec<(UserId, UserId)>, StoreError> {
        let rows = sqlx::query("SELECT user_id, peer_user FROM call_sides ORDER BY started_at DESC LIMIT $1");
        let rows = rows.bind(i64::from(limit)).fetch_all(&self.history).await?;
        let pair = |row: &AnyRow| {
            let peer: Option<String> = row.try_get("peer_user").ok()?;
            Some((parsed(row, "user_id").ok()?, peer?.parse().ok()?))
        };
        Ok(rows.iter().rev().filter_map(pair).collect())
    }
}

/// Writes a side, in the place of what was written of it before; returns whether it is new.
pub(super) async fn record_side(connection: &mut AnyConnection, side: &CallSide) -> Result<u64, StoreError> {
    let query = sqlx::query("SELECT outcome FROM call_sides WHERE user_id = $1 AND call_id = $2");
    let query = query.bind(side.user.to_string()).bind(side.call.to_string());
    let before: Option<String> = match query.fetch_optional(&mut *connection).await? {
        Some(row) => Some(row.try_get("outcome")?),
        None => None,
    };
    sqlx::query(
        "INSERT INTO call_sides (user_id, call_id, direction, outcome, peer_user, peer_number, peer_name, started_at, \
         answered_at, ended_at, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (user_id, call_id) DO UPDATE SET direction = excluded.direction, outcome = excluded.outcome, \
         peer_user = excluded.peer_user, peer_number = excluded.peer_number, peer_name = excluded.peer_name, \
         answered_at = excluded.answered_at, ended_at = excluded.ended_at, reason = excluded.reason",
    )
    .bind(side.user.to_string())
    .bind(side.call.to_string())
    .bind(match side.direction {
        CallDirection::Inbound => "inbound",
        CallDirection::Outbound => "outbound",
    })
    .bind(name(side.outcome))
    .bind(side.peer.user_id.clone())
    .bind(text(&side.peer.number))
    .bind(text(&side.peer.name))
    .bind(bigint(side.started_at))
    .bind(side.answered_at.map(bigint))
    .bind(bigint(side.ended_at))
    .bind(side.reason.name())
    .execute(&mut *connection)
    .await?;
    let missed = name(CallOutcome::Missed);
    let more = i64::from(name(side.outcome) == missed) - i64::from(before.as_deref() == Some(missed));
    if more != 0 {
        sqlx::query(
            // A call that was seen as missed and became another must not hide the next missed one.
            "INSERT INTO missed_calls (user_id, missed) VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET \
             missed = CASE WHEN missed_calls.missed + $3 > 0 THEN missed_calls.missed + $3 ELSE 0 END",
        )
        .bind(side.user.to_string())
        .bind(more.max(0))
        .bind(more)
        .execute(&mut *connection)
        .await?;
    }
    Ok(u64::from(before.is_none()))
}

/// The user has seen every missed call written before.
pub(super) async fn record_seen(connection: &mut AnyConnection, user: UserId) -> Result<u64, StoreError> {
    let query = sqlx::query("DELETE FROM missed_calls WHERE user_id = $1").bind(user.to_string());
    query.execute(connection).await?;
    Ok(0)
}

fn name(outcome: CallOutcome) -> &'static str {
    OUTCOMES.iter().find(|(of, _)| *of == outcome).map_or("missed", |(_, name)| name)
}

fn read_entry(row: &AnyRow) -> Result<HistoryEntry, StoreError> {
    let answered: Option<i64> = row.try_get("answered_at")?;
    let outcome: String = row.try_get("outcome")?;
    let outcome = OUTCOMES.iter().find(|(_, name)| *name == outcome).map(|(outcome, _)| *outcome);
    Ok(HistoryEntry {
        call_id: row.try_get("call_id")?,
        direction: match row.try_get::<String, _>("direction")?.as_str() {
            "inbound" => CallDirection::Inbound,
            "outbound" => CallDirection::Outbound,
            _ => return Err(StoreError::Corrupt("direction")),
        },
        peer: PeerInfo {
            user_id: row.try_get("peer_user")?,
            number: Pii(row.try_get("peer_number")?),
            name: Pii(row.try_get("peer_name")?),
        },
        started_at: number(row, "started_at")?,
        answered_at: answered
            .map(|at| u64::try_from(at).map_err(|_| StoreError::Corrupt("answered_at")))
            .transpose()?,
        ended_at: number(row, "ended_at")?,
        reason: row.try_get("reason")?,
        outcome: outcome.ok_or(StoreError::Corrupt("outcome"))?,
        quality: None,
    })
}
