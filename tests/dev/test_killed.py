"""The dev server is killed with SIGKILL, two hundred times and more, and nothing that it acknowledged is lost.

    pytest tests/dev/test_killed.py [--seed N] [--kills N]

Each life is a process of its own on the same database file, and dies at a random moment (tests/support/mortal.py), with
runs in every state. The app (tests/support/surviving.py) lives on. After each death the file is looked at; in the end
everything must have come to its end. `--seed` chooses what is sent and when it is killed; the clock and the network are
real, so the same seed gives a similar course of events, not the same one.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import shutil
import signal
import sqlite3
import ssl
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from servers import SUPPORT, free_port
from surviving import NARROW, Survivor, expected

PATIENCE = 60
SHORT = 200_000
ENOUGH = 5
"""In how many kills at least there was a run in each state."""
MANY = 100
"""With fewer kills than that some states may not be met."""
SENT = (
    "batched", "cancelled", "debounced", "failing", "flaky", "invoking", "late", "narrow", "nap", "once", "parallel",
    "planned", "serial", "signalled", "throttled", "timed", "waiting",
)  # fmt: skip
BACKLOG = 40
"""With how many runs under way no more are started: a short life has to get on with something."""

MOMENTS = ("starting", "serving", "serving", "written", "flushed", "calling", "answered")
STATES = {
    "queued": """SELECT count(*) FROM jobs JOIN runs ON runs.id = run_id
        WHERE function != 'app-throttled' AND jobs.status = 'ready'""",
    "running": "SELECT count(*) FROM jobs WHERE status = 'running'",
    "retrying": "SELECT count(*) FROM jobs WHERE attempt > 0",
    "sleeping": "SELECT count(*) FROM pauses WHERE kind = 'sleep'",
    "waiting": "SELECT count(*) FROM pauses WHERE kind = 'event'",
    "waiting for a signal": "SELECT count(*) FROM pauses WHERE kind = 'signal'",
    "invoking": "SELECT count(*) FROM pauses WHERE kind = 'invoke'",
    "batched": "SELECT count(*) FROM buffers WHERE kind = 'batch'",
    "debounced": "SELECT count(*) FROM buffers WHERE kind = 'debounce'",
    "throttled": """SELECT count(*) FROM jobs JOIN runs ON runs.id = run_id
        WHERE function = 'app-throttled' AND generation = 0 AND jobs.status = 'ready'""",
}
"""How many of a kind there are, in the words of schema.sql."""

UNDER_WAY = "SELECT (SELECT count(*) FROM runs WHERE status IN ('Queued', 'Running')) + (SELECT count(*) FROM buffers)"


class Nursery:
    """Brings servers to life, one after the other, all on one database and one port."""

    def __init__(self, process: Process, **always: Any) -> None:
        self._process = process
        self._always = always

    async def bear(self, moment: str, number: int, microseconds: int) -> None:
        """Begin a life, and say when it is to end."""
        order = {**self._always, "moment": moment, "number": number, "microseconds": microseconds}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()

    async def hear(self) -> dict[str, Any]:
        """What is said of a life: that it is ready, or how it ended."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            heard: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return heard


class Sender:
    """Sends events, and remembers which were acknowledged, by function and number."""

    def __init__(self, url: str, chance: random.Random) -> None:
        self.acknowledged: set[tuple[str, int]] = set()
        self.backlog = 0
        self._to_cancel: set[int] = set()
        self._url = url
        self._chance = chance
        self._number = 0

    async def send(self) -> None:
        """Send events for as long as somebody takes them, and some of them again."""
        chosen = [self._chance.choice(SENT) for _ in range(self._chance.randrange(6)) if self.backlog < BACKLOG]
        events = [self._events(function) for function in chosen]
        known = sorted(number for function, number in self.acknowledged if function == "once")
        if known:
            events.append([_event("once", self._chance.choice(known))])
        with suppress(httpx.TransportError):
            async with self._http() as http:
                for together in events:
                    await self._post(http, together)
                await self._cancel(http)

    async def cancel(self) -> None:
        """Cancel what still waits for that."""
        with suppress(httpx.TransportError):
            async with self._http() as http:
                await self._cancel(http)

    async def probe(self) -> None:
        """Start more runs than there are slots."""
        async with self._http() as http:
            await self._post(http, [_event("narrow", self._next()) for _ in range(3 * NARROW)])

    def _http(self) -> httpx.AsyncClient:
        """A client without certificates: to load them takes as long as a life."""
        return httpx.AsyncClient(base_url=self._url, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def started(self) -> set[tuple[str, int]]:
        """What must have started a run: all that was acknowledged, but for what cancels and what was superseded."""
        return {(function, number) for function, number in self.acknowledged if number > 0 and function != "cancel"}

    async def _cancel(self, http: httpx.AsyncClient) -> None:
        numbers = sorted(self._to_cancel)
        if numbers:
            await self._post(http, [_event("cancel", number) for number in numbers])
            self._to_cancel.difference_update(numbers)

    async def _post(self, http: httpx.AsyncClient, events: list[dict[str, Any]]) -> None:
        self._to_cancel |= {event["data"]["n"] for event in events if event["name"] == "t/cancelled"}
        response = await http.post("/e/test", json=events)
        assert response.status_code == 200
        self.acknowledged |= {(event["name"][2:], event["data"]["n"]) for event in events}

    def _events(self, function: str) -> list[dict[str, Any]]:
        """What is sent together: one event, or what makes a queue, or a first one that is to be superseded."""
        number = self._next()
        match function:
            case "debounced":
                return [_event(function, -number), _event(function, number)]
            case "narrow" | "throttled":
                return [_event(function, number), *(_event(function, self._next()) for _ in range(4))]
            case _:
                return [_event(function, number)]

    def _next(self) -> int:
        self._number += 1
        return self._number


def _event(function: str, number: int) -> dict[str, Any]:
    identity = {"id": f"once {number}"} if function == "once" else {}
    return {"name": f"t/{function}", "data": {"n": number, "key": abs(number)}, **identity}


@asynccontextmanager
async def nursery(database: Path, port: int, app: Survivor) -> AsyncIterator[Nursery]:
    process = await asyncio.create_subprocess_exec(sys.executable, SUPPORT / "mortal.py", stdin=PIPE, stdout=PIPE)
    try:
        yield Nursery(process, database=str(database), port=port, urls=[app.url])
    finally:
        process.kill()
        await process.wait()


@contextmanager
def remains(database: Path) -> Iterator[sqlite3.Connection]:
    """What is on the disk. A copy: the next life shall find the file as the last one left it."""
    autopsy = database.parent / "autopsy"
    shutil.rmtree(autopsy, ignore_errors=True)
    autopsy.mkdir()
    for file in database.parent.glob(f"{database.name}*"):
        shutil.copy(file, autopsy)
    with closing(sqlite3.connect(autopsy / database.name)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = OFF")
        yield connection


def examine(database: Path, app: Survivor, met: Counter[str]) -> int:
    """Note which steps are stored, and in which states the server was killed. Returns how much is under way."""
    under_way = 0
    with remains(database) as connection:
        if connection.execute("PRAGMA user_version").fetchone()[0]:
            for run_id, name in connection.execute("SELECT run_id, name FROM steps WHERE memo IS NOT NULL"):
                app.stored.setdefault((run_id, name), app.life)
            for state, query in STATES.items():
                met[state] += bool(connection.execute(query).fetchone()[0])
            under_way = connection.execute(UNDER_WAY).fetchone()[0]
    return under_way


def registered(database: Path) -> bool:
    """Whether the app is known to the server, in all its functions at once."""
    if not database.exists():
        return False
    with remains(database) as connection:
        return bool(connection.execute("SELECT count(*) FROM functions").fetchone()[0])


async def live(
    home: Nursery, send: Callable[[], Awaitable[None]], moment: str, number: int, microseconds: int
) -> dict[str, Any]:
    """One life, from the start of a server to its end. Returns what is said of that end."""
    await home.bear(moment, number, microseconds)
    heard = await home.hear()
    if "ready" in heard:
        heard, _ = await asyncio.gather(home.hear(), send())
    return heard


class Findings:
    """What was found in the end, to be compared with what should be."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.runs = [dict(row) for row in connection.execute("SELECT * FROM runs ORDER BY created_at, id")]
        self.steps = [dict(row) for row in connection.execute("SELECT * FROM steps")]
        self.left = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in ("jobs", "pauses", "buffers")
        }
        events = connection.execute("SELECT id, data FROM events")
        self._numbers = {row["id"]: json.loads(row["data"]).get("n") for row in events}

    def numbers(self, run: dict[str, Any]) -> list[int]:
        """The numbers of the events of a run; those of the server have none."""
        found = [self._numbers[event_id] for event_id in json.loads(run["events"])]
        return [number for number in found if number is not None]

    def started(self) -> Counter[tuple[str, int]]:
        """How many runs there are of each function, by the numbers of their events."""
        return Counter((run["function"][4:], number) for run in self.runs for number in self.numbers(run))

    def unexpected(self) -> list[Any]:
        """The runs that have not ended as they should."""
        return [run for run in self.runs if not self._as_expected(run)]

    def early(self) -> list[Any]:
        """The sleeps that ended before their time, by function."""
        naps = {"answering": 50, "child": 50, "nap": 300, "parallel": 100, "signalling": 50}
        functions = {run["id"]: run["function"][4:] for run in self.runs}
        return [
            step
            for step in self.steps
            if step["name"] == "nap" and step["ended_at"] - step["queued_at"] < naps[functions[step["run_id"]]]
        ]

    def too_many(self) -> list[int]:
        """Where `throttled` started more than three and one each third of a second, however long it was dead."""
        starts = sorted(run["started_at"] for run in self.runs if run["function"] == "app-throttled")
        return [start for place, start in enumerate(starts[3:], 3) if start - starts[place - 3] < 333]

    def _as_expected(self, run: dict[str, Any]) -> bool:
        function, numbers = run["function"][4:], self.numbers(run)
        output = None if run["output"] is None else json.loads(run["output"])
        if function == "batched":
            return (run["status"], output) == ("Completed", numbers)
        if function in {"failing-failure", "broken-failure"}:
            return (run["status"], output) == ("Completed", "failing")
        status, result = expected(function, numbers[0] if numbers else 0)
        return run["status"] == status and (status != "Completed" or output == result)


async def test_however_often_it_is_killed_nothing_that_it_acknowledged_is_lost(tmp_path, options, record_property):
    chance, port = random.Random(options.seed), free_port()
    met, moments = Counter[str](), Counter[str]()
    database, url = tmp_path / "dev.db", f"http://127.0.0.1:{port}"
    app, sender = Survivor(url, chance), Sender(url, chance)

    async with app.serving(), nursery(database, port, app) as home:

        async def die(send: Callable[[], Awaitable[None]], moment: str, number: int, microseconds: int) -> None:
            ended = await live(home, send, moment, number, microseconds)
            assert ended == {"ended": signal.SIGKILL}
            moments[moment] += 1
            sender.backlog = examine(database, app, met)
            app.life += 1

        async def settle() -> None:
            async with asyncio.timeout(PATIENCE):
                while sender.backlog:
                    await die(sender.cancel, "serving", 0, app.life % 10 * SHORT)

        while not registered(database):
            await die(sender.cancel, "serving", 0, SHORT)
        enough = ENOUGH if options.kills >= MANY else 0
        while moments.total() < options.kills or (seldom(met, enough) and moments.total() < 3 * options.kills):
            await die(sender.send, chance.choice(MOMENTS), chance.randint(1, 40), chance.randint(0, 200_000))
        await die(sender.cancel, "serving", 0, SHORT)
        await settle()
        quiet = app.life
        await die(sender.probe, "serving", 0, SHORT)
        await settle()
    gc.collect()
    with remains(database) as connection:
        found = Findings(connection)

    acknowledged, started = sender.started(), found.started()
    said = f"{moments.total()} kills ({counts(moments)}), {len(acknowledged)} events, {len(found.runs)} runs; killed "
    record_property("summary", f"{said}when anything was {counts(met)}; seed {options.seed}")
    assert not seldom(met, enough), f"in less than {enough} of {moments.total()} kills a run was {seldom(met, enough)}"
    assert found.left == {"jobs": 0, "pauses": 0, "buffers": 0}
    assert {place: started[place] for place in acknowledged} == dict.fromkeys(acknowledged, 1)
    assert {place: count for place, count in started.items() if count > 1} == {}
    assert found.unexpected() == []
    assert app.faults == []
    assert found.early() == []
    assert found.too_many() == []
    assert max(app.busiest.values()) == NARROW
    assert max(busiest for life, busiest in app.busiest.items() if life >= quiet) == NARROW, "no slot is lost"


def seldom(met: Counter[str], enough: int) -> dict[str, int]:
    """The states in which the server was killed less often than that."""
    return {state: met[state] for state in STATES if met[state] < enough}


def counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())
