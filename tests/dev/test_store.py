"""The store keeps what it is given, all of it or nothing."""

from __future__ import annotations

import sqlite3

import pytest

from inngest_py.dev.decisions import Drop, Put
from inngest_py.dev.model import App, Claim, Event, Run, RunStatus
from inngest_py.dev.store import rows
from inngest_py.dev.store.port import EventFilter, RunFilter
from inngest_py.dev.store.queries import queries, read
from inngest_py.dev.store.sqlite import MIGRATIONS, SQLiteStore
from inngest_py.errors import ConfigError


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path):
    store = SQLiteStore(tmp_path / "dev.db" if request.param == "file" else None)
    yield store
    store.close()


def event(number, name="a/b"):
    return Event(id=f"e{number:03}", name=name, ts=number, received_at=number)


def run(number, **changes):
    given = {"status": RunStatus.COMPLETED, "function": "f", "app_id": "app", "events": (f"e{number:03}",)}
    return Run(id=f"r{number:03}", created_at=number, ended_at=number, max_attempts=5, **{**given, **changes})


def test_an_app_is_remembered_with_what_its_events_look_like(store):
    app = App(
        id="shop", url="http://shop.test", checksum="1", synced_at=5, event_types='[{"name":"a","schema":{"b":1}}]'
    )

    store.commit([Put(app)])

    assert list(store.load()) == [app]


def test_of_several_changes_the_last_counts(store):
    store.commit([Put(Claim("f", "k", 1)), Put(Claim("f", "k", 2)), Put(Claim("f", "x", 1)), Drop(Claim("f", "x", 1))])

    assert list(store.load()) == [Claim("f", "k", 2)]


def test_a_commit_that_fails_leaves_nothing(store):
    broken = App(id="x", url=None)  # type: ignore[arg-type]

    with pytest.raises(sqlite3.IntegrityError):
        store.commit([Put(Claim("f", "k", 1)), Put(broken)])

    assert list(store.load()) == []


def test_events_are_paged_newest_first(store):
    store.commit([Put(event(number, "inngest/x" if number == 5 else "a/b")) for number in range(9)])

    first = store.events(EventFilter(limit=3))
    second = store.events(EventFilter(limit=3, before=(first[-1].received_at, first[-1].id), internal=False))

    assert [it.id for it in first] == ["e008", "e007", "e006"]
    assert [it.id for it in second] == ["e004", "e003", "e002"]
    assert [it.id for it in store.events(EventFilter(name="inngest/x"))] == ["e005"]
    assert [it.id for it in store.events(EventFilter(since=7))] == ["e008"]


def test_runs_are_filtered_and_paged(store):
    runs = [run(number, function=f"f{number % 2}", app_id=f"app{number % 3}") for number in range(9)]
    store.commit([Put(it) for it in runs])

    assert [it.id for it in store.runs(RunFilter(limit=2, before=(5, "r005")))] == ["r004", "r003"]
    assert [it.id for it in store.runs(RunFilter(function="f1", limit=2))] == ["r007", "r005"]
    assert [it.id for it in store.runs(RunFilter(function="f1", app="app0"))] == ["r003"]
    assert store.runs(RunFilter(status="Failed")) == []
    assert store.run("r001") == runs[1]
    assert store.run("nobody") is None


def test_the_runs_of_an_event_include_those_of_its_batch(store):
    store.commit([Put(run(1)), Put(run(2, events=("e005", "e001"), batch_id="b"))])

    assert [it.id for it in store.runs(RunFilter(event="e001"))] == ["r002", "r001"]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (RunFilter(), "runs_by_time ("),
        (RunFilter(since=1, until=9), "runs_by_time ("),
        (RunFilter(status="Completed"), "runs_by_status (status=?"),
        (RunFilter(status="Failed", function="f"), "runs_by_status (status=?"),
        (RunFilter(status="Completed", function="f"), "runs_by_function (function=?"),
        (RunFilter(function="f", app="a", before=(5, "r")), "runs_by_function (function=?"),
        (RunFilter(app="a"), "runs_by_app (app_id=?"),
        (RunFilter(app="a", status="Completed"), "runs_by_app (app_id=?"),
        (EventFilter(), "events_by_time ("),
        (EventFilter(name="a/b"), "events_by_name (name=?"),
    ],
    ids=repr,
)
def test_a_page_is_found_by_an_index_and_not_sorted(store, wanted, index):
    seen = plan_of(store, lambda: store.runs(wanted) if isinstance(wanted, RunFilter) else store.events(wanted))

    assert len(seen) == 1
    assert seen[0].startswith(f"SEARCH {'runs' if isinstance(wanted, RunFilter) else 'events'} USING INDEX {index}")


def test_no_query_of_one_record_or_run_looks_at_all_of_a_table(store):
    for ask in (
        lambda: store.run("r"),
        lambda: store.event("e"),
        lambda: store.steps("r"),
        lambda: store.runs(RunFilter(event="e")),
        lambda: store.forget_runs(5),
        lambda: store.forget_events(5),
    ):
        seen = plan_of(store, ask)
        assert seen
        assert [line for line in seen if line.startswith("SCAN") and line.split()[1] not in {"listed", "buffers"}] == []


def plan_of(store, ask):
    """What SQLite looks at for the queries that are made meanwhile, a line each."""
    asked = list[str]()
    connection = store._connection
    connection.set_trace_callback(asked.append)
    ask()
    connection.set_trace_callback(None)
    queries = [text for text in asked if text.startswith(("SELECT", "DELETE"))]
    lines = [row["detail"] for text in queries for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
    return [line for line in lines if line.startswith(("SCAN", "SEARCH", "USE TEMP"))]


def test_history_can_be_forgotten(store):
    store.commit([*(Put(event(number)) for number in range(4)), *(Put(run(number)) for number in range(3))])

    assert store.forget_runs(2) is None
    assert store.forget_events(2) is None

    assert [it.id for it in store.runs(RunFilter())] == ["r002"]
    assert [it.id for it in store.events(EventFilter())] == ["e003", "e002"]


def test_every_query_has_a_name_and_is_understood(store):
    for text in queries().values():
        assert text.endswith(";")


def test_a_newer_database_is_refused_untouched(tmp_path):
    path = tmp_path / "dev.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(ConfigError, match="version 99, which a newer inngest-py wrote"):
        SQLiteStore(path)

    assert path.read_bytes() == before
    assert [it.name for it in tmp_path.iterdir()] == ["dev.db"]


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_an_older_database_is_brought_up_to_date(tmp_path, version):
    path = tmp_path / "dev.db"
    older(path, version)
    with sqlite3.connect(path) as connection:
        columns = len(connection.execute("PRAGMA table_info(runs)").fetchall())  # what was added stands at the end
        (row,) = rows.grouped([Put(run(1))])["put_run"]
        connection.execute(f"INSERT INTO runs VALUES ({','.join('?' * columns)})", row[:columns])  # noqa: S608
    connection.close()

    store = SQLiteStore(path)
    listed = store.runs(RunFilter(status="Completed"))
    store.close()

    assert [it.id for it in listed] == ["r001"]
    assert shape(path) == shape(fresh(tmp_path))


def test_an_app_of_an_older_database_is_asked_anew_what_its_events_look_like(tmp_path):
    path = tmp_path / "dev.db"
    older(path, 3)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO apps VALUES ('app', 'http://app.test', '', '', 'known', 1, NULL)")
    connection.close()

    store = SQLiteStore(path)
    (app,) = store.load()
    store.close()

    assert isinstance(app, App)
    assert (app.checksum, app.event_types) == ("", "[]")


def test_a_database_that_cannot_be_brought_up_to_date_stays_as_it_is(tmp_path):
    path = tmp_path / "dev.db"
    older(path, 1)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE cancellations (a)")
    connection.close()
    before = shape(path)

    with pytest.raises(ConfigError, match="cannot be used: table cancellations already exists"):
        SQLiteStore(path)

    assert shape(path) == before


@pytest.mark.parametrize("version", [0, 1])
def test_the_database_of_another_program_is_refused_untouched(tmp_path, version):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(f"CREATE TABLE orders (id); PRAGMA user_version = {version}")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(ConfigError, match=r'shop.db" is the database of another program'):
        SQLiteStore(path)

    assert path.read_bytes() == before


def older(path, version):
    """A database as an older version of the program left it."""
    with sqlite3.connect(path) as connection:
        for number, migration in enumerate(MIGRATIONS[:version], 1):
            connection.executescript(f"{read(migration)}\nPRAGMA user_version = {number};")
    connection.close()


def fresh(folder):
    path = folder / "fresh.db"
    SQLiteStore(path).close()
    return path


def shape(path):
    """The version of a database, and its tables and indexes."""
    with sqlite3.connect(path) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        parts = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    connection.close()
    return version, parts


def test_a_new_database_is_for_its_owner_only(tmp_path):
    path = tmp_path / "dev.db"
    SQLiteStore(path).close()

    assert path.stat().st_mode & 0o077 == 0


def test_the_version_is_stored(tmp_path):
    path = tmp_path / "dev.db"
    SQLiteStore(path).close()

    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    connection.close()


def test_a_database_in_use_is_refused(tmp_path):
    first = SQLiteStore(tmp_path / "dev.db")
    first.commit([Put(Claim("f", "k", 1))])

    with pytest.raises(ConfigError, match="another process is using it"):
        SQLiteStore(tmp_path / "dev.db", patience=0)

    first.close()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("this is not a database, but long enough to look like something" * 20)

    with pytest.raises(ConfigError, match=r"notes.txt"):
        SQLiteStore(path)


def test_what_was_committed_survives_a_power_cut(tmp_path):
    """In a write-ahead log, `synchronous = FULL` has each commit wait for the disk; anything less may lose the last."""
    store = SQLiteStore(tmp_path / "dev.db")

    assert store._connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert store._pragma("synchronous") == 2
    store.close()
