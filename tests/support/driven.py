"""Flows driven by hand: each answer is given in turn, and what was asked for is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from inngest_py.engine.effects import Exchange, Flow, Pause
from inngest_py.wire.codec import encode
from inngest_py.wire.http import Request, Response

T = TypeVar("T")


class Driven(Generic[T]):
    """A flow that ran to its end: the requests that it sent, the pauses that it made, and its result or its error."""

    def __init__(self, flow: Flow[T], answers: Iterable[Response | Exception]) -> None:
        self.requests: list[Request] = []
        self.timeouts: list[float | None] = []
        self.pauses: list[float] = []
        self.error: Exception | None = None
        self._answers = iter(answers)
        try:
            self.result: Any = self._run(flow)
        except Exception as error:
            self.error = error

    def _run(self, flow: Flow[T]) -> T:
        step: Callable[[], Any] = lambda: next(flow)  # noqa: E731 - it changes with every answer
        while True:
            try:
                effect = step()
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            step = self._answer(flow, effect)

    def _answer(self, flow: Flow[T], effect: object) -> Callable[[], Any]:
        if isinstance(effect, Pause):
            self.pauses.append(effect.seconds)
            return lambda: flow.send(None)
        assert isinstance(effect, Exchange)
        self.requests.append(effect.request)
        self.timeouts.append(effect.timeout)
        answer = next(self._answers)
        return lambda: flow.throw(answer) if isinstance(answer, Exception) else flow.send(answer)


def answer(status: int, body: object = None) -> Response:
    """An answer in JSON, or in the bytes that are given."""
    return Response(status, {}, body if isinstance(body, bytes) else encode(body))
