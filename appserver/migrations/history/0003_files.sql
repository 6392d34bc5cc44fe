-- Files people gave to be kept. The bytes are in the state folder; `readers` says who may have them besides the owner:
-- '' for nobody yet, 'everybody', or a conversation.

CREATE TABLE files (
    file_id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    readers TEXT NOT NULL
);

CREATE INDEX files_by_owner ON files (owner);
CREATE INDEX files_by_readers ON files (readers, created_at);
