//! What the one writer does.

use ringdown_desk::{ChatJob, ChatNews, ChatTarget, ChatWork, MAX_MEMBERS, StoredMessage, folded};
use ringdown_protocol::ChatKind;
use ringdown_types::{ConversationId, FileId, MessageId, Pii, UserId};
use sqlx::{AnyConnection, Row as _};

use super::{
    ChatError, ChatOutcome, bigint, members, membership, message_columns, number, parsed, parsed_optional,
    read::opened, read_kind, read_message,
};
use crate::{
    random::OsRandom,
    store::{Store, StoreError},
};

impl Store {
    /// Does jobs in their order in one transaction; each has its outcome.
    ///
    /// # Errors
    /// When the database fails; nothing is written then.
    pub async fn chat_write(&self, jobs: &[ChatJob]) -> Result<Vec<ChatOutcome>, StoreError> {
        let mut transaction = self.history.begin().await?;
        // A write first, so that SQLite need not raise a read lock.
        sqlx::query("UPDATE chat_conversations SET revision = revision WHERE conversation_id = ''")
            .execute(&mut *transaction)
            .await?;
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
        ChatWork::Create { title, members } => {
            let id = ConversationId::random(&mut OsRandom);
            let key = id.to_string();
            begin(connection, id, (ChatKind::Group, &key, title, at)).await?;
            join(connection, id, user, Joins { is_owner: true, from: 0, seen: 0 }).await?;
            for member in members {
                join(connection, id, *member, Joins::default()).await?;
            }
            let opened = Box::new(opened(connection, user, id).await?);
            Ok(ChatNews::Opened { opened, is_changed: true, gone: Vec::new() })
        }
        ChatWork::Change { conversation, title, add, remove } => {
            change(connection, (user, *conversation), title.as_ref(), (add, remove)).await
        }
        ChatWork::Leave(conversation) => leave(connection, user, *conversation).await,
        ChatWork::Send { target, message, text, file } => {
            send(connection, (user, at), target, (*message, text, *file)).await
        }
        ChatWork::Edit { conversation, seq, text } => {
            edit(connection, (user, at), (*conversation, *seq), text.as_ref()).await
        }
        ChatWork::Mark { conversation, delivered, read } => {
            mark(connection, (user, *conversation), *delivered, *read).await
        }
        _ => Err(ChatError::WrongKind("this is no writing job")),
    }
}

/// The conversation of a target, begun where there is none yet; whether its members changed.
async fn open(
    connection: &mut AnyConnection,
    (user, at): (UserId, u64),
    target: &ChatTarget,
) -> Result<(ConversationId, bool), ChatError> {
    match target {
        ChatTarget::Conversation(id) => {
            membership(connection, *id, user).await?;
            Ok((*id, false))
        }
        ChatTarget::Person(other) => {
            let key = format!("{}:{}", user.min(*other), user.max(*other));
            if let Some(id) = by_key(connection, &key).await? {
                return Ok((id, false));
            }
            let id = ConversationId::random(&mut OsRandom);
            begin(connection, id, (ChatKind::Direct, &key, &Pii::default(), at)).await?;
            for member in [user, *other] {
                join(connection, id, member, Joins::default()).await?;
            }
            Ok((id, true))
        }
        ChatTarget::Room { room, title, members } => {
            let key = format!("room:{room}");
            if let Some(id) = by_key(connection, &key).await? {
                return enter(connection, id, user).await;
            }
            let id = ConversationId::random(&mut OsRandom);
            begin(connection, id, (ChatKind::Room, &key, title, at)).await?;
            join(connection, id, user, Joins::default()).await?;
            for member in members {
                join(connection, id, *member, Joins::default()).await?;
            }
            Ok((id, true))
        }
    }
}

/// Whoever enters a room sees what was written in it, as read: nobody is to be told of an hour of talk at once.
async fn enter(
    connection: &mut AnyConnection,
    id: ConversationId,
    user: UserId,
) -> Result<(ConversationId, bool), ChatError> {
    let inside = members(connection, id).await?;
    if inside.iter().any(|member| member.user == user) {
        return Ok((id, false));
    }
    if inside.len() >= MAX_MEMBERS {
        return Err(ChatError::TooMany);
    }
    let row = sqlx::query("SELECT last_seq FROM chat_conversations WHERE conversation_id = $1")
        .bind(id.to_string())
        .fetch_one(&mut *connection)
        .await?;
    let seen = number(&row, "last_seq")?;
    join(connection, id, user, Joins { is_owner: false, from: 0, seen }).await?;
    Ok((id, true))
}

async fn by_key(connection: &mut AnyConnection, key: &str) -> Result<Option<ConversationId>, StoreError> {
    let row = sqlx::query("SELECT conversation_id FROM chat_conversations WHERE unique_key = $1")
        .bind(key.to_owned())
        .fetch_optional(connection)
        .await?;
    row.map(|row| parsed(&row, "conversation_id")).transpose()
}

async fn begin(
    connection: &mut AnyConnection,
    id: ConversationId,
    (kind, key, title, at): (ChatKind, &str, &Pii<String>, u64),
) -> Result<(), StoreError> {
    let kind = match kind {
        ChatKind::Direct => "direct",
        ChatKind::Group => "group",
        ChatKind::Room => "room",
    };
    sqlx::query(
        "INSERT INTO chat_conversations (conversation_id, kind, unique_key, title, last_seq, revision, updated_at) \
         VALUES ($1, $2, $3, $4, 0, 0, $5)",
    )
    .bind(id.to_string())
    .bind(kind)
    .bind(key.to_owned())
    .bind(title.0.clone())
    .bind(bigint(at))
    .execute(connection)
    .await?;
    Ok(())
}

/// How somebody comes into a conversation.
#[derive(Default)]
struct Joins {
    is_owner: bool,
    /// They do not see messages up to this number.
    from: u64,
    /// They need not read messages up to this number.
    seen: u64,
}

async fn join(
    connection: &mut AnyConnection,
    conversation: ConversationId,
    user: UserId,
    how: Joins,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO chat_members (conversation_id, user_id, is_owner, joined_seq, delivered, read_seq) \
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (conversation_id, user_id) DO NOTHING",
    )
    .bind(conversation.to_string())
    .bind(user.to_string())
    .bind(i64::from(how.is_owner))
    .bind(bigint(how.from))
    .bind(bigint(how.seen))
    .execute(connection)
    .await?;
    Ok(())
}

async fn quit(
    connection: &mut AnyConnection,
    conversation: ConversationId,
    user: UserId,
) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM chat_members WHERE conversation_id = $1 AND user_id = $2")
        .bind(conversation.to_string())
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn change(
    connection: &mut AnyConnection,
    (user, conversation): (UserId, ConversationId),
    title: Option<&Pii<String>>,
    (add, remove): (&[UserId], &[UserId]),
) -> ChatOutcome {
    let member = membership(connection, conversation, user).await?;
    if member.kind != ChatKind::Group {
        return Err(ChatError::WrongKind("only a group has a title and members that are chosen"));
    }
    if !remove.is_empty() && !member.is_owner {
        return Err(ChatError::NotOwner);
    }
    if remove.contains(&user) {
        return Err(ChatError::WrongKind("who wants to go leaves"));
    }
    let before = members(connection, conversation).await?;
    let is_new = |user: &&UserId| !before.iter().any(|member| member.user == **user);
    if before.len() + add.iter().filter(is_new).count() > MAX_MEMBERS {
        return Err(ChatError::TooMany);
    }
    let title = title.unwrap_or(&member.title);
    sqlx::query(
        "UPDATE chat_conversations SET title = $1, revision = revision + 1 WHERE conversation_id = $2",
    )
    .bind(title.0.clone())
    .bind(conversation.to_string())
    .execute(&mut *connection)
    .await?;
    let mut gone = Vec::new();
    for &other in remove {
        if quit(connection, conversation, other).await? {
            gone.push(other);
        }
    }
    let seen = member.last_seq;
    for &other in add {
        join(connection, conversation, other, Joins { is_owner: false, from: seen, seen }).await?;
    }
    let opened = Box::new(opened(connection, user, conversation).await?);
    Ok(ChatNews::Opened { opened, is_changed: true, gone })
}

async fn leave(connection: &mut AnyConnection, user: UserId, conversation: ConversationId) -> ChatOutcome {
    let member = membership(connection, conversation, user).await?;
    if member.kind == ChatKind::Direct {
        return Err(ChatError::WrongKind("a conversation of two people is not left"));
    }
    quit(connection, conversation, user).await?;
    let rest = members(connection, conversation).await?;
    let Some(first) = rest.first() else {
        forget(connection, conversation).await?;
        return Ok(ChatNews::Left(None));
    };
    if member.is_owner {
        sqlx::query("UPDATE chat_members SET is_owner = 1 WHERE conversation_id = $1 AND user_id = $2")
            .bind(conversation.to_string())
            .bind(first.user.to_string())
            .execute(&mut *connection)
            .await?;
    }
    let opened = opened(connection, first.user, conversation).await?;
    Ok(ChatNews::Left(Some(Box::new(opened))))
}

/// Nobody is in it any more. Its files are unused then, and swept.
async fn forget(connection: &mut AnyConnection, conversation: ConversationId) -> Result<(), StoreError> {
    for sql in [
        "UPDATE files SET readers = '' WHERE readers = $1",
        "DELETE FROM chat_messages WHERE conversation_id = $1",
        "DELETE FROM chat_conversations WHERE conversation_id = $1",
    ] {
        sqlx::query(sql).bind(conversation.to_string()).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn send(
    connection: &mut AnyConnection,
    (user, at): (UserId, u64),
    target: &ChatTarget,
    (id, text, file): (MessageId, &Pii<String>, Option<FileId>),
) -> ChatOutcome {
    if let Some(message) = by_id(connection, id).await? {
        return match message.author == user {
            true => told(connection, message, false).await,
            false => Err(ChatError::IdTaken),
        };
    }
    let (conversation, _) = open(connection, (user, at), target).await?;
    let name = match file {
        None => String::new(),
        Some(file) => give(connection, (file, user), conversation).await?,
    };
    let (seq, revision) = raise(connection, conversation, Some(at)).await?;
    sqlx::query(
        "INSERT INTO chat_messages (conversation_id, seq, message_id, revision, author, body, folded, file_id, \
         sent_at, is_deleted) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)",
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

async fn by_id(connection: &mut AnyConnection, id: MessageId) -> Result<Option<StoredMessage>, StoreError> {
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

/// A message with who is told of it.
async fn told(connection: &mut AnyConnection, message: StoredMessage, is_new: bool) -> ChatOutcome {
    let row = sqlx::query("SELECT kind, title FROM chat_conversations WHERE conversation_id = $1")
        .bind(message.conversation.to_string())
        .fetch_one(&mut *connection)
        .await?;
    let conversation = (read_kind(&row)?, Pii(row.try_get("title")?));
    let members = members(connection, message.conversation).await?;
    let members = members.iter().map(|member| member.user).collect();
    Ok(ChatNews::Message { message: Box::new(message), conversation, members, is_new })
}

async fn edit(
    connection: &mut AnyConnection,
    (user, at): (UserId, u64),
    (conversation, seq): (ConversationId, u64),
    text: Option<&Pii<String>>,
) -> ChatOutcome {
    membership(connection, conversation, user).await?;
    let row = sqlx::query(
        "SELECT x.message_id, x.file_id, f.name AS file_name FROM chat_messages x \
         LEFT JOIN files f ON f.file_id = x.file_id \
         WHERE x.conversation_id = $1 AND x.seq = $2 AND x.author = $3 AND x.is_deleted = 0",
    )
    .bind(conversation.to_string())
    .bind(bigint(seq))
    .bind(user.to_string())
    .fetch_optional(&mut *connection)
    .await?;
    let row = row.ok_or(ChatError::NoSuchMessage)?;
    let id: MessageId = parsed(&row, "message_id")?;
    let file: Option<FileId> = parsed_optional(&row, "file_id")?;
    let name: Option<String> = row.try_get("file_name")?;
    let (_, revision) = raise(connection, conversation, None).await?;
    let kept = file.filter(|_| text.is_some());
    let shown = text.map(|text| format!("{} {}", text.0, name.unwrap_or_default()));
    sqlx::query(
        "UPDATE chat_messages SET body = $1, folded = $2, revision = $3, edited_at = $4, is_deleted = $5, \
         file_id = $6 WHERE message_id = $7",
    )
    .bind(text.map(|text| text.0.clone()).unwrap_or_default())
    .bind(shown.map(|shown| folded(&shown)).unwrap_or_default())
    .bind(bigint(revision))
    .bind(bigint(at))
    .bind(i64::from(text.is_none()))
    .bind(kept.map(|file| file.to_string()))
    .bind(id.to_string())
    .execute(&mut *connection)
    .await?;
    if let Some(file) = file.filter(|_| text.is_none()) {
        // Nobody has it any more; the sweeper deletes it.
        sqlx::query("UPDATE files SET readers = '' WHERE file_id = $1")
            .bind(file.to_string())
            .execute(&mut *connection)
            .await?;
    }
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
    let members = members(connection, conversation).await?;
    let own = members.iter().find(|member| member.user == user).ok_or(ChatError::NoSuchConversation)?;
    let (delivered, read) = (own.delivered, own.read);
    let members = members.iter().map(|member| member.user).collect();
    Ok(ChatNews::Marked { conversation, delivered, read, members, is_news })
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
