-- Conversations, who is in them and what was written. `unique_key` says which conversation of its kind it is: the two
-- accounts, or the room; a group's is its id. Marks are numbers of messages: everything up to them.

CREATE TABLE chat_conversations (
    conversation_id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    unique_key TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE chat_members (
    conversation_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    is_owner BIGINT NOT NULL,
    joined_seq BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    read_seq BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);

CREATE INDEX chat_members_by_user ON chat_members (user_id, conversation_id);

-- `folded` is the text and the file's name as they are searched; '' for what was deleted.
CREATE TABLE chat_messages (
    conversation_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    revision BIGINT NOT NULL,
    author TEXT NOT NULL,
    body TEXT NOT NULL,
    folded TEXT NOT NULL,
    file_id TEXT,
    sent_at BIGINT NOT NULL,
    edited_at BIGINT,
    is_deleted BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);

CREATE INDEX chat_messages_by_revision ON chat_messages (conversation_id, revision);
CREATE INDEX chat_messages_by_time ON chat_messages (conversation_id, sent_at);
