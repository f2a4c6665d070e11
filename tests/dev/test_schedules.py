"""Ten thousand courses of events, with everything that can go wrong, on a virtual clock.

    pytest tests/dev/test_schedules.py [--seed N] [--schedules N]

Each schedule is made by chance from a seed of its own, beginning with the functions: what starts them (events that
several share, wildcards, conditions, schedules with cron, the server's own events) and their rules, in any combination
that may be registered; and how they are edited meanwhile: changed, left out, new. What they do stands in their
events: plans of steps, sleeps, waits, signals, invocations, fetches, failures, parallel branches and what is put off to
the end. What goes wrong: answers that are lost, late or come twice, slow apps, functions that an app does not know any
more, runs that are cancelled, one by one and in bulk, and repeated; and crashes before a commit, between a commit and
what follows from it, and at any other time, with time passing meanwhile. Most are on a store in memory, some on a file
that is opened again after each crash.

What must hold, for any functions: turn by turn it is in tests/support/ledger.py and fates.py, in the end in
verdicts.py, after a restart in likeness.py; what a run must come to is in plans.py. A failure names its seed, the
functions, and the shortest course of events that was found to fail alike.

The seeds are those from `--seed` on, 1 if none is given. They are shown at the end; `--seed <it> --schedules 1` repeats
one.
"""

from __future__ import annotations

from collections import Counter

import pytest

from flows import RULES, features
from schedules import Schedule
from scripts import make_script
from shortest import report

MORE = ("cron", "system events", "trigger with a condition", "wildcard")
PARTS = 4
"""For the workers of pytest-xdist."""

ENOUGH = 500
"""So many schedules have something of everything."""


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_goes_wrong_every_run_comes_to_what_it_should(part, options, record_property, tmp_path):
    seeds = range(options.seed + part, options.seed + options.schedules, PARTS)
    counts, drawn = Counter[str](), Counter[str]()

    for seed in seeds:
        script = make_script(seed)
        schedule = Schedule(script, tmp_path)
        try:
            schedule.run()
        except Exception:
            pytest.fail(report(script, tmp_path), pytrace=False)
        counts.update(schedule.counts, **schedule.server.ledger.counts)
        drawn.update(name for config in script.functions.values() for name in features(config).elements())

    for name, counted in (("drawn", drawn), ("what happened", counts)):
        told = ", ".join(f"{count} {name}" for name, count in counted.most_common())
        record_property(
            "summary", f"{len(seeds)} schedules, seeds from {seeds.start} on, every {PARTS}th: {name}: {told}"
        )
    assert len(seeds) < ENOUGH or drawn.keys() >= {*RULES, *MORE}
