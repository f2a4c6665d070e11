"""The same app three times: with this package, with the official one, and the floor: a route that has neither."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import ModuleType
from typing import Any

import fastapi
import flask
import inngest
import inngest.fast_api
import inngest.flask
import pydantic_core
from calls import KEY, PATH, load, mac
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import inngest_flask
import inngest_py
import inngest_starlette

OURS, OFFICIAL, FLOOR = "inngest_py", "inngest", "floor"

_QUIET = logging.getLogger("benchmark")
_QUIET.setLevel(logging.CRITICAL)


# The functions: the same for both packages ---------------------------------------------------------------


async def aload(number: int) -> dict[str, Any]:
    return load(number)


async def aempty(ctx: Any) -> dict[str, Any]:
    return {"run": ctx.run_id}


async def asteps(ctx: Any) -> None:
    for number in range(ctx.event.data["steps"]):
        await ctx.step.run(f"step-{number}", aload, number)


def empty(ctx: Any) -> dict[str, Any]:
    return {"run": ctx.run_id}


def steps(ctx: Any) -> None:
    for number in range(ctx.event.data["steps"]):
        ctx.step.run(f"step-{number}", load, number)


def declare(package: ModuleType, handlers: dict[str, Callable[..., Any]], *, signed: bool, **options: Any) -> Any:
    """A client of a package, and its functions."""
    keys = {"signing_key": KEY, "event_key": "key"} if signed else {}
    client = package.Inngest(app_id="bench", is_production=signed, logger=_QUIET, **keys, **options)
    trigger = package.TriggerEvent(event="bench/order")
    functions = [client.create_function(fn_id=name, trigger=trigger)(handler) for name, handler in handlers.items()]
    return client, functions


def declare_ours(handlers: dict[str, Callable[..., Any]], *, signed: bool) -> Any:
    """Without checkpointing: one step a call is what both do."""
    return declare(inngest_py, handlers, signed=signed, checkpointing=False)


# Starlette and FastAPI, async functions ---------------------------------------------------------------


class _Routes(list[Route]):
    """What the official package's FastAPI adapter needs of an app; so its routes are Starlette's own, like ours."""

    def get(self, path: str) -> Callable[..., Any]:
        return self._method("GET", path)

    def post(self, path: str) -> Callable[..., Any]:
        return self._method("POST", path)

    def put(self, path: str) -> Callable[..., Any]:
        return self._method("PUT", path)

    def _method(self, method: str, path: str) -> Callable[..., Any]:
        return lambda endpoint: self.append(Route(path, endpoint, methods=[method]))


def starlette_apps(*, signed: bool) -> dict[str, Starlette]:
    handlers = {"empty": aempty, "steps": asteps}
    client, _ = declare_ours(handlers, signed=signed)
    official = _Routes()
    inngest.fast_api.serve(official, *declare(inngest, handlers, signed=signed))  # type: ignore[arg-type]
    return {
        OURS: Starlette(routes=[inngest_starlette.serve(client)]),
        OFFICIAL: Starlette(routes=official),
        FLOOR: Starlette(routes=[Route(PATH, _starlette_floor(signed=signed), methods=["POST"])]),
    }


def fastapi_apps(*, signed: bool) -> dict[str, fastapi.FastAPI]:
    """Each mounted in a FastAPI app as its documentation says."""
    handlers = {"empty": aempty, "steps": asteps}
    client, _ = declare_ours(handlers, signed=signed)
    official = fastapi.FastAPI()
    inngest.fast_api.serve(official, *declare(inngest, handlers, signed=signed))
    return {
        OURS: fastapi.FastAPI(routes=[inngest_starlette.serve(client)]),
        OFFICIAL: official,
        FLOOR: fastapi.FastAPI(routes=[Route(PATH, _starlette_floor(signed=signed), methods=["POST"])]),
    }


def starlette_app(package: str, functions: int) -> Starlette:
    """An app with many functions, of one of the packages."""
    handlers = {f"function-{number}": asteps for number in range(functions)}
    if package == OURS:
        return Starlette(routes=[inngest_starlette.serve(*declare_ours(handlers, signed=True))])
    official = _Routes()
    inngest.fast_api.serve(official, *declare(inngest, handlers, signed=True))  # type: ignore[arg-type]
    return Starlette(routes=official)


def _starlette_floor(*, signed: bool) -> Callable[..., Any]:
    async def floor(request: Request) -> Response:
        return Response(
            _parse(await request.body(), request.headers if signed else None), media_type="application/json"
        )

    return floor


# Flask, plain functions ---------------------------------------------------------------


def flask_apps(*, signed: bool) -> dict[str, flask.Flask]:
    handlers = {"empty": empty, "steps": steps}
    ours, official, floor = (flask.Flask("benchmark") for _ in range(3))
    client, _ = declare_ours(handlers, signed=signed)
    ours.register_blueprint(inngest_flask.serve(client))
    inngest.flask.serve(official, *declare(inngest, handlers, signed=signed))

    @floor.post(PATH)
    def route() -> flask.Response:
        request = flask.request
        return flask.Response(
            _parse(request.get_data(), request.headers if signed else None), mimetype="application/json"
        )

    return {OURS: ours, OFFICIAL: official, FLOOR: floor}


def _parse(body: bytes, headers: Any | None) -> bytes:
    """What no SDK can do without: parse the body, and where it is signed compute the HMAC."""
    pydantic_core.from_json(body)
    if headers is not None:
        mac(body, headers["x-inngest-signature"][2:12])
    return b"null"
