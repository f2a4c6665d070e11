"""The events that stand for HTTP requests in AWS Lambda, and the results that stand for responses.

Function URLs and HTTP APIs send version 2.0, REST APIs version 1.0, load balancers a relative of that which has the
query as it was sent, and either one value of each header or all of them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from inngest_py import Request, Response, UsageError
from inngest_py.wire.http import quoted

Event = Mapping[str, Any]


def read(event: Event) -> Request:
    """The request that an event stands for. Raises UsageError if it is about something else."""
    if event.get("version") != "2.0" and "httpMethod" not in event:
        raise UsageError(
            f"the event stands for no HTTP request, it has {', '.join(sorted(event)) or 'nothing'}: have this function "
            "called by a function URL, an API Gateway or a load balancer, and by nothing else"
        )
    headers = _headers(event)
    context: Event = event.get("requestContext") or {}
    if event.get("version") == "2.0":
        method, path, query = context["http"]["method"], event["rawPath"], event.get("rawQueryString") or ""
    else:
        method, path, query = event["httpMethod"], _whole_path(event, context), _query(event)
    if not _takes_bytes(event):
        headers.pop("accept-encoding", None)
    # Whoever calls a Lambda function for an HTTP request sets this header itself, whatever the client sent.
    scheme = "http" if headers.get("x-forwarded-proto") == "http" else "https"
    host = headers.get("host") or context.get("domainName") or "localhost"
    return Request(method, f"{scheme}://{host}{quoted(path, '%')}?{query}", headers, _body(event))


def write(response: Response, event: Event) -> dict[str, Any]:
    """The result that stands for a response to an event."""
    result: dict[str, Any] = {"statusCode": int(response.status)}
    if "multiValueHeaders" in event and "headers" not in event:
        result["multiValueHeaders"] = {name: [value] for name, value in response.headers.items()}
    else:
        result["headers"] = dict(response.headers)
    try:
        return {**result, "body": response.body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {**result, "body": b64encode(response.body).decode(), "isBase64Encoded": True}


def _takes_bytes(event: Event) -> bool:
    """Whether a body may be more than text. A REST API would have to be told which types are not."""
    return event.get("version") == "2.0" or _is_of_load_balancer(event)


def _is_of_load_balancer(event: Event) -> bool:
    return "elb" in (event.get("requestContext") or {})


def _headers(event: Event) -> dict[str, str]:
    several: Mapping[str, list[str]] = event.get("multiValueHeaders") or {}
    if several:
        return {name.lower(): ",".join(values) for name, values in several.items()}
    one: Mapping[str, str] = event.get("headers") or {}
    return {name.lower(): value for name, value in one.items()}


def _whole_path(event: Event, context: Event) -> str:
    """The path with the stage, or what a domain has in its place, which is in the context only."""
    path: str = event["path"]
    whole = context.get("path")
    return whole if isinstance(whole, str) and whole.endswith(path) else path


def _query(event: Event) -> str:
    several: Mapping[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
    one: Mapping[str, str] = event.get("queryStringParameters") or {}
    pairs = [(name, value) for name, values in several.items() for value in values] or list(one.items())
    if _is_of_load_balancer(event):
        return "&".join(f"{name}={value}" for name, value in pairs)
    return urlencode(pairs)


def _body(event: Event) -> bytes:
    body: str = event.get("body") or ""
    return b64decode(body) if event.get("isBase64Encoded") else body.encode()
