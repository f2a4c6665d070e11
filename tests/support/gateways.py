"""What stands before functions: makes events of requests, as AWS and DigitalOcean do, and responses of results."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from inngest_py import Request, Response

Event = dict[str, Any]


def function_url(request: Request) -> Event:
    """Payload format 2.0: function URLs, and HTTP APIs."""
    url = urlsplit(request.url)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": url.path,
        "rawQueryString": url.query,
        "headers": _headers(request),
        "requestContext": {
            "domainName": url.netloc,
            "http": {"method": request.method, "path": url.path, "protocol": "HTTP/1.1"},
            "stage": "$default",
        },
        **_body(request),
    }


def rest_api(request: Request) -> Event:
    """Payload format 1.0: REST APIs."""
    url = urlsplit(request.url)
    pairs = parse_qsl(url.query, keep_blank_values=True)
    headers = _headers(request)
    return {
        "resource": "/{proxy+}",
        "path": url.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": dict(pairs) or None,
        "multiValueQueryStringParameters": _several(pairs) or None,
        "requestContext": {"path": url.path, "stage": "prod", "domainName": url.netloc},
        **_body(request),
    }


def load_balancer(request: Request) -> Event:
    """A load balancer, which sends one value of each header and of each part of the query."""
    url = urlsplit(request.url)
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu:1:targetgroup/shop/1"}},
        "httpMethod": request.method,
        "path": url.path,
        "queryStringParameters": dict(_written(url.query)),
        "headers": _headers(request),
        **_body(request),
    }


def load_balancer_of_several(request: Request) -> Event:
    """The same, told to send all values."""
    event = load_balancer(request)
    headers = {name: [value] for name, value in event.pop("headers").items()}
    several = _several(_written(urlsplit(request.url).query))
    del event["queryStringParameters"]
    return {**event, "multiValueHeaders": headers, "multiValueQueryStringParameters": several}


def digitalocean(request: Request) -> Event:
    """A function of DigitalOcean's with `web: raw`."""
    url = urlsplit(request.url)
    return {
        "http": {
            "headers": _headers(request),
            "method": request.method,
            "path": url.path,
            "queryString": url.query,
            **_body(request),
        }
    }


def asking(
    functions: Mapping[str, Callable[..., Any]], make: Callable[[Request], Event]
) -> Callable[[Request], Response]:
    """Ask the function that is at the path of a request."""

    def ask(request: Request) -> Response:
        result = functions[unquote(urlsplit(request.url).path)](make(request), object())
        headers = result.get("headers") or {name: value for name, (value,) in result["multiValueHeaders"].items()}
        body: str = result["body"]
        content = b64decode(body) if result.get("isBase64Encoded") else body.encode()
        return Response(result["statusCode"], {name.lower(): value for name, value in headers.items()}, content)

    return ask


def _headers(request: Request) -> dict[str, str]:
    """The headers, with what a gateway puts there itself."""
    url = urlsplit(request.url)
    given = {name.lower(): value for name, value in request.headers.items()}
    return {**given, "host": url.netloc, "x-forwarded-proto": url.scheme, "x-forwarded-for": "127.0.0.1"}


def _body(request: Request) -> Event:
    """The body: text as it is, and everything else in base64."""
    if _is_text(request.body):
        return {"body": request.body.decode(), "isBase64Encoded": False}
    return {"body": b64encode(request.body).decode(), "isBase64Encoded": True}


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _written(query: str) -> list[tuple[str, str]]:
    """The parts of a query as they were written."""
    return [(name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part)]


def _several(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
