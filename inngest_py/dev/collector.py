"""Python's collector of circular garbage, told to look for it seldom, or not at all for a moment."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

_THRESHOLDS: Final = (20_000, 20, 20)


@contextmanager
def collecting_seldom() -> Generator[None]:
    """Have the collector look less often, and never at what is there already.

    Nearly all that a dev server makes dies with its last reference; looking for circles took a seventh of its time.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def without_collector() -> Generator[None]:
    """Do without the collector while many objects are made that are all in use: it would look at each of them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
