//! The two stores: *live* (accounts, devices, sign-ins, sessions) and *history* (finished calls).
//!
//! Two SQLite files or two PostgreSQL schemas, reached by the same SQL: `$1` placeholders, TEXT ids, BIGINT numbers,
//! no dialect words. `tests/store.rs` runs one suite on both. A transaction begins with a write, so that SQLite never
//! has to raise a read lock.

mod accounts;
mod call_sides;
mod chat;
mod contacts;
mod files;
mod history;
mod installation;
mod numbers;
mod outside;
mod people;
mod push;
mod sessions;
mod settings;
mod tokens;

use std::{path::Path, time::Duration};

use sqlx::{
    AnyPool, Row as _,
    any::{AnyPoolOptions, AnyRow},
    migrate::{Migration, MigrationType, Migrator},
};

pub use accounts::{Account, AccountChange, Device};
pub use chat::{ChatError, ChatOutcome, ChatPage};
pub use files::{FileRow, Readers};
pub use history::{HistoryPage, HistoryRow};
pub use installation::SoundSettings;
pub use numbers::{ChangedCodes, Numbered};
pub use push::PushSubscription;
pub use settings::default_settings;
pub use tokens::{RefreshToken, Rotation};

/// What a store answers where it cannot do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else has the name, number or id.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// The only enabled admin cannot go.
    #[error("the last enabled admin cannot be removed, disabled or made a user")]
    LastAdmin,
    /// A row holds what this program never writes.
    #[error("column {0} holds a value this program does not write")]
    Corrupt(&'static str),
    /// The devices' password hashes were made for another realm.
    #[error("the store was made for the realm {stored}: set the realm back, or make new devices")]
    OtherRealm {
        /// The realm in the store.
        stored: String,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration failed.
    #[error("a migration failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl StoreError {
    /// Whether the data is to blame, and not a store that is away, full or busy: trying again would not help.
    pub fn blames_data(&self) -> bool {
        match self {
            Self::Taken(_) | Self::LastAdmin | Self::Corrupt(_) => true,
            Self::OtherRealm { .. } | Self::Migration(_) => false,
            Self::Database(sqlx::Error::Database(error)) => match (error.code().as_deref(), error.kind()) {
                // PostgreSQL, class 22: data exceptions, among them a NUL character.
                (Some(code), _) if code.len() == 5 && code.starts_with("22") => true,
                (_, sqlx::error::ErrorKind::Other) => false,
                // Constraints.
                _ => true,
            },
            Self::Database(error) => matches!(
                error,
                sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }
            ),
        }
    }
}

/// Both stores.
#[derive(Debug, Clone)]
pub struct Store {
    live: AnyPool,
    history: AnyPool,
}

/// Connections per store. SQLite has one writer at a time anyway.
const CONNECTIONS: u32 = 4;
/// The wait for a connection or a lock; longer only delays the error.
const PATIENCE: Duration = Duration::from_secs(5);

const LIVE: [(i64, &str, &str); 7] = [
    (1, "accounts", include_str!("../migrations/live/0001_accounts.sql")),
    (2, "dialplan", include_str!("../migrations/live/0002_dialplan.sql")),
    (3, "installation", include_str!("../migrations/live/0003_installation.sql")),
    (4, "people", include_str!("../migrations/live/0004_people.sql")),
    (5, "crm", include_str!("../migrations/live/0005_crm.sql")),
    (6, "push", include_str!("../migrations/live/0006_push.sql")),
    (7, "contacts", include_str!("../migrations/live/0007_contacts.sql")),
];
const HISTORY: [(i64, &str, &str); 6] = [
    (1, "calls", include_str!("../migrations/history/0001_calls.sql")),
    (2, "quality", include_str!("../migrations/history/0002_quality.sql")),
    (3, "files", include_str!("../migrations/history/0003_files.sql")),
    (4, "people", include_str!("../migrations/history/0004_people.sql")),
    (5, "chat", include_str!("../migrations/history/0005_chat.sql")),
    (6, "chat-signs", include_str!("../migrations/history/0006_chat.sql")),
];

impl Store {
    /// Opens both stores and brings them to the newest schema: two files in `state` where `url` is empty, else the
    /// schemas `live` and `history` of the PostgreSQL database at `url`.
    ///
    /// # Errors
    /// When the database cannot be reached or migrated, or was made for another realm.
    pub async fn open(url: &str, state: &Path, realm: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (live, history) =
            tokio::try_join!(open_one(url, state, "live", &LIVE), open_one(url, state, "history", &HISTORY))?;
        let store = Self { live, history };
        store.claim_realm(realm).await?;
        Ok(store)
    }

    /// Whether both stores answer.
    pub async fn is_healthy(&self) -> bool {
        let ask = |pool| sqlx::query("SELECT 1").execute(pool);
        tokio::try_join!(ask(&self.live), ask(&self.history)).is_ok()
    }

    /// Closes both stores; SQLite writes its log back.
    pub async fn close(&self) {
        self.live.close().await;
        self.history.close().await;
    }

    async fn claim_realm(&self, realm: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO directory (id, version, realm) VALUES (1, 1, $1) ON CONFLICT (id) DO NOTHING",
        )
        .bind(realm)
        .execute(&self.live)
        .await?;
        let row = sqlx::query("SELECT realm FROM directory WHERE id = 1").fetch_one(&self.live).await?;
        let stored: String = row.try_get("realm")?;
        if stored == realm {
            return Ok(());
        }
        // No device, no hash: the realm is free to change.
        let moved = sqlx::query(
            "UPDATE directory SET realm = $1, version = version + 1 WHERE id = 1 \
             AND NOT EXISTS (SELECT 1 FROM devices)",
        )
        .bind(realm)
        .execute(&self.live)
        .await?;
        if moved.rows_affected() == 1 { Ok(()) } else { Err(StoreError::OtherRealm { stored }) }
    }
}

async fn open_one(
    url: &str,
    state: &Path,
    schema: &'static str,
    migrations: &[(i64, &'static str, &'static str)],
) -> Result<AnyPool, StoreError> {
    let options = AnyPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    let pool = if url.is_empty() {
        let path = state.join(format!("{schema}.sqlite"));
        // SQLite gives its other files the mode of this one.
        crate::state_file::touch(&path).map_err(sqlx::Error::Io)?;
        let options = options.after_connect(|connection, _| {
            Box::pin(async move {
                // NORMAL loses no more than the last moments at a power cut, and nothing at a crash.
                for pragma in [
                    "PRAGMA busy_timeout = 5000",
                    "PRAGMA journal_mode = WAL",
                    "PRAGMA synchronous = NORMAL",
                    "PRAGMA foreign_keys = ON",
                ] {
                    sqlx::query(pragma).execute(&mut *connection).await?;
                }
                Ok(())
            })
        });
        options.connect(&format!("sqlite://{}?mode=rwc", path.display())).await?
    } else {
        let (create, search) = match schema {
            "live" => ("CREATE SCHEMA IF NOT EXISTS live", "SET search_path TO live"),
            _ => ("CREATE SCHEMA IF NOT EXISTS history", "SET search_path TO history"),
        };
        let options = options.after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::query(create).execute(&mut *connection).await?;
                sqlx::query(search).execute(&mut *connection).await?;
                Ok(())
            })
        });
        options.connect(url).await?
    };
    let migrations = migrations.iter().map(|&(version, description, sql)| {
        let sql = sqlx::SqlSafeStr::into_sql_str(sql);
        Migration::new(version, description.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect()).run(&pool).await?;
    Ok(pool)
}

/// Reads a column that holds a parsed value.
fn parsed<T: std::str::FromStr>(row: &AnyRow, column: &'static str) -> Result<T, StoreError> {
    row.try_get::<String, _>(column)?.parse().map_err(|_| StoreError::Corrupt(column))
}

fn parsed_optional<T: std::str::FromStr>(
    row: &AnyRow,
    column: &'static str,
) -> Result<Option<T>, StoreError> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| text.parse().map_err(|_| StoreError::Corrupt(column))).transpose()
}

/// Reads a number that is never negative.
fn number<T: TryFrom<i64>>(row: &AnyRow, column: &'static str) -> Result<T, StoreError> {
    row.try_get::<i64, _>(column)?.try_into().map_err(|_| StoreError::Corrupt(column))
}

/// A text of elsewhere as the database has it: PostgreSQL knows no NUL character.
fn text(text: &str) -> String {
    text.replace('\0', "")
}

/// A number as the database has it; beyond its range, the highest.
fn bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
