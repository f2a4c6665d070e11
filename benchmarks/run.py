"""This package side by side with the official one, `inngest`, and with a route that has neither: `make bench`.

All run in this process on one processor, in turns; processor time is counted, and the median of the rounds. Before
anything is timed, both packages have to answer the same. In Starlette the endpoints that the official package has for
FastAPI are plain routes; in FastAPI and Flask each is mounted as its documentation says.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from typing import Any

from apps import FLOOR, OFFICIAL, OURS, fastapi_apps, flask_apps, starlette_apps
from calls import Call, make_call
from contenders import ASGI, WSGI, Contender, compare

import footprint

GROWTH = (100, 1_000, 10_000)
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Case:
    """One call, signed or not. `per` is what its time is divided by."""

    name: str
    signed: bool
    memoized: int | None = None
    event_size: int = 0
    per: int = 1

    def call(self) -> Call:
        return make_call(self.memoized, signed=self.signed, event_size=self.event_size)


@dataclass(frozen=True)
class Row:
    """A line of the table: what each of the three takes, in `unit`."""

    framework: str
    case: str
    unit: str
    ours: float
    official: float
    floor: float | None = None

    @property
    def ratio(self) -> float:
        return self.official / self.ours

    @property
    def of_floor(self) -> float | None:
        """Our rate, where the rate of the floor is 1."""
        return None if self.floor is None else self.floor / self.ours


def cases(largest: int) -> Iterator[Case]:
    for signed in (False, True):
        how = "signed" if signed else "dev"
        yield Case(f"no step, {how}", signed)
        for memoized in (10, 100, 1_000):
            if memoized <= largest:
                yield Case(f"{memoized:,} memoized + 1 new, {how}", signed, memoized)
    yield Case("1 MB event, signed", signed=True, event_size=MEGABYTE)
    for memoized in GROWTH:
        if memoized <= largest:
            yield Case(f"a step of {memoized:,}, signed", signed=True, memoized=memoized, per=memoized)


def check(contenders: dict[str, Contender], case: Case) -> None:
    """Both packages must answer the same: the status, and the result or the operations."""
    ours, official = (_meaning(*contenders[name].answer(case.call())) for name in (OURS, OFFICIAL))
    if ours != official or ours[0] not in {200, 206}:
        raise SystemExit(f"{case.name}: the answers differ: {ours} and {official}")


def _meaning(status: int, body: bytes) -> tuple[int, object]:
    answer = json.loads(body)
    if isinstance(answer, list):
        return status, [{key: op[key] for key in ("op", "id", "name", "displayName", "data")} for op in answer]
    return status, answer


def measure(framework: str, case: Case, contenders: dict[str, Contender], options: argparse.Namespace) -> Row:
    check(contenders, case)
    run = {name: partial(one.seconds, case.call()) for name, one in contenders.items()}
    seconds = compare(run, rounds=options.rounds, slot=options.slot)
    ours, official, floor = (seconds[name] * 1e6 / case.per for name in (OURS, OFFICIAL, FLOOR))
    return Row(framework, case.name, "µs", ours, official, floor)


def measure_calls(options: argparse.Namespace) -> Iterator[Row]:
    loop = asyncio.new_event_loop()
    for framework, (build, caller) in {
        "Starlette": (starlette_apps, partial(ASGI, loop=loop)),
        "FastAPI": (fastapi_apps, partial(ASGI, loop=loop)),
        "Flask": (flask_apps, WSGI),
    }.items():
        for case in cases(options.largest):
            if options.only in f"{framework} {case.name}":
                apps: dict[str, Any] = build(signed=case.signed)
                yield measure(framework, case, {name: caller(app) for name, app in apps.items()}, options)
    loop.close()


def measure_footprint(options: argparse.Namespace) -> Iterator[Row]:
    for case, programs in (("import", footprint.IMPORT), ("a Flask app with one function", footprint.START)):
        seconds = footprint.program_seconds(programs, options.rounds)
        yield Row("", case, "ms", seconds[OURS] * 1e3, seconds[OFFICIAL] * 1e3)
    found = footprint.app_bytes((OURS, OFFICIAL), options.apps)
    yield Row("Starlette", "memory of an app, 20 functions", "KB", found[OURS] / 1e3, found[OFFICIAL] / 1e3)


def show(row: Row) -> str:
    floor = "" if row.floor is None else f"{row.floor:,.1f}"
    share = "" if row.of_floor is None else f"{row.of_floor:.2f}"
    left = f"{row.framework:<10} {row.case:<32} {row.unit:<2}"
    return f"{left} {row.ours:>11,.1f} {row.official:>11,.1f} {floor:>9} {row.ratio:>9.1f}x {share:>10}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--only", default="", help="only the lines with this text")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--slot", type=float, default=0.02, help="seconds that one runs before the next one does")
    parser.add_argument("--largest", type=int, default=GROWTH[-1], help="the most steps")
    parser.add_argument("--apps", type=int, default=10, help="how many apps are built to find the memory of one")
    options = parser.parse_args()
    _on_one_processor()
    if not options.json:
        print(f"{'':<46} {OURS:>11} {OFFICIAL:>11} {FLOOR:>9} {'ratio':>10} {'of floor':>10}")
    for row in chain(measure_calls(options), measure_footprint(options)):
        shown = json.dumps(asdict(row) | {"ratio": row.ratio, "of_floor": row.of_floor}) if options.json else show(row)
        print(shown, flush=True)


def _on_one_processor() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


if __name__ == "__main__":
    main()
