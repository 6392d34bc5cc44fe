//! Who accounts are elsewhere, and which signed tokens were shown.

use ringdown_types::UserId;

use super::{Store, StoreError, bigint, parsed};

impl Store {
    /// The account of somebody as an issuer names them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<UserId>, StoreError> {
        let query = sqlx::query("SELECT user_id FROM identities WHERE issuer = $1 AND subject = $2");
        let query = query.bind(issuer.to_owned()).bind(subject.to_owned());
        query.fetch_optional(&self.live).await?.map(|row| parsed(&row, "user_id")).transpose()
    }

    /// Whether the issuer knows the account by another subject.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_other_identity(
        &self,
        issuer: &str,
        subject: &str,
        user: UserId,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query(
            "SELECT 1 FROM identities WHERE issuer = $1 AND subject <> $2 AND user_id = $3 LIMIT 1",
        );
        let query = query.bind(issuer.to_owned()).bind(subject.to_owned()).bind(user.to_string());
        Ok(query.fetch_optional(&self.live).await?.is_some())
    }

    /// Keeps whose account it is from now on; the first to say so wins.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_identity(&self, issuer: &str, subject: &str, user: UserId) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO identities (issuer, subject, user_id) VALUES ($1, $2, $3) \
             ON CONFLICT (issuer, subject) DO NOTHING",
        )
        .bind(issuer.to_owned())
        .bind(subject.to_owned())
        .bind(user.to_string())
        .execute(&self.live)
        .await?;
        Ok(())
    }

    /// Marks a token as shown; `false` where it was before. It is remembered until `ends_at`; all times are Unix
    /// seconds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn show_token(&self, hash: &str, ends_at: u64, now: u64) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM shown_tokens WHERE ends_at < $1")
            .bind(bigint(now))
            .execute(&self.live)
            .await?;
        let shown = sqlx::query(
            "INSERT INTO shown_tokens (hash, ends_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
        )
        .bind(hash.to_owned())
        .bind(bigint(ends_at))
        .execute(&self.live)
        .await?;
        Ok(shown.rows_affected() == 1)
    }
}
