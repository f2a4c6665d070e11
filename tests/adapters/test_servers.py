"""Every framework under the servers that it is run with, over real sockets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from inngest_py import Request
from inngest_py.testing.conformance.asking import (
    KEY,
    ORIGIN,
    call,
    call_body,
    get,
    is_signed,
    post,
    read,
    signed,
    unwrapped,
)
from inngest_py.testing.conformance.harness import PATH
from servers import Server, serving

GUNICORN = ["-m", "gunicorn", "--bind", "127.0.0.1:PORT", "--worker-tmp-dir", "/tmp", "--no-control-socket"]  # noqa: S108
UVICORN = ["-m", "uvicorn", "--port", "PORT"]
COMMANDS = {
    "flask-werkzeug": ["-m", "flask", "--app", "served.flask_app", "run", "--port", "PORT"],
    "flask-gunicorn": [*GUNICORN, "served.flask_app:app"],
    "flask-gunicorn-threads": [*GUNICORN, "--threads", "4", "served.flask_app:app"],
    "flask-gunicorn-gevent": [*GUNICORN, "--worker-class", "gevent", "served.flask_app:app"],
    "flask-gunicorn-gevent-preload": [*GUNICORN, "--preload", "--worker-class", "gevent", "served.flask_app:app"],
    "django-gunicorn": [*GUNICORN, "served.django_app:wsgi"],
    "django-uvicorn": [*UVICORN, "served.django_app:asgi"],
    "fastapi-uvicorn": [*UVICORN, "served.fastapi_app:app"],
    "litestar-uvicorn": [*UVICORN, "served.litestar_app:app"],
    "quart-hypercorn": ["-m", "hypercorn", "--bind", "127.0.0.1:PORT", "served.quart_app:app"],
    "falcon-gunicorn": [*GUNICORN, "--threads", "4", "served.falcon_app:app"],
    "tornado-own": ["-m", "served.tornado_app", "PORT"],
    "bottle-wsgiref": ["-m", "served.bottle_app", "PORT"],
}
ONE_AT_A_TIME = {"flask-gunicorn", "django-gunicorn", "bottle-wsgiref"}
WITHOUT_CHUNKS = {"bottle-wsgiref"}
NEVER_TOLD = {name for name in COMMANDS if not name.endswith(("-uvicorn", "-hypercorn", "-own"))}


@pytest.fixture(scope="module", params=COMMANDS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(request.param, COMMANDS[request.param], {"INNGEST_SIGNING_KEY": KEY}) as server:
        server.await_port()
        yield server


def test_a_signed_call_is_answered_whatever_its_json_looks_like(server: Server) -> None:
    body = json.dumps(call_body(data={"b": 1.0, "a": "é🐍"}), indent=2, ensure_ascii=False).encode()

    response = server.send(signed(post("stepId=step&fnId=app%2Dplain", body)))

    assert (response.status, read(response)) == (200, {"b": 1.0, "a": "é🐍"})
    assert is_signed(response)


def test_who_does_not_sign_is_not_answered(server: Server) -> None:
    assert server.send(call("app-plain")).status == 401


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "HEAD"])
def test_a_wrong_method_is_told_the_right_ones(method: str, server: Server) -> None:
    response = server.send(Request(method, f"{ORIGIN}{PATH}"))

    assert (response.status, response.headers["allow"]) == (405, "GET, POST, PUT")


def test_a_body_may_have_five_megabytes(server: Server) -> None:
    response = server.send(signed(call("app-length", data={"text": "x" * 5_000_000})))

    assert (response.status, read(response)) == (200, 5_000_000)


def test_a_body_may_come_in_chunks_or_is_refused_as_such(server: Server) -> None:
    size = 100 if server.name in WITHOUT_CHUNKS else 100_000

    response = server.send(signed(call("app-length", data={"text": "x" * size})), chunked=True)

    if server.name in WITHOUT_CHUNKS:
        assert (response.status, read(response)["code"]) == (411, "length_required")
    else:
        assert (response.status, read(response)) == (200, size)


@pytest.mark.parametrize(
    "headers", [{"Content-Length": "100000"}, {"Transfer-Encoding": "chunked"}], ids=["too short", "no chunks"]
)
def test_a_body_that_breaks_off_is_no_error_of_the_app(headers: dict[str, str], server: Server) -> None:
    request = signed(call("app-plain"))
    headers = {**request.headers, "Connection": "close", **headers}

    answer = server.break_off(replace(request, headers=headers, body=request.body[:50]))

    assert re.fullmatch(rb"|HTTP/1\.[01] (400|401|411)", answer[:12])


def test_async_functions_run_on_one_loop(server: Server) -> None:
    answers = [read(server.send(signed(call("app-async")))) for _ in range(3)]

    assert len(set(answers)) == 1


def test_a_plain_function_never_runs_where_a_loop_is(server: Server) -> None:
    server.send(signed(call("app-async")))

    assert read(server.send(signed(call("app-runs-a-loop")))) == "ran"


def test_a_function_that_waits_holds_nobody_up(server: Server) -> None:
    if server.name in ONE_AT_A_TIME:
        pytest.skip("this server answers one request at a time")
    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(server.send, signed(call("app-hold")))

        assert read(server.send(signed(call("app-release")))) is True
        assert read(holding.result()) is True


def test_an_async_function_ends_when_the_client_leaves(server: Server) -> None:
    if server.name in NEVER_TOLD:
        pytest.skip("a WSGI server cannot tell an app that the client has left")

    with server.leave(signed(call("app-for-ever"))):
        assert read(server.send(signed(call("app-begun")))) is True

    assert read(server.send(signed(call("app-cancelled")))) is True
    assert server.send(signed(get())).status == 200


def test_a_streamed_reply_begins_before_the_function_ends(server: Server) -> None:
    if server.name in ONE_AT_A_TIME:
        pytest.skip("this server answers one request at a time")
    with server.leave(signed(call("app-await", path="/streamed"))) as connection:
        begun = b""
        while b"\r\n\r\n" not in begun or not begun.partition(b"\r\n\r\n")[2]:
            begun += connection.recv(1000)
        assert begun.startswith((b"HTTP/1.1 201", b"HTTP/1.0 201"))
        assert b"{" not in begun.partition(b"\r\n\r\n")[2]
        assert read(server.send(signed(call("app-let-go")))) is True
        rest = begun
        while b'"body":"true"' not in rest:
            rest += connection.recv(10_000) or pytest.fail(rest.decode())


def test_a_streamed_reply_is_signed_inside(server: Server) -> None:
    reply = unwrapped(server.send(signed(call("app-plain", data={"a": "é"}, path="/streamed"))))

    assert (reply.status, read(reply)) == (200, {"a": "é"})
    assert is_signed(reply)


def test_who_does_not_sign_gets_no_stream(server: Server) -> None:
    assert server.send(call("app-plain", path="/streamed")).status == 401


def test_a_server_ends_quietly_when_it_is_told_to(server: Server) -> None:
    server.send(signed(call("app-async")))

    server.end()

    written = server.output()
    assert "Traceback" not in written
    assert "ERROR" not in written
