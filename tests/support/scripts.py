"""What chance makes of a seed: functions, how they are edited, and what is sent."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

import flows
import plans
from flows import NAMES, SECOND, Config

LATEST_FAULT: Final = 60
"""After so many moves nothing goes wrong any more."""


@dataclass(frozen=True)
class Script:
    """What is played. `functions` are by their name, which tells the version; `editions` are the names that the app
    has at first, and after each edit: none if it is forgotten. `calm` are moves in which nothing goes wrong.
    """

    seed: int
    functions: dict[str, Config]
    editions: list[list[str]]
    events: list[Config]
    calm: frozenset[int] = frozenset()
    latest_fault: int = LATEST_FAULT


def make_script(seed: int) -> Script:
    """The script of a seed."""
    chance = random.Random(seed)
    configs = [flows.draw(chance, f"f{number}") for number in range(chance.choice((1, 2, 2, 3, 3, 4)))]
    functions = {config["name"]: config for config in configs}
    editions = [[config["name"] for config in configs]]
    for version in range(2, 2 + chance.choice((0, 0, 1, 2))):
        configs = flows.redraw(chance, configs, version)
        functions |= {config["name"]: config for config in configs}
        editions += [[]] if chance.random() < 0.15 else []
        editions.append([config["name"] for config in configs])
    slugs = sorted({config["id"] for config in functions.values()})
    return Script(seed, functions, editions, _events(chance, list(functions.values()), slugs))


def _events(chance: random.Random, configs: list[Config], slugs: list[str]) -> list[Config]:
    """What will be sent."""
    events = list[Config]()
    for number in range(1, chance.choice((1, 2, 3, 4, 6)) + 1):
        plan = plans.make_plan(chance, (*slugs, *slugs, "nobody"))
        data = {"n": number, "k": chance.choice("aab"), "p": str(chance.randint(-9, 9)), "plan": plan}
        event: Config = {"name": _name(chance, configs), "data": data}
        if chance.random() < 0.7:
            event["id"] = f"event {number - (chance.random() < 0.1)}"
        if chance.random() < 0.15:
            event["ahead"] = chance.randint(-20, 20) * SECOND
        if chance.random() < 0.1:
            event = {"invoke": chance.choice(slugs), "data": data}
        events.append(event)
        if chance.random() < 0.25:
            events.append({"name": flows.STOP, "data": {"n": chance.randint(1, number)}})
    return events


def _name(chance: random.Random, configs: list[Config]) -> str:
    """The name of an event, mostly one that starts something."""
    trigger = chance.choice(chance.choice(configs)["triggers"])
    fitting = [name for name in NAMES if flows.fires({"triggers": [{**trigger, "expression": ""}]}, name, {})]
    return chance.choice(fitting or NAMES)
