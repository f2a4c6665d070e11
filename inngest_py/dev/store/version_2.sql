-- Version 2 of the database: lists by app and by status stay quick however many runs there are; what is deferred, and
-- what was cancelled in bulk.

DROP INDEX runs_active;
CREATE INDEX runs_by_app ON runs (app_id, created_at, id);
CREATE INDEX runs_by_status ON runs (status, created_at, id);
CREATE INDEX events_by_name ON events (name, received_at, id);
CREATE INDEX batched_by_run ON batched (run_id);

-- What a run has put off to its end (DeferAdd).
CREATE TABLE defers (
    run_id TEXT NOT NULL,
    id TEXT NOT NULL,
    function TEXT NOT NULL,
    input TEXT NOT NULL,
    aborted INTEGER NOT NULL,
    PRIMARY KEY (run_id, id)
) STRICT, WITHOUT ROWID;

-- Which runs were cancelled in bulk, and are as long as it is in force.
CREATE TABLE cancellations (
    id TEXT PRIMARY KEY,
    function TEXT NOT NULL,
    app_id TEXT NOT NULL,
    started_after INTEGER,
    started_before INTEGER NOT NULL,
    expression TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
