"""The whole server over real HTTP: start, stop, what it says when it cannot, and apps that misbehave."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin

import aiohttp
import httpx
import pytest
from aiohttp import web

from inngest_py.dev.decisions import Call, Fetch
from inngest_py.dev.discovery import Status, read_status
from inngest_py.dev.executor import HTTPExecutor
from inngest_py.dev.notices import AppSynced, AppUnreachable, RunCompleted
from inngest_py.dev.options import Options
from inngest_py.dev.reply import Done, Failed, FetchReply
from inngest_py.dev.server import DevServer
from inngest_py.errors import ConfigError, UsageError
from inngest_py.wire.signing import SigningKey, verify

SDK = {"X-Inngest-SDK": "test:v0", "X-Inngest-Req-Version": "2"}
Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def app(handle: Handle) -> AsyncIterator[str]:
    """An app on a port of its own; gives its URL."""
    runner = web.AppRunner(_application(handle), handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}/api"
    finally:
        await runner.cleanup()


def _application(handle: Handle) -> web.Application:
    application = web.Application(client_max_size=1 << 26)
    application.router.add_route("*", "/{path:.*}", handle)
    return application


@asynccontextmanager
async def executor(key: SigningKey | None = None) -> AsyncIterator[HTTPExecutor]:
    made = HTTPExecutor(lambda: 1_767_225_600_000, key)
    try:
        yield made
    finally:
        made.stop()


def call(url: str) -> Call:
    return Call("job", 1, url + "?fnId=f&stepId=step", {"Content-Type": "application/json"}, b'{"a":1}')


async def test_port_zero_takes_a_free_port_and_stop_gives_it_back():
    server = DevServer(Options(port=0))
    await server.start()

    async with httpx.AsyncClient() as http:
        health = await http.get(server.url + "/health")
    await server.stop()

    assert health.json() == {"status": 200, "message": "OK"}
    with socket.create_server(("127.0.0.1", int(server.url.rpartition(":")[2]))):
        pass


async def test_a_port_in_use_is_named():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(ConfigError, match=f"port {port} is in use"):
            await DevServer(Options(port=port)).start()


@pytest.mark.parametrize("host", ["::", "192.0.2.1", "example.test"])
async def test_a_public_address_needs_keys(host):
    with pytest.raises(ConfigError, match="set a signing key and an event key"):
        await DevServer(Options(host=host, port=0)).start()


async def test_serve_ends_when_it_is_stopped():
    server = DevServer(Options(port=0))
    await server.start()
    serving = asyncio.create_task(server.serve())
    await asyncio.sleep(0)

    await server.stop()

    await serving


def test_there_is_no_engine_before_the_start():
    with pytest.raises(UsageError):
        _ = DevServer().engine


async def test_calls_are_signed_and_gzip_is_understood():
    key, seen = SigningKey("signkey-test-0123456789abcdef"), dict[str, Any]()

    async def handle(request: web.Request) -> web.StreamResponse:
        seen["key"] = verify(request.headers["X-Inngest-Signature"], await request.read(), [key], 1_767_225_600)
        return web.Response(body=gzip.compress(b'"zipped"'), headers={**SDK, "Content-Encoding": "gzip"})

    async with app(handle) as url, executor(key) as http:
        reply = await http.call(call(url))

    assert reply == Done('"zipped"')
    assert seen["key"] is key


async def test_an_app_is_asked_about_itself_with_a_signature():
    key = SigningKey("signkey-test-0123456789abcdef")

    async def handle(request: web.Request) -> web.StreamResponse:
        verify(request.headers["X-Inngest-Signature"], b"", [key], 1_767_225_600)
        return web.json_response({}, headers=SDK)

    async with app(handle) as url, executor(key) as http:
        reply = await http.get(url, 10)

    assert reply.status == 200


async def test_a_redirect_keeps_method_body_and_query():
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path == "/api":
            return web.Response(status=302, headers={"Location": "/moved"})
        seen = [request.method, request.query["fnId"], await request.text()]
        return web.json_response(seen, headers=SDK)

    async with app(handle) as url, executor() as http:
        reply = await http.call(call(url))

    assert isinstance(reply, Done)
    assert json.loads(reply.output) == ["POST", "f", '{"a":1}']


SECRETS = {"Authorization": "Bearer s", "Cookie": "c=1", "X-Api-Key": "k", "x-goog-api-key": "g"}


@asynccontextmanager
async def redirecting(status: int, *, elsewhere: bool) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """A server that redirects, to itself or to another one, and what arrives at the end."""
    seen = dict[str, Any]()

    async def last(request: web.Request) -> web.StreamResponse:
        seen.update(
            method=request.method, headers=request.headers, body=await request.text(), query=request.query_string
        )
        return web.Response(text="there")

    async with app(last) as other:

        async def first(request: web.Request) -> web.StreamResponse:
            if request.path == "/end":
                return await last(request)
            return web.Response(status=status, headers={"Location": urljoin(other, "/end") if elsewhere else "/end"})

        async with app(first) as url:
            yield url, seen


@pytest.mark.parametrize(("elsewhere", "kept"), [(True, []), (False, list(SECRETS))])
async def test_a_redirect_of_a_step_takes_keys_to_no_other_host(elsewhere, kept):
    async with redirecting(307, elsewhere=elsewhere) as (url, seen), executor() as http:
        reply = await http.fetch(
            Fetch("j", 1, "Gateway", {"url": f"{url}?key=s", "headers": {**SECRETS, "X-Trace": "t"}, "body": "x"})
        )

    assert (reply.status, reply.body) == (200, b"there")
    assert [name for name in SECRETS if name in seen["headers"]] == kept
    assert seen["headers"]["X-Trace"] == "t"
    assert (seen["method"], seen["body"], seen["query"]) == ("POST", '"x"', "")


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (302, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
    ],
)
async def test_a_redirect_of_a_step_changes_the_method_as_in_browsers(status, method, then):
    async with redirecting(status, elsewhere=False) as (url, seen), executor() as http:
        await http.fetch(Fetch("j", 1, "Gateway", {"url": url, "method": method, "body": {"a": 1}}))

    assert seen["method"] == then
    assert seen["body"] == ("" if then == "GET" else '{"a":1}')
    assert ("Content-Type" in seen["headers"]) is (then != "GET")


async def test_redirects_in_a_circle_are_a_failure():
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": "/api", **SDK})

    async with app(handle) as url, executor() as http:
        reply = await http.call(call(url))

    assert isinstance(reply, Failed)
    assert reply.error["error"] == "invalid status code: 307"


async def test_a_reply_that_is_too_large_is_a_failure():
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b" " * (9 << 20), headers=SDK)

    async with app(handle) as url, executor() as http:
        reply = await http.call(call(url))

    assert isinstance(reply, Failed)
    assert reply.error["name"] == "output_too_large"


async def test_an_app_that_hangs_up_is_a_failure():
    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with app(handle) as url, executor() as http:
        reply = await http.call(call(url))

    assert isinstance(reply, Failed)
    assert reply.error["error"] == "Unable to reach SDK URL"


async def test_nobody_there_is_a_failure():
    async with executor() as http:
        reply = await http.call(call("http://127.0.0.1:1/api"))

    assert isinstance(reply, Failed)
    assert reply.error["name"] == "http_unreachable"


async def test_a_request_for_a_step_is_made_as_it_was_described():
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.json_response(
            [request.method, request.headers.get("Authorization"), await request.text()], status=418
        )

    async with app(handle) as url, executor() as http:
        options = {"url": url, "method": "PATCH", "headers": {"X-A": 1}, "body": "raw", "auth_key": "k"}
        reply = await http.fetch(Fetch("job", 1, "Gateway", options))
        lost = await http.fetch(Fetch("job", 1, "Gateway", {"url": "http://127.0.0.1:1"}))

    assert reply.status == 418
    assert json.loads(reply.body) == ["PATCH", "Bearer k", '"raw"']
    assert lost.fault == "Unable to reach SDK URL"


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (FetchReply(fault="refused"), Status.UNREACHABLE),
        (FetchReply(status=404), Status.NOT_FOUND),
        (FetchReply(status=200, body=b"<html>"), Status.NOT_AN_APP),
        (FetchReply(status=401, headers={"x-inngest-sdk-handled": "true"}), Status.UNAUTHORIZED),
        (FetchReply(status=403, headers={"x-inngest-sdk": "x"}), Status.FORBIDDEN),
        (FetchReply(status=400, headers={"x-inngest-sdk": "x"}, body=b'{"message":"no"}'), Status.REFUSED),
        (FetchReply(status=500, headers={"x-inngest-sdk": "x"}), Status.BROKEN),
        (FetchReply(status=200, headers={"x-inngest-sdk": "x"}), Status.CONNECTED),
    ],
)
def test_the_reply_of_a_watched_app_says_how_it_is(reply, status):
    found, message = read_status("http://x.test/api", reply)

    assert found is status
    assert bool(message) is (status is not Status.CONNECTED)


async def test_a_watched_app_registers_and_one_that_answers_html_is_told(kit):
    told = asyncio.Event()
    notices = []

    def observe(notice):
        notices.append(notice)
        kinds = {type(notice) for notice in notices}
        if {AppSynced, AppUnreachable} <= kinds:
            told.set()

    async def html(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>hello</html>")

    server = DevServer(Options(port=0), observe=observe)

    async def sdk(request: web.Request) -> web.StreamResponse:
        async with aiohttp.ClientSession() as http:
            payload = kit.registration(kit.config("f"))
            async with http.post(server.url + "/fn/register", json=payload) as reply:
                return web.json_response(await reply.json(), headers=SDK)

    async with app(html) as wrong, app(sdk) as right:
        server.options = Options(port=0, urls=(wrong, right))
        await server.start()
        async with asyncio.timeout(10):
            await told.wait()
        await server.stop()

    assert [notice.code for notice in notices if isinstance(notice, AppUnreachable)] == ["not_an_inngest_app"]


LIFE = """
import asyncio, pathlib, sys
from inngest_py.dev.options import Options
from inngest_py.dev.server import DevServer
async def main():
    server = DevServer(Options(port=0, persist=pathlib.Path(sys.argv[1]), retry_interval=0.05))
    await server.start()
    print(server.url, flush=True)
    await server.serve()
asyncio.run(main())
"""


@asynccontextmanager
async def life(path) -> AsyncIterator[str]:
    """A server in a process of its own, which is killed in the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LIFE, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.kill()
        await process.wait()


async def test_what_was_acknowledged_survives_being_killed(kit, tmp_path):
    executed, finished = list[str](), asyncio.Event()
    total, path = 6, tmp_path / "dev.db"
    ended = set[str]()

    async def handle(request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        run_id, steps = body["ctx"]["run_id"], body["steps"]
        names = ["a", "b", "c"]
        for name in names:
            if kit.hashed(name) not in steps:
                executed.append(f"{run_id}:{name}")
                return web.json_response([kit.op("StepRun", name, data=name)], status=206, headers=SDK)
        ended.add(run_id)
        if len(ended) == total:
            finished.set()
        return web.json_response("done", headers=SDK)

    async with app(handle) as url:
        config = kit.config("f")
        config["steps"]["step"]["runtime"]["url"] = url + "?fnId=f&stepId=step"
        for number in range(2):
            async with life(path) as server, httpx.AsyncClient(base_url=server) as http:
                if number == 0:
                    await http.post("/fn/register", json={**kit.registration(config), "url": url})
                for _ in range(total // 2):
                    assert (await http.post("/e/key", json={"name": "t/f"})).status_code == 200
        async with life(path) as server, httpx.AsyncClient(base_url=server) as http, asyncio.timeout(20):
            await finished.wait()
            while len(found := (await http.get("/v1/runs?status=completed")).json()["data"]) < total:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    assert {run["run_id"] for run in found} == ended
    assert len(ended) == total
    assert len(set(executed)) == 3 * total


async def test_apps_that_are_being_started_or_stopped_are_not_called_and_nothing_is_lost(kit, tmp_path):
    begun = asyncio.Event()
    calls: list[int] = []
    ends = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        calls.append(len(calls))
        begun.set()
        if len(calls) == 1:
            await ends.wait()
        return web.json_response("done", headers=SDK)

    async with app(handle) as url, httpx.AsyncClient() as http:
        config = kit.config("app-f", "go", retries=0)
        config["steps"]["step"]["runtime"]["url"] = url
        body = kit.registration(config)

        first = DevServer(Options(port=0, persist=tmp_path / "db"))
        await first.start()
        await http.post(first.url + "/fn/register", json=body)
        await http.post(first.url + "/e/key", json={"name": "go"})
        await begun.wait()
        first.engine.abandon()
        ends.set()
        await first.stop()

        ended = asyncio.Event()
        second = DevServer(
            Options(port=0, persist=tmp_path / "db"),
            observe=lambda notice: ended.set() if isinstance(notice, RunCompleted) else None,
            hold=True,
        )
        await second.start()
        assert len(calls) == 1
        await http.post(second.url + "/fn/register", json=body)
        await asyncio.wait_for(ended.wait(), 30)
        await second.stop()

    assert len(calls) == 2
