//! What the one writer does.

use std::sync::Arc;

use ringdown_desk::{ChatJob, ChatNews, ChatTarget, ChatWork, MAX_MARKED, StoredMessage, folded};
use ringdown_protocol::ChatKind;
use ringdown_types::{ConversationId, FileId, MessageId, Pii, UserId};
use sqlx::{AnyConnection, Row as _};

use super::{
    ChatError, ChatOutcome, bigint,
    expire::write_first,
    members::{block, change, create, leave, open, open_to_write},
    members_of, membership, message_columns, number,
    read::opened,
    read_kind, read_message,
};
use crate::store::{Store, StoreError};

impl Store {
    /// Does jobs in their order in one transaction; each has its outcome.
    ///
    /// # Errors
    /// When the database fails; nothing is written then.
    pub async fn chat_write(&self, jobs: &[ChatJob]) -> Result<Vec<ChatOutcome>, StoreError> {
        let mut transaction = self.history.begin().await?;
        write_first(&mut transaction).await?;
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            match write(&mut transaction, job).await {
                Err(ChatError::Store(error)) => return Err(error),
                outcome => outcomes.push(outcome),
            }
        }
        transaction.commit().await?;
        Ok(outcomes)
    }
}

async fn write(connection: &mut AnyConnection, job: &ChatJob) -> ChatOutcome {
    let (user, at) = (job.user, job.at);
    match &job.work {
        ChatWork::Open(target) => {
            let (conversation, is_changed) = open(connection, (user, at), target).await?;
            let opened = Box::new(opened(connection, user, conversation).await?);
            Ok(ChatNews::Opened { opened, is_changed, gone: Vec::new() })
        }
        ChatWork::Create { title, members } => create(connection, (user, at), title, members).await,
        ChatWork::Change { conversation, title, add, remove } => {
            change(connection, (user, *conversation), title.as_ref(), (add, remove)).await
        }
        ChatWork::Leave(conversation) => leave(connection, user, *conversation).await,
        ChatWork::Send { target, message, text, file } => {
            send(connection, (user, at), target, (*message, text, *file)).await
        }
        ChatWork::Edit { conversation, seq, text } => {
            edit(connection, (user, at), (*conversation, *seq), text).await
        }
        ChatWork::Delete { conversation, seq, is_admin } => {
            delete(connection, (user, at, *is_admin), (*conversation, *seq)).await
        }
        ChatWork::React { conversation, seq, emoji } => {
            react(connection, user, (*conversation, *seq), emoji.as_deref()).await
        }
        ChatWork::Block { other, is_blocked } => block(connection, user, *other, *is_blocked).await,
        ChatWork::Mark { conversation, delivered, read } => {
            mark(connection, (user, *conversation), *delivered, *read).await
        }
        _ => Err(ChatError::WrongKind("this is no writing job")),
    }
}

async fn send(
    connection: &mut AnyConnection,
    (user, at): (UserId, u64),
    target: &ChatTarget,
    (id, text, file): (MessageId, &Pii<String>, Option<FileId>),
) -> ChatOutcome {
    if let Some(message) = by_id(connection, id).await? {
        if message.author != user {
            return Err(ChatError::IdTaken);
        }
        // Whoever was taken out meanwhile learns nothing more of it.
        membership(connection, message.conversation, user).await?;
        return told(connection, message, false).await;
    }
    // What is refused begins no conversation.
    if let Some(file) = file {
        check_unsent(connection, file, user).await?;
    }
    let conversation = open_to_write(connection, (user, at), target).await?;
    let name = match file {
        None => String::new(),
        Some(file) => give(connection, (file, user), conversation).await?,
    };
    let (seq, revision) = raise(connection, conversation, Some(at)).await?;
    sqlx::query(
        "INSERT INTO chat_messages (conversation_id, seq, message_id, revision, author, body, folded, file_id, \
         sent_at, is_deleted, reactions) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '')",
    )
    .bind(conversation.to_string())
    .bind(bigint(seq))
    .bind(id.to_string())
    .bind(bigint(revision))
    .bind(user.to_string())
    .bind(text.0.clone())
    .bind(folded(&format!("{} {name}", text.0)))
    .bind(file.map(|file| file.to_string()))
    .bind(bigint(at))
    .execute(&mut *connection)
    .await?;
    // Who writes has read.
    grow(connection, (user, conversation), seq, seq).await?;
    let message = by_id(connection, id).await?.ok_or(ChatError::NoSuchMessage)?;
    told(connection, message, true).await
}

async fn check_unsent(connection: &mut AnyConnection, file: FileId, owner: UserId) -> Result<(), ChatError> {
    let found = sqlx::query("SELECT 1 AS one FROM files WHERE file_id = $1 AND owner = $2 AND readers = ''")
        .bind(file.to_string())
        .bind(owner.to_string())
        .fetch_optional(connection)
        .await?;
    found.map(drop).ok_or(ChatError::NoSuchFile)
}

/// Gives a file that was not sent yet to a conversation; its name.
async fn give(
    connection: &mut AnyConnection,
    (file, owner): (FileId, UserId),
    conversation: ConversationId,
) -> Result<String, ChatError> {
    let row = sqlx::query(
        "UPDATE files SET readers = $1 WHERE file_id = $2 AND owner = $3 AND readers = '' RETURNING name",
    )
    .bind(conversation.to_string())
    .bind(file.to_string())
    .bind(owner.to_string())
    .fetch_optional(connection)
    .await?;
    Ok(row.ok_or(ChatError::NoSuchFile)?.try_get("name")?)
}

/// The next number and revision of a conversation; the number stays where nothing new is written.
async fn raise(
    connection: &mut AnyConnection,
    conversation: ConversationId,
    written_at: Option<u64>,
) -> Result<(u64, u64), StoreError> {
    let sql = match written_at {
        Some(_) => {
            "UPDATE chat_conversations SET last_seq = last_seq + 1, revision = revision + 1, updated_at = $2 \
             WHERE conversation_id = $1 RETURNING last_seq, revision"
        }
        None => {
            "UPDATE chat_conversations SET revision = revision + 1 \
             WHERE conversation_id = $1 RETURNING last_seq, revision"
        }
    };
    let mut query = sqlx::query(sql).bind(conversation.to_string());
    if let Some(at) = written_at {
        query = query.bind(bigint(at));
    }
    let row = query.fetch_one(connection).await?;
    Ok((number(&row, "last_seq")?, number(&row, "revision")?))
}

pub(super) async fn by_id(
    connection: &mut AnyConnection,
    id: MessageId,
) -> Result<Option<StoredMessage>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        message_columns!(),
        " FROM chat_messages x LEFT JOIN files f ON f.file_id = x.file_id WHERE x.message_id = $1"
    ))
    .bind(id.to_string())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read_message).transpose()
}

/// A message that was not deleted.
async fn by_place(
    connection: &mut AnyConnection,
    (conversation, seq): (ConversationId, u64),
) -> Result<Option<StoredMessage>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        message_columns!(),
        " FROM chat_messages x LEFT JOIN files f ON f.file_id = x.file_id \
         WHERE x.conversation_id = $1 AND x.seq = $2 AND x.is_deleted = 0"
    ))
    .bind(conversation.to_string())
    .bind(bigint(seq))
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read_message).transpose()
}

/// A message with who is told of it.
async fn told(connection: &mut AnyConnection, message: StoredMessage, is_new: bool) -> ChatOutcome {
    let row = sqlx::query("SELECT kind, title FROM chat_conversations WHERE conversation_id = $1")
        .bind(message.conversation.to_string())
        .fetch_one(&mut *connection)
        .await?;
    let conversation = (read_kind(&row)?, Pii(row.try_get("title")?));
    let members = members_of(connection, message.conversation).await?;
    let members = members.iter().map(|member| member.user).collect();
    Ok(ChatNews::Message { message: Box::new(message), conversation, members, is_new })
}

async fn edit(
    connection: &mut AnyConnection,
    (user, at): (UserId, u64),
    place: (ConversationId, u64),
    text: &Pii<String>,
) -> ChatOutcome {
    membership(connection, place.0, user).await?;
    let message = by_place(connection, place).await?;
    let message = message.filter(|message| message.author == user).ok_or(ChatError::NoSuchMessage)?;
    let name = message.file.map(|file| file.name.0).unwrap_or_default();
    let (_, revision) = raise(connection, place.0, None).await?;
    sqlx::query(
        "UPDATE chat_messages SET body = $1, folded = $2, revision = $3, edited_at = $4 WHERE message_id = $5",
    )
    .bind(text.0.clone())
    .bind(folded(&format!("{} {name}", text.0)))
    .bind(bigint(revision))
    .bind(bigint(at))
    .bind(message.id.to_string())
    .execute(&mut *connection)
    .await?;
    changed(connection, message.id).await
}

async fn delete(
    connection: &mut AnyConnection,
    (user, at, is_admin): (UserId, u64, bool),
    place: (ConversationId, u64),
) -> ChatOutcome {
    let member = membership(connection, place.0, user).await?;
    let may_all = member.kind != ChatKind::Direct && (member.is_owner || is_admin);
    let message = by_place(connection, place).await?;
    let message =
        message.filter(|message| may_all || message.author == user).ok_or(ChatError::NoSuchMessage)?;
    erase(connection, &message, at).await
}

/// Nothing is left of a message but that there was one.
pub(super) async fn erase(connection: &mut AnyConnection, message: &StoredMessage, at: u64) -> ChatOutcome {
    // Nobody has its file any more; the sweeper deletes it.
    sqlx::query(
        "UPDATE files SET readers = '' WHERE file_id = (SELECT file_id FROM chat_messages WHERE message_id = $1)",
    )
    .bind(message.id.to_string())
    .execute(&mut *connection)
    .await?;
    let (_, revision) = raise(connection, message.conversation, None).await?;
    sqlx::query(
        "UPDATE chat_messages SET body = '', folded = '', reactions = '', file_id = NULL, is_deleted = 1, \
         revision = $1, edited_at = $2 WHERE message_id = $3",
    )
    .bind(bigint(revision))
    .bind(bigint(at))
    .bind(message.id.to_string())
    .execute(&mut *connection)
    .await?;
    changed(connection, message.id).await
}

async fn react(
    connection: &mut AnyConnection,
    user: UserId,
    place: (ConversationId, u64),
    emoji: Option<&str>,
) -> ChatOutcome {
    membership(connection, place.0, user).await?;
    let message = by_place(connection, place).await?.ok_or(ChatError::NoSuchMessage)?;
    let mut reactions = message.reactions;
    let before = reactions.iter().find(|(other, _)| *other == user).map(|(_, emoji)| emoji.clone());
    if before.as_deref() != emoji {
        reactions.retain(|(other, _)| *other != user);
        reactions.extend(emoji.map(|emoji| (user, emoji.to_owned())));
        let (_, revision) = raise(connection, place.0, None).await?;
        sqlx::query("UPDATE chat_messages SET reactions = $1, revision = $2 WHERE message_id = $3")
            .bind(reactions.iter().map(|(user, emoji)| format!("{user} {emoji}\n")).collect::<String>())
            .bind(bigint(revision))
            .bind(message.id.to_string())
            .execute(&mut *connection)
            .await?;
    }
    changed(connection, message.id).await
}

/// A message that was changed, with who is told of it.
async fn changed(connection: &mut AnyConnection, id: MessageId) -> ChatOutcome {
    let message = by_id(connection, id).await?.ok_or(ChatError::NoSuchMessage)?;
    told(connection, message, false).await
}

async fn mark(
    connection: &mut AnyConnection,
    (user, conversation): (UserId, ConversationId),
    delivered: u64,
    read: u64,
) -> ChatOutcome {
    let last = membership(connection, conversation, user).await?.last_seq;
    let is_news = grow(connection, (user, conversation), delivered.min(last), read.min(last)).await?;
    let row = sqlx::query(
        "SELECT delivered, read_seq, (SELECT COUNT(*) FROM chat_members o WHERE o.conversation_id = $1) AS members \
         FROM chat_members WHERE conversation_id = $1 AND user_id = $2",
    )
    .bind(conversation.to_string())
    .bind(user.to_string())
    .fetch_one(&mut *connection)
    .await?;
    let told = if is_news && number::<usize>(&row, "members")? <= MAX_MARKED {
        members_of(connection, conversation).await?.iter().map(|member| member.user).collect()
    } else {
        Arc::from([user])
    };
    let (delivered, read) = (number(&row, "delivered")?, number(&row, "read_seq")?);
    Ok(ChatNews::Marked { conversation, delivered, read, told, is_news })
}

/// Raises marks that are lower; whether one was.
async fn grow(
    connection: &mut AnyConnection,
    (user, conversation): (UserId, ConversationId),
    delivered: u64,
    read: u64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE chat_members SET delivered = CASE WHEN delivered < $3 THEN $3 ELSE delivered END, \
         read_seq = CASE WHEN read_seq < $4 THEN $4 ELSE read_seq END \
         WHERE conversation_id = $1 AND user_id = $2 AND (delivered < $3 OR read_seq < $4)",
    )
    .bind(conversation.to_string())
    .bind(user.to_string())
    .bind(bigint(delivered.max(read)))
    .bind(bigint(read))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
