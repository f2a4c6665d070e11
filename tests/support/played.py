"""A server that plays the protocol's rules against a handler, in process, in any legal order, and keeps a record."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from inngest_py import Handler, Inngest, Request, Response

STEP = "step"


def make_client(**options: Any) -> Inngest:
    given: dict[str, Any] = {"app_id": "app", "is_production": False}
    return Inngest(**given | options)


def call_request(
    function_id: str,
    *,
    target: str = STEP,
    steps: dict[str, Any] | None = None,
    stack: list[str] | None = None,
    event: dict[str, Any] | None = None,
    events: list[dict[str, Any]] | None = None,
    **ctx: Any,
) -> Request:
    """The request with which a server asks for a function."""
    event = event or {"name": "test/event", "data": {}, "id": "E1", "ts": 1_700_000_000_000}
    body = {
        "ctx": {
            "attempt": 0,
            "disable_immediate_execution": False,
            "max_attempts": 4,
            "run_id": "R1",
            "stack": {"current": 0, "stack": list(steps or {}) if stack is None else stack},
            "step_id": STEP,
            "use_api": False,
        }
        | ctx,
        "event": event,
        "events": events or [event],
        "steps": steps or {},
        "use_api": False,
        "version": 2,
    }
    url = f"http://app.test/api/inngest?fnId={function_id}&stepId={target}"
    return Request("POST", url, {"content-type": "application/json"}, json.dumps(body).encode())


@dataclass
class Job:
    """A request to be made: which step, forbidden to run in place or not, and how often it was tried."""

    target: str = STEP
    immediate: bool = True
    attempt: int = 0


@dataclass
class Played:
    """One run of one function, played to its end.

    `choose` picks which of the queued requests is made next. `repeat` may have a request made twice, and `lose` have
    its answer lost: then it is made again. What ran in vain is in `wasted`, by hashed step id.
    """

    handler: Handler
    function_id: str
    event: dict[str, Any] | None = None
    choose: Callable[[int], int] = lambda _count: 0
    repeat: Callable[[], bool] = lambda: False
    lose: Callable[[], bool] = lambda: False
    max_attempts: int = 4
    answers: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)

    steps: dict[str, Any] = field(default_factory=dict)
    stack: list[str] = field(default_factory=list)
    replies: list[Response] = field(default_factory=list)
    ops: list[dict[str, Any]] = field(default_factory=list)
    planned: set[str] = field(default_factory=set)
    siblings: int = 0
    wasted: list[str] = field(default_factory=list)
    status: str = "running"
    output: Any = None

    def play(self, most: int = 500) -> Played:
        """Make requests until the run ends."""
        queue = [Job()]
        for _ in range(most):
            if self.status != "running":
                return self
            job = queue.pop(self.choose(len(queue)))
            response = self._ask(job)
            if self.lose():
                self._waste(response)
                queue.append(job)
            else:
                queue += self._take(job, response)
        raise AssertionError(f"the run did not end in {most} requests: {self.ops[-5:]}")

    def _ask(self, job: Job) -> Response:
        request = call_request(
            self.function_id,
            target=job.target,
            steps=self.steps,
            stack=self.stack,
            event=self.event,
            attempt=job.attempt,
            max_attempts=self.max_attempts,
            disable_immediate_execution=not job.immediate,
            **self.ids,
        )
        if self.repeat():
            self._waste(self._send(request))
        response = self._send(request)
        self.replies.append(response)
        return response

    def _send(self, request: Request) -> Response:
        return self.handler.handle(request)

    def _waste(self, response: Response) -> None:
        """Note the steps that ran, and whose results nobody will see."""
        if response.status == 206:
            self.wasted += [op["id"] for op in json.loads(response.body) if op["op"] == "StepRun"]

    def _take(self, job: Job, response: Response) -> list[Job]:
        body = json.loads(response.body)
        if response.status == 206:
            self.ops += body
            return self._operate(job, body)
        if response.status == 200:
            self.status, self.output = "completed", body
            return []
        if response.headers.get("x-inngest-no-retry") == "true" or job.attempt + 1 >= self.max_attempts:
            self.status, self.output = "failed", body
            return []
        return [Job(job.target, job.immediate, job.attempt + 1)]

    def _operate(self, job: Job, ops: list[dict[str, Any]]) -> list[Job]:
        fresh = [op for op in ops if op["id"] not in self.planned and op["id"] not in self.steps]
        if len(ops) > 1 and any(op["op"] == "StepPlanned" for op in ops):
            self.siblings += len(fresh)
        jobs = []
        for op in fresh:
            self.planned.add(op["id"]) if op["op"] == "StepPlanned" else None
        for op in ops:
            match op["op"]:
                case "StepPlanned":
                    jobs += [Job(op["id"], immediate=False)] if op in fresh else []
                case "StepError" if job.attempt + 1 < self.max_attempts:
                    jobs.append(Job(job.target, job.immediate, job.attempt + 1))
                case "StepError" | "StepFailed":
                    jobs += self._memoize(op, {"error": op["error"]})
                case "StepRun":
                    jobs += self._memoize(op, {"data": op["data"]})
                case "RunComplete":
                    self.status, self.output = "completed", op["data"]
                case "DiscoveryRequest":
                    jobs.append(Job())
                case "Sleep":
                    jobs += self._memoize(op, None)
                case _:
                    jobs += self._memoize(op, self.answers[op["displayName"]])
        return jobs

    def _memoize(self, op: dict[str, Any], memo: Any) -> list[Job]:
        """Store a result; the last of several siblings asks what is next (PROTOCOL 8)."""
        if op["id"] in self.steps:
            return []
        self.steps[op["id"]] = memo
        self.stack.append(op["id"])
        if self.siblings:
            self.siblings -= 1
            return [] if self.siblings else [Job(immediate=False)]
        return [Job()]


def play(client: Inngest, fn_id: str, **options: Any) -> Played:
    """Play one run of a function of a client to its end."""
    handler = Handler(client, framework="test")
    return Played(handler, f"{client.app_id}-{fn_id}", **options).play()
