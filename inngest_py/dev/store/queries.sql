-- Each query has a name, which rows.py and sqlite.py know it by, and a sentence. `?` are positional.

-- name: put_app
-- Store an app in place of what is known of it.
INSERT OR REPLACE INTO apps (id, url, sdk, framework, checksum, synced_at, archived_at, event_types)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: put_function
-- Store a function in place of what is known of it.
INSERT OR REPLACE INTO functions (slug, app_id, config, version, created_at, archived_at) VALUES (?, ?, ?, ?, ?, ?);

-- name: put_event
-- Store an event; one that is sent again with the same id is the same event.
INSERT OR IGNORE INTO events (id, name, ts, received_at, data, user, key, v, seeded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: put_run
-- Store a run, or what has changed of it: the rest never does.
INSERT INTO runs (id, function, app_id, status, event_id, events, event_name, created_at, started_at,
    ended_at, output, error, max_attempts, version, force_plan, correlation, slots, priority, start_by, finish_by,
    batch_id, cron, singleton, original)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET status = excluded.status, started_at = excluded.started_at, ended_at = excluded.ended_at,
    output = excluded.output, error = excluded.error, version = excluded.version, force_plan = excluded.force_plan,
    start_by = excluded.start_by, finish_by = excluded.finish_by;

-- name: put_batched
-- Remember that a run has an event besides its first.
INSERT OR IGNORE INTO batched (event_id, run_id) VALUES (?, ?);

-- name: put_step
-- Store a step, or what has changed of it. It keeps its rowid, by which the steps of a run are listed.
INSERT INTO steps (run_id, id, name, op, status, queued_at, started_at, ended_at, attempts, position, memo,
    error, input, edited)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run_id, id) DO UPDATE SET name = excluded.name, op = excluded.op, status = excluded.status,
    queued_at = excluded.queued_at, started_at = excluded.started_at, ended_at = excluded.ended_at,
    attempts = excluded.attempts, position = excluded.position, memo = excluded.memo, error = excluded.error,
    input = excluded.input;

-- name: put_attempt
-- Store an attempt that failed.
INSERT OR REPLACE INTO attempts (run_id, step_id, number, started_at, ended_at, retry_at, error)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: put_log_line
-- Store a line that was logged.
INSERT INTO log_lines (run_id, id, at, level, logger, text, step, attempt) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: put_job
-- Store a job, or what has changed of it: the rest never does. It keeps its rowid, by which jobs are loaded.
INSERT INTO jobs (id, run_id, kind, target, at, status, max_attempts, attempt, generation, siblings,
    started_at, step_id, request)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, at = excluded.at, status = excluded.status,
    attempt = excluded.attempt, generation = excluded.generation, started_at = excluded.started_at,
    step_id = excluded.step_id, request = excluded.request;

-- name: put_pause
-- Store a pause.
INSERT OR REPLACE INTO pauses (id, run_id, kind, created_at, expires_at, step_id, name, expression, siblings)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: put_claim
-- Store an idempotency key.
INSERT OR REPLACE INTO claims (function, key, expires_at) VALUES (?, ?, ?);

-- name: put_meter
-- Store how far a rate limit or throttle is.
INSERT OR REPLACE INTO meters (function, key, tat) VALUES (?, ?, ?);

-- name: put_buffer
-- Store the events that are held back.
INSERT OR REPLACE INTO buffers (function, key, kind, events, since, due, size) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: put_cancellation
-- Store a cancellation in bulk.
INSERT OR REPLACE INTO cancellations (id, function, app_id, started_after, started_before, expression, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: put_defer
-- Store what a run has put off to its end.
INSERT OR REPLACE INTO defers (run_id, id, function, input, aborted) VALUES (?, ?, ?, ?, ?);

-- name: drop_job
-- Forget a job that is done.
DELETE FROM jobs WHERE id = ?;

-- name: drop_pause
-- Forget a pause that is over.
DELETE FROM pauses WHERE id = ?;

-- name: drop_claim
-- Forget an idempotency key that holds no longer.
DELETE FROM claims WHERE function = ? AND key = ?;

-- name: drop_meter
-- Forget a meter.
DELETE FROM meters WHERE function = ? AND key = ?;

-- name: drop_buffer
-- Forget what was held back and is no longer.
DELETE FROM buffers WHERE function = ? AND key = ?;

-- name: drop_cancellation
-- Forget a cancellation in bulk.
DELETE FROM cancellations WHERE id = ?;

-- name: drop_defer
-- Forget what a run had put off.
DELETE FROM defers WHERE run_id = ? AND id = ?;

-- name: all_apps
-- Every app, also the archived ones.
SELECT id, url, sdk, framework, checksum, synced_at, archived_at, event_types FROM apps;

-- name: all_functions
-- Every function, also the archived ones: runs of them may be active.
SELECT slug, app_id, config, version, created_at, archived_at FROM functions;

-- name: live_events
-- The events of active runs, and those that are held back.
SELECT id, name, ts, received_at, data, user, key, v, seeded FROM events WHERE id IN (
    SELECT listed.value FROM runs, json_each(runs.events) AS listed WHERE runs.status IN ('Queued', 'Running')
    UNION SELECT listed.value FROM buffers, json_each(buffers.events) AS listed);

-- name: live_runs
-- The active runs.
SELECT * FROM runs WHERE status IN ('Queued', 'Running') ORDER BY created_at, id;

-- name: live_steps
-- The steps of active runs, the finished ones in the order in which they finished.
SELECT steps.* FROM runs JOIN steps ON steps.run_id = runs.id WHERE runs.status IN ('Queued', 'Running')
ORDER BY steps.run_id, steps.position IS NULL, steps.position;

-- name: all_jobs
-- Every job, in the order in which they were made: they belong to active runs.
SELECT * FROM jobs ORDER BY rowid;

-- name: all_pauses
-- Every pause: they belong to active runs.
SELECT * FROM pauses;

-- name: all_claims
-- Every idempotency key.
SELECT function, key, expires_at FROM claims;

-- name: all_meters
-- Every meter.
SELECT function, key, tat FROM meters;

-- name: all_buffers
-- Everything that is held back.
SELECT function, key, kind, events, since, due, size FROM buffers;

-- name: all_defers
-- Everything that active runs have put off.
SELECT * FROM defers;

-- name: all_cancellations
-- Every cancellation in bulk, in the order in which they were made.
SELECT * FROM cancellations ORDER BY created_at, id;

-- name: event
-- One event by our id.
SELECT id, name, ts, received_at, data, user, key, v, seeded FROM events WHERE id = ?;

-- name: events
-- A page of events, newest first, within a time and older than a place.
SELECT id, name, ts, received_at, data, user, key, v, seeded FROM events
WHERE (received_at, id) < (:before_time, :before_id) AND received_at > :since
    AND (:internal OR name NOT LIKE 'inngest/%')
ORDER BY received_at DESC, id DESC LIMIT :limit;

-- name: events_of_name
-- The same for one name, which has an index of its own.
SELECT id, name, ts, received_at, data, user, key, v, seeded FROM events
WHERE name = :name AND (received_at, id) < (:before_time, :before_id) AND received_at > :since
ORDER BY received_at DESC, id DESC LIMIT :limit;

-- name: saying
-- The events of a name that came in a span of time and have a text in their data, of so many that are looked at.
SELECT id FROM (
    SELECT id, data FROM events WHERE name = :name AND received_at BETWEEN :since AND :until
    ORDER BY received_at, id LIMIT :depth)
WHERE instr(data, :text) > 0;

-- name: run
-- One run by its id.
SELECT * FROM runs WHERE id = ?;

-- name: runs
-- A page of runs, newest first, within a time and older than a place.
SELECT * FROM runs
WHERE (created_at, id) < (:before_time, :before_id) AND created_at > :since
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: runs_of_app
-- The same for one app, perhaps of one status.
SELECT * FROM runs
WHERE app_id = :app AND (created_at, id) < (:before_time, :before_id) AND created_at > :since
    AND (:status = '' OR status = :status)
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: runs_of_function
-- The same for one function, perhaps of one status or app.
SELECT * FROM runs
WHERE function = :function AND (created_at, id) < (:before_time, :before_id) AND created_at > :since
    AND (:status = '' OR status = :status) AND (:app = '' OR app_id = :app)
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: runs_of_status
-- The same for one status, perhaps of one function or app.
SELECT * FROM runs
WHERE status = :status AND (created_at, id) < (:before_time, :before_id) AND created_at > :since
    AND (:function = '' OR function = :function) AND (:app = '' OR app_id = :app)
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: runs_of_event
-- The same for the runs that an event is part of: it is their first, or in their batch.
SELECT * FROM runs
WHERE id IN (
        SELECT id FROM runs WHERE event_id = :event UNION ALL SELECT run_id FROM batched WHERE event_id = :event)
    AND (created_at, id) < (:before_time, :before_id) AND created_at > :since
    AND (:status = '' OR status = :status) AND (:function = '' OR function = :function)
    AND (:app = '' OR app_id = :app)
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: search
-- Of so many runs that are older than a place those whose id ends with a text, or whose first event has one in its data.
SELECT looked_at.* FROM (
    SELECT * FROM runs WHERE (created_at, id) < (:before_time, :before_id) AND created_at > :since
    ORDER BY created_at DESC, id DESC LIMIT :depth) AS looked_at
LEFT JOIN events ON events.id = looked_at.event_id
WHERE (looked_at.id LIKE :ending OR events.key = :text OR looked_at.event_id = :text
        OR events.data LIKE :plain ESCAPE '!'
        OR CASE WHEN events.data LIKE :first ESCAPE '!' OR events.data LIKE :second ESCAPE '!'
            OR events.data LIKE :third ESCAPE '!' THEN leads_to(events.data, :way) END)
    AND (:status = '' OR looked_at.status = :status) AND (:function = '' OR looked_at.function = :function)
    AND (:app = '' OR looked_at.app_id = :app)
ORDER BY looked_at.created_at DESC, looked_at.id DESC;

-- name: looked_at
-- The last run that a search looks at.
SELECT created_at, id FROM runs WHERE (created_at, id) < (:before_time, :before_id) AND created_at > :since
ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET :depth - 1;

-- name: runs_of_events
-- The oldest runs of several events, whose ids are a list in JSON.
SELECT *, causes.event AS cause FROM (
    SELECT id AS run, event_id AS event FROM runs WHERE event_id IN (SELECT value FROM json_each(:events))
    UNION ALL SELECT run_id, event_id FROM batched WHERE event_id IN (SELECT value FROM json_each(:events))) AS causes
JOIN runs ON runs.id = causes.run
ORDER BY created_at, id LIMIT :limit;

-- name: steps
-- The steps of a run, in the order in which they were found.
SELECT * FROM steps WHERE run_id = ? ORDER BY rowid;

-- name: attempts
-- The attempts of a run that failed, in order.
SELECT * FROM attempts WHERE run_id = ? ORDER BY ended_at;

-- name: log_lines
-- The last lines that were logged in a run, the latest first.
SELECT * FROM log_lines WHERE run_id = ? ORDER BY id DESC LIMIT ?;

-- name: log_size
-- How many lines were logged in a run.
SELECT count(*) AS lines FROM log_lines WHERE run_id = ?;

-- name: old_runs
-- The oldest runs that came before a time, from a place on, ended or not, with the number of their steps.
SELECT id, created_at, ended_at, events, (SELECT count(*) FROM steps WHERE steps.run_id = runs.id) AS steps
FROM runs WHERE created_at < :before AND (created_at, id) > (:after_time, :after_id)
ORDER BY created_at, id LIMIT :limit;

-- name: forget_steps
-- Forget the steps of runs, whose ids are a list in JSON.
DELETE FROM steps WHERE run_id IN (SELECT value FROM json_each(?));

-- name: forget_attempts
-- Forget the attempts of runs.
DELETE FROM attempts WHERE run_id IN (SELECT value FROM json_each(?));

-- name: forget_log_lines
-- Forget what was logged in runs.
DELETE FROM log_lines WHERE run_id IN (SELECT value FROM json_each(?));

-- name: forget_batched
-- Forget what else started runs.
DELETE FROM batched WHERE run_id IN (SELECT value FROM json_each(?));

-- name: forget_runs
-- Forget runs.
DELETE FROM runs WHERE id IN (SELECT value FROM json_each(?));

-- name: old_events
-- The oldest events that came before a time, from a place on.
SELECT id, received_at FROM events WHERE received_at < :before AND (received_at, id) > (:after_time, :after_id)
ORDER BY received_at, id LIMIT :limit;

-- name: forget_events
-- Forget those of a list of events that no run and no buffer has.
DELETE FROM events WHERE id IN (SELECT value FROM json_each(?))
    AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.event_id = events.id)
    AND NOT EXISTS (SELECT 1 FROM batched WHERE batched.event_id = events.id)
    AND id NOT IN (SELECT listed.value FROM buffers, json_each(buffers.events) AS listed);
