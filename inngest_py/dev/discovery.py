"""Keeps in touch with the apps whose URLs were given: asks each to register, again and again (PROTOCOL 3.1)."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from inngest_py.dev.notices import AppUnreachable, Notice
from inngest_py.dev.registration import normal_url
from inngest_py.dev.reply import FetchReply
from inngest_py.dev.shapes import as_object
from inngest_py.errors import InvalidJSONError
from inngest_py.wire import headers as names
from inngest_py.wire.codec import decode, encode

TIMEOUT: Final = 10.0
"""How long an app may take to register, in seconds."""

_EAGER: Final = 0.5
_SUCCESS: Final = range(200, 300)
_NAME: Final = re.compile(r"(?=.{1,253}$)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?")


class Status(StrEnum):
    """How an app took it to be asked to register."""

    CONNECTED = "connected"
    UNREACHABLE = "unreachable"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "url_not_found"
    NOT_AN_APP = "not_an_inngest_app"
    REFUSED = "refused"
    BROKEN = "internal_server_error"
    UNSUPPORTED = "unsupported_protocol"
    ELSEWHERE = "registered_elsewhere"
    FORGOTTEN = "forgotten"


def is_app_url(url: str) -> bool:
    """Whether a text is a URL at which an app could be."""
    if not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        return False


def _is_host(text: str) -> bool:
    """Whether a text is a name of a machine or an address."""
    if ":" in text:
        return bool(ipaddress.ip_address(text.partition("%")[0]))
    return _NAME.fullmatch(text) is not None


def read_status(url: str, reply: FetchReply) -> tuple[Status, str]:
    """What the reply to a PUT means, and a sentence that says what to do about it."""
    if reply.fault:
        return Status.UNREACHABLE, f"nothing answers at {url} ({reply.fault}); is the app running there?"
    if reply.status == HTTPStatus.NOT_FOUND:
        return Status.NOT_FOUND, f"{url} does not exist in the app (404); under which path is Inngest served?"
    if names.SDK not in reply.headers and names.SDK_HANDLED not in reply.headers:
        return Status.NOT_AN_APP, f"{url} answers ({reply.status}), but not as an Inngest app; check the path"
    return _read_sdk_status(url, reply)


def _read_sdk_status(url: str, reply: FetchReply) -> tuple[Status, str]:
    said = _message(reply.body)
    match reply.status:
        case HTTPStatus.UNAUTHORIZED:
            return Status.UNAUTHORIZED, f"{url} refuses the signature; is the app in production mode? Set INNGEST_DEV=1"
        case HTTPStatus.FORBIDDEN:
            return Status.FORBIDDEN, f"{url} refuses a dev server; set INNGEST_DEV=1 for the app"
        case status if status in _SUCCESS:
            return Status.CONNECTED, ""
        case status if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Status.REFUSED, f"{url} did not register ({status}): {said}"
        case status:
            return Status.BROKEN, f"{url} failed to register ({status}): {said}"


def _message(body: bytes) -> str:
    try:
        value = decode(body)
    except InvalidJSONError:
        value = None
    fields = as_object(value) or {}
    return str(fields.get("message") or fields.get("error") or body[:200].decode(errors="replace"))


class Discovery:
    """Watches URLs. An app that is not there is looked for twice a second, one that is there every `interval`.

    `put` asks an app to register; `interval` is in seconds, or None to ask only until the first time it works.
    `problems` are the apps that could not be synced when they were asked last, by their URL, and `forgotten` the URLs
    that are not to be asked any more; several may share them. `registrations` counts those that have come in: an app
    that says it has registered, when none has, did so at another server.
    """

    def __init__(
        self,
        urls: tuple[str, ...],
        put: Callable[[str, bytes, float], Awaitable[FetchReply]],
        *,
        interval: float | None,
        clock: Callable[[], int],
        observe: Callable[[Notice], None],
        problems: dict[str, AppUnreachable] | None = None,
        forgotten: set[str] | None = None,
        registrations: Callable[[], int] | None = None,
    ) -> None:
        self.problems: dict[str, AppUnreachable] = {} if problems is None else problems
        self.forgotten: set[str] = set() if forgotten is None else forgotten
        self.statuses: dict[str, Status] = {}
        self._urls = urls
        self._put = put
        self._interval = interval
        self._clock = clock
        self._observe = observe
        self._registrations = registrations
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin to watch."""
        self._tasks = {url: asyncio.create_task(self._watch(url)) for url in self._urls}

    async def stop(self) -> None:
        """Watch no longer."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def ask(self, url: str) -> Status:
        """Ask an app once to register; an observer is told when the outcome is another than before."""
        if normal_url(url) in self.forgotten:
            return Status.FORGOTTEN
        if urlsplit(url).scheme not in {"http", "https"}:
            status, message = Status.UNSUPPORTED, f"{url} must begin with http:// or https://"
        else:
            status, message = await self._register(url)
        if normal_url(url) in self.forgotten:  # while it was being asked
            return Status.FORGOTTEN
        if status is Status.CONNECTED:
            self.problems.pop(url, None)
        elif self.statuses.get(url) is not status:
            self.problems[url] = AppUnreachable(at=self._clock(), url=url, code=status.value, message=message)
            self._observe(self.problems[url])
        self.statuses[url] = status
        return status

    async def _register(self, url: str) -> tuple[Status, str]:
        """Have an app register, and see whether it did so here."""
        before = None if self._registrations is None else self._registrations()
        status, message = read_status(url, await self._put(url, encode({"url": url}), TIMEOUT))
        if status is Status.CONNECTED and self._registrations is not None and self._registrations() == before:
            message = (
                f"{url} says that it has registered, but not here; to which server do its INNGEST_* variables point?"
            )
            return Status.ELSEWHERE, message
        return status, message

    async def add(self, url: str) -> None:
        """Watch one more URL. Returns when it has been asked once."""
        self.forgotten.discard(normal_url(url))
        await self.ask(url)
        if url not in self._tasks:
            self._tasks[url] = asyncio.create_task(self._watch(url))

    def remove(self, url: str) -> None:
        """Watch a URL no longer, and ask there no more until it is added again."""
        self.forgotten.add(normal_url(url))
        for known in [each for each in {*self._tasks, *self.problems} if normal_url(each) == normal_url(url)]:
            self.problems.pop(known, None)
            self.statuses.pop(known, None)
            if known in self._tasks:
                self._tasks.pop(known).cancel()

    async def _watch(self, url: str) -> None:
        while True:
            status = await self.ask(url)
            if status is Status.FORGOTTEN or (status is Status.CONNECTED and self._interval is None):
                return
            waiting = status is Status.UNREACHABLE or self._interval is None
            await asyncio.sleep(min(_EAGER, self._interval or _EAGER) if waiting else self._interval or _EAGER)
