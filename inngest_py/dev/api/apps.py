"""Registration, and what is registered (PROTOCOL 3)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inngest_py.dev.api.desk import Desk, body_of, desk_of
from inngest_py.dev.api.replies import data, error
from inngest_py.dev.decide.apps import is_known
from inngest_py.dev.duration import iso
from inngest_py.dev.happenings import AppRegistered, AppRemoved
from inngest_py.dev.model import ENVIRONMENT_ID, App, Function
from inngest_py.dev.options import server_kind
from inngest_py.dev.registration import normal_url, read_registration
from inngest_py.dev.shapes import as_list, as_object, as_text
from inngest_py.errors import RequestError
from inngest_py.version import VERSION
from inngest_py.wire.headers import EXPECTED_SERVER_KIND


async def register(request: Request) -> Response:
    """Take in what an app says about itself."""
    desk, body = desk_of(request), await body_of(request)
    ours = server_kind(desk.signing_key)
    kind = request.headers.get(EXPECTED_SERVER_KIND, ours)
    if kind != ours:
        return error(f"Expected server kind {ours}, got {kind}", 400)
    known = _known(desk, body)
    if known is not None:
        return _synced(desk, known, modified=False)
    registration = read_registration(body, desk.engine.clock())
    modified = await desk.engine.submit(AppRegistered(registration.app, registration.functions))
    if isinstance(modified, RequestError):
        raise modified
    return _synced(desk, registration.app, modified=modified)


def _known(desk: Desk, body: bytes) -> App | None:
    """The app that registered just this, so that asking again every few seconds costs nothing."""
    checksum = hashlib.sha256(body).hexdigest()
    if all(app.checksum != checksum for app in desk.engine.state.apps.values()):
        return None
    listed = as_list((as_object(json.loads(body)) or {}).get("functions")) or []
    return is_known(desk.engine.state, checksum, {as_text((as_object(each) or {}).get("id")) for each in listed})


def _synced(desk: Desk, app: App, *, modified: bool) -> Response:
    desk.engine.welcome()
    return JSONResponse({"ok": True, "modified": modified, "sync_id": desk.engine.ids.uuid(), "app_id": app.uuid})


async def remove(request: Request) -> Response:
    """Forget the app at a URL."""
    await desk_of(request).engine.submit(AppRemoved(normal_url(request.query_params.get("url", ""))))
    return Response()


async def info(request: Request) -> Response:
    """What SDKs ask to see whether a dev server is here (PROTOCOL 3.6)."""
    desk = desk_of(request)
    return JSONResponse(
        {
            "version": f"inngest-py-{VERSION}",
            "authed": desk.signing_key is not None,
            "startOpts": dict(desk.options),
            "functions": [_config(function) for function in _active(desk)],
            "handlers": None,
            "isSingleNodeService": False,
            "isMissingSigningKey": False,
            "isMissingEventKeys": False,
            "features": {},
        }
    )


async def listed(request: Request) -> Response:
    """The apps that registered."""
    desk = desk_of(request)
    apps = [_app(desk, app) for app in desk.engine.state.apps.values()]
    return data(apps, desk.engine.clock())


async def functions(request: Request) -> Response:
    """The functions of an app: a bare list, as on the real server."""
    desk, app_id = desk_of(request), request.path_params["app"]
    found = [function for function in desk.engine.state.functions.values() if function.app_id == app_id]
    return JSONResponse([_function(desk, function) for function in found])


def _active(desk: Desk) -> list[Function]:
    return [function for function in desk.engine.state.functions.values() if function.archived_at is None]


def _app(desk: Desk, app: App) -> dict[str, Any]:
    return {
        "id": app.id,
        "internal_id": app.uuid,
        "url": app.url,
        "sdk": app.sdk,
        "framework": app.framework,
        "synced_at": iso(app.synced_at),
        "archived_at": None if app.archived_at is None else iso(app.archived_at),
        "functions": [function.slug for function in _active(desk) if function.app_id == app.id],
        "event_types": json.loads(app.event_types),
    }


def _function(desk: Desk, function: Function) -> dict[str, Any]:
    app = desk.engine.state.apps.get(function.app_id)
    return {
        "internal_id": function.uuid,
        "env_id": ENVIRONMENT_ID,
        "app_id": "" if app is None else app.uuid,
        "id": function.slug,
        "name": function.name,
        "config": _config(function),
        "created_at": iso(function.created_at),
        "archived_at": None if function.archived_at is None else iso(function.archived_at),
    }


def _config(function: Function) -> dict[str, Any]:
    registered: dict[str, Any] = json.loads(function.config)
    return {
        **registered,
        "id": function.uuid,
        "fv": function.version,
        "slug": function.slug,
        "steps": [{"id": "step", "name": "step", "uri": function.url}],
    }
