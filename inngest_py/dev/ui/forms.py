"""What a form says."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from inngest_py.dev.api.desk import body_of
from inngest_py.dev.shapes import as_object
from inngest_py.errors import InvalidJSONError, UnserializableError
from inngest_py.wire.codec import decode, encode


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form. Raises RequestError if it is too large."""
    body = await body_of(request)
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def json_value(text: str, what: str) -> Any:
    """What somebody has written as JSON. Raises InvalidJSONError, which says at which line and column it is none."""
    try:
        value = decode(text.encode())
        encode(value)  # more can be read than written
    except InvalidJSONError as fault:
        raise InvalidJSONError(str(fault).replace("the body", what, 1)) from None
    except UnserializableError as fault:
        raise InvalidJSONError(f"{what}: {fault.reason}") from None
    return value


def json_object(text: str) -> dict[str, Any]:
    """The JSON object that somebody has written; nothing is an empty one. Raises InvalidJSONError."""
    found = as_object(json_value(text, "the data")) if text.strip() else {}
    if found is None:
        raise InvalidJSONError('the data must be a JSON object, such as {"order_id": 1}')
    return found
