"""What becomes of an event for each function that it is to start: a run, a place in what is held back, or nothing.

The rules on the way are read a second time here, and must come to what was decided.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from accounts import Meters, key_of, terms_of
from breaking import broken
from flows import DAY, MINUTE, Config, fires, means, milliseconds
from inngest_py.dev.model import Buffer, Event

INVOKED: Final = "inngest/function.invoked"
DUPLICATE: Final = "a duplicate"
REPLACED: Final = "debounced: a newer event took its place"


class Fates:
    """Events, the functions that are registered, and what was held back.

    `is_taken` tells whether there is a run of a singleton; `ticks` are the function, the schedule and the time of each.
    """

    def __init__(self, is_taken: Callable[[str], bool]) -> None:
        self.now = 0
        self.active: dict[str, Config] = {}
        self.events: dict[str, Event] = {}
        self.data: dict[str, dict[str, Any]] = {}
        self.buffers: dict[tuple[str, str], Buffer] = {}
        self.ticks: list[tuple[str, str, int]] = []
        self.meters = Meters()
        self.counts: Counter[str] = Counter()
        self._is_taken = is_taken
        self._claims: dict[tuple[str, str], int] = {}
        self.open(0)

    def open(self, now: int) -> None:
        """A turn begins."""
        self.now = now
        self._wanted: dict[str, list[str]] = {}
        self._released: dict[tuple[str, str], str] = {}
        self._overtaken: dict[tuple[str, str], str] = {}

    def close(self) -> None:
        """The turn is over: everything has come to something."""
        lost = {slug: ids for slug, ids in self._wanted.items() if ids} or self._released or self._overtaken
        if lost:
            broken("no event is lost", lost)

    def put(self, event: Event) -> None:
        """An event is stored. If it invokes a function it is wanted by that."""
        if event.id not in self.events:
            self.data[event.id] = json.loads(event.data)
            about = self.data[event.id].get("_inngest", {})
            if event.name == INVOKED and about.get("correlation_id"):
                self.want(event, about["fn_id"])
        self.events[event.id] = event

    def want(self, event: Event, slug: str) -> None:
        """An event is to start a function."""
        self._wanted.setdefault(slug, []).append(event.id)

    def accept(self, event: Event, started: tuple[str, ...]) -> None:
        """An event starts functions: those that it should."""
        data = self.data[event.id]
        invoked = data.get("_inngest", {}).get("fn_id") if event.name == INVOKED else None
        wanted = {slug for slug, config in self.active.items() if fires(config, event.name, data) and slug != invoked}
        if wanted != set(started) or len(wanted) != len(started):
            broken("an event starts the functions that want it", f"{event} starts {started}, not {wanted}")
        for slug in wanted:
            self.want(event, slug)

    def found(self, slug: str, event_id: str, fate: str) -> None:
        """An event has come to something for a function: see that it is what the rules say."""
        event = self.events[event_id]
        if (slug, event_id) in self._overtaken:
            expected = self._overtaken.pop((slug, event_id))
        elif (slug, event_id) in self._released:
            expected = self._after_release(slug, event, self._released.pop((slug, event_id)))
        else:
            if event_id not in self._wanted.get(slug, ()):
                broken("nothing starts by itself", f"{slug} was not to be started by {event}, and has {fate}")
            self._wanted[slug].remove(event_id)
            expected = self._at_once(slug, event)
        if fate != expected:
            broken("rules are kept to", f"{event} should have {expected} for {slug}, and has {fate}")
        self.counts[fate] += 1
        claimed = event.key and not event.name.startswith("inngest/")
        if claimed and fate in {"run", "batched"}:
            life = DAY if fate == "run" else 30 * MINUTE
            self._claims[slug, event.key] = self.now + life

    def _at_once(self, slug: str, event: Event) -> str:
        config, data = self.active[slug], self.data[event.id]
        batch, rate = config.get("batchEvents"), config.get("rateLimit")
        if batch and means(batch.get("if", ""), data) in ("", True):
            return DUPLICATE if self._is_claimed(slug, event) else "batched"
        if config.get("idempotency"):
            rate = {"limit": 1, "period": f"{DAY // 1000}s", "key": config["idempotency"]}
        if rate and not self.meters.admits_rate(slug, rate, data, self.now):
            return DUPLICATE if config.get("idempotency") else "rate limited"
        if config.get("debounce"):
            held = self.buffers.get((slug, key_of(config["debounce"], data)))
            known = held is not None and held.kind == "debounce"
            older = held is not None and known and event.ts < self.events[held.events[0]].ts
            return REPLACED if older else "debounced"
        return self._launched(slug, event)

    def _after_release(self, slug: str, event: Event, kind: str) -> str:
        if slug not in self.active:
            return "no longer registered"
        return self._launched(slug, event, batch=kind == "batch")

    def _launched(self, slug: str, event: Event, *, batch: bool = False) -> str:
        if not batch and self._is_claimed(slug, event):
            return DUPLICATE
        config = self.active[slug]
        skips = config.get("singleton", {}).get("mode") == "skip"
        taken = skips and self._is_taken(terms_of(config, self.data[event.id], self.now).single)
        return "already running" if taken else "run"

    def _is_claimed(self, slug: str, event: Event) -> bool:
        return bool(event.key) and self._claims.get((slug, event.key), 0) > self.now

    def check_tick(self, slug: str, event_id: str, found: str) -> None:
        """A schedule has come to something for a function that has it."""
        cron = self.data[event_id]["cron"]
        if not any(trigger.get("cron") == cron for trigger in self.active[slug]["triggers"]):
            broken("a schedule starts its own functions", f"{cron} starts {slug}")
        expected = self._launched(slug, self.events[event_id])
        if found != expected:
            broken("rules are kept to", f"{cron} should have {expected} for {slug}, and has {found}")
        self.ticks.append((slug, cron, self.events[event_id].ts))

    def put_buffer(self, buffer: Buffer) -> None:
        """Events are held back: those that should be, until when they should be."""
        key = buffer.function, buffer.key
        old = self.buffers.get(key)
        known = () if old is None else old.events
        added = [event_id for event_id in buffer.events if event_id not in known]
        gone = [event_id for event_id in known if event_id not in buffer.events]
        config = self.active[buffer.function]
        if buffer.kind == "batch":
            if gone or len(added) != 1:
                broken("a batch keeps all its events, and takes one after the other", f"{old} has become {buffer}")
            self.found(buffer.function, added[0], "batched")
            rule = config["batchEvents"]
            due = self.now + milliseconds(rule["timeout"]) if old is None else old.due
        else:
            rule = config["debounce"]
            due = self.now + milliseconds(rule["period"])
            if "timeout" in rule:
                due = min(due, buffer.since + milliseconds(rule["timeout"]))
            for event_id in added:
                self.found(buffer.function, event_id, "debounced")
            self._overtaken.update({(buffer.function, event_id): REPLACED for event_id in gone})
        if buffer.due != due or buffer.since != (self.now if old is None else old.since):
            broken("what is held back has a time", f"{buffer} should be due at {due}; it was {old}")
        if any(key_of(rule, self.data[event_id]) != buffer.key for event_id in added):
            broken("events of different keys are held apart", buffer)
        self.buffers[key] = buffer

    def drop_buffer(self, dropped: Buffer) -> None:
        """Events are let go: not before their time, unless a batch is full or its function has another rule now."""
        buffer = self.buffers.pop((dropped.function, dropped.key))
        config = self.active.get(buffer.function, {})
        rule = config.get("batchEvents" if buffer.kind == "batch" else "debounce")
        full = rule is not None and buffer.kind == "batch" and len(buffer.events) >= rule["maxSize"]
        if not (buffer.due <= self.now or full or (config and rule is None)):
            broken("what is held back is not let go before its time", buffer)
        self._released.update({(buffer.function, event_id): buffer.kind for event_id in buffer.events})
