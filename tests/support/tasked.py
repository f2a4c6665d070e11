"""What the tests need of Django's own tasks, from wherever they are, besides what the adapter needs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from inngest_django.django_tasks import Task

PACKAGE: Final = Task.__module__.removesuffix(".base")
"""`django.tasks`, or its back-port `django_tasks`."""

if TYPE_CHECKING:
    from django_tasks import task, task_backends
    from django_tasks.exceptions import InvalidTaskError as InvalidTask, TaskResultMismatch
else:
    _tasks, _exceptions = import_module(PACKAGE), import_module(f"{PACKAGE}.exceptions")
    task, task_backends = _tasks.task, _tasks.task_backends
    InvalidTask = getattr(_exceptions, "InvalidTask", None) or _exceptions.InvalidTaskError
    TaskResultMismatch = _exceptions.TaskResultMismatch

__all__ = ["PACKAGE", "InvalidTask", "TaskResultMismatch", "task", "task_backends"]
