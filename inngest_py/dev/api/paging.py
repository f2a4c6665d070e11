"""Pages of a list, newest first: `limit`, `cursor`, and between which times.

A cursor is the id of the last record of a page. It says by itself where the next page begins, so that it holds when the
record has been forgotten meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol, TypeVar

from inngest_py.dev.api.replies import count
from inngest_py.dev.duration import parse_date
from inngest_py.dev.store.port import LATEST, Place
from inngest_py.errors import RequestError
from inngest_py.wire.ulid import ulid_time

__all__ = ["LONGEST", "USUAL", "Place", "after", "before", "is_ulid", "limit", "page", "place"]

USUAL: Final = 20
LONGEST: Final = 100


class Listed(Protocol):
    """What can be listed."""

    @property
    def id(self) -> str:
        """Its id."""
        ...


T = TypeVar("T", bound=Listed)


def limit(query: Mapping[str, str]) -> int:
    """How many records a page has at most. Raises RequestError."""
    return count(query, "limit", USUAL, LONGEST)


def place(query: Mapping[str, str]) -> Place:
    """The place behind which a page begins. Raises RequestError."""
    cursor = query.get("cursor", "")
    if not cursor:
        return LATEST
    if not is_ulid(cursor):
        raise RequestError("Invalid cursor query parameter")
    return ulid_time(cursor), cursor


def page(found: Sequence[T], size: int) -> tuple[Sequence[T], str | None]:
    """A page of what was found, which is one more than `size` if there is more; and the cursor of the next one."""
    return found[:size], found[size - 1].id if len(found) > size else None


def after(query: Mapping[str, str], name: str) -> int:
    """A time after which records are listed; -1 if none is given. Raises RequestError."""
    return _time(query, name, -1)


def before(query: Mapping[str, str], name: str) -> int:
    """A time before which records are listed; one far away if none is given. Raises RequestError."""
    return _time(query, name, LATEST[0])


def is_ulid(text: str) -> bool:
    """Whether a text is a ULID."""
    try:
        ulid_time(text)
    except ValueError:
        return False
    return True


def _time(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    try:
        return parse_date(text) if text else default
    except ValueError as fault:
        raise RequestError(f"{name}: {fault}") from None
