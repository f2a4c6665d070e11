"""Apps are found where a command listens, and with few requests."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from inngest_py.dev import listeners
from inngest_py.dev.discovery import Discovery
from inngest_py.dev.executor import HTTPExecutor
from inngest_py.dev.finder import PATHS, Finder, usual_origins
from inngest_py.dev.listeners import Listeners, listeners_of
from inngest_py.dev.notices import Notice

HEADERS = {"x-inngest-sdk": "py:v1"}


@dataclass
class Site:
    """A web server in this process, with an app at `path`; it knows what was asked for."""

    origin: str = ""
    path: str = "/api/inngest"
    seen: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append(f"{request.method} {request.path}")
        found = request.path == self.path
        return web.Response(status=200 if found else 404, text="{}", headers=HEADERS if found else {})


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", site.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    await runner.cleanup()


@pytest.fixture
async def finder_of() -> AsyncIterator[Callable[..., Any]]:
    """Makes a finder of the apps of this process."""
    async with AsyncExitStack() as stack:

        async def made(**options: Any) -> Finder:
            executor = HTTPExecutor(lambda: 0)
            stack.callback(executor.stop)
            discovery = Discovery((), executor.put, interval=None, clock=lambda: 0, observe=list[Notice]().append)
            return Finder(
                executor, discovery, **{"pid": os.getpid(), "interval": 5.0, "lost": lambda _: None, **options}
            )

        yield made


async def test_an_app_is_looked_for_once_and_asked_once(site: Site, finder_of: Callable[..., Any]) -> None:
    finder = await finder_of()

    for _ in range(3):
        await finder.look()

    assert site.seen == ["GET /api/inngest", "PUT /api/inngest"]


async def test_a_server_without_an_app_is_left_alone_after_one_look(site: Site, finder_of: Callable[..., Any]) -> None:
    site.path = "/elsewhere"
    finder = await finder_of()

    for _ in range(3):
        await finder.look()

    assert site.seen == [f"GET {path}" for path in PATHS]


async def test_an_app_that_moves_is_found_again_after_the_reload(
    site: Site, finder_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = await finder_of()
    await finder.look()
    site.path = "/x/inngest"
    site.seen.clear()

    reloaded = Listeners(frozenset({site.origin}), frozenset({-1}))
    monkeypatch.setattr("inngest_py.dev.finder.listeners_of", lambda _: reloaded)
    for _ in range(3):
        await finder.look()

    assert site.seen == ["PUT /api/inngest", "GET /api/inngest", "GET /x/inngest", "PUT /x/inngest"]


async def test_with_a_url_nothing_else_is_looked_at(site: Site, finder_of: Callable[..., Any]) -> None:
    finder = await finder_of(urls=(f"{site.origin}/api/inngest",))

    for _ in range(3):
        await finder.look()

    assert site.seen == ["PUT /api/inngest"]


async def test_without_a_command_the_usual_ports_are_looked_at(
    site: Site, finder_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inngest_py.dev.finder.PORTS", (int(site.origin.rpartition(":")[2]),))
    finder = await finder_of(pid=None)

    for _ in range(3):
        await finder.look()

    assert site.seen == ["GET /api/inngest", "PUT /api/inngest"]


async def test_the_port_of_the_environment_is_a_usual_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inngest_py.dev.finder.PORTS", ())
    monkeypatch.setenv("PORT", site.origin.rpartition(":")[2])

    assert await usual_origins() == {site.origin}


@pytest.mark.parametrize("tells", [True, False])
async def test_nobody_listens_at_a_usual_port_that_is_free(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, tells: bool
) -> None:
    port = int(site.origin.rpartition(":")[2])
    monkeypatch.setattr("inngest_py.dev.finder.PORTS", (port, 1))
    if not tells:
        monkeypatch.setattr("inngest_py.dev.finder.listening", lambda: None)

    assert await usual_origins() == {site.origin}
    assert await usual_origins(but=frozenset({site.origin})) == frozenset()


@pytest.mark.parametrize(
    ("listens", "origins"),
    [
        ({"http://127.0.0.1:3000", "http://[::1]:3000"}, {"http://127.0.0.1:3000"}),
        ({"http://[::1]:3000"}, {"http://[::1]:3000"}),
        ({"http://10.0.0.1:3000", "http://127.0.0.1:3999"}, set()),
    ],
)
async def test_who_listens_at_both_addresses_counts_once(
    monkeypatch: pytest.MonkeyPatch, listens: set[str], origins: set[str]
) -> None:
    monkeypatch.setattr("inngest_py.dev.finder.listening", lambda: frozenset(listens))
    monkeypatch.delenv("PORT", raising=False)

    assert await usual_origins() == origins


async def test_what_listened_before_the_command_is_left_alone(
    site: Site, finder_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inngest_py.dev.finder.PORTS", (int(site.origin.rpartition(":")[2]),))
    monkeypatch.setattr("inngest_py.dev.finder.listeners_of", lambda _: None)
    finder = await finder_of(taken=frozenset({site.origin}))

    for _ in range(3):
        await finder.look()

    assert site.seen == []


def test_who_listens_is_known_with_the_address() -> None:
    with socket.socket() as sock, socket.socket(socket.AF_INET6) as other:
        sock.bind(("127.0.0.1", 0))
        other.bind(("::1", 0))
        sock.listen()
        other.listen()

        found = listeners_of(os.getpid())

        assert found is not None
        assert f"http://127.0.0.1:{sock.getsockname()[1]}" in found.origins
        assert f"http://[::1]:{other.getsockname()[1]}" in found.origins
        assert os.getpid() in found.pids


def test_who_listens_everywhere_is_spoken_to_here() -> None:
    assert listeners._origin("00000000:1388") == "http://127.0.0.1:5000"


def test_of_a_process_that_is_gone_nothing_is_known() -> None:
    assert listeners_of(2**22 + 1) is None
