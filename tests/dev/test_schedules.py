"""Ten thousand courses of events, with everything that can go wrong, on a virtual clock.

    pytest tests/dev/test_schedules.py [--seed N] [--schedules N]

Each schedule is made by chance from a seed of its own: events to functions with every kind of flow control, plans of
steps, sleeps, waits, signals, invocations, fetches, failures, parallel branches and what is put off to the end;
schedules with cron; runs that are cancelled, one by one and in bulk; answers that are lost, late or come twice, slow
apps, and crashes before a commit, between a commit and what follows from it, and at any other time, with time passing
meanwhile. Most are on a store in memory, some on a file that is opened again after each crash.

What must hold is in tests/support/schedules.py and verdicts.py; what a run must come to, in plans.py.

The seeds are those from `--seed` on, 1 if none is given. They are shown at the end; a failure names its own, and
`--seed <it> --schedules 1` repeats it.
"""

from __future__ import annotations

from collections import Counter

import pytest

from schedules import Schedule

PARTS = 4
"""For the workers of pytest-xdist."""


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_goes_wrong_every_run_comes_to_what_it_should(part, options, record_property, tmp_path):
    seeds = range(options.seed + part, options.seed + options.schedules, PARTS)
    counts = Counter[str]()

    for seed in seeds:
        schedule = Schedule(seed, tmp_path)
        try:
            schedule.run()
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        counts += schedule.counts

    told = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    record_property("summary", f"{len(seeds)} schedules, seeds from {seeds.start} on, every {PARTS}th: {told}")
    assert len(seeds) < 100 or min(counts.values()) > 0
