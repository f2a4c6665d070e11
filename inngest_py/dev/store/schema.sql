-- Version 1 of the database. Times are Unix milliseconds; JSON is text. A column that holds a status or a kind holds
-- the words of model.py.

CREATE TABLE apps (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    sdk TEXT NOT NULL,
    framework TEXT NOT NULL,
    checksum TEXT NOT NULL,
    synced_at INTEGER NOT NULL,
    archived_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE functions (
    slug TEXT PRIMARY KEY,
    app_id TEXT NOT NULL,
    config TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    archived_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    ts INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    data TEXT NOT NULL,
    user TEXT NOT NULL,
    key TEXT NOT NULL,
    v TEXT NOT NULL,
    seeded INTEGER NOT NULL
) STRICT;

CREATE INDEX events_by_time ON events (received_at, id);

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    function TEXT NOT NULL,
    app_id TEXT NOT NULL,
    status TEXT NOT NULL,
    event_id TEXT NOT NULL,
    events TEXT NOT NULL,
    event_name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    output TEXT,
    error TEXT,
    max_attempts INTEGER NOT NULL,
    version INTEGER NOT NULL,
    force_plan INTEGER NOT NULL,
    correlation TEXT NOT NULL,
    slots TEXT NOT NULL,
    priority INTEGER NOT NULL,
    start_by INTEGER,
    finish_by INTEGER,
    batch_id TEXT NOT NULL,
    cron TEXT NOT NULL,
    singleton TEXT NOT NULL
) STRICT;

CREATE INDEX runs_by_time ON runs (created_at, id);
CREATE INDEX runs_by_event ON runs (event_id);
CREATE INDEX runs_by_function ON runs (function, created_at, id);
CREATE INDEX runs_active ON runs (id) WHERE status IN ('Queued', 'Running');

-- The events of a batch but the first, which the run names itself.
CREATE TABLE batched (
    event_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (event_id, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
    run_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    op TEXT NOT NULL,
    status TEXT NOT NULL,
    queued_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    attempts INTEGER NOT NULL,
    position INTEGER,
    memo TEXT,
    error TEXT,
    input TEXT,
    PRIMARY KEY (run_id, id)
) STRICT;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    at INTEGER NOT NULL,
    status TEXT NOT NULL,
    max_attempts INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    siblings TEXT NOT NULL,
    started_at INTEGER,
    step_id TEXT NOT NULL,
    request TEXT NOT NULL
) STRICT;

CREATE TABLE pauses (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    step_id TEXT NOT NULL,
    name TEXT NOT NULL,
    expression TEXT NOT NULL,
    siblings TEXT NOT NULL
) STRICT;

CREATE TABLE claims (
    function TEXT NOT NULL,
    key TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (function, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE meters (
    function TEXT NOT NULL,
    key TEXT NOT NULL,
    tat REAL NOT NULL,
    PRIMARY KEY (function, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE buffers (
    function TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    events TEXT NOT NULL,
    since INTEGER NOT NULL,
    due INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (function, key)
) STRICT, WITHOUT ROWID;
