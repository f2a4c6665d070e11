"""Django's own tasks, from wherever they are: `django.tasks` since Django 6, or its back-port `django_tasks`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_tasks.backends.base import BaseTaskBackend
    from django_tasks.base import Task, TaskContext, TaskError, TaskResult, TaskResultStatus
    from django_tasks.exceptions import TaskResultDoesNotExist
    from django_tasks.signals import task_enqueued, task_finished, task_started
    from django_tasks.utils import normalize_json
else:
    _NATIVE = find_spec("django.tasks") is not None
    _PACKAGE = "django.tasks" if _NATIVE else "django_tasks"
    BaseTaskBackend = import_module(f"{_PACKAGE}.backends.base").BaseTaskBackend
    _base = import_module(f"{_PACKAGE}.base")
    Task, TaskContext, TaskError = _base.Task, _base.TaskContext, _base.TaskError
    TaskResult, TaskResultStatus = _base.TaskResult, _base.TaskResultStatus
    TaskResultDoesNotExist = import_module(f"{_PACKAGE}.exceptions").TaskResultDoesNotExist
    _signals = import_module(f"{_PACKAGE}.signals")
    task_enqueued, task_finished, task_started = _signals.task_enqueued, _signals.task_finished, _signals.task_started
    normalize_json = import_module("django.utils.json" if _NATIVE else "django_tasks.utils").normalize_json

__all__ = [
    "BaseTaskBackend",
    "Task",
    "TaskContext",
    "TaskError",
    "TaskResult",
    "TaskResultDoesNotExist",
    "TaskResultStatus",
    "normalize_json",
    "task_enqueued",
    "task_finished",
    "task_started",
]
