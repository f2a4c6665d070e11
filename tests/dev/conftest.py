"""An app that is written in the test, on a dev server with a virtual clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from inngest_py.dev.model import Run
from inngest_py.dev.rules import Rules
from inngest_py.dev.simulation import Simulation
from inngest_py.dev.store.port import Store
from inngest_py.wire.http import Request, Response

SDK = {"x-inngest-sdk": "test:v0", "x-inngest-req-version": "2"}


@dataclass
class FakeCall:
    """A call, as the function of a test sees it."""

    target: str
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def ctx(self) -> dict[str, Any]:
        return self.body["ctx"]

    @property
    def steps(self) -> dict[str, Any]:
        return self.body["steps"]

    @property
    def data(self) -> dict[str, Any]:
        return self.body["event"]["data"]

    def memo(self, name: str) -> Any:
        return self.steps[hashed(name)]

    def has(self, name: str) -> bool:
        return hashed(name) in self.steps


Reply = Callable[[FakeCall], Response]


def hashed(name: str) -> str:
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


def op(code: str, step: str = "", **fields: Any) -> dict[str, Any]:
    return {"op": code, "id": hashed(step), "displayName": step, "name": step, **fields}


def ops(*listed: dict[str, Any], **headers: str) -> Response:
    return Response(206, {**SDK, **_named(headers)}, json.dumps(listed).encode())


def done(value: Any = None, **headers: str) -> Response:
    return Response(200, {**SDK, **_named(headers)}, json.dumps(value).encode())


def failure(message: str = "boom", status: int = 500, **headers: str) -> Response:
    body = {"name": "ValueError", "message": message, "stack": "Traceback", "code": "unknown"}
    return Response(status, {**SDK, **_named(headers)}, json.dumps(body).encode())


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def config(slug: str, event: str = "", **fields: Any) -> dict[str, Any]:
    """A function as it is registered."""
    url = f"http://app.test/api/inngest?fnId={slug}&stepId=step"
    step: dict[str, Any] = {"id": "step", "name": "step", "runtime": {"type": "http", "url": url}}
    if "retries" in fields:
        step["retries"] = {"attempts": fields.pop("retries")}
    triggers = fields.pop("triggers", [{"event": event or f"t/{slug}"}])
    return {"id": slug, "name": slug, "triggers": triggers, "steps": {"step": step}, **fields}


def registration(*functions: dict[str, Any], app: str = "app") -> dict[str, Any]:
    return {"appName": app, "url": "http://app.test/api/inngest", "sdk": "test:v0", "functions": list(functions)}


@dataclass
class World:
    """A dev server with functions. `calls` is every call that was made, in order."""

    simulation: Simulation
    calls: list[FakeCall] = field(default_factory=list)
    _replies: dict[str, Reply] = field(default_factory=dict)
    _configs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def function(self, slug: str, reply: Reply, event: str = "", **fields: Any) -> None:
        """Add a function; it is registered at once."""
        self._replies[slug] = reply
        self._configs[slug] = config(slug, event, **fields)
        self.simulation.register(registration(*self._configs.values()))

    def app(self, request: Request) -> Response:
        call = FakeCall(request.query["stepId"], json.loads(request.body), request.headers)
        self.calls.append(call)
        return self._replies[request.query["fnId"]](call)

    def send(self, name: str, data: Mapping[str, Any] | None = None, **fields: Any) -> str:
        return self.simulation.send({"name": name, "data": dict(data or {}), **fields})[0]

    def run(self, until: int | None = None) -> None:
        self.simulation.run(self.app, until)

    def settle(self) -> None:
        """Answer all calls, without letting time pass."""
        while self.simulation.calls:
            call = self.simulation.calls.popleft()
            request = Request.of("POST", call.url, call.headers.items(), call.body)
            self.simulation.answer(call, self.app(request))

    def runs(self, slug: str = "") -> list[Run]:
        return self.simulation.runs(slug)

    def only(self, slug: str) -> Run:
        (run,) = self.runs(slug)
        return run

    def output(self, slug: str) -> Any:
        return json.loads(self.only(slug).output or "null")

    def targets(self) -> list[str]:
        return [call.target for call in self.calls]

    def make(self, rules: Rules | None = None, store: Store | None = None) -> World:
        """Another world, with these rules and this store."""
        return World(Simulation(rules=rules, store=store))


@pytest.fixture
def world() -> World:
    return World(Simulation(rules=Rules(retry_interval=1000)))


class Kit:
    """What the functions of a test answer with."""

    op = staticmethod(op)
    ops = staticmethod(ops)
    done = staticmethod(done)
    failure = staticmethod(failure)
    config = staticmethod(config)
    registration = staticmethod(registration)
    hashed = staticmethod(hashed)
    call = FakeCall
    headers = SDK

    @staticmethod
    def serial(*names: str, result: Any = None) -> Reply:
        """A function that runs steps one after the other; the data of each is its name."""

        def reply(call: FakeCall) -> Response:
            for name in names:
                if not call.has(name):
                    return ops(op("StepRun", name, data=name))
            return done(result if result is not None else [call.memo(name)["data"] for name in names])

        return reply


@pytest.fixture
def kit() -> type[Kit]:
    return Kit
