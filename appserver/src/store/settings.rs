//! What users decide themselves.

use std::collections::HashMap;

use ringdown_control::{Forwards, SettingChanged, UserSettings, VoicemailSettings};
use ringdown_types::{Extension, UserId};
use sqlx::{Any, Row as _, Transaction, any::AnyRow};

use super::{Store, StoreError, bigint, number, parsed, parsed_optional};

macro_rules! select_settings {
    ($rest:literal) => {{
        const SQL: &str = concat!(
            "SELECT user_id, do_not_disturb, call_waiting, forward_always, forward_busy, forward_no_answer, ",
            "forward_offline, pickup_group, voicemail, voicemail_pin_sha256, last_change FROM user_settings ",
            $rest
        );
        SQL
    }};
}

impl Store {
    /// The settings somebody changed, by account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_settings(&self) -> Result<HashMap<UserId, UserSettings>, StoreError> {
        let rows = sqlx::query(select_settings!("")).fetch_all(&self.live).await?;
        rows.iter().map(|row| Ok((parsed(row, "user_id")?, read_settings(row)?))).collect()
    }

    /// One account's settings; the defaults where nobody changed them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settings(&self, user: UserId) -> Result<UserSettings, StoreError> {
        let query = sqlx::query(select_settings!("WHERE user_id = $1")).bind(user.to_string());
        let row = query.fetch_optional(&self.live).await?;
        row.as_ref().map_or_else(|| Ok(default_settings()), read_settings)
    }

    /// Changes an account's settings and returns them; `None` if there is no such account. The changes are made within
    /// one transaction, so that two of them do not undo each other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_settings(
        &self,
        user: UserId,
        change: impl FnOnce(&mut UserSettings) + Send,
    ) -> Result<Option<UserSettings>, StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        let query = sqlx::query("SELECT id FROM accounts WHERE id = $1").bind(user.to_string());
        if query.fetch_optional(&mut *transaction).await?.is_none() {
            return Ok(None);
        }
        let mut settings = settings_within(&mut transaction, user).await?;
        change(&mut settings);
        write_settings(&mut transaction, user, &settings).await?;
        transaction.commit().await?;
        Ok(Some(settings))
    }

    /// Takes changes that users made on a softswitch. Those that are in here already, and those of accounts that are
    /// gone, are passed over; whether any was new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_changes(&self, changes: &[SettingChanged]) -> Result<bool, StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        let mut is_any_new = false;
        for changed in changes {
            let query = sqlx::query("SELECT id FROM accounts WHERE id = $1").bind(changed.user.to_string());
            if query.fetch_optional(&mut *transaction).await?.is_none() {
                continue;
            }
            let mut settings = settings_within(&mut transaction, changed.user).await?;
            if changed.number > settings.last_change {
                settings.apply(&changed.change);
                settings.last_change = changed.number;
                write_settings(&mut transaction, changed.user, &settings).await?;
                is_any_new = true;
            }
        }
        if is_any_new {
            transaction.commit().await?;
        }
        Ok(is_any_new)
    }
}

/// What an account has that changed nothing.
pub fn default_settings() -> UserSettings {
    UserSettings { voicemail: Some(VoicemailSettings::default()), ..UserSettings::default() }
}

async fn settings_within(
    transaction: &mut Transaction<'static, Any>,
    user: UserId,
) -> Result<UserSettings, StoreError> {
    let query = sqlx::query(select_settings!("WHERE user_id = $1")).bind(user.to_string());
    let row = query.fetch_optional(&mut **transaction).await?;
    row.as_ref().map_or_else(|| Ok(default_settings()), read_settings)
}

async fn write_settings(
    transaction: &mut Transaction<'static, Any>,
    user: UserId,
    settings: &UserSettings,
) -> Result<(), StoreError> {
    let text = |number: &Option<Extension>| number.as_ref().map(ToString::to_string);
    let voicemail = settings.voicemail.as_ref();
    sqlx::query(
        "INSERT INTO user_settings (user_id, do_not_disturb, call_waiting, forward_always, forward_busy, \
         forward_no_answer, forward_offline, pickup_group, voicemail, voicemail_pin_sha256, last_change) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (user_id) DO UPDATE SET \
         do_not_disturb = excluded.do_not_disturb, call_waiting = excluded.call_waiting, \
         forward_always = excluded.forward_always, forward_busy = excluded.forward_busy, \
         forward_no_answer = excluded.forward_no_answer, forward_offline = excluded.forward_offline, \
         pickup_group = excluded.pickup_group, voicemail = excluded.voicemail, \
         voicemail_pin_sha256 = excluded.voicemail_pin_sha256, last_change = excluded.last_change",
    )
    .bind(user.to_string())
    .bind(i64::from(settings.do_not_disturb))
    .bind(i64::from(settings.call_waiting))
    .bind(text(&settings.forward.always))
    .bind(text(&settings.forward.busy))
    .bind(text(&settings.forward.no_answer))
    .bind(text(&settings.forward.offline))
    .bind(settings.pickup_group.clone())
    .bind(i64::from(voicemail.is_some_and(|voicemail| voicemail.enabled)))
    .bind(voicemail.and_then(|voicemail| voicemail.pin_sha256.clone()))
    .bind(bigint(settings.last_change))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn read_settings(row: &AnyRow) -> Result<UserSettings, StoreError> {
    Ok(UserSettings {
        do_not_disturb: row.try_get::<i64, _>("do_not_disturb")? != 0,
        forward: Forwards {
            always: parsed_optional(row, "forward_always")?,
            busy: parsed_optional(row, "forward_busy")?,
            no_answer: parsed_optional(row, "forward_no_answer")?,
            offline: parsed_optional(row, "forward_offline")?,
        },
        call_waiting: row.try_get::<i64, _>("call_waiting")? != 0,
        pickup_group: row.try_get("pickup_group")?,
        voicemail: Some(VoicemailSettings {
            enabled: row.try_get::<i64, _>("voicemail")? != 0,
            pin_sha256: row.try_get("voicemail_pin_sha256")?,
        }),
        last_change: number(row, "last_change")?,
    })
}
