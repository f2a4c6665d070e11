"""Attempts to run a task: each is one attempt of a step, and leaves what came of it in the task's row."""

from __future__ import annotations

import traceback
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from inngest_django.django_tasks import (
    BaseTaskBackend,
    TaskContext,
    TaskResultStatus,
    normalize_json,
    task_finished,
    task_started,
)
from inngest_django.results import import_task, read_row, rows
from inngest_py import ContextSync, NonRetriableError

if TYPE_CHECKING:
    from inngest_django.models import TaskRun

Sender = type[BaseTaskBackend]


class Attempt:
    """One attempt to run the task that an event is about. `sender` is the backend, for Django's signals."""

    def __init__(self, sender: Sender, ctx: ContextSync) -> None:
        self.name: str = ctx.event.data["task"]
        self._id: str = ctx.event.data["id"]
        self._sender = sender
        self._run_id = ctx.run_id
        self._is_last = ctx.max_attempts is not None and ctx.attempt + 1 >= ctx.max_attempts

    def is_async(self) -> bool:
        """Whether the task is an async function."""
        return iscoroutinefunction(import_task(self.name).func)

    def run(self) -> Any:
        """Run a plain task, and give what it returns."""
        row, result = self._begin()
        if result.is_finished:
            return row.return_value
        try:
            value = normalize_json(result.task.func(*_arguments(result), **result.kwargs))
        except Exception as error:
            self._fail(row, error)
            raise
        return self._succeed(row, value)

    async def arun(self) -> Any:
        """Run an async task, and give what it returns."""
        row, result = await sync_to_async(self._begin)()
        if result.is_finished:
            return row.return_value
        try:
            value = normalize_json(await result.task.func(*_arguments(result), **result.kwargs))
        except Exception as error:
            await sync_to_async(self._fail)(row, error)
            raise
        return await sync_to_async(self._succeed)(row, value)

    def _begin(self) -> tuple[TaskRun, Any]:
        """Write down that the task runs; but a task that has ended does not run again, whoever asks."""
        row = rows(to_write=True).filter(pk=self._id).first()
        if row is None:
            raise NonRetriableError(f"the task {self.name} with the id {self._id} is not in the database any more")
        now = timezone.now()
        began = _write(
            row,
            last_attempted_at=now,
            started_at=row.started_at or now,
            worker_ids=[*row.worker_ids, self._run_id],
            status=TaskResultStatus.RUNNING,
        )
        if not began:
            row.refresh_from_db(using=rows(to_write=True).db)
        result: Any = read_row(row)
        if began:
            task_started.send(self._sender, task_result=result)
        return row, result

    def _succeed(self, row: TaskRun, value: Any) -> Any:
        _finish(self._sender, row, TaskResultStatus.SUCCESSFUL, return_value=value)
        return value

    def _fail(self, row: TaskRun, error: Exception) -> None:
        errors = _errors(row, type(error), "".join(traceback.format_exception(error)))
        if self._is_last or isinstance(error, NonRetriableError):
            _finish(self._sender, row, TaskResultStatus.FAILED, errors=errors)
        else:
            _write(row, status=TaskResultStatus.READY, errors=errors)


def give_up(sender: Sender, task_id: str, reason: str) -> None:
    """Close the result of a task whose run has ended without it: the last attempt never came, or it was cancelled."""
    row = rows(to_write=True).filter(pk=task_id).first()
    if row is not None:
        _finish(sender, row, TaskResultStatus.FAILED, errors=_errors(row, RuntimeError, reason))


def _arguments(result: Any) -> list[Any]:
    return [TaskContext(task_result=result), *result.args] if result.task.takes_context else result.args


def _errors(row: TaskRun, kind: type[BaseException], text: str) -> list[Any]:
    """The errors of a task, with one more."""
    return [*row.errors, {"exception_class_path": f"{kind.__module__}.{kind.__qualname__}", "traceback": text}]


def _finish(sender: Sender, row: TaskRun, status: TaskResultStatus, **fields: Any) -> None:
    if _write(row, status=status, finished_at=timezone.now(), **fields):
        task_finished.send(sender, task_result=read_row(row))


def _write(row: TaskRun, **fields: Any) -> bool:
    """Write fields, unless the task has ended meanwhile: how it ended stands. Whether they were written."""
    if not rows(to_write=True).filter(pk=row.pk, finished_at=None).update(**fields):
        return False
    for name, value in fields.items():
        setattr(row, name, value)
    return True
