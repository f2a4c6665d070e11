"""Saving results of steps while the function goes on (PROTOCOL 9.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from inngest_py.engine.checkpoints import Saved
from inngest_py.engine.effects import Flow, Pause
from inngest_py.errors import ServerError
from inngest_py.flows.authorized import authorized, outgoing_headers
from inngest_py.settings import Settings
from inngest_py.wire.call import Call
from inngest_py.wire.codec import encode
from inngest_py.wire.http import Request
from inngest_py.wire.ops import Op, encode_ops

TRIES: Final = 3
"""How often saving is tried before the ordinary answer has to do."""

PATIENCE: Final = 5.0
_FIRST_PAUSE: Final = 0.1

SILENCE: Final = 60.0
"""How long, in seconds, nothing is saved after the API has not answered: each try would hold up a step for long."""


class Silence:
    """Remembers that the API does not answer: each step is a request of its own for a while."""

    def __init__(self) -> None:
        self._until = 0.0

    def begin(self, now: float) -> None:
        """The API has not answered. `now` is the Unix time in seconds."""
        self._until = now + SILENCE

    def lasts(self, now: float) -> bool:
        """Whether it is not to be asked yet."""
        return now < self._until


def can_checkpoint(call: Call) -> bool:
    """Whether the server said what is needed to save results in the middle of a request."""
    return call.target is None and call.immediate and bool(call.id("fn_id")) and bool(call.id("qi_id"))


class Saver:
    """Saves results for one call. `clock` gives the Unix time in seconds."""

    def __init__(self, settings: Settings, call: Call, clock: Callable[[], float], silence: Silence) -> None:
        self._settings: Final = settings
        self._clock: Final = clock
        self._silence: Final = silence
        self._started: Final = _milliseconds(clock)
        self._call: Final = call

    def elapsed(self) -> float:
        """The age of the request, in seconds."""
        return (_milliseconds(self._clock) - self._started) / 1000

    def save(self, ops: Sequence[Op]) -> Flow[Saved]:
        """Save results: after some tries it is known whether the server has them."""
        url = f"{self._settings.api_origin}/v1/checkpoint/{quote(self._call.run_id, safe='')}/async"
        answered = False
        request = Request("POST", url, outgoing_headers(self._settings), self._body(ops))
        for again in range(TRIES):
            if again:
                yield Pause(_FIRST_PAUSE * 2**again)
            try:
                response = yield from authorized(self._settings, request, PATIENCE)
            except ServerError:
                continue
            answered = True
            if response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return _read(response.status)
        if not answered:
            self._silence.begin(self._clock())
        return Saved.NO

    def _body(self, ops: Sequence[Op]) -> bytes:
        call = self._call
        ids: dict[str, Any] = {name: call.ids[name] for name in _ECHOED if call.ids.get(name) is not None}
        head = {"run_id": call.run_id, **ids, "request_started_at": self._started, "ts": _milliseconds(self._clock)}
        return encode(head)[:-1] + b',"steps":' + encode_ops(ops) + b"}"


_ECHOED: Final = ("fn_id", "qi_id", "request_id", "generation_id")


def _read(status: int) -> Saved:
    if status == HTTPStatus.OK:
        return Saved.YES
    return Saved.STALE if status == HTTPStatus.CONFLICT else Saved.NO


def _milliseconds(clock: Callable[[], float]) -> int:
    return int(clock() * 1000)
