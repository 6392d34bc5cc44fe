//! What is taken away by others than its author: by age, and by admins.

use ringdown_types::{ConversationId, MessageId};
use sqlx::AnyConnection;

use super::{
    ChatError, ChatOutcome, bigint,
    members::forget,
    number, parsed,
    write::{by_id, erase},
};
use crate::store::{Store, StoreError};

impl Store {
    /// Deletes a message on an admin's behalf, who need not be in its conversation. `at` is Unix milliseconds.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub async fn chat_remove(&self, id: MessageId, at: u64) -> ChatOutcome {
        let mut transaction = self.history.begin().await?;
        write_first(&mut transaction).await?;
        let message = by_id(&mut transaction, id).await?.filter(|message| !message.is_deleted);
        let message = message.ok_or(ChatError::NoSuchMessage)?;
        let news = erase(&mut transaction, &message, at).await?;
        transaction.commit().await?;
        Ok(news)
    }

    /// Forgets about `limit` of the messages from before a time, Unix milliseconds, the oldest first; whether there may
    /// be more. Their numbers stay taken, and count as read. Rooms' conversations in which nothing is left go with them.
    ///
    /// # Errors
    /// When the database fails; nothing is forgotten then.
    pub async fn chat_expire(&self, before: u64, limit: u32) -> Result<bool, StoreError> {
        let mut transaction = self.history.begin().await?;
        write_first(&mut transaction).await?;
        let rows = sqlx::query(
            "SELECT conversation_id, MAX(seq) AS newest, COUNT(*) AS messages FROM \
             (SELECT conversation_id, seq FROM chat_messages WHERE sent_at < $1 ORDER BY sent_at LIMIT $2) old \
             GROUP BY conversation_id",
        )
        .bind(bigint(before))
        .bind(i64::from(limit))
        .fetch_all(&mut *transaction)
        .await?;
        let mut count = 0_u64;
        for row in &rows {
            let conversation: ConversationId = parsed(row, "conversation_id")?;
            count += number::<u64>(row, "messages")?;
            expire(&mut transaction, conversation, (number(row, "newest")?, before)).await?;
        }
        transaction.commit().await?;
        Ok(count >= u64::from(limit))
    }
}

/// A write first, so that SQLite need not raise a read lock.
pub(super) async fn write_first(connection: &mut AnyConnection) -> Result<(), StoreError> {
    sqlx::query("UPDATE chat_conversations SET revision = revision WHERE conversation_id = ''")
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets messages up to a number. The sweeper deletes their files.
async fn expire(
    connection: &mut AnyConnection,
    conversation: ConversationId,
    (newest, before): (u64, u64),
) -> Result<(), StoreError> {
    for sql in [
        "UPDATE files SET readers = '' WHERE readers = $1 AND file_id IN (SELECT file_id FROM chat_messages \
         WHERE conversation_id = $1 AND seq <= $2 AND sent_at < $3)",
        "DELETE FROM chat_messages WHERE conversation_id = $1 AND seq <= $2 AND sent_at < $3",
    ] {
        sqlx::query(sql)
            .bind(conversation.to_string())
            .bind(bigint(newest))
            .bind(bigint(before))
            .execute(&mut *connection)
            .await?;
    }
    // Nobody is to be told of unread messages that are gone.
    sqlx::query(
        "UPDATE chat_members SET delivered = CASE WHEN delivered < $2 THEN $2 ELSE delivered END, \
         read_seq = CASE WHEN read_seq < $2 THEN $2 ELSE read_seq END \
         WHERE conversation_id = $1 AND (delivered < $2 OR read_seq < $2)",
    )
    .bind(conversation.to_string())
    .bind(bigint(newest))
    .execute(&mut *connection)
    .await?;
    let left = sqlx::query(
        "SELECT 1 AS one FROM chat_conversations c WHERE c.conversation_id = $1 AND (c.kind <> 'room' OR \
         EXISTS (SELECT 1 FROM chat_messages x WHERE x.conversation_id = c.conversation_id))",
    )
    .bind(conversation.to_string())
    .fetch_optional(&mut *connection)
    .await?;
    if left.is_none() {
        sqlx::query("DELETE FROM chat_members WHERE conversation_id = $1")
            .bind(conversation.to_string())
            .execute(&mut *connection)
            .await?;
        forget(connection, conversation).await?;
    }
    Ok(())
}
