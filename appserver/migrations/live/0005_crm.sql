-- Signing in by the word of somebody else. Runs on SQLite and PostgreSQL alike.

-- Who an account is elsewhere.
CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
);

CREATE INDEX identities_by_user ON identities (user_id);

-- Signed tokens that were shown, until they are over: each is good once.
CREATE TABLE shown_tokens (
    hash TEXT NOT NULL PRIMARY KEY,
    ends_at BIGINT NOT NULL
);

CREATE INDEX shown_tokens_by_end ON shown_tokens (ends_at);
