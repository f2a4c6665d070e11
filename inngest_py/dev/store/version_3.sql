-- Version 3 of the database: a run knows which one it repeats, a step whether somebody has edited its input, and
-- attempts that failed are remembered.

ALTER TABLE runs ADD COLUMN original TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;

-- Attempts after which another was made. Without a step it was the function that failed, outside of its steps.
CREATE TABLE attempts (
    run_id TEXT NOT NULL,
    step_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    retry_at INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (run_id, step_id, ended_at)
) STRICT, WITHOUT ROWID;
