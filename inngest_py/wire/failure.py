"""An error on the wire: `{"name", "message", "stack"}`, with the error that caused it inside."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any, Final

from inngest_py.errors import StepError
from inngest_py.wire.codec import as_object, encodable

MAX_CAUSES: Final = 5
"""How many causes behind an error are written: a chain may be endless."""

MAX_TEXT: Final = 32 * 1024
"""How many characters of a message or of a stack are written: a step's result may have 4 MiB in all (PROTOCOL 17)."""

_OURS: Final = Path(__file__).parent.parent
_CALLERS: Final = frozenset({"asgiref", "asyncio", "contextlib.py", "futures", "inngest_fastapi", "threading.py"})


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is sent and memoized (PROTOCOL 5.4, 6.3). `code` names the kind in a reply of function level."""

    name: str
    message: str
    stack: str = ""
    code: str = "unknown"
    cause: Failure | None = None

    def to_json(self) -> dict[str, Any]:
        """The JSON object; an empty stack and an absent cause are left out."""
        body: dict[str, Any] = {"code": self.code, "message": self.message, "name": self.name}
        if self.stack:
            body["stack"] = self.stack
        if self.cause is not None:
            body["cause"] = self.cause.to_json()
        return body


def failure_of(error: BaseException, code: str = "unknown") -> Failure:
    """Describe an exception of the user's code. A StepError is described as the error that it stands for."""
    return _describe(error, code, MAX_CAUSES)


def _describe(error: BaseException, code: str, causes: int) -> Failure:
    behind = error.__cause__
    if behind is None and not error.__suppress_context__:
        behind = error.__context__
    cause = _describe(behind, "unknown", causes - 1) if behind is not None and causes > 0 else None
    if isinstance(error, StepError):
        name, message, stack = error.name, error.message, error.stack
    else:
        name, message, stack = type(error).__name__, _message(error), _stack(error)
    return Failure(encodable(name), encodable(_begun(message)), encodable(_framed(stack)), code, cause)


def _begun(text: str) -> str:
    """The beginning of a text that is too long."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({_cut(text)})"


def _framed(text: str) -> str:
    """The beginning and the end of a text that is too long."""
    half = MAX_TEXT // 2
    return text if len(text) <= MAX_TEXT else f"{text[:half]}…\n({_cut(text)})\n…{text[-half:]}"


def _cut(text: str) -> str:
    return f"cut to {MAX_TEXT} characters, of {len(text)}"


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as fault:  # the user's __str__ may raise anything
        return f"(its message cannot be shown: {type(fault).__name__})"


def _stack(error: BaseException) -> str:
    found = user_traceback(error)
    try:
        return "".join(traceback.format_exception(type(error), error, found, chain=False))
    except Exception:  # it asks the user's class whether the error is true
        return "".join(traceback.format_tb(found))


def user_traceback(error: BaseException) -> TracebackType | None:
    """The traceback of an exception from where the user's code begins, or None if it never came to that."""
    found = error.__traceback__
    while found is not None and is_machinery(found.tb_frame.f_code):
        found = found.tb_next
    return found


def is_ours(code: CodeType) -> bool:
    """Whether code is of this package, and not the user's."""
    return _kind(code.co_filename) is _Kind.OURS


def is_machinery(code: CodeType) -> bool:
    """Whether code is of this package, or of what it calls the user's code with: threads, tasks, asgiref."""
    return _kind(code.co_filename) is not _Kind.THEIRS


class _Kind(Enum):
    OURS = auto()
    CALLERS = auto()
    THEIRS = auto()


@lru_cache(maxsize=1024)
def _kind(filename: str) -> _Kind:
    """Whose code is in a file: this package's, what it calls the user's code with, or the user's."""
    path = Path(filename)
    if path.is_relative_to(_OURS):
        return _Kind.OURS
    return _Kind.CALLERS if path.parent.name in _CALLERS or path.name in _CALLERS else _Kind.THEIRS


def step_error(step_id: str, body: object) -> StepError:
    """Read a memoized error back. Whatever is there, even a malformed one, stays an error."""
    return _read(step_id, body, MAX_CAUSES)


def _read(step_id: str, body: object, causes: int) -> StepError:
    fields = as_object(body)
    if fields is None:
        return StepError(step_id, message=_text(body) or "the step failed without saying why")
    cause = as_object(fields.get("cause"))
    return StepError(
        step_id,
        name=_text(fields.get("name")) or "Error",
        message=_text(fields.get("message")) or _text(fields.get("error")),
        stack=_text(fields.get("stack")),
        cause=_read(step_id, cause, causes - 1) if cause is not None and causes > 0 else None,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
