"""The store on SQLite: one connection, one transaction for all that was decided together."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, replace
from itertools import starmap, takewhile
from pathlib import Path
from threading import Lock
from typing import Any, Final

from inngest_py.dev.decisions import Change
from inngest_py.dev.model import Attempt, Claim, Event, Function, LogLine, Record, Run, RunStatus, Step
from inngest_py.dev.registration import read_function
from inngest_py.dev.store import rows
from inngest_py.dev.store.port import EARLIEST, EventFilter, Place, RunFilter
from inngest_py.dev.store.queries import queries, read
from inngest_py.dev.store.search import leads_to, patterns
from inngest_py.errors import ConfigError, RequestError
from inngest_py.wire.codec import decode

MIGRATIONS: Final = ("schema.sql", "version_2.sql", "version_3.sql", "version_4.sql", "version_5.sql")
"""What leads from each version of the database to the next; the first makes version 1 out of an empty file."""

_OURS: Final = frozenset({"apps", "functions", "events", "runs", "steps"})
_OF_RUNS: Final = ("forget_steps", "forget_attempts", "forget_log_lines", "forget_batched", "forget_runs")
_IN_MEMORY: Final = ":memory:"
_BUSY: Final = 2.0
_SPARE: Final = 1_000
"""So many free pages, 4 MB, and a quarter of all, are kept for what comes next."""

_RETURNED: Final = 250
"""How many pages are given back at a time, 1 MB."""

_NEEDED: Final = ("id", "name", "steps")
"""What of a function its runs need to go on."""

_FIRST_PORTION: Final = 50
_LARGEST_PORTION: Final = 400
"""How many rows are forgotten in one transaction, or little more."""

_MOST_PAGES: Final = 2_000
"""How many pages that may free, 8 MB, before the next time there are fewer rows."""


class SQLiteStore:
    """Keeps records in a file, or in memory without a path.

    `patience` is how long to wait for a file that is in use, in seconds.

    A file of an older version is brought up to date. Raises ConfigError if the file is of a newer version or belongs to
    another program, which leaves it untouched, is in use, or is no database.
    """

    def __init__(self, path: Path | None = None, *, patience: float = _BUSY) -> None:
        self.durable = path is not None
        self._lock = Lock()
        self._portion = _FIRST_PORTION
        try:
            self._connection = _open(path, patience)
        except sqlite3.Error as error:
            raise ConfigError(f'the database "{path}" cannot be used: {_reason(error)}') from None
        self._queries = queries()

    def load(self) -> Iterator[Record]:
        """Everything that is alive, in an order in which the state can take it."""
        for row in self._all("all_functions"):
            yield _function(row)
        yield from self._claims()
        readers: dict[str, Any] = {
            "all_apps": rows.read_app,
            "live_events": rows.read_event,
            "live_runs": rows.read_run,
            "live_steps": rows.read_step,
            "all_jobs": rows.read_job,
            "all_pauses": rows.read_pause,
            "all_defers": rows.read_defer,
            "all_meters": rows.read_meter,
            "all_buffers": rows.read_buffer,
            "all_cancellations": rows.read_cancellation,
        }
        for query, reader in readers.items():
            for row in self._all(query):
                yield reader(row)

    def _claims(self) -> Iterator[Claim]:
        """Every idempotency key. There may be one for each run of a day, so that they are read without detours."""
        with self._lock:
            cursor = self._connection.cursor()
            cursor.row_factory = None
            found = cursor.execute(self._queries["all_claims"]).fetchall()
        yield from starmap(Claim, found)

    def commit(self, changes: Sequence[Change]) -> None:
        """Carry out changes in one transaction."""
        self.write(changes)
        self.flush()

    def write(self, changes: Sequence[Change]) -> None:
        """Carry out changes in a transaction that stays open."""
        groups = rows.grouped(changes)
        with self._lock, self._undone():
            self._connection.execute("BEGIN IMMEDIATE")
            for query, listed in groups.items():
                self._connection.executemany(self._queries[query], listed)

    def flush(self) -> None:
        """End the transaction that `write` began: here is where the disk is waited for."""
        with self._lock, self._undone():
            self._connection.execute("COMMIT")

    @contextmanager
    def _undone(self) -> Generator[None]:
        """Undo the whole transaction if something fails."""
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise

    def event(self, event_id: str) -> Event | None:
        """An event, or None."""
        found = self._all("event", (event_id,))
        return rows.read_event(found[0]) if found else None

    def events(self, wanted: EventFilter) -> list[Event]:
        """A page of events, newest first."""
        query = "events_of_name" if wanted.name else "events"
        return [rows.read_event(row) for row in self._all(query, _page(wanted))]

    def run(self, run_id: str) -> Run | None:
        """A run, or None."""
        found = self._all("run", (run_id,))
        return rows.read_run(found[0]) if found else None

    def runs(self, wanted: RunFilter) -> list[Run]:
        """A page of runs, newest first."""
        found = self._all(_way(wanted), _page(wanted), brief=wanted.brief)
        return [rows.read_run(row) for row in found]

    def search(self, wanted: RunFilter, text: str, depth: int) -> tuple[list[Run], Place | None]:
        """The runs among `depth` whose first event has a text in its data, or whose id ends with it."""
        values = {**_page(wanted), **patterns(text), "depth": depth}
        last = self._all("looked_at", values)
        found = [rows.read_run(row) for row in self._all("search", values, brief=True)]
        return found, (last[0]["created_at"], last[0]["id"]) if last else None

    def saying(self, name: str, span: tuple[int, int], text: str, depth: int) -> list[str]:
        """The ids of the events of a name, among the first `depth` of a span of time, with a text in their data."""
        since, until = span
        values = {"name": name, "since": since, "until": until, "text": text, "depth": depth}
        return [row["id"] for row in self._all("saying", values)]

    def runs_of_events(self, event_ids: Sequence[str], limit: int) -> list[tuple[str, Run]]:
        """The oldest runs of several events, each with the event."""
        found = self._all("runs_of_events", {"events": json.dumps(list(event_ids)), "limit": limit}, brief=True)
        return [(row.pop("cause"), rows.read_run(row)) for row in found]

    def steps(self, run_id: str) -> list[Step]:
        """The steps of a run, in the order in which they were found."""
        return [rows.read_step(row) for row in self._all("steps", (run_id,))]

    def attempts(self, run_id: str) -> list[Attempt]:
        """The attempts of a run that failed, in order."""
        return [Attempt(**row) for row in self._all("attempts", (run_id,))]

    def log_lines(self, run_id: str, limit: int) -> list[LogLine]:
        """The last lines that were logged in a run, in order."""
        return [LogLine(**row) for row in reversed(self._all("log_lines", (run_id, limit)))]

    def log_size(self, run_id: str) -> int:
        """How many lines were logged in a run."""
        return int(self._all("log_size", (run_id,))[0]["lines"])

    def forget_runs(self, before: int, after: Place = EARLIEST) -> Place | None:
        """Forget some of the oldest runs that ended before a time, with their steps, and their events if need be."""
        found = self._all("old_runs", self._slice(before, after))
        looked_at = list(takewhile(_budget(self._portion), found))
        ended = [row for row in looked_at if row["ended_at"] is not None and row["ended_at"] < before]
        runs = [row["id"] for row in ended]
        events = [event_id for row in ended for event_id in json.loads(row["events"])]
        over = len(looked_at) == len(found) < self._portion
        if runs:
            self._forget(dict.fromkeys(_OF_RUNS, runs) | {"forget_events": events})
        return None if over else (looked_at[-1]["created_at"], looked_at[-1]["id"])

    def forget_events(self, before: int, after: Place = EARLIEST) -> Place | None:
        """Forget some of the oldest events that came before a time and that nothing needs."""
        found = self._all("old_events", self._slice(before, after))
        over = len(found) < self._portion
        if found:
            self._forget({"forget_events": [row["id"] for row in found]})
        return None if over else (found[-1]["received_at"], found[-1]["id"])

    def size(self) -> int:
        """How much room is taken, in bytes, without the pages that are free."""
        with self._lock:
            pages = self._pragma("page_count") - self._pragma("freelist_count")
            return pages * self._pragma("page_size")

    def shrink(self) -> bool:
        """Give back some of the room of what was forgotten, if there is much; else it will be used again."""
        with self._lock:
            free = self._pragma("freelist_count")
            if free <= _SPARE + self._pragma("page_count") // 4:
                return False
            self._connection.execute(f"PRAGMA incremental_vacuum({_RETURNED})").fetchall()
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            return self._pragma("freelist_count") < free

    def _slice(self, before: int, after: Place) -> dict[str, Any]:
        after_time, after_id = after
        return {"before": before, "after_time": after_time, "after_id": after_id, "limit": self._portion}

    def _forget(self, listed: Mapping[str, Sequence[str]]) -> None:
        """Forget records, whose ids are listed by query, and take care that the next time takes about as long.

        There are few statements: each has to win the interpreter's lock back (see `access`).
        """
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            free = self._pragma("freelist_count")
            for query, ids in listed.items():
                self._connection.execute(self._queries[query], (json.dumps(ids),))
            freed = self._pragma("freelist_count") - free
        self._portion = max(self._portion // 2, 1) if freed > _MOST_PAGES else min(self._portion * 2, _LARGEST_PORTION)

    def _pragma(self, name: str) -> int:
        found: int = self._connection.execute(f"PRAGMA {name}").fetchone()[0]
        return found

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _all(self, query: str, values: Any = (), *, brief: bool = False) -> list[rows.Row]:
        text = self._queries[query]
        if brief:
            text = text.replace("SELECT *", f"SELECT {rows.BRIEF}")
        with self._lock:
            found = self._connection.execute(text, values).fetchall()
        return [dict(row) for row in found]


def _way(wanted: RunFilter) -> str:
    """The query that has to pass over the fewest runs: most runs complete, so any other status leaves few."""
    if wanted.event:
        return "runs_of_event"
    if wanted.status and (wanted.status != RunStatus.COMPLETED or not (wanted.function or wanted.app)):
        return "runs_of_status"
    return "runs_of_function" if wanted.function else "runs_of_app" if wanted.app else "runs"


def _page(wanted: RunFilter | EventFilter) -> dict[str, Any]:
    """The values of a list's query. What is before the place and what is before a time is one limit."""
    values = asdict(wanted)
    before_time, before_id = min(values.pop("before"), (values.pop("until"), ""))
    return {**values, "before_time": before_time, "before_id": before_id}


def _budget(rows_left: int) -> Callable[[rows.Row], bool]:
    """Whether there is room for one more run, asked for one after the other; there always is for the first."""

    def has_room(row: rows.Row) -> bool:
        nonlocal rows_left
        had_room, rows_left = rows_left > 0, rows_left - 1 - row["steps"]
        return had_room

    return has_room


def _function(row: rows.Row) -> Function:
    config: dict[str, Any] = decode(row["config"].encode())
    archived_at = row["archived_at"]
    try:
        function = read_function(config, row["app_id"], row["created_at"])
    except RequestError:
        # An older version took it. Its runs can end; it starts again when its app has registered what can be.
        bare = {field: config[field] for field in _NEEDED}
        function, archived_at = read_function(bare, row["app_id"], row["created_at"]), archived_at or row["created_at"]
    return replace(function, config=row["config"], version=row["version"], archived_at=archived_at)


def _open(path: Path | None, patience: float) -> sqlite3.Connection:
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _check(path, patience)
            path.touch(mode=0o600)  # what events carry is nobody else's business on a machine with many users
        except OSError as error:
            raise ConfigError(f'the database "{path}" cannot be written: {error.strerror or error}') from None
    connection = sqlite3.connect(
        _IN_MEMORY if path is None else path, timeout=patience, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.create_function("leads_to", 2, leads_to, deterministic=True)
        _set_up(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(path: Path, patience: float) -> None:
    """Look at what a file is without touching it. Raises ConfigError if it is not ours, or of a newer version."""
    if not path.exists() or not path.stat().st_size:
        return
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=patience)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if version > len(MIGRATIONS):
        raise ConfigError(
            f'the database "{path}" is of version {version}, which a newer inngest-py wrote; this one knows '
            f"{len(MIGRATIONS)}. Use the newer one, or another file"
        )
    if not tables >= _OURS if version else tables:
        raise ConfigError(f'"{path}" is the database of another program, and was left as it is. Choose another file')


def _set_up(connection: sqlite3.Connection) -> None:
    """One process has the file to itself, and each commit is on disk when it returns."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for number, migration in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(f"BEGIN EXCLUSIVE;\n{read(migration)}\nPRAGMA user_version = {number};\nCOMMIT;")
    if not connection.execute("PRAGMA auto_vacuum").fetchone()[0]:
        _make_shrinkable(connection)


def _make_shrinkable(connection: sqlite3.Connection) -> None:
    """Write the file of an older version anew, once, so that it can give room back; if that fails, it cannot."""
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")


def _reason(error: sqlite3.Error) -> str:
    if "locked" in str(error):
        return "another process is using it. Stop that one, or choose another file"
    return str(error)
