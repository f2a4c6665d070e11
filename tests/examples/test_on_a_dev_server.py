"""Every example, for real: its own server in a process of its own, a dev server beside it, and what a user would do.

The dev server's clock jumps: when nothing is under way, it is at once as late as what waits wants it to be.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from exampled import EXAMPLES
from inngest_py.dev.happenings import TimePassed
from inngest_py.dev.notices import RunCompleted, StepWaiting
from inngest_py.dev.options import Options
from inngest_py.dev.server import DevServer
from servers import Server, serving
from watching import PATIENCE, Watch, is_idle

Runs = dict[str, list[Any]]


@dataclass(frozen=True)
class Ask:
    """A request that a user makes: of the app, or of the dev server, to which it is an event."""

    path: str
    json: Any = None
    form: dict[str, str] | None = None


def event(name: str, **data: Any) -> Ask:
    return Ask("", {"name": name, "data": data})


@dataclass(frozen=True)
class Scene:
    """How an example is started and what it is asked, at first and when it waits for something; APP is where it is.

    `results` are those of the runs of each function, in any order; all of them end well.
    """

    command: list[str]
    ask: Ask
    results: Callable[[str], Runs]
    when_it_waits: dict[str, Ask] = field(default_factory=dict)


def uvicorn(name: str) -> list[str]:
    return ["-m", "uvicorn", "--app-dir", str(EXAMPLES), "--port", "PORT", f"{name}:app"]


def flask(name: str) -> list[str]:
    return ["-m", "flask", "--app", str(EXAMPLES / f"{name}.py"), "run", "--port", "PORT"]


def line(url: str) -> str:
    """What the digest says of a page."""
    return f"{len(httpx.get(url).content):>10} {url}"


ADA = {"email": "ada@example.com"}
SCENES = {
    "flask_app": Scene(
        flask("flask_app"),
        Ask("/orders/o1/invoice", form=ADA),
        lambda _: {"flask-shop-send-invoice": ["2026-o1"]},
    ),
    "django_app": Scene(
        [str(EXAMPLES / "django_app.py"), "runserver", "--noreload", "PORT"],
        Ask("/subscribe", form=ADA),
        lambda _: {"django-news-subscribe": ["subscribed"]},
        {"wait-for-answer": Ask("/confirm", form=ADA)},
    ),
    "starlette_app": Scene(
        uvicorn("starlette_app"),
        Ask("/digests", {"urls": ["APP/api/inngest", "APP/api/inngest?again"]}),
        lambda app: {
            "starlette-digest-make-digest": [f"{line(f'{app}/api/inngest')}\n{line(f'{app}/api/inngest?again')}"]
        },
    ),
    "fastapi_app": Scene(
        uvicorn("fastapi_app"),
        Ask("/photos", {"key": "cat.jpg", "width": 640}),
        lambda _: {"fastapi-photos-resize-photo": [{"key": "200/cat.jpg", "width": 200}]},
    ),
    "basic_function": Scene(
        flask("basic_function"),
        Ask("/users", ADA),
        lambda _: {"basic-welcome": ["Ada"]},
    ),
    "multi_step_order": Scene(
        uvicorn("multi_step_order"),
        event("order/placed", order_id="o1", quantity=2, total="9.90", card="visa"),
        lambda _: {"orders-process-order": [{"id": "ch_1", "amount": "9.90"}]},
    ),
    "scheduled_digest": Scene(
        [str(EXAMPLES / "scheduled_digest.py"), "PORT"],
        event("digest/requested"),
        lambda _: {"digest-daily-digest": [3], "digest-send-digest": ["1 items", "2 items", "nothing new"]},
    ),
    "webhook_idempotency": Scene(
        flask("webhook_idempotency"),
        event("payment/received", payment_id="p1", account="rent", cents=90_000),
        lambda _: {"payments-book-payment": [90_000]},
    ),
    "ai_pipeline": Scene(
        uvicorn("ai_pipeline"),
        event("document/updated", document_id="d1", text="Tea is hot. Mind it.\n\nMilk is cold."),
        lambda _: {"pipeline-summarize": ["Tea is hot; Milk is cold"], "pipeline-index": [1]},
    ),
    "drip_campaign": Scene(
        uvicorn("drip_campaign"),
        event("trial/started", user_id="u1", email="ada@example.com"),
        lambda _: {"campaign-trial-letters": [["welcome", "getting-started", "last-chance"]]},
    ),
    "human_approval": Scene(
        uvicorn("human_approval"),
        event("expense/submitted", expense_id="e1", employee="ada", amount="80.00"),
        lambda _: {"expenses-approve-expense": ["paid"]},
        {"ask-decision": Ask("/expenses/e1/decision", {"approved": True})},
    ),
}


class Clock:
    """The machine's clock, but it may be put forward."""

    def __init__(self) -> None:
        self._ahead = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead

    def put_forward_to(self, moment: int) -> None:
        self._ahead += max(0, moment - self())


class Play:
    """A scene that is played: the app, the dev server beside it, and what was told."""

    def __init__(self, scene: Scene, app: Server, watch: Watch, server: DevServer, clock: Clock) -> None:
        self.url = f"http://127.0.0.1:{app.port}"
        self._scene, self._watch, self._server, self._clock = scene, watch, server, clock
        self._answered = set[str]()

    async def until(self, runs: int) -> Runs:
        """Play until so many runs have ended. Their results by function."""
        await self._do(self._scene.ask)
        async with asyncio.timeout(PATIENCE):
            while len(self._watch.ended) < runs:
                await self._watch.moment()
                await self._answer()
                self._let_pass()
        found: Runs = {}
        for run in self._watch.ended:
            assert isinstance(run, RunCompleted), run
            found.setdefault(run.function, []).append(json.loads(run.output))
        return {function: sorted(results, key=str) for function, results in found.items()}

    async def _do(self, ask: Ask) -> None:
        url = f"{self.url}{ask.path}" if ask.path else f"{self._server.url}/e/test"
        content = None if ask.json is None else json.dumps(ask.json).replace("APP", self.url)
        headers = {} if content is None else {"content-type": "application/json"}
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
            response = await http.post(url, content=content, data=ask.form, headers=headers)
        assert response.status_code in {200, 202}, response.text

    async def _answer(self) -> None:
        """Do what is awaited."""
        for notice in list(self._watch.notices):
            if isinstance(notice, StepWaiting) and notice.step not in self._answered:
                self._answered.add(notice.step)
                await self._do(self._scene.when_it_waits[notice.step])

    def _let_pass(self) -> None:
        """Let the time pass in which nothing would happen."""
        due = self._server.engine.state.next_due()
        if due is not None and is_idle(self._server):
            self._clock.put_forward_to(due)
            self._server.engine.report(TimePassed())


@asynccontextmanager
async def playing(name: str) -> AsyncIterator[Play]:
    scene, watch, clock = SCENES[name], Watch(), Clock()
    server = DevServer(Options(port=0), observe=watch, clock=clock)
    await server.start()
    environ: Mapping[str, str] = {"INNGEST_DEV": server.url}
    try:
        with serving(name, scene.command, environ) as app:
            await asyncio.to_thread(app.await_port)
            async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
                registered = await http.put(f"http://127.0.0.1:{app.port}/api/inngest")
            assert registered.status_code == 200, registered.text
            yield Play(scene, app, watch, server, clock)
    finally:
        await server.stop()


def test_every_example_has_a_scene() -> None:
    there = {path.stem for path in EXAMPLES.glob("*.py") if not path.stem.startswith(("demo", "test_"))}

    assert set(SCENES) == there


@pytest.mark.parametrize("name", SCENES)
async def test_an_example_runs_on_a_dev_server(name: str) -> None:
    async with playing(name) as play:
        expected = await asyncio.to_thread(SCENES[name].results, play.url)
        found = await play.until(runs=sum(map(len, expected.values())))

    assert found == {function: sorted(results, key=str) for function, results in expected.items()}
