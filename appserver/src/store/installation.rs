//! What holds for the whole installation.

use ringdown_control::RecordingRight;
use ringdown_types::TonePlan;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::Row as _;

use super::{Store, StoreError};

/// What callers hear, and who may record them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SoundSettings {
    /// The country whose tones callers hear.
    pub tone_plan: TonePlan,
    /// Who may have calls recorded.
    pub recording: RecordingRight,
}

impl Store {
    /// What callers hear, and who may record them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sound_settings(&self) -> Result<SoundSettings, StoreError> {
        let tone_plan = self.installation("tone-plan").await?.unwrap_or_default();
        let recording = self.installation("recording").await?.unwrap_or_default();
        Ok(SoundSettings { tone_plan, recording })
    }

    /// Changes them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_sound_settings(&self, settings: SoundSettings) -> Result<(), StoreError> {
        let SoundSettings { tone_plan, recording } = settings;
        let mut transaction = self.begin_directory_change().await?;
        for (name, value) in [("tone-plan", write(&tone_plan)?), ("recording", write(&recording)?)] {
            sqlx::query(
                "INSERT INTO installation (name, value) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )
            .bind(name)
            .bind(value)
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn installation<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, StoreError> {
        let query = sqlx::query("SELECT value FROM installation WHERE name = $1").bind(name);
        let Some(row) = query.fetch_optional(&self.live).await? else { return Ok(None) };
        let text: String = row.try_get("value")?;
        serde_json::from_str(&text).map(Some).map_err(|_| StoreError::Corrupt("value"))
    }
}

fn write<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt("value"))
}
