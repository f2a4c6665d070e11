"""Log lines on their way to a dev server that asks for them: in the background, together, and never in the way."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from app import call_body
from driven import answer
from inngest_py.engine.effects import Effect, Exchange
from inngest_py.errors import ServerError
from inngest_py.flows.checkpoints import SILENCE
from inngest_py.flows.logs import AT_ONCE, MOST, LogPost
from inngest_py.middleware.logging import LONGEST, _Noting, context_logger, current_lines
from inngest_py.runtime import BackgroundLoop, background_loop
from inngest_py.settings import read_settings
from inngest_py.transport import _FILTER
from inngest_py.wire.call import Call, read_call
from inngest_py.wire.codec import decode
from inngest_py.wire.http import Request, Response

ASKED = {"x-inngest-logs": "wanted"}
LINE = {"message": "paid"}


class Server:
    """Notes what is sent to it, and answers as it is told to. `wait` returns when nothing is under way any more."""

    def __init__(self, *answers: Response | ServerError) -> None:
        self.now = 1_700_000_000.0
        self.answers = list(answers)
        self.requests: list[Request] = []
        self.heard: list[bool] = []
        settings = read_settings(is_production=False, api_base_url="http://api.test", environ={})
        self.post = LogPost(settings, lambda: self.now, pace=0, perform=self.perform)

    async def perform(self, effect: Effect) -> Any:
        """Take a request."""
        assert isinstance(effect, Exchange)
        self.requests.append(effect.request)
        record = logging.LogRecord("httpx", logging.INFO, "", 0, "HTTP Request: POST", (), None)
        self.heard.append(_FILTER.filter(record))
        assert current_lines.get() is None
        found = self.answers.pop(0) if self.answers else answer(200)
        if isinstance(found, ServerError):
            raise found
        return found

    def wait(self) -> list[tuple[str, list[str]]]:
        """What has come: the run and the messages of each request."""
        task = self.post._task
        if task is not None:
            done = threading.Event()
            loop = background_loop().running()
            loop.call_soon_threadsafe(lambda: task.add_done_callback(lambda _: done.set()))
            assert done.wait(10)
        return [
            (request.url.split("/")[-2], [line["message"] for line in decode(request.body)["lines"]])
            for request in self.requests
        ]


@pytest.fixture
def held(monkeypatch):
    """The background loop, which is busy until it is let go."""
    begun, go = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        go.wait(10)

    background_loop().running().call_soon_threadsafe(hold)
    assert begun.wait(10)
    yield go
    go.set()


def call() -> Call:
    return read_call({"fnId": "app-fn", "stepId": "step"}, call_body(ctx={"run_id": "R/1", "attempt": 2}))


def request(headers: dict[str, str]) -> Request:
    return Request("POST", "http://app.test/api/inngest", headers, b"")


def log_in_a_call(post: LogPost, headers: dict[str, str]) -> None:
    with post.of(call(), request(headers)):
        context_logger(logging.getLogger("shop")).info("paid %d", 5)


def settle(server: Server) -> None:
    """Wait until the loop has begun to send."""
    done = threading.Event()
    background_loop().running().call_soon_threadsafe(done.set)
    assert done.wait(10)


def test_lines_of_a_run_go_together(held) -> None:
    server = Server()
    for run_id, message in (("r1", "a"), ("r1", "b"), ("r2", "c")):
        server.post.put(run_id, {"message": message})
    held.set()
    settle(server)

    assert server.wait() == [("r1", ["a", "b"]), ("r2", ["c"])]
    assert {(each.method, each.url) for each in server.requests} == {
        ("POST", "http://api.test/v1/runs/r1/logs"),
        ("POST", "http://api.test/v1/runs/r2/logs"),
    }


def test_what_comes_later_is_sent_too() -> None:
    server = Server()
    for message in ("a", "b"):
        server.post.put("r", {"message": message})
        settle(server)
        server.wait()

    assert server.wait() == [("r", ["a"]), ("r", ["b"])]


def test_a_request_has_so_many_lines_and_no_more(held) -> None:
    server = Server()
    for _ in range(AT_ONCE + 1):
        server.post.put("r", LINE)
    held.set()
    settle(server)

    assert [len(messages) for _, messages in server.wait()] == [AT_ONCE, 1]


def test_more_than_can_wait_is_left_out_and_that_is_said(held) -> None:
    server = Server()
    for _ in range(MOST + 7):
        server.post.put("r", LINE)
    held.set()
    settle(server)

    sent = [message for _, messages in server.wait() for message in messages]
    assert len(sent) == MOST + 1
    assert sent[-1] == "7 more lines came too fast, and were left out"


@pytest.mark.parametrize("trouble", [ServerError("no answer"), answer(500), answer(401)])
def test_a_server_that_does_not_take_them_is_left_alone_for_a_while(trouble) -> None:
    server = Server(trouble)
    server.post.put("r", LINE)
    settle(server)
    server.wait()

    server.post.put("r", LINE)
    server.now += SILENCE
    server.post.put("r", LINE)
    settle(server)

    assert len(server.wait()) == 2


def test_a_run_that_the_server_has_forgotten_is_no_reason_to_stop() -> None:
    server = Server(answer(404))
    for _ in range(2):
        server.post.put("r", LINE)
        settle(server)
        server.wait()

    assert len(server.requests) == 2


def test_the_http_library_says_nothing_of_them() -> None:
    server = Server()
    server.post.put("r", LINE)
    settle(server)
    server.wait()

    assert server.heard == [False]


def test_what_a_call_logs_is_sent_with_its_run_and_attempt() -> None:
    server = Server()
    log_in_a_call(server.post, ASKED)
    settle(server)
    server.wait()

    (sent,) = server.requests
    assert sent.url == "http://api.test/v1/runs/R%2F1/logs"
    (line,) = decode(sent.body)["lines"]
    assert (line["message"], line["level"], line["logger"], line["attempt"]) == ("paid 5", "INFO", "shop", 2)


def test_a_line_of_any_length_is_sent_in_part() -> None:
    server = Server()
    with server.post.of(call(), request(ASKED)):
        context_logger(logging.getLogger("shop")).info("x" * (LONGEST + 1))
    settle(server)

    assert server.wait() == [("R%2F1", ["x" * LONGEST])]


@pytest.mark.parametrize("headers", [{}, {"x-inngest-logs": "no"}])
def test_a_server_that_does_not_ask_is_told_nothing(headers) -> None:
    server = Server()
    log_in_a_call(server.post, headers)

    assert (server.post._task, server.post._waiting) == (None, [])


def test_in_production_no_line_leaves_the_app() -> None:
    settings = read_settings(is_production=True, signing_key="signkey-test-00", environ={})
    post = LogPost(settings, lambda: 0.0, perform=Server().perform)
    log_in_a_call(post, ASKED)

    assert (post._task, post._waiting) == (None, [])


@pytest.fixture
def unmade(monkeypatch):
    """A background loop that nothing has needed yet."""
    loop = BackgroundLoop()
    monkeypatch.setattr("inngest_py.flows.logs.background_loop", lambda: loop)
    monkeypatch.setitem(globals(), "background_loop", lambda: loop)
    yield
    running, thread = loop.running(), loop._thread
    running.call_soon_threadsafe(running.stop)
    assert thread is not None
    thread.join()
    running.close()


def test_a_line_may_have_the_background_loop_made_where_everything_is_logged(unmade, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    server = Server()
    logged = threading.Thread(target=log_in_a_call, args=(server.post, ASKED), daemon=True)
    logged.start()
    logged.join(10)

    assert not logged.is_alive()
    settle(server)
    assert server.wait() == [("R%2F1", ["paid 5"])]
    assert "Using selector" in caplog.text


def test_what_notes_lines_holds_up_no_thread_that_logs() -> None:
    handler = _Noting()

    assert handler.lock is None
