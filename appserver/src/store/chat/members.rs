//! Who is in which conversation, and who takes no messages from whom.

use ringdown_desk::{ChatNews, ChatTarget, MAX_MEMBERS};
use ringdown_protocol::ChatKind;
use ringdown_types::{ConversationId, Pii, UserId};
use sqlx::AnyConnection;

use super::{ChatError, ChatOutcome, bigint, members_of, membership, number, parsed, read::opened};
use crate::{random::OsRandom, store::StoreError};

/// The conversation somebody writes into, begun where there is none yet: of two people neither may take no messages from the other.
pub(super) async fn open_to_write(
    connection: &mut AnyConnection,
    (user, at): (UserId, u64),
    target: &ChatTarget,
) -> Result<ConversationId, ChatError> {
    let other = match target {
        ChatTarget::Conversation(id) => match membership(connection, *id, user).await?.kind {
            ChatKind::Direct => members_of(connection, *id)
                .await?
                .iter()
                .map(|member| member.user)
                .find(|other| *other != user),
            ChatKind::Group | ChatKind::Room => None,
        },
        ChatTarget::Person(other) => Some(*other),
        ChatTarget::Room { .. } => None,
    };
    if let Some(other) = other {
        check_takes(connection, user, &[other]).await?;
    }
    match target {
        ChatTarget::Conversation(id) => Ok(*id),
        target => Ok(open(connection, (user, at), target).await?.0),
    }
}

/// Whether all of these take messages from `user`, and `user` from them.
async fn check_takes(
    connection: &mut AnyConnection,
    user: UserId,
    others: &[UserId],
) -> Result<(), ChatError> {
    let rows = sqlx::query("SELECT user_id, blocked FROM chat_blocks WHERE user_id = $1 OR blocked = $1")
        .bind(user.to_string())
        .fetch_all(connection)
        .await?;
    for row in &rows {
        let (by, blocked): (UserId, UserId) = (parsed(row, "user_id")?, parsed(row, "blocked")?);
        if by == user && others.contains(&blocked) {
            return Err(ChatError::Blocking);
        }
        if blocked == user && others.contains(&by) {
            return Err(ChatError::Blocked);
        }
    }
    Ok(())
}

/// Takes messages of somebody no more, or again; whom the user takes none from.
pub(super) async fn block(
    connection: &mut AnyConnection,
    user: UserId,
    other: UserId,
    is_blocked: bool,
) -> ChatOutcome {
    let already = blocked(connection, user).await?;
    if is_blocked && already.len() >= MAX_BLOCKED && !already.contains(&other) {
        return Err(ChatError::WrongKind("nobody blocks more than 1,000 people"));
    }
    let sql = if is_blocked {
        "INSERT INTO chat_blocks (user_id, blocked) VALUES ($1, $2) ON CONFLICT (user_id, blocked) DO NOTHING"
    } else {
        "DELETE FROM chat_blocks WHERE user_id = $1 AND blocked = $2"
    };
    sqlx::query(sql).bind(user.to_string()).bind(other.to_string()).execute(&mut *connection).await?;
    Ok(ChatNews::Blocked(blocked(connection, user).await?))
}

/// Whom somebody takes no messages from.
pub(super) async fn blocked(connection: &mut AnyConnection, user: UserId) -> Result<Vec<UserId>, StoreError> {
    let rows = sqlx::query("SELECT blocked FROM chat_blocks WHERE user_id = $1 ORDER BY blocked")
        .bind(user.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| parsed(row, "blocked")).collect()
}

/// The conversation of a target, begun where there is none yet; whether its members changed.
pub(super) async fn open(
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
    let inside = members_of(connection, id).await?;
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

/// Makes a group.
pub(super) async fn create(
    connection: &mut AnyConnection,
    (user, at): (UserId, u64),
    title: &Pii<String>,
    others: &[UserId],
) -> ChatOutcome {
    check_takes(connection, user, others).await?;
    let id = ConversationId::random(&mut OsRandom);
    begin(connection, id, (ChatKind::Group, &id.to_string(), title, at)).await?;
    join(connection, id, user, Joins { is_owner: true, from: 0, seen: 0 }).await?;
    for other in others {
        join(connection, id, *other, Joins::default()).await?;
    }
    let opened = Box::new(opened(connection, user, id).await?);
    Ok(ChatNews::Opened { opened, is_changed: true, gone: Vec::new() })
}

/// Gives a group another title or other members.
pub(super) async fn change(
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
    let before = members_of(connection, conversation).await?;
    let is_new = |user: &&UserId| !before.iter().any(|member| member.user == **user);
    if before.len() + add.iter().filter(is_new).count() > MAX_MEMBERS {
        return Err(ChatError::TooMany);
    }
    check_takes(connection, user, add).await?;
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

/// Takes the user out of a conversation; another owns it then.
pub(super) async fn leave(
    connection: &mut AnyConnection,
    user: UserId,
    conversation: ConversationId,
) -> ChatOutcome {
    let member = membership(connection, conversation, user).await?;
    if member.kind == ChatKind::Direct {
        return Err(ChatError::WrongKind("a conversation of two people is not left"));
    }
    quit(connection, conversation, user).await?;
    let rest = members_of(connection, conversation).await?;
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
pub(super) async fn forget(
    connection: &mut AnyConnection,
    conversation: ConversationId,
) -> Result<(), StoreError> {
    for sql in [
        "UPDATE files SET readers = '' WHERE readers = $1",
        "DELETE FROM chat_messages WHERE conversation_id = $1",
        "DELETE FROM chat_conversations WHERE conversation_id = $1",
    ] {
        sqlx::query(sql).bind(conversation.to_string()).execute(&mut *connection).await?;
    }
    Ok(())
}

/// A longer list would cost each of its owner's listings more.
const MAX_BLOCKED: usize = 1_000;
