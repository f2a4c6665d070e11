from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from inngest_py.dev.decisions import Change, Put
from inngest_py.dev.model import Claim
from inngest_py.dev.store.access import Access
from inngest_py.dev.store.sqlite import SQLiteStore

CLAIM = Claim("f", "k", 1)


@pytest.mark.parametrize("file", [None, "dev.db"])
async def test_what_was_committed_is_read(file, tmp_path: Path) -> None:
    store = SQLiteStore(file and tmp_path / file)
    access = Access(store)

    await access.commit([Put(CLAIM)])

    assert await access.read(lambda: list(store.load())) == [CLAIM]
    access.close()


async def test_a_commit_waits_for_a_read_that_nobody_waits_for_any_more(tmp_path: Path) -> None:
    store, go_on, order = SQLiteStore(tmp_path / "dev.db"), threading.Event(), list[str]()
    access = Access(store)

    def read() -> None:
        go_on.wait()
        order.append("read")

    reading = asyncio.create_task(access.read(read))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    committing = asyncio.create_task(access.commit([Put(CLAIM)]))
    committing.add_done_callback(lambda _: order.append("committed"))
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    go_on.set()
    await committing
    await asyncio.sleep(0)

    assert order == ["read", "committed"]
    access.close()


async def test_after_a_commit_that_failed_the_store_is_as_before_and_can_be_used(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "dev.db")
    access = Access(store)
    broken = Claim("g", "k", None)  # type: ignore[arg-type]  # what no table takes

    with pytest.raises(Exception, match="NOT NULL"):
        await access.commit([Put(CLAIM), Put(broken)])
    await access.commit([Put(Claim("g", "k", 1))])

    assert await access.read(lambda: list(store.load())) == [Claim("g", "k", 1)]
    access.close()


async def test_what_was_written_but_not_flushed_is_gone_after_a_crash(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "dev.db")

    store.write([Put(CLAIM)])
    store.close()

    assert list(SQLiteStore(tmp_path / "dev.db").load()) == []


async def test_nothing_is_written_while_something_is_read_that_nobody_waits_for_any_more(tmp_path: Path) -> None:
    store, go_on, written = Noting(tmp_path / "dev.db"), threading.Event(), list[bool]()
    access = Access(store)

    reading = asyncio.create_task(access.read(go_on.wait))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    committing = asyncio.create_task(access.commit([Put(CLAIM)]))
    for _ in range(5):
        await asyncio.sleep(0)
        written.append(store.written)
    go_on.set()
    await committing

    assert not any(written)
    assert store.written
    access.close()


async def test_nothing_is_written_before_a_commit_is_on_the_disk_that_nobody_waits_for_any_more(tmp_path: Path) -> None:
    store = Noting(tmp_path / "dev.db")
    access = Access(store)

    committing = asyncio.create_task(access.commit([Put(CLAIM)]))
    await asyncio.sleep(0)
    committing.cancel()
    await access.commit([Put(Claim("g", "k", 1))])
    await asyncio.gather(committing, return_exceptions=True)

    assert set(await access.read(lambda: list(store.load()))) == {CLAIM, Claim("g", "k", 1)}
    access.close()


class Noting(SQLiteStore):
    """Knows whether it was written to."""

    written = False

    def write(self, changes: Sequence[Change]) -> None:
        self.written = True
        super().write(changes)
