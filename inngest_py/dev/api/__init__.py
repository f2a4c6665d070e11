"""The HTTP side of the dev server: the event API, registration, and REST (PROTOCOL 3.4, 9 to 11).

Replies carry the real server's shapes. What is ours and not the real server's: `GET /v1/runs`,
`GET /v1/runs/{id}/steps`, `/v1/runs/{id}/logs`, `POST /v1/runs/{id}/rerun`, `GET /v1/apps`, the extra fields of a run,
the cursors of what an event started, and that errors on the v1 endpoints have their status as HTTP status too.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.routing import Route

from inngest_py.dev.api import apps, cancellations, checkpoints, events, history, logs, openapi, page, reruns, runs
from inngest_py.dev.api.desk import Desk
from inngest_py.dev.api.guard import Guard
from inngest_py.dev.api.replies import Lost, absence, first_part, refused, stopped
from inngest_py.dev.engine import StoppedError
from inngest_py.errors import RequestError

__all__ = ["Desk", "build"]


def build(desk: Desk, pages: Sequence[Route] = (), lost: Lost | None = None) -> Starlette:
    """The ASGI application, with `pages` besides the API; `lost` answers browsers that have come to none of them."""
    routes = [
        Route("/health", page.health),
        Route("/dev", apps.info),
        Route("/fn/register", apps.register, methods=["PUT", "POST"]),
        Route("/fn/remove", apps.remove, methods=["DELETE"]),
        Route("/e/{key}", events.send, methods=["POST"]),
        Route("/invoke/{slug:path}", events.invoke, methods=["POST"]),
        Route("/v0/runs/{id}", runs.cancel_quietly, methods=["DELETE"]),
        Route("/v0/runs/{id}/actions", runs.actions),
        Route("/v0/runs/{id}/batch", runs.batch),
        Route("/api/v2/health", page.health_v2),
        Route("/api/v2/runs/{id}", history.run_v2),
        Route("/v1/apps", apps.listed),
        Route("/v1/apps/{app}/functions", apps.functions),
        Route("/v1/cancellations", cancellations.create, methods=["POST"]),
        Route("/v1/cancellations", cancellations.listed),
        Route("/v1/cancellations/{id}", cancellations.remove, methods=["DELETE"]),
        Route("/v1/events", history.events),
        Route("/v1/events/{id}", history.event),
        Route("/v1/events/{id}/runs", history.runs_of_event),
        Route("/v1/openapi.json", openapi.show),
        Route("/v1/runs", history.runs),
        Route("/v1/runs/{id}", runs.cancel, methods=["DELETE"]),
        Route("/v1/runs/{id}", history.run),
        Route("/v1/runs/{id}/rerun", reruns.create, methods=["POST"]),
        Route("/v1/runs/{id}/steps", history.steps),
        Route("/v1/runs/{id}/jobs", history.jobs),
        Route("/v1/runs/{id}/logs", logs.save, methods=["POST"]),
        Route("/v1/runs/{id}/logs", logs.listed),
        Route("/v1/signals", events.signal, methods=["POST"]),
        Route("/v1/checkpoint/{id}/async", checkpoints.save, methods=["POST"]),
        Route("/v1/http/runs/{id}/async", checkpoints.save, methods=["POST"]),
    ]
    absent = absence(frozenset(first_part(route.path) for route in routes), lost)
    handlers = {RequestError: refused, StoppedError: stopped, 404: absent, 405: absent}
    app = Starlette(routes=[*pages, *routes], exception_handlers=handlers)
    app.state.desk = desk
    app.add_middleware(Guard, desk=desk)
    return app
