"""Watching the URLs of apps, which one may take away again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from inngest_py.dev.discovery import Discovery, Status, is_app_url
from inngest_py.dev.notices import Notice
from inngest_py.dev.reply import FetchReply

URL = "http://127.0.0.1:5000/api/inngest"


class Site:
    """Where nothing answers, or `reply`. `asked` has the URLs; `meanwhile` is done while somebody waits for it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.reply = FetchReply(fault="refused")

    async def put(self, url: str, _: bytes, __: float) -> FetchReply:
        self.asked.append(url)
        self.meanwhile()
        return self.reply


def discovery_of(site: Site, **options: Any) -> Discovery:
    observe: Callable[[Notice], None] = lambda _: None  # noqa: E731 - its type is written here
    return Discovery((), site.put, interval=None, clock=lambda: 0, observe=observe, **options)


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://shop.example.com/x?y=1",
        "http://localhost:8000",
        "http://my_app:8000/",
        "http://[::1]:5000/",
        "http://münchen.example/",
        "http://host.docker.internal./",
    ],
)
def test_a_url_at_which_an_app_could_be(url: str) -> None:
    assert is_app_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:5000",
        "ftp://x/",
        "http://",
        "http://x:0/",
        "http://x:99999/",
        "http://x%0d%0ay/",
        "http://x\r\ny/",
        "http://x y/",
        "http://x/a b",
        "http://<b>/",
        "http://x..y/",
        "http://.x/",
        "http://x,y/",
        "http://[::1/",
        "http://[::g]/",
        f"http://{'a' * 64}/",
        f"http://{'a.' * 130}/",
    ],
)
def test_a_text_that_is_no_url_of_an_app(url: str) -> None:
    assert not is_app_url(url)


async def test_what_was_taken_away_is_asked_no_more_until_it_is_added_again() -> None:
    site = Site()
    discovery = discovery_of(site)
    await discovery.add(URL)
    assert list(discovery.problems) == [URL]

    discovery.remove(URL)
    again = await discovery.ask(URL)

    assert again is Status.FORGOTTEN
    assert (site.asked, discovery.problems) == ([URL], {})
    await discovery.add(URL)
    assert (site.asked[:2], list(discovery.problems)) == ([URL, URL], [URL])
    await discovery.stop()


async def test_one_who_shares_what_was_forgotten_asks_there_no_more() -> None:
    site, forgotten = Site(), set[str]()
    discovery, other = discovery_of(site, forgotten=forgotten), discovery_of(site, forgotten=forgotten)

    discovery.remove("http://0.0.0.0:5000/api/inngest")

    assert await other.ask(URL) is Status.FORGOTTEN
    assert site.asked == []


async def test_what_is_taken_away_while_it_is_asked_is_no_problem_afterwards() -> None:
    site = Site()
    discovery = discovery_of(site)
    site.meanwhile = lambda: discovery.remove(URL)

    assert await discovery.ask(URL) is Status.FORGOTTEN
    assert discovery.problems == {}


async def test_nobody_watches_what_was_taken_away() -> None:
    site, before = Site(), asyncio.all_tasks()
    discovery = discovery_of(site)
    await discovery.add(URL)
    (watching,) = asyncio.all_tasks() - before

    discovery.remove(URL)

    await asyncio.wait([watching], timeout=5)
    assert watching.cancelled()
    assert site.asked == [URL]


async def test_an_app_that_says_it_has_registered_and_did_not_do_so_here_is_a_problem() -> None:
    site = Site()
    site.reply = FetchReply(URL, 200, {"x-inngest-sdk": "test:v0"}, b"{}")
    registered: list[str] = []
    discovery = discovery_of(site, registrations=lambda: len(registered))

    assert await discovery.ask(URL) is Status.ELSEWHERE
    assert discovery.problems[URL].message == (
        f"{URL} says that it has registered, but not here; to which server do its INNGEST_* variables point?"
    )

    site.meanwhile = lambda: registered.append("here")
    assert await discovery.ask(URL) is Status.CONNECTED
    assert discovery.problems == {}
