//! Sessions, kept so that a restart of the app server ends none.

use ringdown_desk::SessionRecord;
use ringdown_types::SessionId;
use sqlx::Row as _;

use super::{Store, StoreError, bigint, number, parsed};

impl Store {
    /// Keeps sessions and forgets others, in one transaction.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn change_sessions(
        &self,
        saved: &[SessionRecord],
        dropped: &[SessionId],
    ) -> Result<(), StoreError> {
        let mut transaction = self.live.begin().await?;
        for id in dropped {
            sqlx::query("DELETE FROM sessions WHERE id = $1")
                .bind(id.to_string())
                .execute(&mut *transaction)
                .await?;
        }
        for record in saved {
            // An account deleted meanwhile has no sessions.
            sqlx::query(
                "INSERT INTO sessions (id, secret_hash, user_id, epoch, family) SELECT $1, $2, id, $4, $5 \
                 FROM accounts WHERE id = $3 ON CONFLICT (id) DO NOTHING",
            )
            .bind(record.id.to_string())
            .bind(crate::hex::encode(&record.secret_hash))
            .bind(record.user.to_string())
            .bind(bigint(record.epoch))
            .bind(record.family.clone())
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Every session kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions(&self) -> Result<Vec<SessionRecord>, StoreError> {
        let rows = sqlx::query("SELECT id, secret_hash, user_id, epoch, family FROM sessions")
            .fetch_all(&self.live)
            .await?;
        let read = |row| {
            let hash: String = sqlx::any::AnyRow::try_get(row, "secret_hash")?;
            Ok(SessionRecord {
                id: parsed(row, "id")?,
                secret_hash: crate::hex::decode(&hash).ok_or(StoreError::Corrupt("secret_hash"))?,
                user: parsed(row, "user_id")?,
                epoch: number(row, "epoch")?,
                family: row.try_get("family")?,
            })
        };
        rows.iter().map(read).collect()
    }
}
