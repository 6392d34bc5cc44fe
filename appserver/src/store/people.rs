//! What people say of themselves, and their favourites.

use ringdown_desk::{PeopleChange, SavedStatement};
use ringdown_protocol::Activity;
use ringdown_types::{Pii, UserId};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{Store, StoreError, bigint, parsed};

/// An activity and its name in the store.
const ACTIVITIES: [(Activity, &str); 7] = [
    (Activity::Away, "away"),
    (Activity::Busy, "busy"),
    (Activity::Dnd, "dnd"),
    (Activity::Break, "break"),
    (Activity::Meeting, "meeting"),
    (Activity::Meal, "meal"),
    (Activity::Vacation, "vacation"),
];

impl Store {
    /// Writes what people said and chose, in one transaction. Settings among the changes are passed over, and so is
    /// what accounts said that are gone.
    ///
    /// # Errors
    /// When the database fails; nothing is written then.
    pub async fn change_people(&self, changes: &[PeopleChange]) -> Result<(), StoreError> {
        let mut transaction = self.live.begin().await?;
        for change in changes {
            match change {
                PeopleChange::Statement(statement) => {
                    write_statement(&mut transaction, statement).await?;
                }
                PeopleChange::NoStatement(user) => {
                    let query = sqlx::query("DELETE FROM statements WHERE user_id = $1");
                    query.bind(user.to_string()).execute(&mut *transaction).await?;
                }
                PeopleChange::Favourites(user, peers) => {
                    write_favourites(&mut transaction, *user, peers).await?;
                }
                PeopleChange::DoNotDisturb(..) => {}
            }
        }
        Ok(transaction.commit().await?)
    }

    /// What people say of themselves.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn statements(&self) -> Result<Vec<SavedStatement>, StoreError> {
        let rows = sqlx::query("SELECT user_id, activity, note, ends_at FROM statements ORDER BY user_id");
        rows.fetch_all(&self.live).await?.iter().map(read_statement).collect()
    }

    /// Everybody's favourites, each list in its order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn favourites(&self) -> Result<Vec<(UserId, Vec<UserId>)>, StoreError> {
        let rows = sqlx::query("SELECT user_id, peer_id FROM favourites ORDER BY user_id, place");
        let mut all: Vec<(UserId, Vec<UserId>)> = Vec::new();
        for row in rows.fetch_all(&self.live).await? {
            let (user, peer) = (parsed(&row, "user_id")?, parsed(&row, "peer_id")?);
            match all.last_mut().filter(|(last, _)| *last == user) {
                Some((_, peers)) => peers.push(peer),
                None => all.push((user, vec![peer])),
            }
        }
        Ok(all)
    }
}

async fn write_statement(
    connection: &mut AnyConnection,
    statement: &SavedStatement,
) -> Result<(), StoreError> {
    let name = |activity| ACTIVITIES.iter().find(|(of, _)| *of == activity).map(|(_, name)| *name);
    sqlx::query(
        "INSERT INTO statements (user_id, activity, note, ends_at) SELECT $1, $2, $3, $4 \
         WHERE EXISTS (SELECT 1 FROM accounts WHERE id = $1) ON CONFLICT (user_id) DO UPDATE SET \
         activity = excluded.activity, note = excluded.note, ends_at = excluded.ends_at",
    )
    .bind(statement.user.to_string())
    .bind(statement.activity.and_then(name))
    .bind(statement.note.0.clone())
    .bind(statement.until.map(bigint))
    .execute(connection)
    .await?;
    Ok(())
}

async fn write_favourites(
    connection: &mut AnyConnection,
    user: UserId,
    peers: &[UserId],
) -> Result<(), StoreError> {
    let query = sqlx::query("DELETE FROM favourites WHERE user_id = $1");
    query.bind(user.to_string()).execute(&mut *connection).await?;
    for (place, peer) in (0i64..).zip(peers) {
        sqlx::query(
            "INSERT INTO favourites (user_id, peer_id, place) SELECT $1, $2, $3 \
             WHERE EXISTS (SELECT 1 FROM accounts WHERE id = $1) \
             AND EXISTS (SELECT 1 FROM accounts WHERE id = $2) \
             ON CONFLICT (user_id, peer_id) DO NOTHING",
        )
        .bind(user.to_string())
        .bind(peer.to_string())
        .bind(place)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn read_statement(row: &AnyRow) -> Result<SavedStatement, StoreError> {
    let activity: Option<String> = row.try_get("activity")?;
    let named =
        |text: String| ACTIVITIES.iter().find(|(_, name)| *name == text).map(|(activity, _)| *activity);
    let ends: Option<i64> = row.try_get("ends_at")?;
    Ok(SavedStatement {
        user: parsed(row, "user_id")?,
        activity: activity.map(|text| named(text).ok_or(StoreError::Corrupt("activity"))).transpose()?,
        note: Pii(row.try_get("note")?),
        until: ends.map(|at| u64::try_from(at).map_err(|_| StoreError::Corrupt("ends_at"))).transpose()?,
    })
}
