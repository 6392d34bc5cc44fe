//! What is known of the files people gave to be kept. The bytes are in the state folder: `crate::files`.

use ringdown_types::{ConversationId, FileId, Pii, UserId};
use sqlx::{Row as _, any::AnyRow};

use super::{Store, StoreError, bigint, number, parsed};

/// Who may have a file besides its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Nobody yet: it was uploaded and is not used. It is forgotten after a day.
    Nobody,
    /// Everybody with an account.
    Everybody,
    /// Who is in the conversation.
    Conversation(ConversationId),
}

impl std::fmt::Display for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nobody => Ok(()),
            Self::Everybody => f.write_str("everybody"),
            Self::Conversation(id) => id.fmt(f),
        }
    }
}

/// A kept file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// It.
    pub id: FileId,
    /// Who gave it.
    pub owner: UserId,
    /// What its owner calls it.
    pub name: Pii<String>,
    /// What it is, as its first bytes say.
    pub media_type: String,
    /// How long it is, in bytes; 0 for one whose bytes are gone, because files are kept for a while only.
    pub size: u64,
    /// Since when it is kept, Unix milliseconds.
    pub created_at: u64,
    /// Who may have it.
    pub readers: Readers,
}

const COLUMNS: &str = "SELECT file_id, owner, name, media_type, size, created_at, readers FROM files ";

impl Store {
    /// Keeps what is known of a file.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_file(&self, file: &FileRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO files (file_id, owner, name, media_type, size, created_at, readers) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(file.id.to_string())
        .bind(file.owner.to_string())
        .bind(file.name.0.clone())
        .bind(file.media_type.clone())
        .bind(bigint(file.size))
        .bind(bigint(file.created_at))
        .bind(file.readers.to_string())
        .execute(&self.history)
        .await?;
        Ok(())
    }

    /// A file.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn file(&self, id: FileId) -> Result<Option<FileRow>, StoreError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE file_id = $1")))
            .bind(id.to_string())
            .fetch_optional(&self.history)
            .await?;
        row.as_ref().map(read_row).transpose()
    }

    /// Says who may have an unused file of `owner`'s; whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_file(&self, id: FileId, owner: UserId, readers: Readers) -> Result<bool, StoreError> {
        let done =
            sqlx::query("UPDATE files SET readers = $1 WHERE file_id = $2 AND owner = $3 AND readers = ''")
                .bind(readers.to_string())
                .bind(id.to_string())
                .bind(owner.to_string())
                .execute(&self.history)
                .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets a file; whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_file(&self, id: FileId) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM files WHERE file_id = $1")
            .bind(id.to_string())
            .execute(&self.history)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Bytes of one owner's files, or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn size_of_files(&self, owner: Option<UserId>) -> Result<u64, StoreError> {
        // A sum of BIGINT is NUMERIC on PostgreSQL.
        let query = match owner {
            None => sqlx::query("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM files"),
            Some(owner) => sqlx::query(
                "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM files WHERE owner = $1",
            )
            .bind(owner.to_string()),
        };
        number(&query.fetch_one(&self.history).await?, "bytes")
    }

    /// Unused files from before a time, Unix milliseconds; at most `limit`, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unused_files(&self, before: u64, limit: u32) -> Result<Vec<FileRow>, StoreError> {
        let sql = format!("{COLUMNS} WHERE readers = '' AND created_at < $1 ORDER BY created_at LIMIT $2");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(bigint(before))
            .bind(i64::from(limit))
            .fetch_all(&self.history)
            .await?;
        rows.iter().map(read_row).collect()
    }
}

impl Store {
    /// Files sent in conversations before a time, Unix milliseconds, that are still kept; at most `limit`, the oldest
    /// first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn expired_files(&self, before: u64, limit: u32) -> Result<Vec<FileRow>, StoreError> {
        let sql = format!(
            "{COLUMNS} WHERE created_at < $1 AND size > 0 AND readers <> '' AND readers <> 'everybody' \
             ORDER BY created_at LIMIT $2"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(bigint(before))
            .bind(i64::from(limit))
            .fetch_all(&self.history)
            .await?;
        rows.iter().map(read_row).collect()
    }

    /// Notes that a file's bytes are gone: what is left is its name, with size 0. Whether they were there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn empty_file(&self, id: FileId) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE files SET size = 0 WHERE file_id = $1 AND size > 0")
            .bind(id.to_string())
            .execute(&self.history)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn read_row(row: &AnyRow) -> Result<FileRow, StoreError> {
    let readers: String = row.try_get("readers")?;
    Ok(FileRow {
        id: parsed(row, "file_id")?,
        owner: parsed(row, "owner")?,
        name: Pii(row.try_get("name")?),
        media_type: row.try_get("media_type")?,
        size: number(row, "size")?,
        created_at: number(row, "created_at")?,
        readers: match readers.as_str() {
            "" => Readers::Nobody,
            "everybody" => Readers::Everybody,
            id => Readers::Conversation(id.parse().map_err(|_| StoreError::Corrupt("readers"))?),
        },
    })
}
