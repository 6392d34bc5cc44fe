//! The chat's conversations, members and messages. One writer does what is asked in the order it comes, many jobs in one
//! transaction; a job that is refused has changed nothing.

mod expire;
mod members;
mod read;
mod write;

pub use read::Page as ChatPage;
use ringdown_desk::{ChatNews, StoredMember, StoredMessage};
use ringdown_protocol::{ChatKind, FileInfo};
use ringdown_types::{ConversationId, Pii, UserId};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StoreError, bigint, number, parsed, parsed_optional};

/// Why something in the chat is not done.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The user is not in the conversation, or there is none: which of the two is not told.
    #[error("you are in no such conversation")]
    NoSuchConversation,
    /// There is no such message, or it is somebody else's, or deleted.
    #[error("you have no such message")]
    NoSuchMessage,
    /// The file is not the user's, or was sent already.
    #[error("you have no such file that was not sent yet")]
    NoSuchFile,
    /// The kind of conversation does not allow it.
    #[error("{0}")]
    WrongKind(&'static str),
    /// The right is another's.
    #[error("only who made the group takes others out of it")]
    NotOwner,
    /// It is as large as it may be.
    #[error("the conversation has 500 members, which is the most")]
    TooMany,
    /// The addressee does not want it.
    #[error("this person takes no messages from you")]
    Blocked,
    /// The user does not want theirs.
    #[error("you take no messages from this person: take them again to write")]
    Blocking,
    /// Another message has the id.
    #[error("another message has this id")]
    IdTaken,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ChatError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(StoreError::Database(error))
    }
}

/// What a job came to.
pub type ChatOutcome = Result<ChatNews, ChatError>;

macro_rules! message_columns {
    () => {
        "x.message_id, x.conversation_id, x.seq, x.revision, x.author, x.body, x.sent_at, x.edited_at, \
         x.is_deleted, x.reactions, x.file_id, f.name AS file_name, f.media_type AS file_type, f.size AS file_size"
    };
}
use message_columns;

fn read_message(row: &AnyRow) -> Result<StoredMessage, StoreError> {
    let file_id: Option<String> = row.try_get("file_id")?;
    // A file's row may be gone where an admin cleaned up.
    let file_name: Option<String> = row.try_get("file_name")?;
    let file = match (file_id, file_name) {
        (Some(id), Some(name)) => Some(FileInfo {
            id,
            name: Pii(name),
            media_type: row.try_get("file_type")?,
            size: number(row, "file_size")?,
        }),
        _ => None,
    };
    let edited_at: Option<i64> = row.try_get("edited_at")?;
    let reactions: String = row.try_get("reactions")?;
    let reaction = |line: &str| {
        let (user, emoji) = line.split_once(' ')?;
        Some((user.parse().ok()?, emoji.to_owned()))
    };
    Ok(StoredMessage {
        id: parsed(row, "message_id")?,
        conversation: parsed(row, "conversation_id")?,
        seq: number(row, "seq")?,
        revision: number(row, "revision")?,
        author: parsed(row, "author")?,
        text: Pii(row.try_get("body")?),
        file,
        at: number(row, "sent_at")?,
        edited_at: edited_at.map(|at| u64::try_from(at).unwrap_or_default()),
        is_deleted: row.try_get::<i64, _>("is_deleted")? != 0,
        reactions: reactions.lines().filter_map(reaction).collect(),
    })
}

fn read_kind(row: &AnyRow) -> Result<ChatKind, StoreError> {
    match row.try_get::<String, _>("kind")?.as_str() {
        "direct" => Ok(ChatKind::Direct),
        "group" => Ok(ChatKind::Group),
        "room" => Ok(ChatKind::Room),
        _ => Err(StoreError::Corrupt("kind")),
    }
}

/// What a member may know of a conversation.
struct Membership {
    kind: ChatKind,
    title: Pii<String>,
    last_seq: u64,
    is_owner: bool,
}

async fn membership(
    connection: &mut AnyConnection,
    conversation: ConversationId,
    user: UserId,
) -> Result<Membership, ChatError> {
    let row = sqlx::query(
        "SELECT c.kind, c.title, c.last_seq, m.is_owner FROM chat_members m \
         JOIN chat_conversations c ON c.conversation_id = m.conversation_id \
         WHERE m.conversation_id = $1 AND m.user_id = $2",
    )
    .bind(conversation.to_string())
    .bind(user.to_string())
    .fetch_optional(connection)
    .await?;
    let row = row.ok_or(ChatError::NoSuchConversation)?;
    Ok(Membership {
        kind: read_kind(&row)?,
        title: Pii(row.try_get("title")?),
        last_seq: number(&row, "last_seq")?,
        is_owner: row.try_get::<i64, _>("is_owner")? != 0,
    })
}

/// Who is in a conversation.
async fn members_of(
    connection: &mut AnyConnection,
    conversation: ConversationId,
) -> Result<Vec<StoredMember>, StoreError> {
    let rows = sqlx::query(
        "SELECT user_id, is_owner, joined_seq, delivered, read_seq FROM chat_members \
         WHERE conversation_id = $1 ORDER BY user_id",
    )
    .bind(conversation.to_string())
    .fetch_all(connection)
    .await?;
    let read = |row| {
        Ok(StoredMember {
            user: parsed(row, "user_id")?,
            is_owner: row.try_get::<i64, _>("is_owner")? != 0,
            joined: number(row, "joined_seq")?,
            delivered: number(row, "delivered")?,
            read: number(row, "read_seq")?,
        })
    };
    rows.iter().map(read).collect()
}
