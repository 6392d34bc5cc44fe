-- How good a leg's audio was: figures as JSON, because nothing is asked by them.

CREATE TABLE call_quality (
    leg_id TEXT NOT NULL PRIMARY KEY,
    call_id TEXT NOT NULL,
    user_id TEXT,
    quality TEXT NOT NULL
);

CREATE INDEX call_quality_by_call ON call_quality (call_id);
