-- Runs on SQLite and PostgreSQL alike: TEXT ids, BIGINT Unix milliseconds and 0/1, no dialect words.

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    extension TEXT UNIQUE,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    ring_seconds BIGINT NOT NULL,
    max_calls BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE devices (
    username TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    ha1_sha256 TEXT NOT NULL,
    ha1_md5 TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX devices_by_user ON devices (user_id);

CREATE TABLE refresh_tokens (
    hash TEXT NOT NULL PRIMARY KEY,
    family TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_by_user ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    secret_hash TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    epoch BIGINT NOT NULL,
    family TEXT NOT NULL
);

-- One row: the version of the directory and the realm the devices' hashes were made for.
CREATE TABLE directory (
    id BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    realm TEXT NOT NULL
);
