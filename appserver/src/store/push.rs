//! Browsers that can be woken by Web Push. Each belongs to a sign-in and ends with it.

use ringdown_types::{Pii, UserId};
use sqlx::Row as _;

use super::{Store, StoreError, bigint, parsed};

/// Browsers one account may have; the oldest give way.
const MAX_PER_USER: i64 = 16;

/// A browser that can be woken (W3C Push API).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushSubscription {
    /// Where its push service takes messages: whoever knows it can send some.
    pub endpoint: Pii<String>,
    /// Its public key, base64url.
    pub p256dh: String,
    /// Its secret, base64url.
    pub auth: Pii<String>,
}

impl Store {
    /// Keeps a browser of an account's sign-in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_subscription(
        &self,
        (user, family): (UserId, &str),
        subscription: &PushSubscription,
        now: u64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.live.begin().await?;
        sqlx::query(
            "INSERT INTO push_subscriptions (endpoint, user_id, family, p256dh, auth, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (endpoint) DO UPDATE SET user_id = excluded.user_id, \
             family = excluded.family, p256dh = excluded.p256dh, auth = excluded.auth, \
             created_at = excluded.created_at",
        )
        .bind(subscription.endpoint.0.clone())
        .bind(user.to_string())
        .bind(family.to_owned())
        .bind(subscription.p256dh.clone())
        .bind(subscription.auth.0.clone())
        .bind(bigint(now))
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM push_subscriptions WHERE user_id = $1 AND endpoint NOT IN (SELECT endpoint FROM \
             push_subscriptions WHERE user_id = $1 ORDER BY created_at DESC, endpoint LIMIT $2)",
        )
        .bind(user.to_string())
        .bind(MAX_PER_USER)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets a browser; with an account, only if it is that account's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_subscription(&self, user: Option<UserId>, endpoint: &str) -> Result<(), StoreError> {
        let query = match user {
            Some(user) => sqlx::query("DELETE FROM push_subscriptions WHERE endpoint = $1 AND user_id = $2")
                .bind(endpoint.to_owned())
                .bind(user.to_string()),
            None => {
                sqlx::query("DELETE FROM push_subscriptions WHERE endpoint = $1").bind(endpoint.to_owned())
            }
        };
        query.execute(&self.live).await?;
        Ok(())
    }

    /// The browsers of an account whose sign-ins go on, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscriptions(&self, user: UserId, now: u64) -> Result<Vec<PushSubscription>, StoreError> {
        let rows = sqlx::query(
            "SELECT endpoint, p256dh, auth FROM push_subscriptions WHERE user_id = $1 AND family IN \
             (SELECT family FROM refresh_tokens WHERE user_id = $1 AND expires_at > $2) \
             ORDER BY created_at DESC, endpoint",
        )
        .bind(user.to_string())
        .bind(bigint(now))
        .fetch_all(&self.live)
        .await?;
        let read = |row: &sqlx::any::AnyRow| {
            Ok(PushSubscription {
                endpoint: Pii(row.try_get("endpoint")?),
                p256dh: row.try_get("p256dh")?,
                auth: Pii(row.try_get("auth")?),
            })
        };
        rows.iter().map(read).collect()
    }

    /// Forgets the browsers of a sign-in that is over; whose they were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_subscriptions_of(&self, family: &str) -> Result<Option<UserId>, StoreError> {
        let query = sqlx::query("SELECT user_id FROM push_subscriptions WHERE family = $1 LIMIT 1");
        let Some(row) = query.bind(family.to_owned()).fetch_optional(&self.live).await? else {
            return Ok(None);
        };
        sqlx::query("DELETE FROM push_subscriptions WHERE family = $1")
            .bind(family.to_owned())
            .execute(&self.live)
            .await?;
        parsed(&row, "user_id").map(Some)
    }

    /// Everybody with a browser that can be woken. What belongs to sign-ins that are over is cleared on the way.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wakeable(&self, now: u64) -> Result<Vec<UserId>, StoreError> {
        sqlx::query(
            "DELETE FROM push_subscriptions WHERE family NOT IN (SELECT family FROM refresh_tokens WHERE expires_at > $1)",
        )
        .bind(bigint(now))
        .execute(&self.live)
        .await?;
        let rows =
            sqlx::query("SELECT DISTINCT user_id FROM push_subscriptions").fetch_all(&self.live).await?;
        rows.iter().map(|row| parsed(row, "user_id")).collect()
    }
}
