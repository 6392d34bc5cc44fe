-- What colleagues see of each other. Runs on SQLite and PostgreSQL alike.

ALTER TABLE accounts ADD COLUMN department TEXT NOT NULL DEFAULT '';
-- The picture's file; NULL for none.
ALTER TABLE accounts ADD COLUMN photo TEXT;
CREATE INDEX accounts_by_photo ON accounts (photo);

-- What people say of themselves; an account that is not here says nothing.
CREATE TABLE statements (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    activity TEXT,
    note TEXT NOT NULL,
    ends_at BIGINT
);

CREATE TABLE favourites (
    user_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    peer_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    PRIMARY KEY (user_id, peer_id)
);
