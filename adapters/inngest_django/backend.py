"""A backend for Django's tasks: they are enqueued as events and run through `serve()`, with no worker process.

A task has a row, made in the transaction that enqueues it, which becomes its result; the event is sent when that is
committed. One function for each backend runs them: its retries, its limits and the rest are the backend's `OPTIONS`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, cast
from uuid import uuid4

from django.core.checks import CheckMessage, Error
from django.db import transaction
from django.utils import timezone

from inngest_django.attempts import Attempt, give_up
from inngest_django.commit import send_on_commit
from inngest_django.configuration import client_of_settings, outboxes
from inngest_django.django_tasks import (
    BaseTaskBackend,
    Task,
    TaskResult,
    TaskResultDoesNotExist,
    TaskResultStatus,
    task_enqueued,
)
from inngest_django.results import keep_result, read_row, rows
from inngest_py import ConfigError, ContextSync, Event, Function, Priority, TriggerEvent

CANCELLED: Final = "inngest/function.cancelled"
"""What a server says of a run that was cancelled (PROTOCOL 15.2)."""

PRIORITY: Final = Priority(run="int(event.data.priority)")
"""Django's priorities are from -100 to 100, and those of events so many seconds ahead of others."""

REFUSED: Final[Mapping[str, str]] = {
    "fn_id": "the backend gives it",
    "trigger": "the backend gives it",
    "on_failure": "it would leave the task's result as it is; connect to the signal task_finished",
    "batch_events": "a task is a run of its own; leave it out",
    "debounce": "a task that starts no run would wait for ever; leave it out",
    "idempotency": "a task that starts no run would wait for ever; leave it out",
    "rate_limit": "a task that starts no run would wait for ever; use throttle, with which the others start later",
}
"""Options of functions that a backend does not have, and why."""

_DICTS: Final[tuple[type, ...]] = (dict,)

SKIPS: Final = 'a task that starts no run would wait for ever; use concurrency=1, or mode="cancel"'


class InngestBackend(BaseTaskBackend):
    """`TASKS = {"default": {"BACKEND": "inngest_django.backend.InngestBackend"}}`.

    `OPTIONS` are those of `create_function`: `retries`, `concurrency`, `throttle` and the rest, but none by which a
    task that was enqueued would never run. The settings' client sends the events and serves the function.
    """

    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    @property
    def event_name(self) -> str:
        """The name of the events of this backend; another project may use the same server."""
        return f"django-tasks/{client_of_settings().app_id}/{self.alias}"

    def declare(self) -> Function[Any]:
        """Declare the function that runs the tasks, and one that hears of those that are cancelled.

        Raises ConfigError for `OPTIONS` that cannot be.
        """
        options: dict[str, Any] = {
            "fn_id": f"tasks-{self.alias}",
            "name": f"Django's tasks ({self.alias})",
            "trigger": TriggerEvent(event=self.event_name),
            "priority": PRIORITY,
            "on_failure": self._give_up,
            **self._checked_options(),
        }
        client = client_of_settings()
        function: Function[Any] = client.create_function(**options)(self._run)
        of_this = f"event.data.function_id == {json.dumps(function.id)}"
        client.create_function(
            fn_id=f"{function.local_id}-cancelled",
            name=f"{options['name']}: cancelled",
            trigger=TriggerEvent(event=CANCELLED, expression=of_this),
        )(self._cancelled)
        return function

    def _checked_options(self) -> Mapping[str, Any]:
        options: Mapping[str, Any] = cast("Any", self).options
        where = f'TASKS["{self.alias}"]["OPTIONS"]'
        if not isinstance(options, _DICTS):
            raise ConfigError(f"{where} is not a dict but {options!r}")
        refused = {name: REFUSED[name] for name in REFUSED if options.get(name) is not None}
        if getattr(options.get("singleton"), "mode", None) == "skip":
            refused["singleton"] = SKIPS
        for name, reason in refused.items():
            raise ConfigError(f"{where} has {name}={options[name]!r}: {reason}")
        return options

    def enqueue(self, task: Task[Any, Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> TaskResult[Any]:
        """Enqueue a task with the transaction of the tasks' database: it runs once that is committed.

        What cannot be sent then waits in the outbox, if that database has one. Otherwise the task has failed, and the
        commit raises SendEventsError.
        """
        cast("Any", self).validate_task(task)
        now = timezone.now()
        result: TaskResult[Any] = TaskResult(
            task=task,
            id=uuid4().hex,
            status=TaskResultStatus.READY,
            enqueued_at=now,
            started_at=None,
            last_attempted_at=None,
            finished_at=None,
            args=list(args),
            kwargs=dict(kwargs),
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )
        using = keep_result(result)
        if using in outboxes():
            send_on_commit(self._event(result), using=using, client=client_of_settings())
        else:
            transaction.on_commit(partial(self._send, self._event(result)), using=using)
        task_enqueued.send(type(self), task_result=result)
        return result

    def _send(self, event: Event[dict[str, Any]]) -> None:
        """Send what a task is about. One that no server has heard of would wait for ever: it has failed."""
        try:
            client_of_settings().send_sync([event])
        except Exception as error:
            give_up(type(self), event.data["id"], str(error))
            raise

    def _event(self, result: Any) -> Event[dict[str, Any]]:
        task = result.task
        data = {"id": result.id, "task": task.module_path, "queue_name": task.queue_name, "priority": task.priority}
        due = 0 if task.run_after is None else int(task.run_after.timestamp() * 1000)
        return Event(name=self.event_name, id=result.id, ts=due, data=data)

    def get_result(self, result_id: str) -> TaskResult[Any]:
        """The result of a task. Raises TaskResultDoesNotExist."""
        row = rows().filter(pk=result_id, backend=self.alias).first()
        if row is None:
            raise TaskResultDoesNotExist(result_id)
        return read_row(row)

    def check(self, **_options: Any) -> Sequence[CheckMessage]:
        """Whether there is a client whose function runs the tasks."""
        found = {function.local_id for function in client_of_settings().functions}
        if f"tasks-{self.alias}" in found:
            return []
        text = f'The tasks of the backend "{self.alias}" run nowhere.'
        return [Error(text, hint='Add "inngest_django" to INSTALLED_APPS.', id="inngest.E011")]

    # Running ---------------------------------------------------------------------------------------------------------

    def _run(self, ctx: ContextSync) -> Any:
        attempt = Attempt(type(self), ctx)
        return ctx.step.run(attempt.name, attempt.arun if attempt.is_async() else attempt.run)

    def _give_up(self, ctx: ContextSync) -> None:
        failed = cast("Event[dict[str, Any]]", ctx.failed_event)
        give_up(type(self), failed.data["id"], str(ctx.error))

    def _cancelled(self, ctx: ContextSync) -> None:
        """Close the result of a task whose run was cancelled, or took longer than `timeouts` allow."""
        data: dict[str, Any] = ctx.event.data
        give_up(type(self), data["event"]["data"]["id"], f"the run {data['run_id']} was cancelled")
