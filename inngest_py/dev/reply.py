"""Replies of apps, read as the real server reads them (PROTOCOL 5.3 to 5.5, 6.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from inngest_py.dev.duration import DAY, SECOND, parse_date
from inngest_py.dev.shapes import as_list, as_object, as_text
from inngest_py.dev.texts import text_of
from inngest_py.errors import InvalidJSONError
from inngest_py.wire import headers as names
from inngest_py.wire.codec import decode, decode_object
from inngest_py.wire.http import Response
from inngest_py.wire.ops import Opcode

MAX_REPLY: Final = 8 * 1024 * 1024
MAX_STEP: Final = 4 * 1024 * 1024
MAX_OPS: Final = 1000
_STREAMED: Final = 201
_OPS: Final = 206
_SHORT: Final = 7
_SMALL: Final = re.compile(r"[0-9]{1,9}")
_OPCODES: Final = {code.value.lower(): code for code in Opcode}


@dataclass(frozen=True, slots=True)
class ReplyOp:
    """One operation of a reply. `data` and `input` are JSON text; `error` is the object, or None if there is none."""

    code: Opcode
    id: str
    name: str = ""
    display_name: str = ""
    opts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    data: str = "null"
    error: Any = None


@dataclass(frozen=True, slots=True)
class Done:
    """The function returned; `output` is JSON text."""

    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The function is not done: what it found (a 206). `retry_after` is a moment, for steps that failed."""

    ops: tuple[ReplyOp, ...]
    version: int
    no_retry: bool = False
    retry_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The call failed. `error` is normalised for events (PROTOCOL 15.1), `output` the app's own words as JSON text.

    `output` is None if the failure was not the app's own, `code` the word that the app has for it. `final` failures are
    not retried.
    """

    error: Mapping[str, Any]
    output: str | None = None
    final: bool = False
    retry_after: int | None = None
    code: str = ""


Reply: TypeAlias = Done | Report | Failed
"""What came of a call."""


@dataclass(frozen=True, slots=True)
class FetchReply:
    """What came of a request made for a step; `fault` says why there was no answer."""

    url: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    fault: str = ""


def unreachable(reason: str) -> Failed:
    """The failure of a call that reached nobody (PROTOCOL 7.1)."""
    return Failed(error=_error("Unable to reach SDK URL", "http_unreachable", f"Unable to reach SDK URL: {reason}"))


def too_slow() -> Failed:
    """The failure of a call that took more than two hours."""
    return Failed(error=_error("request_duration_too_long", message="The app took longer than two hours to answer."))


def too_large() -> Failed:
    """The failure of a reply that is larger than `MAX_REPLY`."""
    message = "Your function's response body exceeds the maximum size limit"
    return Failed(error=_error(f"output_too_large: {message}", "output_too_large", message))


def read_reply(response: Response, now: int) -> Reply:
    """Read what an app answered. Header names must be in lower case. Never raises."""
    if len(response.body) > MAX_REPLY:
        return too_large()
    try:
        return _read(_unwrapped(response), now)
    except InvalidJSONError as error:
        return Failed(error=_error(str(error)))


def _read(response: Response, now: int) -> Reply:
    if names.SDK not in response.headers:
        return _not_sdk(response, now)
    if response.status == _OPS:
        return _report(response, now)
    if response.status // 100 == 2:
        return Done(_output(response.body))
    return _failure(response, now)


def _unwrapped(response: Response) -> Response:
    """Take a streamed reply out of its envelope (PROTOCOL 5.5)."""
    if response.status != _STREAMED:
        return response
    fields = as_object(decode(response.body.strip())) or {}
    if not isinstance(fields.get("status"), int):
        raise InvalidJSONError("a streamed reply must end with an envelope that has a status")
    if fields.get("error"):
        raise InvalidJSONError(f"the streamed reply reports an error: {fields['error']}")
    late = {str(key).lower(): str(value) for key, value in (as_object(fields.get("headers")) or {}).items()}
    body = fields.get("body")
    raw = body.encode() if isinstance(body, str) else text_of(body).encode()
    return Response(fields["status"], {**response.headers, **late}, raw)


def _not_sdk(response: Response, now: int) -> Failed:
    body = response.body[:2000].decode(errors="replace")
    if response.status // 100 == 2:
        text = "not_sdk: the URL answered, but not with an Inngest app (the header X-Inngest-SDK is missing)"
        return Failed(error={**_error(text, "not_sdk", text), "stack": body})
    text = f"Your server returned HTTP {response.status} before the SDK responded."
    error = {**_error(text, "Server returned a fatal error", text), "stack": body}
    return Failed(error=error, final=_no_retry(response), retry_after=_retry_after(response, now))


def _failure(response: Response, now: int) -> Failed:
    final = _no_retry(response)
    output = _output(response.body)
    kind = "NonRetriableError" if final else f"invalid status code: {response.status}"
    fields = decode_object(response.body)
    return Failed(
        error=_normalised(kind, fields),
        output=output,
        final=final,
        retry_after=_retry_after(response, now),
        code=as_text(fields.get("code")),
    )


def _normalised(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    error: dict[str, Any] = {"error": kind, "name": as_text(fields.get("name")) or "Error"}
    error["message"] = as_text(fields.get("message")) or kind
    if isinstance(fields.get("stack"), str):
        error["stack"] = fields["stack"]
    return error


def _error(kind: str, name: str = "Error", message: str = "") -> dict[str, Any]:
    return {"error": kind, "name": name, "message": message or kind}


def _output(body: bytes) -> str:
    """The result of a function: JSON, else text; a string that is JSON is read once more (PROTOCOL 5.3)."""
    if not body.strip():
        return "null"
    try:
        value = decode(body)
    except InvalidJSONError:
        return text_of(body.decode(errors="replace"))
    if isinstance(value, str):
        try:
            value = decode(value.encode())
        except (InvalidJSONError, UnicodeEncodeError):
            return text_of(value)
    return text_of(value)


def _no_retry(response: Response) -> bool:
    return response.headers.get(names.NO_RETRY) == "true"


def _retry_after(response: Response, now: int) -> int | None:
    """When to try again, between a second and a day from now. Short junk counts as now (PROTOCOL 7.2)."""
    text = response.headers.get(names.RETRY_AFTER)
    if not text:
        return None
    return max(now + SECOND, min(now + DAY, _moment(text, now)))


def _moment(text: str, now: int) -> int:
    try:
        if len(text) <= _SHORT:
            return now + int(text) * SECOND
        return parse_date(text)
    except (ValueError, OverflowError):
        return now


def _report(response: Response, now: int) -> Reply:
    body = decode(response.body)
    listed = as_list(body)
    listed = [body] if listed is None else listed
    if len(listed) > MAX_OPS:
        return Failed(error=overflow(f"The function reported more than {MAX_OPS} steps at once."), final=True)
    ops = read_ops(listed)
    return Report(
        ops=ops, version=_version(response), no_retry=_no_retry(response), retry_after=_retry_after(response, now)
    )


def overflow(message: str) -> dict[str, Any]:
    """The error of a run with too many steps (PROTOCOL 7.1)."""
    return {"error": "function has too many steps", "name": "InngestErrFunctionOverflowed", "message": message}


def _version(response: Response) -> int:
    text = response.headers.get(names.REQ_VERSION, "")
    return int(text) if _SMALL.fullmatch(text) else 0


def read_ops(listed: list[Any]) -> tuple[ReplyOp, ...]:
    """Read operations. Raises InvalidJSONError if one is none."""
    return tuple(map(_op, listed))


def _op(value: Any) -> ReplyOp:
    fields = as_object(value)
    if fields is None:
        raise InvalidJSONError("error reading generator opcode response: an operation must be an object")
    named = fields.get("op")
    code = _OPCODES.get(named.lower()) if isinstance(named, str) else None
    if code is None:
        raise InvalidJSONError(f"error reading generator opcode response: {named} does not belong to Opcode values")
    op_id = as_text(fields.get("id"))
    if code is not Opcode.NONE and not op_id:
        raise InvalidJSONError(f"error validating generator opcode: {code.value} has no id")
    error = fields.get("error")
    if code is Opcode.STEP_ERROR and not isinstance(error, dict):
        raise InvalidJSONError(f"error validating generator opcode {op_id}: StepError has no error")
    data = text_of(fields.get("data"))
    if len(data) > MAX_STEP:
        raise InvalidJSONError(f"error validating generator opcode {op_id}: step output size is greater than the limit")
    return ReplyOp(
        code=code,
        id=op_id,
        name=as_text(fields.get("name")),
        display_name=as_text(fields.get("displayName")),
        opts=as_object(fields.get("opts")) or {},
        data=data,
        error=error,
    )
