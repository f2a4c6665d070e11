from __future__ import annotations

import gc

from inngest_py.dev.collector import collecting_seldom


def test_the_collector_looks_less_often_for_as_long_as_it_is_told_to():
    before = gc.get_threshold()

    with collecting_seldom():
        during, frozen = gc.get_threshold(), gc.get_freeze_count()

    assert during[0] > before[0]
    assert frozen > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
