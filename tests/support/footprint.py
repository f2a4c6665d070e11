"""What a process holds, before and after many calls that should leave nothing behind."""

from __future__ import annotations

import gc
import sys
import threading
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Footprint:
    """What a process holds: threads, open files, objects that the collector knows, and blocks of memory."""

    threads: int
    files: int
    objects: int
    blocks: int

    @classmethod
    def now(cls) -> Footprint:
        gc.collect()
        files = sum(1 for _ in Path("/dev/fd").iterdir())
        return cls(threading.active_count(), files, len(gc.get_objects()), sys.getallocatedblocks())


def assert_flat(before: Footprint, after: Footprint, calls: int) -> None:
    """Assert that calls have left nothing behind, and print the numbers: `pytest -rP` shows them.

    Caches fill, so that a few objects more are none too many; one that every call kept would be twice what is allowed.
    """
    sys.stdout.write(f"{calls:,} calls: before {before}, after {after}\n")
    assert after.threads <= before.threads
    assert after.files <= before.files
    assert after.objects <= before.objects + calls // 2
    assert after.blocks <= before.blocks + calls // 2
