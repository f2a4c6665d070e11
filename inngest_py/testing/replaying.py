"""Replays a run: the function is executed anew after each of its steps, and has to ask for what it asked for then.

No step is executed again: each has the result that it had, and the ones that come next are only reported. So what is
outside of steps is all that can make a difference, and that is what must not be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from inngest_py.client import Inngest
from inngest_py.dev import model
from inngest_py.dev.call import call_body, call_headers, memos_text
from inngest_py.dev.live import Live
from inngest_py.dev.model import DISCOVERY, Job, JobKind, JobStatus, RunStatus, StepStatus
from inngest_py.dev.reply import Failed, Reply, read_reply
from inngest_py.dev.texts import events_text
from inngest_py.errors import DivergenceError, UsageError
from inngest_py.function import Function
from inngest_py.middleware.base import StepInfo
from inngest_py.testing.apps import App, client_of
from inngest_py.testing.causes import Witness, watched
from inngest_py.testing.comparing import Comparison
from inngest_py.testing.driving import Ask, Flow, aplay, play
from inngest_py.testing.journal import Journal
from inngest_py.testing.recording import RecordedStep, Recording, read_recording
from inngest_py.testing.stubs import Stub
from inngest_py.wire.codec import as_list, decode, encode
from inngest_py.wire.http import Request, Response
from inngest_py.wire.registration import call_url

_NOT_THE_SAME: Final = (
    "something that is not the same each time, such as the order of a set, a file, the environment or an answer of "
    "another server: ask for it in a step.run(...)"
)
_NOT_THE_CODE: Final = (
    "the code is not what it was when the run was recorded, and runs that are under way would go astray, too: keep the "
    "ids, kinds and order of the steps that they may have done, or let them end under the old id of the function"
)


class Replayer:
    """Replays runs of a client's functions. `unseen` is the likely cause of what differs and has left no trace."""

    def __init__(self, client: Inngest, unseen: str = _NOT_THE_SAME) -> None:
        self._unseen: Final = unseen
        self._journal = Journal()
        self._now = 0
        self._live: Live
        self._witness: Final = Witness()
        self._app: Final = App(client, self, lambda: self._now, silent=True)
        self._parts: Final = {part.id: part for function in self._app.functions for part in function.parts()}
        for part in self._parts.values():
            watched(part, self._witness)
        registration = self._app.registration(0, _no_trigger)
        self._functions: Final = {function.slug: function for function in registration.functions}

    # The notebook of the middleware ----------------------------------------------------------------------------------

    def journal(self, run_id: str) -> Journal:
        """The journal of this execution."""
        return self._journal

    def stub(self, function_id: str, step: StepInfo) -> Stub | None:
        """None: nothing is executed that could need one."""
        return None

    def now(self) -> int:
        """When the run began: time stands still."""
        return self._now

    # A run -----------------------------------------------------------------------------------------------------------

    def check(self, recording: Recording) -> Flow[None]:
        """Replay a run. Raises DivergenceError if the function does something else than it did."""
        if recording.function not in self._functions:
            raise UsageError(f"there is no function {recording.function} to replay run {recording.run_id} with")
        self._now = recording.created_at
        seen: dict[str, None] = {}
        live = self._live = _live(recording)
        for count in range(len(recording.done) + 1):
            if count:
                live.put_step(_done(recording, recording.done[count - 1]))
            comparison = Comparison(recording, count, seen)
            reply = yield from self._execute(recording, count, comparison)
            difference = comparison.difference(reply, self._journal)
            if difference is not None:
                cause = yield from self._cause(recording, count)
                raise DivergenceError(recording.function, count, difference, cause)
            if comparison.is_over(reply):
                return

    def _execute(self, recording: Recording, count: int, comparison: Comparison) -> Flow[Reply]:
        """Execute the function after so many steps; again, as a further attempt, if it fails and should not."""
        attempt = 0
        while True:
            reply = yield from self._ask(recording, count, attempt)
            attempt += 1
            if not isinstance(reply, Failed) or attempt >= recording.max_attempts or comparison.may_end(reply):
                return reply

    def _ask(self, recording: Recording, count: int, attempt: int) -> Flow[Reply]:
        self._journal = Journal()
        live = self._live
        job = Job(
            id=f"replay{count}",
            run_id=recording.run_id,
            kind=JobKind.CALL,
            target=DISCOVERY,
            at=self._now,
            status=JobStatus.RUNNING,
            max_attempts=recording.max_attempts,
            attempt=attempt,
        )
        function = self._functions[recording.function]
        found = call_headers(live, job, job.id)
        body = call_body(live, function, job, job.id, force_plan=True)
        request = Request.of("POST", call_url(self._app.url, recording.function), found.items(), body)
        response = yield Ask(self._app.handler, request, self._answer, self._journal)
        return read_reply(response, self._now)

    def _cause(self, recording: Recording, count: int) -> Flow[str]:
        """Execute the function once more, watched."""
        self._witness.watching = True
        try:
            yield from self._ask(recording, count, 0)
        finally:
            self._witness.watching = False
        return self._witness.causes(self._parts[recording.function].handler, self._unseen)

    # What the app asks meanwhile -------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Response:
        """Give a large state; take events and signals, and do nothing with them: all of this happened before."""
        live, path = self._live, urlsplit(request.url).path
        if path.startswith("/v0/runs/"):
            text = memos_text(live) if path.endswith("/actions") else events_text(live.events, bare=True)
            return Response(HTTPStatus.OK, body=text.encode())
        if path.startswith("/e/"):
            sent = as_list(decode(request.body)) or [None]
            return Response(HTTPStatus.OK, body=encode({"ids": ["replayed"] * len(sent), "status": 200}))
        return Response(HTTPStatus.NOT_FOUND, body=b"{}")


def _no_trigger(_function_id: str, _trigger: object) -> bool:
    return False


def _live(recording: Recording) -> Live:
    """The run when it had no results yet."""
    run = model.Run(
        id=recording.run_id,
        function=recording.function,
        app_id="",
        status=RunStatus.RUNNING,
        events=tuple(event.id for event in recording.events),
        created_at=recording.created_at,
        max_attempts=recording.max_attempts,
    )
    return Live(run, recording.events)


def _done(recording: Recording, step: RecordedStep) -> model.Step:
    return model.Step(
        run_id=recording.run_id,
        id=step.hashed,
        name=step.id,
        op=step.op,
        status=StepStatus.COMPLETED,
        queued_at=recording.created_at,
        memo=step.memo,
    )


def replay(function: Function[Any], recording: str | Path | Mapping[str, Any]) -> None:
    """Hold a function against a run of it that `inngest-py runs RUN_ID --export run.json` has written.

    So a change that would lead runs that are under way astray fails in a test. No step is executed. Raises
    DivergenceError, which says what is different now, and UsageError for a recording that cannot be read.
    """
    play(_replay(function, recording), "testing.areplay(...)")


async def areplay(function: Function[Any], recording: str | Path | Mapping[str, Any]) -> None:
    """Do the same as `replay` in a coroutine."""
    await aplay(_replay(function, recording))


def _replay(function: Function[Any], source: str | Path | Mapping[str, Any]) -> Flow[None]:
    replayer, recording = Replayer(client_of(function), _NOT_THE_CODE), read_recording(source)
    yield from replayer.check(replace(recording, function=function.id))
