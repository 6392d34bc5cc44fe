//! Lists, pages, search. Everything is bounded by its page.

use ringdown_desk::{ChatNews, Opened, StoredConversation, StoredMessage};
use ringdown_protocol::ChatKind;
use ringdown_types::{ConversationId, MessageId, Pii, UserId};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{
    ChatError, ChatOutcome, bigint, members::blocked, members_of, membership, message_columns, number,
    parsed, parsed_optional, read_kind, read_message,
};
use crate::store::{Store, StoreError};

/// Messages a page of a search has.
const FOUND: usize = 30;
/// How far back a search looks step by step, in days: most is found in what is young, and little of it is read then.
const WINDOWS: [u64; 4] = [31, 124, 496, u64::MAX];
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Messages for telephones given at once.
const UNDELIVERED: i64 = 50;
/// Older messages are not sent to telephones any more.
const UNDELIVERED_FOR_MS: u64 = 7 * DAY_MS;
/// People with undelivered messages known at the start.
const MAX_WAITING: i64 = 100_000;

/// What conversations a user sees, and in which order, is appended. `$1` is the user.
const CONVERSATIONS: &str = concat!(
    "SELECT c.conversation_id AS id, c.kind, c.title, c.last_seq, c.revision AS newest, c.updated_at, m.read_seq, \
     (SELECT COUNT(*) FROM chat_members o WHERE o.conversation_id = c.conversation_id) AS member_count, \
     (SELECT MIN(o.user_id) FROM chat_members o WHERE o.conversation_id = c.conversation_id \
     AND o.user_id <> $1) AS peer, \
     (SELECT MIN(o.delivered) FROM chat_members o WHERE o.conversation_id = c.conversation_id \
     AND o.user_id <> $1) AS others_delivered, \
     (SELECT MIN(o.read_seq) FROM chat_members o WHERE o.conversation_id = c.conversation_id \
     AND o.user_id <> $1) AS others_read, ",
    message_columns!(),
    " FROM chat_members m JOIN chat_conversations c ON c.conversation_id = m.conversation_id \
     LEFT JOIN chat_messages x ON x.conversation_id = c.conversation_id AND x.seq = c.last_seq \
     AND c.last_seq > m.joined_seq LEFT JOIN files f ON f.file_id = x.file_id WHERE m.user_id = $1 "
);

const OF_CONVERSATION: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM chat_members m JOIN chat_messages x ON x.conversation_id = m.conversation_id \
     LEFT JOIN files f ON f.file_id = x.file_id \
     WHERE m.user_id = $1 AND m.conversation_id = $2 AND x.seq > m.joined_seq "
);

/// Which messages of a conversation.
#[derive(Debug, Clone, Copy)]
pub enum Page {
    /// With lower numbers than this.
    Before(u64),
    /// With higher ones.
    After(u64),
    /// That came or changed after this revision.
    Since(u64),
}

impl Store {
    /// A page of a user's conversations, the one last written in first. Begun ones without a message are passed over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn chat_list(&self, user: UserId, cursor: Option<&str>, limit: u32) -> ChatOutcome {
        let (before, id) = place(cursor)?;
        let sql = format!(
            "{CONVERSATIONS} AND (c.kind <> 'direct' OR c.last_seq > 0) \
             AND (c.updated_at < $2 OR (c.updated_at = $2 AND c.conversation_id < $3)) \
             ORDER BY c.updated_at DESC, c.conversation_id DESC LIMIT $4"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(user.to_string())
            .bind(before)
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(&self.history)
            .await?;
        let conversations = rows.iter().map(read_conversation).collect::<Result<Vec<_>, _>>()?;
        let is_full = conversations.len() == limit as usize;
        let cursor = conversations.last().filter(|_| is_full);
        let cursor = cursor.map(|last| format!("{}-{}", last.updated_at, last.id));
        let row = sqlx::query(
            "SELECT CAST(COALESCE(SUM(c.last_seq - m.read_seq), 0) AS BIGINT) AS unread FROM chat_members m \
             JOIN chat_conversations c ON c.conversation_id = m.conversation_id WHERE m.user_id = $1",
        )
        .bind(user.to_string())
        .fetch_one(&self.history)
        .await?;
        let blocked = blocked(&mut *self.history.acquire().await?, user).await?;
        Ok(ChatNews::Listed { conversations, cursor, unread: number(&row, "unread")?, blocked })
    }

    /// A conversation with its members.
    ///
    /// # Errors
    /// When the user is not in it, or the database fails.
    pub async fn chat_opened(&self, user: UserId, conversation: ConversationId) -> Result<Opened, ChatError> {
        opened(&mut *self.history.acquire().await?, user, conversation).await
    }

    /// A page of messages, lowest number first; those that changed since a revision, lowest revision first.
    ///
    /// # Errors
    /// When the user is not in the conversation, or the database fails.
    pub async fn chat_history(
        &self,
        (user, conversation): (UserId, ConversationId),
        page: Page,
        limit: u32,
    ) -> ChatOutcome {
        let mut connection = self.history.acquire().await?;
        membership(&mut connection, conversation, user).await?;
        let (tail, from) = match page {
            Page::Before(seq) => ("AND x.seq < $3 ORDER BY x.seq DESC LIMIT $4", seq),
            Page::After(seq) => ("AND x.seq > $3 ORDER BY x.seq LIMIT $4", seq),
            Page::Since(revision) => ("AND x.revision > $3 ORDER BY x.revision LIMIT $4", revision),
        };
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{OF_CONVERSATION}{tail}")))
            .bind(user.to_string())
            .bind(conversation.to_string())
            .bind(bigint(from))
            .bind(i64::from(limit) + 1)
            .fetch_all(&mut *connection)
            .await?;
        let mut messages = rows.iter().map(read_message).collect::<Result<Vec<_>, _>>()?;
        let more = messages.len() > limit as usize;
        messages.truncate(limit as usize);
        if matches!(page, Page::Before(_)) {
            messages.reverse();
        }
        Ok(ChatNews::History { messages, more })
    }

    /// Who is in a conversation.
    ///
    /// # Errors
    /// When the user is not, or the database fails.
    pub async fn chat_members(&self, user: UserId, conversation: ConversationId) -> ChatOutcome {
        let mut connection = self.history.acquire().await?;
        membership(&mut connection, conversation, user).await?;
        let members = members_of(&mut connection, conversation).await?;
        Ok(ChatNews::Members { conversation, members: members.iter().map(|member| member.user).collect() })
    }

    /// Whether a user is in a conversation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_in_conversation(
        &self,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<bool, StoreError> {
        let found =
            sqlx::query("SELECT 1 AS one FROM chat_members WHERE conversation_id = $1 AND user_id = $2")
                .bind(conversation.to_string())
                .bind(user.to_string())
                .fetch_optional(&self.history)
                .await?;
        Ok(found.is_some())
    }

    /// Messages that hold all words, newest first. `now` is Unix milliseconds.
    ///
    /// # Errors
    /// When the cursor is not one of ours, or the database fails.
    pub async fn chat_search(
        &self,
        (user, conversation): (UserId, Option<ConversationId>),
        words: &[String],
        cursor: Option<&str>,
        now: u64,
    ) -> ChatOutcome {
        let (mut before, mut id) = place(cursor)?;
        let mut sql = String::from(concat!(
            "SELECT ",
            message_columns!(),
            " FROM chat_members m JOIN chat_messages x ON x.conversation_id = m.conversation_id \
             LEFT JOIN files f ON f.file_id = x.file_id WHERE m.user_id = $1 AND x.seq > m.joined_seq \
             AND x.sent_at >= $2 AND x.sent_at <= $3 AND (x.sent_at < $3 OR x.message_id < $4) "
        ));
        for number in 0..words.len() {
            sql += &format!("AND x.folded LIKE ${} ESCAPE '\\' ", number + 6);
        }
        if conversation.is_some() {
            sql += &format!("AND m.conversation_id = ${} ", words.len() + 6);
        }
        sql += "ORDER BY x.sent_at DESC, x.message_id DESC LIMIT $5";
        let mut found: Vec<StoredMessage> = Vec::new();
        for days in WINDOWS {
            let from = bigint(now.saturating_sub(days.saturating_mul(DAY_MS)));
            if from > before {
                continue;
            }
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql.clone()))
                .bind(user.to_string())
                .bind(from)
                .bind(before)
                .bind(id.clone())
                .bind((FOUND - found.len()) as i64);
            for word in words {
                query = query.bind(format!("%{}%", escaped(word)));
            }
            if let Some(conversation) = conversation {
                query = query.bind(conversation.to_string());
            }
            for row in query.fetch_all(&self.history).await? {
                found.push(read_message(&row)?);
            }
            if found.len() >= FOUND {
                let cursor = found.last().map(|last| format!("{}-{}", last.at, last.id));
                return Ok(ChatNews::Found { messages: found, cursor });
            }
            // The next window begins where this one ended.
            (before, id) = (from, String::new());
        }
        Ok(ChatNews::Found { messages: found, cursor: None })
    }

    /// The oldest messages no device of the user took, of the last days.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn chat_undelivered(&self, user: UserId, now: u64) -> ChatOutcome {
        let rows = sqlx::query(concat!(
            "SELECT c.kind, c.title, ",
            message_columns!(),
            " FROM chat_members m JOIN chat_conversations c ON c.conversation_id = m.conversation_id \
             JOIN chat_messages x ON x.conversation_id = m.conversation_id LEFT JOIN files f ON f.file_id = x.file_id \
             WHERE m.user_id = $1 AND c.last_seq > m.delivered AND x.seq > m.delivered AND x.author <> $1 \
             AND x.is_deleted = 0 AND x.sent_at > $2 ORDER BY x.sent_at, x.seq LIMIT $3"
        ))
        .bind(user.to_string())
        .bind(bigint(now.saturating_sub(UNDELIVERED_FOR_MS)))
        .bind(UNDELIVERED)
        .fetch_all(&self.history)
        .await?;
        let read = |row| Ok((read_message(row)?, read_kind(row)?, Pii(row.try_get("title")?)));
        Ok(ChatNews::Undelivered(rows.iter().map(read).collect::<Result<_, StoreError>>()?))
    }

    /// People for whom there are such messages. `now` is Unix milliseconds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn chat_waiting(&self, now: u64) -> Result<Vec<UserId>, StoreError> {
        let rows = sqlx::query(
            "SELECT DISTINCT m.user_id FROM chat_members m \
             JOIN chat_conversations c ON c.conversation_id = m.conversation_id \
             WHERE m.delivered < c.last_seq AND c.updated_at > $1 LIMIT $2",
        )
        .bind(bigint(now.saturating_sub(UNDELIVERED_FOR_MS)))
        .bind(MAX_WAITING)
        .fetch_all(&self.history)
        .await?;
        rows.iter().map(|row| parsed(row, "user_id")).collect()
    }
}

/// A conversation with its members, on a connection of the caller's.
pub(super) async fn opened(
    connection: &mut AnyConnection,
    user: UserId,
    conversation: ConversationId,
) -> Result<Opened, ChatError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{CONVERSATIONS} AND c.conversation_id = $2")))
        .bind(user.to_string())
        .bind(conversation.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let conversation = read_conversation(&row.ok_or(ChatError::NoSuchConversation)?)?;
    let members = members_of(connection, conversation.id).await?;
    Ok(Opened { conversation, members })
}

fn read_conversation(row: &AnyRow) -> Result<StoredConversation, StoreError> {
    let mark = |column| Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(column)?.unwrap_or_default());
    let message_id: Option<String> = row.try_get("message_id")?;
    let kind = read_kind(row)?;
    let peer = parsed_optional(row, "peer")?;
    Ok(StoredConversation {
        id: parsed(row, "id")?,
        kind,
        title: Pii(row.try_get("title")?),
        peer: peer.filter(|_| kind == ChatKind::Direct),
        member_count: number(row, "member_count")?,
        last: message_id.map(|_| read_message(row)).transpose()?,
        last_seq: number(row, "last_seq")?,
        revision: number(row, "newest")?,
        read: number(row, "read_seq")?,
        others_delivered: mark("others_delivered")?.try_into().unwrap_or_default(),
        others_read: mark("others_read")?.try_into().unwrap_or_default(),
        updated_at: number(row, "updated_at")?,
    })
}

/// A word with what `LIKE` takes for its own.
fn escaped(word: &str) -> String {
    let mut escaped = String::with_capacity(word.len());
    for char in word.chars() {
        if matches!(char, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

/// The place a cursor names: a time, and an id among what has that time.
fn place(cursor: Option<&str>) -> Result<(i64, String), ChatError> {
    let Some(cursor) = cursor else { return Ok((i64::MAX, "~".to_owned())) };
    let read = || {
        let (at, id) = cursor.split_once('-')?;
        let id: MessageId = id.parse().ok()?;
        Some((at.parse().ok()?, id.to_string()))
    };
    read().ok_or(ChatError::WrongKind("the cursor is not one of the server's"))
}
