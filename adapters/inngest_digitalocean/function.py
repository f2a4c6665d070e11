"""A DigitalOcean function around the handler: event in, result out."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from inngest_py import ConfigError, Function, Handler, Inngest, Request
from inngest_py.wire.http import quoted


def serve(
    client: Inngest,
    functions: Sequence[Function[Any]] | None = None,
    *,
    serve_origin: str | None = None,
    serve_path: str | None = None,
) -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """Serve functions; all that the client has declared, if none are given. In `project.yml` write `web: raw`.

    `serve_origin` (as in `"https://example.com"`) and `serve_path` (as in `"/api/v1/web/fn-1/shop/inngest"`) say where
    an Inngest server finds this app: what comes before the function's own path it is not told itself. Plain functions
    run where the DigitalOcean function does, async ones on one background loop. Replies are not streamed. Raises
    ConfigError if the app is in production and has no signing key, or if two functions have the same id.
    """
    handler = Handler(
        client,
        functions,
        framework="digitalocean",
        serve_origin=serve_origin,
        serve_path=serve_path,
        streaming=False,
    )

    def main(event: dict[str, Any], _context: object = None) -> dict[str, Any]:
        response = handler.handle(_read(event))
        headers = dict(response.headers)
        return {"statusCode": int(response.status), "headers": headers, "body": response.body.decode()}

    return main


def _read(event: Mapping[str, Any]) -> Request:
    http: Mapping[str, Any] = event.get("http") or {}
    if "queryString" not in http:
        raise ConfigError(
            "the event has no query string and no body as they were sent, so no signature can be verified: write "
            "`web: raw` for this function in project.yml"
        )
    given: Mapping[str, str] = http.get("headers") or {}
    headers = {name.lower(): value for name, value in given.items() if name.lower() != "accept-encoding"}
    body: str = http.get("body") or ""
    # Whoever calls the function for an HTTP request sets this header itself, whatever the client sent.
    scheme = "http" if headers.get("x-forwarded-proto") == "http" else "https"
    url = f"{scheme}://{headers.get('host', 'localhost')}{quoted(http.get('path') or '', '%')}?{http['queryString']}"
    content = b64decode(body) if http.get("isBase64Encoded") else body.encode()
    return Request(http["method"], url, headers, content)
