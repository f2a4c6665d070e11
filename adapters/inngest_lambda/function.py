"""A Lambda function around the handler: event in, result out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from inngest_lambda.events import read, write
from inngest_py import Function, Handler, Inngest


def serve(
    client: Inngest,
    functions: Sequence[Function[Any]] | None = None,
    *,
    serve_origin: str | None = None,
    serve_path: str | None = None,
) -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """Serve functions, behind a function URL, an API Gateway (of either version) or a load balancer.

    All that the client has declared, if none are given. `serve_origin` (as in `"https://example.com"`) and
    `serve_path` say where an Inngest server finds this app, if that is not where its requests arrive. Plain functions
    run where the Lambda function does, async ones on one background loop. Replies are not streamed. Raises
    ConfigError if the app is in production and has no signing key, or if two functions have the same id.
    """
    handler = Handler(
        client,
        functions,
        framework="aws-lambda",
        serve_origin=serve_origin,
        serve_path=serve_path,
        streaming=False,
    )

    def lambda_handler(event: dict[str, Any], _context: object = None) -> dict[str, Any]:
        return write(handler.handle(read(event)), event)

    return lambda_handler
