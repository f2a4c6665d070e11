"""The requests that an Inngest server makes (PROTOCOL 3 to 5)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha1
from typing import Any

from inngest_py import Request, Response
from inngest_py.testing.conformance.harness import PATH
from inngest_py.wire.signing import SigningKey, sign

ORIGIN = "http://app.test:8000"
KEY = "signkey-test-0123456789abcdef0123456789abcdef"
FALLBACK_KEY = "signkey-test-fedcba9876543210fedcba9876543210"


def get(url: str = f"{ORIGIN}{PATH}", **headers: str) -> Request:
    """Introspection."""
    return Request("GET", url, dashed(headers))


def put(
    url: str = f"{ORIGIN}{PATH}", body: bytes = b'{"url":"http://app.test:8000/api/inngest"}', **headers: str
) -> Request:
    """Registration."""
    return Request("PUT", url, {"content-type": "application/json", **dashed(headers)}, body)


def post(query: str, body: bytes, path: str = PATH, **headers: str) -> Request:
    """A call, or a probe."""
    return Request("POST", f"{ORIGIN}{path}?{query}", {"content-type": "application/json", **dashed(headers)}, body)


def call(function_id: str, *, path: str = PATH, **fields: Any) -> Request:
    """A call that runs a function. `fields` are those of `call_body`."""
    return post(f"fnId={function_id}&stepId=step", json.dumps(call_body(**fields)).encode(), path)


def call_body(
    data: Mapping[str, Any] | None = None, steps: Mapping[str, Any] | None = None, attempt: int = 0
) -> dict[str, Any]:
    """The body of a call. `steps` are memos by step id, in the order of their completion."""
    memos = {sha1(step_id.encode(), usedforsecurity=False).hexdigest(): memo for step_id, memo in (steps or {}).items()}
    event = {
        "name": "thing/happened",
        "data": dict(data or {}),
        "id": "01M80Q1YT73NZN3BDM0JBJ8GQC",
        "ts": 1795320511303,
    }
    return {
        "ctx": {
            "attempt": attempt,
            "disable_immediate_execution": False,
            "max_attempts": 4,
            "run_id": "01M80Q1YZSGB9MH92X65WGRYRE",
            "stack": {"current": len(memos), "stack": list(memos)},
            "use_api": False,
        },
        "event": event,
        "events": [event],
        "steps": memos,
        "use_api": False,
        "version": 2,
    }


def signed(request: Request, key: str = KEY, age: int = 0) -> Request:
    """A request with its signature, over the bytes of the body as they are."""
    signature = sign(SigningKey(key), request.body, int(time.time()) - age)
    return replace(request, headers={**request.headers, "X-Inngest-Signature": signature})


def is_signed(response: Response, key: str = KEY) -> bool:
    """Whether a response is signed with the key, over the bytes of the body as they are."""
    signature = response.headers.get("x-inngest-signature", "")
    moment = signature.removeprefix("t=").partition("&")[0]
    return moment.isdecimal() and signature == sign(SigningKey(key), response.body, int(moment))


def read(response: Response) -> Any:
    """The JSON in the body of a response."""
    assert response.headers["content-type"] == "application/json"
    return json.loads(response.body)


def unwrapped(response: Response) -> Response:
    """The reply in the envelope of a streamed one."""
    assert response.status == 201
    blank, brace, rest = response.body.partition(b"{")
    assert blank.strip(b" ") == b""
    fields = json.loads(brace + rest)
    return Response(fields["status"], fields["headers"], fields["body"].encode())


def dashed(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers whose names were written as arguments."""
    return {name.replace("_", "-"): value for name, value in headers.items()}
