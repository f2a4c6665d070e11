"""What a function's rules mean for one run, and the meters that its starts go by: computed a second time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flows import SAME, SECOND, Config, Data, means, milliseconds, text

YEAR = 365 * 86_400 * SECOND
DEFAULT = 1000

Gate: TypeAlias = tuple[str, str]
"""A function and the value of its throttle's key."""


@dataclass(slots=True)
class Terms:
    """The terms of a run. `slots` are what its calls need, `whole` what it holds from its start to its end."""

    slots: dict[str, int]
    whole: dict[str, int]
    gate: Gate | None
    single: str
    priority: int
    start_by: int | None
    finish_by: int | None = None
    cancels: list[tuple[str, bool, int]] = field(default_factory=list[tuple[str, bool, int]])

    def start(self, config: Config, now: int) -> None:
        """The run starts now: from now on the time for its end counts."""
        finish = config.get("timeouts", {}).get("finish")
        self.finish_by = None if finish is None else now + milliseconds(finish)

    def is_cancelled_by(self, name: str, data: Data, own: Data, now: int) -> bool:
        """Whether an event ends the run."""
        return any(
            name == event and now < until and (not same or data.get("n") == own.get("n"))
            for event, same, until in self.cancels
        )

    def queue(self, *, new: bool) -> Any:
        """What a run waits for, which is more for its first call: those that wait for the same are in one queue."""
        return (self.slots, self.whole, self.gate) if new else (self.slots, {}, None)


def terms_of(config: Config, data: Data, now: int, *, batch: bool = False, repeated: bool = False) -> Terms:
    """The terms on which a run is made."""
    rules = config.get("concurrency", [])
    split = rules if isinstance(rules, dict) and ("fn" in rules or "step" in rules) else {"step": rules}
    start = config.get("timeouts", {}).get("start")
    throttle = config.get("throttle")
    return Terms(
        slots=_counters(config, split.get("step", []), data) or {f"fn {config['id']}": DEFAULT},
        whole=_counters(config, split.get("fn", []), data),
        gate=(config["id"], key_of(throttle, data)) if throttle else None,
        single="" if repeated else _single(config, data),
        priority=_priority(config, data),
        start_by=None if batch or start is None else now + milliseconds(start),
        cancels=[] if batch else _cancels(config, now),
    )


def _counters(config: Config, rules: Any, data: Data) -> dict[str, int]:
    """How many there may be at each counter. Of several rules for one the strictest counts."""
    counters = dict[str, int]()
    for rule in rules if isinstance(rules, list) else [rules]:
        given = rule if isinstance(rule, dict) else {"limit": rule}
        scope = given.get("scope", "fn")
        owner = f"fn {config['id']}" if scope == "fn" else scope
        name = f"{owner} {given.get('key', '')} {key_of(given, data)}".strip()
        counters[name] = min(given["limit"], counters.get(name, DEFAULT))
    return counters


def key_of(rule: Config, data: Data) -> str:
    """The value of a rule's key, or an empty string."""
    return text(means(rule["key"], data)) if rule.get("key") else ""


def _single(config: Config, data: Data) -> str:
    rule = config.get("singleton")
    if rule is None:
        return ""
    if not rule.get("key"):
        return f"{config['id']}"
    value = means(rule["key"], data)
    return "" if value is False else f"{config['id']}:{text(value)}"


def _priority(config: Config, data: Data) -> int:
    value = means(config.get("priority", {}).get("run", ""), data)
    return value * SECOND if isinstance(value, int) else 0


def _cancels(config: Config, now: int) -> list[tuple[str, bool, int]]:
    return [
        (rule["event"], rule.get("if") == SAME, now + (milliseconds(rule["timeout"]) if "timeout" in rule else YEAR))
        for rule in config.get("cancel", [])
    ]


class Meters:
    """When the next one may come: of rate limits by function and key, of throttles by gate."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str], float] = {}
        self._gates: dict[Gate, float] = {}
        self._throttles: dict[str, list[Config | None]] = {}

    def learn(self, slug: str, throttle: Config | None) -> None:
        """A function has registered with this throttle: it may have shut a gate, also when it has another later."""
        known = self._throttles.setdefault(slug, [])
        if throttle not in known:
            known.append(throttle)

    def admits_rate(self, slug: str, rule: Config, data: Data, now: int) -> bool:
        """Whether a rate limit lets an event pass; if so it is counted."""
        if rule.get("key") and means(rule["key"], data) is False:
            return True
        key, each = (slug, key_of(rule, data)), milliseconds(rule["period"]) / rule["limit"]
        next_one = max(now, self._rates.get(key, now))
        if next_one - now > rule["limit"] // 10 * each:
            return False
        self._rates[key] = next_one + each
        return True

    def passes(self, gate: Gate, rule: Config | None, now: int) -> bool:
        """Whether a throttle lets a run start now; if so it is counted. A function that has none now counts nothing."""
        if rule is None:
            return True
        each = milliseconds(rule["period"]) / rule["limit"]
        next_one = max(now, self._gates.get(gate, now))
        if next_one - now > (rule["limit"] + rule["burst"] - 1) * each:
            return False
        self._gates[gate] = next_one + each
        return True

    def is_shut(self, gate: Gate, now: int) -> bool:
        """Whether a gate may be shut: after those that have passed, by one of the rules that its function has had."""
        next_one = self._gates.get(gate, now)
        return any(
            next_one - now > (rule["limit"] + rule["burst"] - 1) * milliseconds(rule["period"]) / rule["limit"]
            for rule in self._throttles[gate[0]]
            if rule is not None
        )
