"""Makes a course of events that fails as short as it gets, while it still fails by the same rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from breaking import BrokenError
from flows import RULES
from schedules import Schedule
from scripts import Script

MOST_TRIES: Final = 500
MOST_LINES: Final = 80
"""Of the trace, its end."""


def failure(script: Script, folder: Path) -> tuple[str, str, Schedule] | None:
    """By what rule a script fails, how, and the course of events; None if it does not."""
    schedule = Schedule(script, folder)
    try:
        schedule.run()
    except BrokenError as error:
        return error.rule, str(error), schedule
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = "" if trace is None else f" in {trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}"
        return f"{type(error).__name__}{place}", f"{type(error).__name__}{place}: {error}", schedule
    return None


def shorten(script: Script, rule: str, folder: Path) -> Script:
    """A script of which nothing can be left out, or as little of it as is found in so many tries."""
    tries, found = 0, True
    while found:
        found = False
        for candidate in _shorter(script):
            tries += 1
            if tries > MOST_TRIES:
                return script
            failed = failure(candidate, folder)
            if failed is not None and failed[0] == rule:
                script, found = candidate, True
                break
    return script


def _shorter(script: Script) -> Iterator[Script]:
    """Scripts with a little less: first what leaves out most."""
    for place in range(1, len(script.editions)):
        yield replace(script, editions=script.editions[:place] + script.editions[place + 1 :])
    for place in range(len(script.events)):
        yield replace(script, events=script.events[:place] + script.events[place + 1 :])
    for name in sorted({name for names in script.editions for name in names}):
        editions = [[each for each in names if each != name] for names in script.editions]
        if all(editions[:1]):
            yield replace(script, editions=editions)
    for fault in (0, script.latest_fault // 2, script.latest_fault - 5, script.latest_fault - 1):
        if 0 <= fault < script.latest_fault:
            yield replace(script, latest_fault=fault)
    for name in sorted({name for names in script.editions for name in names}):
        config = script.functions[name]
        smaller = [{key: value for key, value in config.items() if key != rule} for rule in RULES if rule in config]
        triggers = config["triggers"]
        smaller += [{**config, "triggers": [each for each in triggers if each != trigger]} for trigger in triggers[1:]]
        for each in smaller:
            yield replace(script, functions={**script.functions, name: each})
    for place, event in enumerate(script.events):
        simple = [{**event, "data": {**event["data"], "plan": plan}} for plan in ([], [[["run"]]])]
        for each in simple if len(event["data"].get("plan", [])) > 0 and event != simple[1] else []:
            yield replace(script, events=[*script.events[:place], each, *script.events[place + 1 :]])
    for move in range(script.latest_fault):
        if move not in script.calm:
            yield replace(script, calm=script.calm | {move})


def report(script: Script, folder: Path) -> str:
    """What is to be said about a script that fails: the shortest one that fails alike, and what happens in it."""
    failed = failure(script, folder)
    assert failed is not None, "it does not fail again"
    short = shorten(script, failed[0], folder)
    _, message, schedule = failure(short, folder) or failed
    names = sorted({name for names in short.editions for name in names})
    functions = [_config(name, short) for name in names]
    left = len(schedule.trace) - MOST_LINES
    trace = [*([f"({left} lines before)"] if left > 0 else []), *schedule.trace[-MOST_LINES:]]
    return "\n".join(
        [
            f"seed {script.seed}: {message}",
            f"shortened from {len(script.functions)} functions and {len(script.events)} events to:",
            *functions,
            *trace,
        ]
    )


def _config(name: str, script: Script) -> str:
    shown = {key: value for key, value in script.functions[name].items() if key in {"triggers", *RULES}}
    return f"  {name}: {json.dumps(shown)}, retries {script.functions[name]['steps']['step']['retries']['attempts']}"
