//! Refresh tokens: each is good once; using one twice ends the whole sign-in (the *family*).

use ringdown_types::UserId;
use sqlx::Row as _;

use super::{Store, StoreError, bigint, parsed};

/// A refresh token as it is kept.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    /// SHA-256 of the token, in hexadecimal.
    pub hash: String,
    /// The sign-in it belongs to.
    pub family: String,
    /// Whose it is.
    pub user: UserId,
    /// When it ends, Unix milliseconds.
    pub expires_at: u64,
}

/// What became of a token that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was good, and the next one is in its place.
    Rotated {
        /// Whose it is.
        user: UserId,
        /// The sign-in.
        family: String,
    },
    /// It was used before: somebody has a copy, so the sign-in is over.
    Reused {
        /// The sign-in.
        family: String,
    },
    /// Unknown or expired.
    Unknown,
}

impl Store {
    /// Keeps the first token of a sign-in. Expired tokens are cleared on the way.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_refresh_token(&self, token: &RefreshToken, now: u64) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM refresh_tokens WHERE expires_at <= $1")
            .bind(bigint(now))
            .execute(&self.live)
            .await?;
        sqlx::query("INSERT INTO refresh_tokens (hash, family, user_id, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(token.hash.clone())
            .bind(token.family.clone())
            .bind(token.user.to_string())
            .bind(bigint(token.expires_at))
            .execute(&self.live)
            .await?;
        Ok(())
    }

    /// Uses up the token `hash` and puts `next` in its place, which ends at `expires_at`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate_refresh_token(
        &self,
        hash: &str,
        next: &str,
        expires_at: u64,
        now: u64,
    ) -> Result<Rotation, StoreError> {
        let mut transaction = self.live.begin().await?;
        let used = sqlx::query(
            "UPDATE refresh_tokens SET used_at = $1 WHERE hash = $2 AND used_at IS NULL AND expires_at > $1",
        )
        .bind(bigint(now))
        .bind(hash.to_owned())
        .execute(&mut *transaction)
        .await?
        .rows_affected()
            == 1;
        let query = sqlx::query("SELECT family, user_id, used_at FROM refresh_tokens WHERE hash = $1");
        let Some(row) = query.bind(hash.to_owned()).fetch_optional(&mut *transaction).await? else {
            return Ok(Rotation::Unknown);
        };
        let (family, user): (String, UserId) = (row.try_get("family")?, parsed(&row, "user_id")?);
        let rotation = if used {
            sqlx::query(
                "INSERT INTO refresh_tokens (hash, family, user_id, expires_at) VALUES ($1, $2, $3, $4)",
            )
            .bind(next.to_owned())
            .bind(family.clone())
            .bind(user.to_string())
            .bind(bigint(expires_at))
            .execute(&mut *transaction)
            .await?;
            Rotation::Rotated { user, family }
        } else if row.try_get::<Option<i64>, _>("used_at")?.is_some() {
            sqlx::query("DELETE FROM refresh_tokens WHERE family = $1")
                .bind(family.clone())
                .execute(&mut *transaction)
                .await?;
            Rotation::Reused { family }
        } else {
            Rotation::Unknown
        };
        transaction.commit().await?;
        Ok(rotation)
    }

    /// Ends the sign-in the token belongs to and names it; `None` if the token is not known.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_by_refresh_token(&self, hash: &str) -> Result<Option<String>, StoreError> {
        let query = sqlx::query("SELECT family FROM refresh_tokens WHERE hash = $1").bind(hash.to_owned());
        let Some(row) = query.fetch_optional(&self.live).await? else { return Ok(None) };
        let family: String = row.try_get("family")?;
        sqlx::query("DELETE FROM refresh_tokens WHERE family = $1")
            .bind(family.clone())
            .execute(&self.live)
            .await?;
        Ok(Some(family))
    }

    /// Whether a sign-in goes on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_family(&self, family: &str) -> Result<bool, StoreError> {
        let query = sqlx::query("SELECT 1 AS one FROM refresh_tokens WHERE family = $1 LIMIT 1");
        Ok(query.bind(family.to_owned()).fetch_optional(&self.live).await?.is_some())
    }
}
