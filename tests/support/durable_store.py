"""A store on a file beside one of dictionaries: they are given the same, and must have the same after each crash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from inngest_py.dev.decisions import Change, Put
from inngest_py.dev.model import Function, Record
from inngest_py.dev.store.sqlite import SQLiteStore
from memory_store import MemoryStore


class DurableStore(MemoryStore):
    """What is loaded is what the file has. `torn` is written and not flushed when the server dies.

    The file is not waited for: what dies here is the server, and not the machine.
    """

    def __init__(self, functions: Sequence[Function], path: Path) -> None:
        super().__init__(functions)
        self._path = path
        self._open()
        self._file.commit([Put(function) for function in functions])

    def commit(self, changes: Sequence[Change]) -> None:
        """Carry out changes in both."""
        super().commit(changes)
        self._file.commit(changes)

    def crash(self, torn: Sequence[Change] = ()) -> None:
        """Let go of the file, in the middle of a transaction if there is one, and open it again."""
        if torn:
            self._file.write(torn)
        self._file.close()
        self._open()

    def load(self) -> Iterator[Record]:
        """Everything that is alive, from the file. Raises AssertionError if it is not what was committed."""
        found = list(self._file.load())
        expected = sorted(map(repr, super().load()))
        assert sorted(map(repr, found)) == expected, "the file has something else than was committed"
        yield from found

    def close(self) -> None:
        """Let go of the file, and remove it."""
        self._file.close()
        for path in self._path.parent.glob(f"{self._path.name}*"):
            path.unlink()

    def _open(self) -> None:
        self._file = SQLiteStore(self._path)
        self._file._connection.execute("PRAGMA synchronous = OFF")
