"""The dev server and an app, two processes that talk HTTP: what it does in a second, and what it costs.

python benchmarks/dev_server.py

Each line says what was measured, and the target where there is one. On a machine that does other work too, the lines to
look at are processor time per run, and the share of what the app does in a second when nothing but a client calls it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from shutil import which
from statistics import median

from dev_posts import with_aiohttp, with_httpx, with_ours
from dev_processes import HTTP, Bench, both

from inngest_py.dev.decisions import Put
from inngest_py.dev.ids import Ids
from inngest_py.dev.model import Event, Run, RunStatus
from inngest_py.dev.store.sqlite import SQLiteStore

MS = 1_000
US = 1_000_000
MANY = 1_000
HOW = {"calls": "a call a step", "saved": "each step saved", "buffered": "saved by fifties"}


@dataclass(frozen=True)
class Row:
    """A line of the table. `least` and `most` are the target, if there is one."""

    name: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def good(self) -> bool | None:
        if self.least is None and self.most is None:
            return None
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)


def measure(options: argparse.Namespace) -> Iterator[Row]:
    yield from start_up(options.rounds)
    with both() as bench:
        yield from posts(bench, options.runs)
        rate(bench, options.runs // 10 or 1)
        alone = app_alone(bench, options.runs)
        yield Row("the app alone, with the calls of one-step runs", alone, "runs/s")
        yield from one_step_runs(bench, "in memory", options, alone)
        yield Row("from step to step, idle, in memory", latency(bench, 50), "ms", most=10)
        yield from many_steps(bench, options.steps)
        yield from checkpointing(bench)
        cost = asleep(bench, options.sleepers, options.seconds)
        yield Row(f"{options.sleepers:,} sleeping runs", cost, "% of a processor", most=0.5)
    with tempfile.TemporaryDirectory() as folder, both(Path(folder, "dev.db")) as bench:
        rate(bench, options.runs // 10 or 1)
        yield from one_step_runs(bench, "on disk", options, alone)
        yield Row("from step to step, idle, on disk", latency(bench, 50), "ms", most=10)
    yield from stored(options.stored)


def start_up(rounds: int) -> Iterator[Row]:
    found = list[tuple[float, float]]()
    for _ in range(rounds):
        with both() as bench:
            found.append((bench.start_up, bench.load))
    elapsed, load = map(min, zip(*found, strict=True))
    yield Row("start-up", elapsed * MS, "ms", most=1_000)
    yield Row("  its processor time", load * MS, "ms")


def posts(bench: Bench, count: int) -> Iterator[Row]:
    """What clients there are."""
    empty = [(f"{bench.app}/", b"{}")] * count
    clients = {"ours": with_ours, "aiohttp": with_aiohttp, "httpx": with_httpx}
    for name, client in clients.items():
        yield Row(f"posts to an empty route, {name}", count / asyncio.run(client(empty)), "a second")


def app_alone(bench: Bench, runs: int) -> float:
    """How many runs a second there would be if the server had nothing to do but to call the app."""
    bench.send("calls", steps=1)
    calls = bench.until(calls=2)["bodies"]
    bench.idle()
    made = [(bench.app + call["target"], call["body"].encode()) for call in calls] * runs
    return runs / asyncio.run(with_ours(made))


def one_step_runs(bench: Bench, where: str, options: argparse.Namespace, alone: float) -> Iterator[Row]:
    """The best of some rounds, and the processor time of the server, of which load takes less away."""
    rates, costs = list[float](), list[float]()
    for _ in range(options.rounds):
        before = bench.server_seconds()
        rates.append(rate(bench, options.runs))
        costs.append((bench.server_seconds() - before) / options.runs)
    yield Row(f"one-step runs, two calls each, {where}", max(rates), "runs/s", least=600)
    yield Row("  as a share of the app alone", max(rates) / alone * 100, "%")
    yield Row("  the server's processor time", min(costs) * US, "µs a run")


def rate(bench: Bench, runs: int) -> float:
    sent = bench.send("calls", runs, steps=1)
    ended = max(bench.until(ended=runs)["ended"])
    bench.idle()
    return runs / (ended - sent)


def latency(bench: Bench, steps: int) -> float:
    """Milliseconds from one step to the next, where nothing else happens."""
    bench.send("calls", steps=steps)
    ran = bench.until(ended=1)["ran"]
    bench.idle()
    return median(later - sooner for sooner, later in pairwise(ran)) * MS


def one_run(bench: Bench, name: str, steps: int) -> tuple[float, int]:
    """The milliseconds from the first call of a run to its end, and the calls."""
    bench.send(name, steps=steps)
    seen = bench.until(ended=1)
    bench.idle()
    return (max(seen["answered"]) - min(seen["came"])) * MS, seen["calls"]


def many_steps(bench: Bench, steps: int) -> Iterator[Row]:
    """Whether a step costs the same in a long run as in one of a tenth of its steps, to the run and to the server."""
    for name, how in HOW.items():
        short, long = max(steps // 10, 1), steps
        one_run(bench, name, short)
        few = median(one_run(bench, name, short)[0] for _ in range(3)) / short
        before = bench.server_seconds()
        elapsed, calls = one_run(bench, name, long)
        spent = bench.server_seconds() - before
        yield Row(f"a run of {long:,} steps, {how}", elapsed, f"ms, {calls:,} calls")
        yield Row(f"  a step, to one of {short}", elapsed / long / few, "times the time", most=1.5)
        yield Row("  the server's processor time", spent / long * US, "µs a step")


def checkpointing(bench: Bench) -> Iterator[Row]:
    times = {}
    for name, how in HOW.items():
        found = [one_run(bench, name, 50) for _ in range(5)]
        times[name] = median(elapsed for elapsed, _ in found)
        most = None if name == "calls" else 1
        yield Row(f"calls of a run of 50 steps, {how}", max(calls for _, calls in found), "", most=most)
        yield Row("  its time", times[name], "ms")
    yield Row("  of the time of a call a step", times["buffered"] / times["calls"] * 100, "%", most=10)


def asleep(bench: Bench, runs: int, seconds: float) -> float:
    """The share of one processor that sleeping runs cost, in percent."""
    bench.send("sleeper", runs)
    bench.until(answered=runs)
    time.sleep(min(seconds, 2))
    before = bench.server_seconds()
    time.sleep(seconds)
    return (bench.server_seconds() - before) / max(seconds, 0.01) * 100


def stored(count: int) -> Iterator[Row]:
    """Whether the lists of runs are as quick with many stored runs as with few."""
    found = {}
    for runs in (count // 100 or 1, count):
        with tempfile.TemporaryDirectory() as folder:
            database = Path(folder, "dev.db")
            fill(database, runs)
            with both(database) as bench:
                found[runs] = {query: page(bench, query) for query in ("", "status=Failed", "function=bench-other")}
                elapsed, load = bench.start_up, bench.load
                shown = best_of(10, partial(got, f"{bench.server}/runs"))
                searched = best_of(10, partial(got, f"{bench.server}/runs?q=nothing"))
                seen = first_row(f"{bench.server}/runs")
    few, many = found.values()
    yield Row(f"start-up with {count:,} stored runs", elapsed * MS, "ms", most=1_000)
    yield Row("  its processor time", load * MS, "ms")
    for query, elapsed in many.items():
        about = f", {query}" if query else ""
        yield Row(f"the list of {count:,} runs{about}", elapsed, "ms")
        yield Row(f"  to that of {count // 100 or 1:,}", elapsed / few[query], "times", most=1.5)
    yield Row(f"the page of {count:,} runs", shown, "ms", most=300)
    yield Row("  a search that finds nothing", searched, "ms")
    if seen is not None:
        yield Row("  until a browser shows its first row", seen, "ms", most=300)


def fill(database: Path, count: int) -> None:
    """Store runs that have ended, some of them badly, of two functions."""
    store, ids, now = SQLiteStore(database), Ids(b"bench"), time.time_ns() // US
    for first in range(0, count, MANY):
        changes = list[Put]()
        for number in range(first, min(first + MANY, count)):
            at = now - count + number
            event = Event(id=ids.ulid(at), name="bench/calls", ts=at, received_at=at)
            status = RunStatus.COMPLETED if number % 10 else RunStatus.FAILED
            function = "bench-calls" if number % 7 else "bench-other"
            run = Run(
                id=ids.ulid(at), function=function, app_id="bench", status=status, events=(event.id,), created_at=at,
                max_attempts=4, started_at=at, ended_at=at + 1, output="1",
            )  # fmt: skip
            changes += [Put(event), Put(run)]
        store.commit(changes)
    store.close()


def page(bench: Bench, query: str) -> float:
    """The milliseconds that a page of runs takes, at the best of many times."""
    return best_of(50, partial(got, f"{bench.server}/v1/runs?{query}"))


def got(url: str) -> None:
    HTTP.get(url).raise_for_status()


def best_of(rounds: int, work: Callable[[], object]) -> float:
    """The milliseconds that something takes, at the best of some times."""
    times = list[float]()
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * MS)
    return min(times)


def first_row(url: str) -> float | None:
    """The milliseconds until a browser shows the first run, at the best of ten times; None where there is none."""
    path = which("chromium")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it is there if the tests are
    except ImportError:
        return None
    if path is None:
        return None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        window = browser.new_page()
        times = list[float]()
        for _ in range(10):
            window.goto(url)
            window.wait_for_selector(".run-row")
            times.append(window.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        browser.close()
    return min(times)


def show(row: Row) -> str:
    target = (
        "" if row.good is None else f"at least {row.least:,.6g}" if row.most is None else f"at most {row.most:,.6g}"
    )
    verdict = {True: "ok", False: "MISSED", None: ""}[row.good]
    return f"{row.name:<52} {row.value:>10,.1f} {row.unit:<17} {target:<16} {verdict}".rstrip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--runs", type=int, default=1_000, help="how many runs of one step")
    parser.add_argument("--rounds", type=int, default=3, help="how often they are run: the best round counts")
    parser.add_argument("--steps", type=int, default=999, help="how many steps the longest run has: 1,000 are too many")
    parser.add_argument("--sleepers", type=int, default=10_000, help="how many runs sleep")
    parser.add_argument("--seconds", type=float, default=10, help="how long their cost is measured")
    parser.add_argument("--stored", type=int, default=100_000, help="how many stored runs are listed")
    options = parser.parse_args()
    if not options.json:
        print(f"{'':<52} {'measured':>10} {'':<17} {'target':<16}")
    for row in measure(options):
        print(json.dumps(asdict(row) | {"good": row.good}) if options.json else show(row), flush=True)


if __name__ == "__main__":
    main()
