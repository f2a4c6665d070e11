"""Functions by chance: what starts them, and which rules they have, in any combination that may be registered.

A function is what an app registers about it, a dict. What its expressions mean is told here a second time, in Python.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
DAY: Final = 86_400 * SECOND

Config: TypeAlias = dict[str, Any]
Data: TypeAlias = Mapping[str, Any]

SAME: Final = "async.data.n == event.data.n"
STOP: Final = "t/stop"
NAMES: Final = ("t/a", "t/b", "t/a.x", "t/b/y")
"""The events that are sent to start functions. Few, so that functions share them."""

DEFERRED: Final = "inngest/deferred.schedule"
LATER: Final = "later"
"""What runs put off to their end: whoever is triggered by that."""

_FALSE: Final = "event.data.k != 'b'"
MEANINGS: Final[dict[str, Callable[[Data], Any]]] = {
    "event.data.k": lambda data: data.get("k"),
    "event.data.n": lambda data: data.get("n"),
    "'x'": lambda _: "x",
    _FALSE: lambda data: data.get("k") != "b",
    "event.data.k == 'a'": lambda data: data.get("k") == "a",
    "event.data.n > 1": lambda data: isinstance(data.get("n"), int) and data["n"] > 1,
    "int(event.data.p)": lambda data: int(data["p"]) if "p" in data else None,
    "120": lambda _: 120,
    "-60": lambda _: -60,
    "event.data._inngest.status == 'Failed'": lambda data: data.get("_inngest", {}).get("status") == "Failed",
    f"event.data._inngest.fn_slug == '{LATER}'": lambda data: data.get("_inngest", {}).get("fn_slug") == LATER,
}
"""What expressions mean, over the data of an event."""

_KEYS: Final = ("event.data.k", "event.data.k", "event.data.n", "'x'", _FALSE)
_CONDITIONS: Final = ("event.data.k == 'a'", "event.data.n > 1", _FALSE)


def means(expression: str, data: Data) -> Any:
    """The value of an expression, or None."""
    return MEANINGS[expression](data) if expression else ""


def text(value: Any) -> str:
    """The value of a key as what tells counters apart."""
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def milliseconds(duration: str) -> int:
    """A duration, as it is written here: `20s`."""
    return int(duration.removesuffix("s")) * SECOND


# What starts a function ----------------------------------------------------------------------------------------------


def _trigger(chance: random.Random) -> Config:
    kind = chance.randrange(20)
    if kind < 9:
        return {"event": chance.choice(NAMES)}
    if kind < 12:
        return {"event": chance.choice(NAMES), "expression": chance.choice(_CONDITIONS)}
    if kind < 15:
        return {"event": chance.choice(("t/*", "t/a.*", "t/b/*"))}
    if kind < 17:
        jitter = chance.choice((None, None, "20s"))
        return {"cron": chance.choice(("* * * * *", "*/2 * * * *"))} | ({"jitter": jitter} if jitter else {})
    if kind == 17:
        return {"event": DEFERRED, "expression": f"event.data._inngest.fn_slug == '{LATER}'"}
    return chance.choice(
        (
            {"event": "inngest/function.failed"},
            {"event": "inngest/function.finished", "expression": "event.data._inngest.status == 'Failed'"},
            {"event": "inngest/function.cancelled"},
            {"event": "inngest/function.invoked"},
            {"event": "inngest/*"},
        )
    )


def _triggers(chance: random.Random) -> list[Config]:
    """Some triggers, each once: of those that differ in their jitter only there is one."""
    drawn = [_trigger(chance) for _ in range(chance.choice((1, 1, 2, 3)))]
    return list({json.dumps({**trigger, "jitter": ""}): trigger for trigger in drawn}.values())


def fires(config: Config, name: str, data: Data) -> bool:
    """Whether an event starts a function."""
    return any(
        _fits(trigger["event"], name) and means(trigger.get("expression", ""), data) in ("", True)
        for trigger in config["triggers"]
        if "event" in trigger
    )


def _fits(pattern: str, name: str) -> bool:
    return name == pattern or (pattern.endswith(("/*", ".*")) and name.startswith(pattern[:-1]))


def crons(config: Config) -> Iterator[tuple[str, int]]:
    """The schedules of a function, and how much later each may fire, in milliseconds."""
    for trigger in config["triggers"]:
        if "cron" in trigger:
            yield trigger["cron"], milliseconds(trigger.get("jitter", "0s"))


# Its rules -----------------------------------------------------------------------------------------------------------


def _maybe_key(chance: random.Random) -> Config:
    return {"key": chance.choice(_KEYS)} if chance.random() < 0.6 else {}


def _limit(chance: random.Random) -> Config:
    if chance.random() < 0.4:
        return {"limit": chance.randint(1, 2), "key": chance.choice(_KEYS), "scope": chance.choice(("env", "account"))}
    return {"limit": chance.randint(1, 2), **_maybe_key(chance)}


def _concurrency(chance: random.Random) -> Any:
    kind = chance.randrange(5)
    if kind == 0:
        return chance.randint(1, 3)
    if kind == 1:
        return _limit(chance)
    if kind == 2:
        return [_limit(chance), _limit(chance)]
    return {"fn": _limit(chance)} | ({"step": [_limit(chance)]} if kind == 3 else {})


def _throttle(chance: random.Random) -> Config:
    period = chance.choice(("4s", "10s"))
    return {"limit": chance.randint(1, 2), "period": period, "burst": chance.randrange(2), **_maybe_key(chance)}


def _rate_limit(chance: random.Random) -> Config:
    return {"limit": chance.choice((1, 2, 10)), "period": "20s", **_maybe_key(chance)}


def _debounce(chance: random.Random) -> Config:
    cap = {"timeout": chance.choice(("6s", "8s"))} if chance.random() < 0.5 else {}
    return {"period": chance.choice(("2s", "5s")), **_maybe_key(chance), **cap}


def _batch(chance: random.Random) -> Config:
    condition = {"if": chance.choice(_CONDITIONS)} if chance.random() < 0.3 else {}
    size, timeout = chance.randint(2, 3), chance.choice(("2s", "5s"))
    return {"maxSize": size, "timeout": timeout, **_maybe_key(chance), **condition}


def _cancel(chance: random.Random) -> list[Config]:
    made = [{"event": STOP, "if": SAME}, {"event": STOP}, {"event": chance.choice(NAMES), "if": SAME}]
    timed = {"timeout": "5s"} if chance.random() < 0.3 else {}
    return [{**each, **timed} for each in chance.sample(made, chance.choice((1, 1, 2)))]


def _timeouts(chance: random.Random) -> Config:
    made = {"start": chance.choice(("3s", "30s")), "finish": chance.choice(("5s", "20s"))}
    return made if chance.random() < 0.5 else dict([chance.choice(list(made.items()))])


_RULES: Final[dict[str, Callable[[random.Random], Any]]] = {
    "concurrency": _concurrency,
    "throttle": _throttle,
    "rateLimit": _rate_limit,
    "debounce": _debounce,
    "batchEvents": _batch,
    "priority": lambda chance: {"run": chance.choice(("int(event.data.p)", "int(event.data.p)", "120", "-60"))},
    "idempotency": lambda chance: chance.choice(_KEYS),
    "singleton": lambda chance: {"mode": chance.choice(("skip", "cancel")), **_maybe_key(chance)},
    "cancel": _cancel,
    "timeouts": _timeouts,
}
RULES: Final = tuple(_RULES)
_OFTEN: Final = {"concurrency": 0.4, "rateLimit": 0.12, "idempotency": 0.08}
_NEVER_BATCHED: Final = ("cancel", "debounce", "priority", "singleton")


def _rules(chance: random.Random) -> Config:
    drawn = {name: draw(chance) for name, draw in _RULES.items() if chance.random() < _OFTEN.get(name, 0.17)}
    if "batchEvents" in drawn:
        drawn = {name: rule for name, rule in drawn.items() if name not in _NEVER_BATCHED}
    return drawn


# The functions of an app ---------------------------------------------------------------------------------------------


def draw(chance: random.Random, slug: str, version: int = 1) -> Config:
    """A function by chance. Its name tells the version."""
    runtime = {"type": "http", "url": f"http://app.test/x?fnId={slug}&stepId=step"}
    retries = {"attempts": chance.choice((0, 1, 2, 4, 4))}
    return {
        "id": slug,
        "name": f"{slug} v{version}",
        "triggers": _triggers(chance),
        "steps": {"step": {"id": "step", "name": "step", "runtime": runtime, "retries": retries}},
        **_rules(chance),
    }


def redraw(chance: random.Random, configs: list[Config], version: int) -> list[Config]:
    """What an app registers after its code was edited: functions that are the same, others, fewer, and new ones."""
    edited = list[Config]()
    for config in configs:
        fate = chance.random()
        if fate < 0.35:
            edited.append(config)
        elif fate < 0.55:
            edited.append({**config, "name": f"{config['id']} v{version}", "triggers": _triggers(chance)})
        elif fate < 0.85:
            edited.append({**draw(chance, config["id"], version), "triggers": config["triggers"]})
    if not edited or chance.random() < 0.3:
        edited.append(draw(chance, f"f{version}x", version))
    return edited


def payload(configs: list[Config]) -> Config:
    """The body of a registration."""
    return {"appName": "app", "url": "http://app.test/x", "sdk": "test:v0", "functions": configs}


def features(config: Config) -> Counter[str]:
    """What there is to a function, by kind, for those who count."""
    found = Counter(name for name in RULES if name in config)
    for trigger in config["triggers"]:
        event = trigger.get("event", "")
        found["cron"] += not event
        found["wildcard"] += event.endswith("*")
        found["system events"] += event.startswith("inngest/")
        found["trigger with a condition"] += "expression" in trigger
    return +found
