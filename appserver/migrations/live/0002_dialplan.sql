-- What numbers reach besides accounts, and what users decide themselves. Runs on SQLite and PostgreSQL alike.

-- Ring groups, conference rooms and time conditions: `definition` is what the control link's directory holds, as JSON.
CREATE TABLE numbers (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    extension TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL
);

CREATE INDEX numbers_by_kind ON numbers (kind);

-- Feature codes somebody changed: NULL switches one off. One that is not here has its default code.
CREATE TABLE feature_codes (
    feature TEXT NOT NULL PRIMARY KEY,
    code TEXT
);

-- One row once somebody changed it: the parking lot as JSON, NULL where nothing can be parked.
CREATE TABLE parking_lot (
    id BIGINT NOT NULL PRIMARY KEY,
    definition TEXT
);

-- Settings somebody changed: an account that is not here has the defaults.
CREATE TABLE user_settings (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    do_not_disturb BIGINT NOT NULL,
    call_waiting BIGINT NOT NULL,
    forward_always TEXT,
    forward_busy TEXT,
    forward_no_answer TEXT,
    forward_offline TEXT,
    pickup_group TEXT,
    voicemail BIGINT NOT NULL,
    voicemail_pin_sha256 TEXT,
    -- The highest number of a change from a softswitch that is in this row.
    last_change BIGINT NOT NULL
);
