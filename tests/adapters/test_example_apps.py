"""The example of each framework: it is imported, shows what it serves, runs its function and sends its event."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import pytest

from exampled import EXAMPLES, load
from inngest_py import Handler, Request, Response
from inngest_py.testing.conformance.api import Api, path_of, serving_api
from inngest_py.testing.conformance.asking import get, read
from inngest_py.testing.conformance.hosting import AsgiHost, WsgiHost
from played import Played
from servers import serving


@dataclass(frozen=True)
class Story:
    """What is asked of an example: the request of a browser, the event that follows, and how the function ends."""

    function_id: str
    event_name: str
    data: dict[str, Any]
    result: Any
    path: str
    form: dict[str, Any] | None = None
    answers: dict[str, Any] = field(default_factory=dict)


STORIES = {
    "flask": Story(
        function_id="flask-shop-send-invoice",
        event_name="invoice/requested",
        data={"order_id": "o1", "email": "ada@example.com"},
        result="2026-o1",
        path="/orders/o1/invoice",
        form={"email": "ada@example.com"},
    ),
    "django": Story(
        function_id="django-news-subscribe",
        event_name="newsletter/subscribed",
        data={"email": "ada@example.com"},
        result="forgotten",
        path="/subscribe",
        form={"email": "ada@example.com"},
        answers={"wait-for-answer": None},
    ),
    "starlette": Story(
        function_id="starlette-digest-make-digest",
        event_name="digest/wanted",
        data={"urls": ["https://a.test", "https://b.test"]},
        result="         3 https://a.test\n         3 https://b.test",
        path="/digests",
    ),
    "fastapi": Story(
        function_id="fastapi-photos-resize-photo",
        event_name="photo/uploaded",
        data={"key": "cat.jpg", "width": 640},
        result={"key": "200/cat.jpg", "width": 200},
        path="/photos",
    ),
}


@dataclass
class Example:
    """An example that runs."""

    story: Story
    send: Callable[[Request], Response]


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with serving_api() as api:
        yield api


@pytest.fixture(scope="module", params=STORIES)
def example(request: pytest.FixtureRequest, api: Api) -> Iterator[Example]:
    name = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INNGEST_DEV", api.url)
        started = run_django(api) if name == "django" else host(name, patch)
        for send in started:
            yield Example(STORIES[name], send)


def host(name: str, patch: pytest.MonkeyPatch) -> Iterator[Callable[[Request], Response]]:
    module = load(f"{name}_app")
    go_nowhere(module, patch)
    hosted = WsgiHost(module.app) if name == "flask" else AsgiHost(module.app)
    yield hosted.send
    hosted.close()


def go_nowhere(module: ModuleType, patch: pytest.MonkeyPatch) -> None:
    """Let an example's own requests be answered here."""
    network = httpx.MockTransport(lambda _request: httpx.Response(200, content=b"abc"))
    patch.setattr(module, "httpx", SimpleNamespace(AsyncClient=partial(httpx.AsyncClient, transport=network)), False)


def run_django(api: Api) -> Iterator[Callable[[Request], Response]]:
    """Run Django in a process of its own, as it is meant to: its settings are those of a whole process."""
    command = [str(EXAMPLES / "django_app.py"), "runserver", "--noreload", "PORT"]
    with serving("django", command, {"INNGEST_DEV": api.url}) as server:
        server.await_port()
        yield server.send


def test_an_example_shows_what_it_serves(example: Example) -> None:
    assert read(example.send(get()))["function_count"] == 1


def test_an_example_runs_its_function_to_the_end(example: Example, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    story, event = example.story, {"name": example.story.event_name, "data": example.story.data}

    app = cast("Handler", SimpleNamespace(handle=example.send))
    run = Played(app, story.function_id, event=event, answers=story.answers).play()

    assert (run.status, run.output) == ("completed", story.result)
    assert len(run.replies) > 1


def test_an_example_sends_its_event(example: Example, api: Api) -> None:
    story = example.story
    kind, body = "application/json", json.dumps(story.data)
    if story.form is not None:
        kind, body = "application/x-www-form-urlencoded", urlencode(story.form)
    api.begin_anew()

    response = example.send(Request("POST", f"http://app.test{story.path}", {"content-type": kind}, body.encode()))

    assert response.status == 202
    (sent,) = api.requests
    assert path_of(sent).startswith("/e/")
    (event,) = json.loads(sent.body)
    assert (event["name"], event["data"]) == (story.event_name, story.data)
