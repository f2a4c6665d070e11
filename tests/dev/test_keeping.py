"""History goes when it is old or too large, little by little; what is alive stays."""

from __future__ import annotations

import asyncio
import sqlite3
from itertools import pairwise

import pytest

from inngest_py.dev.decisions import Put
from inngest_py.dev.duration import DAY, HOUR
from inngest_py.dev.engine import Engine
from inngest_py.dev.executor import LocalExecutor
from inngest_py.dev.ids import Ids
from inngest_py.dev.keeping import Keeper, Keeping, sweep
from inngest_py.dev.model import Buffer, Event, Run, RunStatus, Step, StepStatus
from inngest_py.dev.notices import ServerFault
from inngest_py.dev.rules import Rules
from inngest_py.dev.store import sqlite
from inngest_py.dev.store.port import EventFilter, RunFilter
from inngest_py.dev.store.queries import read
from inngest_py.dev.store.sqlite import SQLiteStore

TABLES = ("runs", "steps", "events", "batched", "jobs", "pauses", "claims", "meters", "buffers")
ALL = 1_000_000


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path):
    store = SQLiteStore(tmp_path / "dev.db" if request.param == "file" else None)
    yield store
    store.close()


def keep(store, now, **limits):
    return sum(1 for _ in sweep(store, Keeping(**limits), now))


def rows(store):
    return {name: store._connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}  # noqa: S608


def event(number, **fields):
    return Event(id=f"e{number:06}", name="a/b", ts=number, received_at=number, **fields)


def run(number, **changes):
    given = {"status": RunStatus.COMPLETED, "ended_at": number, "events": (f"e{number:06}",)}
    return Run(
        id=f"r{number:06}", function="f", app_id="app", created_at=number, max_attempts=5, **{**given, **changes}
    )


def step(number, name="s", memo="{}"):
    ended = {"status": StepStatus.COMPLETED, "queued_at": number, "memo": memo}
    return Step(run_id=f"r{number:06}", id=name, name=name, op="StepRun", **ended)


def ids(store):
    return [it.id for it in store.runs(RunFilter(limit=ALL))], [it.id for it in store.events(EventFilter(limit=ALL))]


def test_what_is_older_than_the_retention_goes_with_all_that_belongs_to_it(store):
    store.commit([Put(it(number)) for number in range(4) for it in (event, run, step)])

    keep(store, now=12, age=10)

    assert ids(store) == (["r000003", "r000002"], ["e000003", "e000002"])
    assert rows(store)["steps"] == 2


def test_what_is_alive_keeps_all_that_it_needs_however_old_it_is(store):
    active = run(2, status=RunStatus.RUNNING, ended_at=None, events=("e000002", "e000003"), batch_id="b")
    held = Buffer(function="f", key="", kind="batch", events=("e000004",), since=4, due=99)
    store.commit([Put(it) for it in (*map(event, range(6)), active, step(2), held)])

    keep(store, now=ALL, age=10, size=1)

    assert ids(store) == (["r000002"], ["e000004", "e000003", "e000002"])
    assert rows(store) | {"batched": 1, "steps": 1, "buffers": 1} == rows(store)


def test_a_run_counts_from_its_end_and_keeps_its_event(store):
    store.commit([Put(event(1)), Put(run(1, ended_at=50))])

    keep(store, now=59, age=10)
    kept = ids(store)
    keep(store, now=61, age=10)

    assert kept == (["r000001"], ["e000001"])
    assert ids(store) == ([], [])


def test_what_was_started_by_a_batch_goes_with_its_events(store):
    store.commit([*(Put(event(number)) for number in range(3)), Put(run(0, events=("e000000", "e000001", "e000002")))])

    keep(store, now=ALL, age=1)

    assert not any(rows(store).values())


def test_the_oldest_go_first_when_there_is_too_much(store):
    large = {"data": '"' + "x" * 10_000 + '"'}
    store.commit([Put(it) for number in range(1000) for it in (event(number, **large), run(number), step(number))])

    keep(store, now=ALL, size=5_000_000)

    kept, _ = ids(store)
    assert store.size() <= 5_000_000
    assert 0 < len(kept) < 1000
    assert kept[0] == "r000999"
    assert kept == [f"r{number:06}" for number in range(999, 999 - len(kept), -1)]


def test_nothing_goes_without_a_limit_or_below_it(store):
    store.commit([Put(it(number)) for number in range(4) for it in (event, run)])

    keep(store, now=ALL)
    keep(store, now=5, age=10, size=10_000_000)

    assert rows(store) | {"runs": 4, "events": 4} == rows(store)


def test_each_part_of_a_sweep_is_small(store):
    store.commit([Put(event(number)) for number in range(2000)])
    store.commit([Put(run(number)) for number in range(2000)])
    store.commit([Put(step(number, name)) for number in range(500) for name in "abcd"])
    counted = [sum(rows(store).values())]

    counted.extend(sum(rows(store).values()) for _ in sweep(store, Keeping(age=1), ALL))

    gone = [before - after for before, after in pairwise(counted)]
    assert counted[-1] == 0
    assert max(gone) <= 1210
    assert len(gone) >= 12


def test_fewer_rows_are_a_part_where_rows_are_large(store, monkeypatch):
    for number in range(100):
        store.commit([Put(run(number)), Put(step(number, "s", '"' + "x" * 20_000 + '"'))])

    monkeypatch.setattr(sqlite, "_MOST_PAGES", 10)
    counts = [len(ids(store)[0]) for _ in sweep(store, Keeping(age=1), ALL)]

    gone = [before - after for before, after in pairwise([100, *counts]) if before - after]
    assert counts[-1] == 0
    assert gone[0] > gone[-1]
    assert gone[-1] <= 2


def test_weeks_of_traffic_take_no_more_room_than_days(world, kit, tmp_path):
    """Every few hours something of everything happens; on the first day a run goes to sleep for three weeks."""
    store = SQLiteStore(tmp_path / "dev.db")
    world = world.make(Rules(retry_interval=1000), store)
    world.function("steps", kit.serial("a", "b"), idempotency="event.data.n", priority={"run": "1"})
    world.function("rate", lambda _: kit.done(), rateLimit={"limit": 1, "period": "1h", "key": "event.data.n"})
    world.function("throttle", lambda _: kit.done(), throttle={"limit": 1, "period": "1m", "key": "event.data.n"})
    world.function("batch", lambda _: kit.done(), batchEvents={"maxSize": 2, "timeout": "30m"})
    world.function("fail", lambda _: kit.failure(), retries=1)
    world.function("nap", lambda call: kit.done(call.data) if call.steps else kit.ops(kit.op("Sleep", "s", name="21d")))
    world.send("t/nap", {"who": "me"})
    counts, pages = list[dict[str, int]](), list[int]()

    for hour in range(0, 20 * 24, 4):
        for name in ("steps", "rate", "throttle", "batch", "fail", "nobody"):
            world.simulation.send({"name": f"t/{name}", "data": {"n": str(hour)}, "id": f"{name}-{hour}"})
        end = world.simulation.now + 4 * HOUR
        world.run(until=end)
        world.simulation.advance(max(end - world.simulation.now, 0))
        world.settle()
        if hour % 24 == 20:
            keep(store, world.simulation.now, age=2 * DAY)
            counts.append(rows(store))
            pages.append(store._pragma("page_count"))

    assert counts[-1]["runs"] > 0
    for later in counts[5:]:
        assert all(later[name] <= counts[4][name] * 1.2 + 5 for name in TABLES), (counts[4], later)
    assert pages[-1] <= pages[4] * 1.2
    assert len(world.simulation.state.meters) < 10  # six idempotency keys of a day, and what counts for an hour
    assert len(world.simulation.state.claims) <= 6 * 8
    world.run()
    assert [it.output for it in world.runs("nap")] == ['{"who":"me"}']
    store.close()


@pytest.fixture
async def engine():
    made = Engine(
        SQLiteStore(), LocalExecutor(nobody, now), clock=now, ids=Ids(b"k"), rules=Rules(), observe=lambda _: None
    )
    await made.start()
    yield made
    await made.stop()


def now():
    return ALL


async def nobody(request):
    raise AssertionError(request)


async def test_a_keeper_sweeps_beside_the_engine(engine):
    engine.store.commit([Put(it(number)) for number in range(4) for it in (event, run)])
    keeper = Keeper(engine, Keeping(age=1))

    await keeper.sweep()

    assert ids(engine.store) == ([], [])


async def test_a_keeper_that_fails_says_so(engine, monkeypatch):
    told: asyncio.Queue[ServerFault] = asyncio.Queue()
    monkeypatch.setattr(engine, "tell", told.put_nowait)
    monkeypatch.setattr(engine.store, "forget_runs", full)
    keeper = Keeper(engine, Keeping(age=1))

    keeper.start()
    notice = await asyncio.wait_for(told.get(), 10)
    await keeper.stop()

    assert isinstance(notice, ServerFault)
    assert str(notice.error) == "the disk is full"


def full(*_):
    raise OSError("the disk is full")


async def test_without_limits_there_is_nothing_to_keep(engine):
    keeper = Keeper(engine, Keeping())

    keeper.start()
    await keeper.stop()

    assert keeper._task is None


# Room ----------------------------------------------------------------------------------------------------------------


def burst(store):
    """Some 20 MB of history."""
    large = '"' + "x" * 20_000 + '"'
    for start in range(0, 1000, 100):
        store.commit(
            [Put(it) for number in range(start, start + 100) for it in (run(number), step(number, "s", large))]
        )


def test_a_file_is_small_again_after_a_burst(tmp_path):
    path = tmp_path / "dev.db"
    store = SQLiteStore(path)
    burst(store)
    store._connection.execute("PRAGMA wal_checkpoint")
    large = path.stat().st_size

    keep(store, now=ALL, age=1)

    assert large > 20_000_000
    assert path.stat().st_size < large / 3
    assert store._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    store.close()


def test_room_is_given_back_in_small_parts(tmp_path):
    store = SQLiteStore(tmp_path / "dev.db")
    burst(store)
    pages = list[int]()

    for _ in sweep(store, Keeping(age=1), ALL):
        pages.append(store._pragma("page_count"))

    given_back = [before - after for before, after in pairwise(pages) if after < before]
    assert len(given_back) > 5
    assert max(given_back) <= 260
    store.close()


def test_some_room_is_kept_for_what_comes_next(store):
    store.commit([Put(it(number)) for number in range(2000) for it in (event, run)])

    pages = store._pragma("page_count")
    keep(store, now=ALL, age=1)

    assert store._pragma("page_count") == pages
    assert store.shrink() is False


def test_the_file_of_an_older_version_learns_to_give_room_back(tmp_path):
    path = tmp_path / "dev.db"
    with sqlite3.connect(path) as connection:
        for number, migration in enumerate(sqlite.MIGRATIONS, 1):
            connection.executescript(f"{read(migration)}\nPRAGMA user_version = {number};")
    connection.close()

    store = SQLiteStore(path)
    burst(store)
    before = store._pragma("page_count")
    keep(store, now=ALL, age=1)

    assert store._pragma("page_count") < before / 3
    store.close()
