-- Runs on SQLite and PostgreSQL alike: TEXT ids, BIGINT Unix milliseconds, no dialect words.

CREATE TABLE calls (
    call_id TEXT NOT NULL PRIMARY KEY,
    caller_user TEXT,
    caller_number TEXT NOT NULL,
    caller_name TEXT NOT NULL,
    callee_user TEXT,
    callee_number TEXT NOT NULL,
    callee_name TEXT NOT NULL,
    dialled TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    answered_at BIGINT,
    ended_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    ended_by TEXT NOT NULL
);

CREATE INDEX calls_by_caller ON calls (caller_user, started_at, call_id);
CREATE INDEX calls_by_callee ON calls (callee_user, started_at, call_id);
CREATE INDEX calls_by_start ON calls (started_at, call_id);
