"""What may be searched for: a text, or a field and its value, `order_id=7`, with its way, `data.user.id = 7`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from inngest_py.wire.codec import as_list, as_object

MOST_READ: Final = 100_000
"""How many characters the data of an event has at most that is read to see where in it a field is."""

_EFFORT: Final = 50_000
"""How many of its parts are looked at: a long way may begin at many of them."""

_FIELD: Final = re.compile(r'\s*"?(?P<field>[^\s"=:]+)"?\s*(?:==?|:)\s*(?P<value>\S.*?)\s*', re.DOTALL)
_SPECIAL: Final = re.compile("[%_!]")


def patterns(text: str) -> dict[str, str]:
    """What is looked for, as LIKE wants it, and the way to the field, if it has to be looked at.

    Data is stored as canonical JSON: nothing stands between its tokens.
    """
    text = text.strip()
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    bare, way = [plain] * 3, ""
    found = _FIELD.fullmatch(text)
    if found is not None:
        key = json.dumps(found["field"].rpartition(".")[2], ensure_ascii=False)
        value = _unquoted(found["value"])
        bare = [f"{key}:{json.dumps(value, ensure_ascii=False)}", f"{key}:{value},", f"{key}:{value}}}"]
        way = json.dumps([found["field"], value]) if "." in found["field"] else ""
    first, second, third, plain = (_like(each) for each in (*bare, plain))
    ending = f"%{text}" if text.isalnum() else ""
    return {
        "first": first,
        "second": second,
        "third": third,
        "plain": plain,
        "way": way,
        "ending": ending,
        "text": text,
    }


class _TooMuchError(Exception):
    """It would take too long to see where a way leads."""


def leads_to(data: str, way: str) -> bool:
    """Whether a way, if there is one, leads to its value in JSON text.

    `data.` at the beginning stands for the data itself, and else a way may begin anywhere. Data that is long, or in
    which there is too much to look at, is taken at its word.
    """
    if not way or len(data) > MOST_READ:
        return True
    field, value = json.loads(way)
    parts = field.removeprefix("event.").split(".")
    left = iter(range(_EFFORT))
    try:
        root = json.loads(data)
        if parts[0] == "data" and any(_is(each, value) for each in _at(root, parts[1:], left)):
            return True
        return any(_is(each, value) for start in _all_parts(root) for each in _at(start, parts, left))
    except (ValueError, RecursionError, _TooMuchError):
        return True


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text.strip('"')


def _like(text: str) -> str:
    return _SPECIAL.sub(r"!\g<0>", text).join("%%")


def _is(found: Any, value: str) -> bool:
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return text.lower() == value.lower()


def _at(root: Any, way: Sequence[str], left: Iterator[int]) -> Iterator[Any]:
    """What is at the end of a way; in a list it goes on from each of its parts. Raises _TooMuchError."""
    rest = [(root, 0)]
    while rest:
        if next(left, None) is None:
            raise _TooMuchError
        part, done = rest.pop()
        fields = as_object(part)
        if done == len(way):
            yield part
        elif fields is not None:
            rest += [(fields[way[done]], done + 1)] if way[done] in fields else []
        else:
            rest += [(each, done) for each in as_list(part) or ()]


def _all_parts(root: Any) -> Iterator[Any]:
    """Every object in a value, the value itself first."""
    rest = [root]
    while rest:
        part = rest.pop()
        fields = as_object(part)
        if fields is not None:
            yield part
        rest += fields.values() if fields is not None else as_list(part) or ()
