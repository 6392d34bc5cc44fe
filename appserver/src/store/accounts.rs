//! Accounts, their SIP devices, and the directory's version, which grows with every change of either.

use ringdown_protocol::Role;
use ringdown_types::{Extension, Pii, UserId};
use sqlx::{Any, Row as _, Transaction, any::AnyRow};

use super::{Store, StoreError, bigint, number, parsed, parsed_optional};

/// A person who can sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The account.
    pub id: UserId,
    /// The sign-in name, lower case.
    pub username: Pii<String>,
    /// The name others see.
    pub name: Pii<String>,
    /// The number others dial.
    pub extension: Option<Extension>,
    /// Where they work; empty for no department.
    pub department: Pii<String>,
    /// The picture's file.
    pub photo: Option<String>,
    /// What it may do.
    pub role: Role,
    /// The password, as argon2 keeps it.
    pub password_hash: String,
    /// A disabled account can neither sign in nor call nor be called.
    pub enabled: bool,
    /// Grows when everything signed in must end.
    pub epoch: u64,
    /// How long its devices ring, in seconds.
    pub ring_seconds: u16,
    /// Calls it may have at once.
    pub max_calls: u8,
    /// When it was made, Unix milliseconds.
    pub created_at: u64,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

/// What to change of an account; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// The name others see.
    pub name: Option<Pii<String>>,
    /// The number; `Some(None)` takes it away.
    pub extension: Option<Option<Extension>>,
    /// Where they work; empty takes it away.
    pub department: Option<Pii<String>>,
    /// What it may do. A change signs it out everywhere.
    pub role: Option<Role>,
    /// Whether it may sign in. Disabling signs it out everywhere.
    pub enabled: Option<bool>,
    /// How long its devices ring, in seconds.
    pub ring_seconds: Option<u16>,
    /// Calls it may have at once.
    pub max_calls: Option<u8>,
}

/// A SIP device.
#[derive(Clone, PartialEq, Eq)]
pub struct Device {
    /// The digest user name.
    pub username: String,
    /// Whose it is.
    pub user: UserId,
    /// What people call it.
    pub label: Pii<String>,
    /// SHA-256 of `username:realm:password`.
    pub ha1_sha256: String,
    /// MD5 of the same.
    pub ha1_md5: String,
    /// When it was made, Unix milliseconds.
    pub created_at: u64,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The account query with a condition; both parts are literals.
macro_rules! select_accounts {
    ($rest:literal) => {{
        const SQL: &str = concat!(
            "SELECT id, username, name, extension, department, photo, role, password_hash, enabled, epoch, ring_seconds, max_calls, ",
            "created_at FROM accounts ",
            $rest
        );
        SQL
    }};
}

impl Store {
    /// Every account, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let rows = sqlx::query(select_accounts!("ORDER BY name, id")).fetch_all(&self.live).await?;
        rows.iter().map(read_account).collect()
    }

    /// One account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        let query = sqlx::query(select_accounts!("WHERE id = $1")).bind(id.to_string());
        query.fetch_optional(&self.live).await?.as_ref().map(read_account).transpose()
    }

    /// The account with this number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_by_extension(&self, extension: &str) -> Result<Option<Account>, StoreError> {
        let query = sqlx::query(select_accounts!("WHERE extension = $1")).bind(extension.to_owned());
        query.fetch_optional(&self.live).await?.as_ref().map(read_account).transpose()
    }

    /// The account with this sign-in name, which is compared in lower case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_by_username(&self, username: &str) -> Result<Option<Account>, StoreError> {
        let query = sqlx::query(select_accounts!("WHERE username = $1")).bind(username.to_lowercase());
        query.fetch_optional(&self.live).await?.as_ref().map(read_account).transpose()
    }

    /// Adds an account.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when its name or number is somebody else's.
    pub async fn create_account(&self, account: &Account) -> Result<(), StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        sqlx::query(
            "INSERT INTO accounts (id, username, name, extension, role, password_hash, enabled, epoch, \
             ring_seconds, max_calls, created_at, department, photo) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(account.id.to_string())
        .bind(account.username.to_lowercase())
        .bind(account.name.0.clone())
        .bind(account.extension.as_ref().map(ToString::to_string))
        .bind(role_name(account.role))
        .bind(account.password_hash.clone())
        .bind(i64::from(account.enabled))
        .bind(bigint(account.epoch))
        .bind(i64::from(account.ring_seconds))
        .bind(i64::from(account.max_calls))
        .bind(bigint(account.created_at))
        .bind(account.department.0.clone())
        .bind(account.photo.clone())
        .execute(&mut *transaction)
        .await
        .map_err(|error| taken(error, "the sign-in name or the extension"))?;
        Ok(transaction.commit().await?)
    }

    /// Changes an account and returns it; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the number is somebody else's, [`StoreError::LastAdmin`].
    pub async fn change_account(
        &self,
        id: UserId,
        change: AccountChange,
    ) -> Result<Option<Account>, StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        let query = sqlx::query(select_accounts!("WHERE id = $1")).bind(id.to_string());
        let Some(row) = query.fetch_optional(&mut *transaction).await? else { return Ok(None) };
        let mut account = read_account(&row)?;
        let before = (account.role, account.enabled);
        let AccountChange { name, extension, department, role, enabled, ring_seconds, max_calls } = change;
        account.name = name.unwrap_or(account.name);
        account.extension = extension.unwrap_or(account.extension);
        account.department = department.unwrap_or(account.department);
        account.role = role.unwrap_or(account.role);
        account.enabled = enabled.unwrap_or(account.enabled);
        account.ring_seconds = ring_seconds.unwrap_or(account.ring_seconds);
        account.max_calls = max_calls.unwrap_or(account.max_calls);
        if before != (account.role, account.enabled) {
            account.epoch += 1;
            forget_sign_ins(&mut transaction, id).await?;
        }
        sqlx::query(
            "UPDATE accounts SET name = $1, extension = $2, role = $3, enabled = $4, epoch = $5, \
             ring_seconds = $6, max_calls = $7, department = $8 WHERE id = $9",
        )
        .bind(account.name.0.clone())
        .bind(account.extension.as_ref().map(ToString::to_string))
        .bind(role_name(account.role))
        .bind(i64::from(account.enabled))
        .bind(bigint(account.epoch))
        .bind(i64::from(account.ring_seconds))
        .bind(i64::from(account.max_calls))
        .bind(account.department.0.clone())
        .bind(id.to_string())
        .execute(&mut *transaction)
        .await
        .map_err(|error| taken(error, "the extension"))?;
        keep_an_admin(&mut transaction).await?;
        transaction.commit().await?;
        Ok(Some(account))
    }

    /// Gives an account another picture, or none; returns the file of the one before. `None` if there is no such account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_photo(
        &self,
        id: UserId,
        photo: Option<&str>,
    ) -> Result<Option<Option<String>>, StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        let query = sqlx::query("SELECT photo FROM accounts WHERE id = $1").bind(id.to_string());
        let Some(row) = query.fetch_optional(&mut *transaction).await? else { return Ok(None) };
        let before = row.try_get("photo")?;
        sqlx::query("UPDATE accounts SET photo = $1 WHERE id = $2")
            .bind(photo.map(str::to_owned))
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Some(before))
    }

    /// Whether a file is somebody's picture.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_photo(&self, file: &str) -> Result<bool, StoreError> {
        let query = sqlx::query("SELECT id FROM accounts WHERE photo = $1").bind(file.to_owned());
        Ok(query.fetch_optional(&self.live).await?.is_some())
    }

    /// Sets a password hash and signs the account out everywhere; returns its new epoch, `None` if there is no such
    /// account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_password(&self, id: UserId, password_hash: &str) -> Result<Option<u64>, StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        sqlx::query("UPDATE accounts SET password_hash = $1, epoch = epoch + 1 WHERE id = $2")
            .bind(password_hash.to_owned())
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await?;
        forget_sign_ins(&mut transaction, id).await?;
        let query = sqlx::query("SELECT epoch FROM accounts WHERE id = $1").bind(id.to_string());
        let row = query.fetch_optional(&mut *transaction).await?;
        let epoch = row.as_ref().map(|row| number(row, "epoch")).transpose()?;
        transaction.commit().await?;
        Ok(epoch)
    }

    /// Removes an account with its devices, sign-ins and sessions; whether there was one.
    ///
    /// # Errors
    /// [`StoreError::LastAdmin`].
    pub async fn delete_account(&self, id: UserId) -> Result<bool, StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        let query = sqlx::query("DELETE FROM accounts WHERE id = $1").bind(id.to_string());
        let deleted = query.execute(&mut *transaction).await?.rows_affected() > 0;
        keep_an_admin(&mut transaction).await?;
        transaction.commit().await?;
        Ok(deleted)
    }

    /// Every device.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn devices(&self) -> Result<Vec<Device>, StoreError> {
        let rows = sqlx::query(
            "SELECT username, user_id, label, ha1_sha256, ha1_md5, created_at FROM devices ORDER BY username",
        );
        rows.fetch_all(&self.live).await?.iter().map(read_device).collect()
    }

    /// One account's devices.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn devices_of(&self, user: UserId) -> Result<Vec<Device>, StoreError> {
        let rows = sqlx::query(
            "SELECT username, user_id, label, ha1_sha256, ha1_md5, created_at FROM devices \
             WHERE user_id = $1 ORDER BY username",
        );
        rows.bind(user.to_string()).fetch_all(&self.live).await?.iter().map(read_device).collect()
    }

    /// Adds a device.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the user name is another device's.
    pub async fn create_device(&self, device: &Device) -> Result<(), StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        sqlx::query(
            "INSERT INTO devices (username, user_id, label, ha1_sha256, ha1_md5, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(device.username.clone())
        .bind(device.user.to_string())
        .bind(device.label.0.clone())
        .bind(device.ha1_sha256.clone())
        .bind(device.ha1_md5.clone())
        .bind(bigint(device.created_at))
        .execute(&mut *transaction)
        .await
        .map_err(|error| taken(error, "the device's user name"))?;
        Ok(transaction.commit().await?)
    }

    /// Removes a device of an account's; whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_device(&self, user: UserId, username: &str) -> Result<bool, StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        let query = sqlx::query("DELETE FROM devices WHERE username = $1 AND user_id = $2");
        let query = query.bind(username.to_owned()).bind(user.to_string());
        let deleted = query.execute(&mut *transaction).await?.rows_affected() > 0;
        transaction.commit().await?;
        Ok(deleted)
    }

    /// The version of the directory.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn directory_version(&self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT version FROM directory WHERE id = 1").fetch_one(&self.live).await?;
        number(&row, "version")
    }

    /// Counts the version of the directory up beyond `above`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn raise_directory_version(&self, above: u64) -> Result<(), StoreError> {
        sqlx::query("UPDATE directory SET version = $1 WHERE id = 1 AND version < $1")
            .bind(bigint(above.saturating_add(1)))
            .execute(&self.live)
            .await?;
        Ok(())
    }

    pub(super) async fn begin_directory_change(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let mut transaction = self.live.begin().await?;
        sqlx::query("UPDATE directory SET version = version + 1 WHERE id = 1")
            .execute(&mut *transaction)
            .await?;
        Ok(transaction)
    }
}

async fn forget_sign_ins(
    transaction: &mut Transaction<'static, Any>,
    user: UserId,
) -> Result<(), StoreError> {
    for sql in ["DELETE FROM refresh_tokens WHERE user_id = $1", "DELETE FROM sessions WHERE user_id = $1"] {
        sqlx::query(sql).bind(user.to_string()).execute(&mut **transaction).await?;
    }
    Ok(())
}

async fn keep_an_admin(transaction: &mut Transaction<'static, Any>) -> Result<(), StoreError> {
    let query = sqlx::query("SELECT COUNT(*) AS admins FROM accounts WHERE role = 'admin' AND enabled = 1");
    let admins: i64 = query.fetch_one(&mut **transaction).await?.try_get("admins")?;
    if admins == 0 { Err(StoreError::LastAdmin) } else { Ok(()) }
}

pub(super) fn taken(error: sqlx::Error, what: &'static str) -> StoreError {
    let unique = error.as_database_error().is_some_and(|error| error.is_unique_violation());
    if unique { StoreError::Taken(what) } else { error.into() }
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::User => "user",
    }
}

fn read_account(row: &AnyRow) -> Result<Account, StoreError> {
    Ok(Account {
        id: parsed(row, "id")?,
        username: Pii(row.try_get("username")?),
        name: Pii(row.try_get("name")?),
        extension: parsed_optional(row, "extension")?,
        department: Pii(row.try_get("department")?),
        photo: row.try_get("photo")?,
        role: match row.try_get::<String, _>("role")?.as_str() {
            "admin" => Role::Admin,
            "user" => Role::User,
            _ => return Err(StoreError::Corrupt("role")),
        },
        password_hash: row.try_get("password_hash")?,
        enabled: row.try_get::<i64, _>("enabled")? != 0,
        epoch: number(row, "epoch")?,
        ring_seconds: number(row, "ring_seconds")?,
        max_calls: number(row, "max_calls")?,
        created_at: number(row, "created_at")?,
    })
}

fn read_device(row: &AnyRow) -> Result<Device, StoreError> {
    Ok(Device {
        username: row.try_get("username")?,
        user: parsed(row, "user_id")?,
        label: Pii(row.try_get("label")?),
        ha1_sha256: row.try_get("ha1_sha256")?,
        ha1_md5: row.try_get("ha1_md5")?,
        created_at: number(row, "created_at")?,
    })
}
