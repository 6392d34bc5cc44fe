-- Reactions stand in their message: `account emoji` a line. One each member, so they are bounded by the members.
ALTER TABLE chat_messages ADD COLUMN reactions TEXT NOT NULL DEFAULT '';

-- Who takes no messages from whom.
CREATE TABLE chat_blocks (
    user_id TEXT NOT NULL,
    blocked TEXT NOT NULL,
    PRIMARY KEY (user_id, blocked)
);

CREATE INDEX chat_blocks_by_blocked ON chat_blocks (blocked);

-- What is kept for a while only is found by its age.
CREATE INDEX chat_messages_by_age ON chat_messages (sent_at);
CREATE INDEX files_by_age ON files (created_at);
