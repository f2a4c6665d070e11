"""The server's API, as apps reach it in a test: what they send comes to the scheduler in the same process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from inngest_py.dev.call import job_of, memos_text
from inngest_py.dev.happenings import Checkpointed, EventsReceived, SignalSent
from inngest_py.dev.ingest import read_events
from inngest_py.dev.live import Live
from inngest_py.dev.model import Event
from inngest_py.dev.reply import read_ops
from inngest_py.dev.simulation import Simulation
from inngest_py.dev.texts import events_text, text_of
from inngest_py.testing.journal import current_journal
from inngest_py.wire.codec import decode_object, encode
from inngest_py.wire.event import read_event
from inngest_py.wire.headers import EVENT_ID_SEED
from inngest_py.wire.http import Request, Response

_JUST_NOW: Final = 60_000


class Network:
    """Answers the requests of apps."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation: Final = simulation

    def answer(self, request: Request) -> Response:
        """Answer a request, as a server would that is always there."""
        match urlsplit(request.url).path.split("/")[1:]:
            case ["e", _]:
                return self._send(request)
            case ["v1", "signals"]:
                return self._signal(request)
            case ["v1", "checkpoint", run_id, "async"]:
                return self._checkpoint(unquote(run_id), request)
            case ["v0", "runs", run_id, "actions"]:
                return self._state(unquote(run_id), memos_text)
            case ["v0", "runs", run_id, "batch"]:
                return self._state(unquote(run_id), _events)
            case _:
                return _reply({"error": f"there is no {request.url} in a test"}, HTTPStatus.NOT_FOUND)

    def _send(self, request: Request) -> Response:
        simulation = self._simulation
        intake = read_events(request.body, request.headers.get(EVENT_ID_SEED), simulation.now, simulation.ids)
        events = tuple(self._dated(event) for event in intake.events)
        if events:
            simulation.happen(EventsReceived(events))
        journal = current_journal.get()
        if journal is not None:
            journal.sent |= {event.id: read_event(_shown(event)) for event in events}
        ids = [event.id for event in events] or [""]
        if intake.error:
            return _reply({"ids": ids, "status": 400, "error": intake.error}, HTTPStatus.BAD_REQUEST)
        return _reply({"ids": ids, "status": 200})

    def _dated(self, event: Event) -> Event:
        """An event that is of now by the machine's clock is of now by the test's."""
        of_now = abs(event.ts - time.time_ns() // 1_000_000) < _JUST_NOW
        return replace(event, ts=self._simulation.now) if of_now else event

    def _signal(self, request: Request) -> Response:
        fields = decode_object(request.body)
        run_id = self._simulation.happen(SignalSent(str(fields.get("signal")), text_of(fields.get("data"))))
        if run_id is None:
            return _reply({"error": "No signal found"}, HTTPStatus.NOT_FOUND)
        return _reply({"data": {"run_id": run_id}})

    def _checkpoint(self, run_id: str, request: Request) -> Response:
        fields = decode_object(request.body)
        ops = read_ops(fields["steps"])
        refusal = self._simulation.happen(Checkpointed(run_id, job_of(str(fields.get("qi_id"))), ops))
        return Response(HTTPStatus.OK) if not refusal else _reply({"error": refusal}, HTTPStatus.BAD_REQUEST)

    def _state(self, run_id: str, write: Callable[[Live], str]) -> Response:
        live = self._simulation.state.live.get(run_id)
        if live is None:
            return _reply({"error": f"there is no run {run_id}"}, HTTPStatus.GONE)
        return Response(HTTPStatus.OK, body=write(live).encode())


def _events(live: Live) -> str:
    return events_text(live.events, bare=True)


def _shown(event: Event) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": event.name, "id": event.key or event.id, "ts": event.ts, "v": event.v}
    return {**fields, "data": decode_object(event.data.encode()), "user": decode_object(event.user.encode())}


def _reply(body: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(status, body=encode(body))
