"""What the tests need of Django's own tasks, from wherever they are, besides what the adapter needs."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

import inngest_py as inngest
from exampled import Example
from inngest_django.configuration import client_of_settings
from inngest_django.django_tasks import Task
from inngest_django.served import Served
from living import Life

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

__all__ = ["PACKAGE", "InvalidTask", "Shop", "TaskResultMismatch", "task", "task_backends"]


class Shop:
    """The project and a dev server with a virtual clock, which has what was sent so far."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        client = client_of_settings()
        self.sent: list[inngest.Event] = []
        monkeypatch.setattr(client, "send_sync", self.sent.extend)
        example: Any = SimpleNamespace(client=client), SimpleNamespace(events=[])
        self.life = Life(Example(*example, crashing=False))
        self.life._handler = Served(None, None, {}).handler

    def let_pass(self, **duration: float) -> None:
        for event in self.sent:
            self.life.server.send(event.to_json(now=self.life.server.now))
        self.sent.clear()
        self.life.let_pass(**duration)
