"""Sending events (PROTOCOL 10.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from inngest_py.engine.effects import Exchange, Flow, Pause
from inngest_py.errors import SendEventsError, ServerError, UnserializableError
from inngest_py.wire import headers
from inngest_py.wire.codec import as_list, decode_object, encode
from inngest_py.wire.event import RESERVED_PREFIX, Event
from inngest_py.wire.http import Request, Response
from inngest_py.wire.ulid import seed

MAX_BATCH: Final = 5000
"""How many events one request may carry."""

MAX_REQUEST: Final = 8 * 1024 * 1024
"""How many bytes of events are put into one request before the next is begun."""

LARGE: Final = 256 * 1024
"""How many bytes an event may have before somebody should be told to send a reference instead."""

TRIES: Final = 5
"""How often a send is tried while the server cannot be reached or has trouble of its own."""

_EARLIEST: Final = 315_532_800_000
_LATEST: Final = 4_102_444_800_000
_FIRST_PAUSE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One logical send: where to, what, and the time and randomness that make its retries harmless.

    `now` is in Unix milliseconds; `entropy` are ten random bytes for each request, of which there may be several;
    `jitter` from 0 to 1 says how much longer to wait before trying again. `note_large` is told the name and the size,
    in bytes, of every event that is large.
    """

    origin: str
    event_key: str = field(repr=False)
    headers: Mapping[str, str]
    events: Sequence[Event[Any]]
    now: int
    entropy: Iterator[bytes]
    jitter: float
    note_large: Callable[[str, int], None] = lambda _name, _size: None


def send_events(sending: Sending) -> Flow[list[str]]:
    """Send events, in as few requests as the server takes; give their ids in the same order.

    Every event is checked before the first is sent, for the server accepts part of a batch. Raises SendEventsError
    with the ids of those that were accepted.
    """
    ids: list[str] = []
    key = quote(sending.event_key, safe="")
    for body in _requests([_sized(event, sending) for event in sending.events]):
        found = {**sending.headers, headers.EVENT_ID_SEED: seed(sending.now, next(sending.entropy))}
        try:
            ids += yield from _send(Request("POST", f"{sending.origin}/e/{key}", found, body), sending.jitter)
        except SendEventsError as error:
            message = error.message.replace(key, "***").replace(sending.event_key, "***")
            raise SendEventsError(message, [*ids, *error.ids]) from None
    return ids


def _sized(event: Event[Any], sending: Sending) -> bytes:
    body = _encoded(event, sending.now)
    if len(body) > LARGE:
        sending.note_large(event.name, len(body))
    return body


def _encoded(event: Event[Any], now: int) -> bytes:
    body = event.to_json(now)
    if event.name.lower().startswith(RESERVED_PREFIX):
        raise SendEventsError(f'event "{event.name}": names that begin with "{RESERVED_PREFIX}" are the server\'s own')
    if not _EARLIEST <= body["ts"] < _LATEST:
        raise SendEventsError(
            f'event "{event.name}": ts={event.ts} is not between 1980 and 2100: write Unix milliseconds, not seconds'
        )
    try:
        return encode(body)
    except UnserializableError as error:
        raise UnserializableError(error.path, f'{error.reason}, in event "{event.name}"') from None


def _requests(events: Sequence[bytes]) -> Iterator[bytes]:
    """Join events into bodies, each within the server's limits."""
    batch: list[bytes] = []
    size = 0
    for event in events:
        if batch and (len(batch) == MAX_BATCH or size + len(event) > MAX_REQUEST):
            yield b"[" + b",".join(batch) + b"]"
            batch, size = [], 0
        batch.append(event)
        size += len(event)
    if batch:
        yield b"[" + b",".join(batch) + b"]"


def _send(request: Request, jitter: float) -> Flow[list[str]]:
    """Send one request, again while the server cannot be reached or has trouble of its own."""
    outcome = yield from _try(request)
    for again in range(TRIES - 1):
        if not isinstance(outcome, SendEventsError):
            break
        yield Pause(_FIRST_PAUSE * 2**again * (1 + jitter))
        outcome = yield from _try(request)
    if isinstance(outcome, SendEventsError):
        raise outcome
    return _ids(outcome)


def _try(request: Request) -> Flow[Response | SendEventsError]:
    """Send a request once: the answer, or the trouble that may pass."""
    try:
        response: Response = yield Exchange(request)
    except ServerError as error:
        return SendEventsError(f"events were not sent: {error}")
    return response if response.status < HTTPStatus.INTERNAL_SERVER_ERROR else _refusal(response)


def _ids(response: Response) -> list[str]:
    ids = as_list(decode_object(response.body).get("ids"))
    if response.status == HTTPStatus.OK and ids is not None:
        return [str(item) for item in ids]
    raise _refusal(response)


def _refusal(response: Response) -> SendEventsError:
    """Say why the server did not take the events, in its own words where it has any."""
    fields = decode_object(response.body)
    reason = fields.get("error") or fields.get("message") or response.body[:200].decode(errors="replace").strip()
    said = f": {reason}" if reason else ""
    accepted = [str(item) for item in as_list(fields.get("ids")) or () if item]
    hint = (
        "; is INNGEST_EVENT_KEY, or event_key, that of this server?"
        if response.status == HTTPStatus.UNAUTHORIZED
        else ""
    )
    return SendEventsError(f"the event API answered with status {response.status}{said}{hint}", accepted)
