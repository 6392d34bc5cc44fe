-- Finished calls as each of their sides saw them: one row for every account a call was for, made by or answered by.

CREATE TABLE call_sides (
    user_id TEXT NOT NULL,
    call_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    outcome TEXT NOT NULL,
    peer_user TEXT,
    peer_number TEXT NOT NULL,
    peer_name TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    answered_at BIGINT,
    ended_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (user_id, call_id)
);

CREATE INDEX call_sides_by_start ON call_sides (user_id, started_at, call_id);
CREATE INDEX call_sides_by_outcome ON call_sides (user_id, outcome, started_at, call_id);
CREATE INDEX call_sides_lately ON call_sides (started_at);

INSERT INTO call_sides
SELECT caller_user, call_id, 'outbound', CASE WHEN answered_at IS NULL THEN 'unanswered' ELSE 'answered' END,
    callee_user, callee_number, callee_name, started_at, answered_at, ended_at, reason
FROM calls WHERE caller_user IS NOT NULL;

INSERT INTO call_sides
SELECT callee_user, call_id, 'inbound',
    CASE WHEN answered_at IS NOT NULL THEN 'answered' WHEN reason = 'declined' THEN 'declined' ELSE 'missed' END,
    caller_user, caller_number, caller_name, started_at, answered_at, ended_at, reason
FROM calls
WHERE callee_user IS NOT NULL AND (caller_user IS NULL OR caller_user <> callee_user) AND reason <> 'forbidden';

-- How many missed calls an account has not seen; nobody who is not here has one.
CREATE TABLE missed_calls (
    user_id TEXT NOT NULL PRIMARY KEY,
    missed BIGINT NOT NULL
);
