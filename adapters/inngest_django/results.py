"""The results of tasks, as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from inngest_django.django_tasks import Task, TaskError, TaskResult, TaskResultStatus

if TYPE_CHECKING:
    from inngest_django.models import TaskRun

_TASKS: Final[tuple[type, ...]] = (Task,)

_FROM_THE_START: Final = ("args", "backend", "enqueued_at", "id", "kwargs")
_MEANWHILE: Final = ("finished_at", "last_attempted_at", "started_at")
"""What a result and its row call the same: what is there when the task is enqueued, and what comes later."""


def rows(*, to_write: bool = False) -> QuerySet[TaskRun]:
    """The table; `to_write` where it must be the newest, and not a copy of it."""
    try:
        model = cast("type[TaskRun]", apps.get_model("inngest_django", "TaskRun"))
    except LookupError:
        raise ImproperlyConfigured('results are a table: add "inngest_django" to INSTALLED_APPS') from None
    found: QuerySet[TaskRun] = model.objects.all()
    return found.using(router.db_for_write(model)) if to_write else found


def keep_result(result: Any) -> str:
    """Make the row of a task that is enqueued; give the database where it is."""
    table, task = rows(to_write=True), result.task
    table.create(
        task=task.module_path,
        queue_name=task.queue_name,
        priority=task.priority,
        run_after=task.run_after,
        status=result.status,
        **{name: getattr(result, name) for name in _FROM_THE_START},
    )
    return table.db


def read_row(row: TaskRun) -> TaskResult[Any]:
    """The result that a row is about."""
    task = import_task(row.task).using(priority=row.priority, queue_name=row.queue_name, backend=row.backend)
    if row.run_after is not None:
        task = task.using(run_after=row.run_after)
    result: TaskResult[Any] = TaskResult(
        task=task,
        status=TaskResultStatus(row.status),
        errors=[TaskError(**error) for error in row.errors],
        worker_ids=list(row.worker_ids),
        **{name: getattr(row, name) for name in (*_FROM_THE_START, *_MEANWHILE)},
    )
    object.__setattr__(result, "_return_value", row.return_value)  # as every backend does: it is no argument
    return result


def import_task(path: str) -> Task[..., Any]:
    """The task at a dotted path. Raises ImportError if there is none."""
    task = import_string(path)
    if isinstance(task, _TASKS):
        return cast("Task[..., Any]", task)
    raise ImportError(f"{path} is no task: it is {task!r}")
