"""What is only so for the WSGI app: what is around it and under it, and what WSGI leaves to apps."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import unquote

import bottle
import falcon
import pytest

import inngest_py as inngest
from inngest_py.testing.conformance.asking import ORIGIN, call, get, put, read
from inngest_py.testing.conformance.hosting import WsgiHost, environ_of
from inngest_wsgi import serve


@pytest.fixture
def client() -> inngest.Inngest:
    client = inngest.Inngest(app_id="app", is_production=False)

    @client.create_function(fn_id="echo", trigger=inngest.TriggerEvent(event="thing/happened"))
    def echo(ctx: inngest.ContextSync) -> Any:
        return ctx.event.data

    return client


class Input(io.BytesIO):
    """A stream whose end never comes: who reads beyond what was sent waits for ever, as on a socket."""

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        assert piece, "read beyond the end"
        return piece


def call_app(app: Any, environ: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    started: list[Any] = []
    body = b"".join(app(environ, lambda status, headers: started.extend((status, dict(headers)))))
    return started[0], started[1], body


def test_another_app_has_all_other_paths(client: inngest.Inngest) -> None:
    host = WsgiHost(serve(client, app=falcon.App()))

    assert read(host.send(get()))["mode"] == "dev"
    assert host.send(get(f"{ORIGIN}/api/inngest/more")).status == 404


def test_a_path_that_is_not_ascii_is_served(client: inngest.Inngest) -> None:
    host = WsgiHost(serve(client, app=falcon.App(), path="/работа"))

    response = host.send(put(f"{ORIGIN}/%D1%80%D0%B0%D0%B1%D0%BE%D1%82%D0%B0", x_inngest_sync_kind="in_band"))

    assert read(response)["url"] == f"{ORIGIN}/%D1%80%D0%B0%D0%B1%D0%BE%D1%82%D0%B0"


@pytest.mark.parametrize("path", ["api/inngest", "r%C3%A9sum%C3%A9", "%D1%80%D0%B0"])
def test_a_mount_that_decodes_the_path_keeps_it_in_the_url(path: str, client: inngest.Inngest) -> None:
    app = bottle.Bottle()
    app.mount(f"/{unquote(path)}", serve(client))

    assert read(WsgiHost(app).send(put(f"{ORIGIN}/{path}", x_inngest_sync_kind="in_band")))["url"] == f"{ORIGIN}/{path}"


def test_nothing_is_read_beyond_the_length(client: inngest.Inngest) -> None:
    request = call("app-echo", data={"a": 1})
    environ = environ_of(request) | {"wsgi.input": Input(request.body)}

    assert call_app(serve(client), environ)[2] == b'{"a":1}'


def test_a_body_without_a_length_is_read_to_its_end_where_there_is_one(client: inngest.Inngest) -> None:
    environ = environ_of(call("app-echo", data={"a": 1})) | {"wsgi.input_terminated": True}
    del environ["CONTENT_LENGTH"]

    assert call_app(serve(client), environ)[2] == b'{"a":1}'


@pytest.mark.parametrize("length", ["", "-1", "many", "9" * 5_000, None])
def test_a_length_that_is_none_is_no_body(length: str | None, client: inngest.Inngest) -> None:
    environ = environ_of(call("app-echo")) | {"CONTENT_LENGTH": length, "wsgi.input": Input(b"{}")}

    assert call_app(serve(client), environ)[0] == "400 Bad Request"


def test_the_answer_to_head_has_no_body(client: inngest.Inngest) -> None:
    status, headers, body = call_app(serve(client), environ_of(inngest.Request("HEAD", f"{ORIGIN}/api/inngest")))

    assert (status, body) == ("405 Method Not Allowed", b"")
    assert int(headers["content-length"]) > 0


def test_a_request_that_names_no_host_came_to_the_server(client: inngest.Inngest) -> None:
    environ = environ_of(put(x_inngest_sync_kind="in_band"))
    del environ["HTTP_HOST"]

    assert b'"url":"http://app.test:8000/api/inngest"' in call_app(serve(client), environ)[2]
