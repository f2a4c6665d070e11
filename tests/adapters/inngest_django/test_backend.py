"""Django's own tasks: enqueued as events, run through `serve()`, with retries, a delay, priority and results."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync

import inngest_py as inngest
from harnesses import set_up_django
from living import MONDAY
from tasked import InvalidTask, Shop, TaskResultMismatch, task, task_backends

set_up_django()

from django.core.management import call_command  # noqa: E402 - needs settings
from django.db import connection, connections, transaction  # noqa: E402
from django.test import TestCase, override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from inngest_django.attempts import give_up  # noqa: E402
from inngest_django.configuration import client_of_settings  # noqa: E402
from inngest_django.django_tasks import (  # noqa: E402
    TaskResultDoesNotExist,
    TaskResultStatus,
    task_enqueued,
    task_finished,
    task_started,
)
from inngest_django.models import OutboxEvent, TaskRun  # noqa: E402

pytestmark = pytest.mark.usefixtures("tables")

TROUBLE = list[Exception]()
CALLS = list[Any]()


@task
def add(first: int, second: int = 1) -> int:
    CALLS.append((first, second))
    if TROUBLE:
        raise TROUBLE.pop(0)
    return first + second


@task
async def multiply(first: int, *, second: int) -> int:
    CALLS.append((first, second))
    if TROUBLE:
        raise TROUBLE.pop(0)
    return first * second


@task(takes_context=True)
def attempt(context: Any) -> list[Any]:
    if context.attempt == 1:
        raise ValueError("once more")
    return [context.attempt, context.task_result.status]


@task(takes_context=True)
def cancelled_within(context: Any) -> str:
    give_up(type(task_backends["default"]), context.task_result.id, "cancelled")
    if TROUBLE:
        raise TROUBLE.pop()
    return "done all the same"


@task(backend="mail")
def unwritable() -> object:
    return object()


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    CALLS.clear()
    TROUBLE.clear()
    yield Shop(monkeypatch)
    TaskRun.objects.all().delete()
    connection.close()


def test_a_task_runs_once_it_is_enqueued_and_has_a_result(shop: Shop) -> None:
    result = add.enqueue(2, second=3)
    assert result.status == TaskResultStatus.READY

    shop.let_pass(seconds=1)
    result.refresh()

    assert (result.status, result.return_value, result.attempts) == (TaskResultStatus.SUCCESSFUL, 5, 1)
    assert (result.started_at, result.finished_at, result.errors) != (None, None, [])
    assert result.started_at is not None
    assert CALLS == [(2, 3)]
    assert add.get_result(result.id).args == [2]
    assert shop.life.ends("tasks-default")[0][1] == 5


def test_an_async_task_runs_too(shop: Shop) -> None:
    async def enqueue() -> Any:
        return await multiply.aenqueue(2, second=3)

    result = async_to_sync(enqueue)()
    shop.let_pass(seconds=1)
    result.refresh()

    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, 6)


@pytest.mark.parametrize("enqueue", [lambda: add.enqueue(1), lambda: multiply.enqueue(1, second=2)])
def test_a_task_that_fails_is_tried_again_and_its_errors_are_kept(shop: Shop, enqueue: Callable[[], Any]) -> None:
    TROUBLE[:] = [ValueError("no"), LookupError("neither")]

    result = enqueue()
    shop.let_pass(seconds=1)
    result.refresh()
    assert (result.status, result.attempts) == (TaskResultStatus.READY, 1)
    shop.let_pass(hours=1)
    result.refresh()

    assert (result.status, result.return_value, result.attempts) == (TaskResultStatus.SUCCESSFUL, 2, 3)
    assert [error.exception_class for error in result.errors] == [ValueError, LookupError]
    assert "ValueError: no" in result.errors[0].traceback


@pytest.mark.parametrize(
    ("trouble", "attempts"),
    [([ValueError("no")] * 3, 3), ([inngest.NonRetriableError("never")], 1)],
)
def test_a_task_that_fails_for_good_has_failed(shop: Shop, trouble: list[Exception], attempts: int) -> None:
    TROUBLE[:] = trouble

    result = add.enqueue(1)
    shop.let_pass(hours=2)
    result.refresh()

    assert (result.status, result.attempts, len(result.errors)) == (TaskResultStatus.FAILED, attempts, attempts)
    assert result.finished_at is not None
    assert len(CALLS) == attempts


def test_a_result_that_is_no_json_is_an_error(shop: Shop) -> None:
    result = unwritable.enqueue()
    shop.let_pass(hours=1)
    result.refresh()

    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class is TypeError


def test_a_task_is_told_its_attempt(shop: Shop) -> None:
    result = attempt.enqueue()
    shop.let_pass(hours=1)
    result.refresh()

    assert result.return_value == [2, TaskResultStatus.RUNNING]


def test_a_task_may_be_told_when_to_run(shop: Shop) -> None:
    result = add.using(run_after=MONDAY + timedelta(hours=3)).enqueue(1)

    shop.let_pass(hours=2)
    assert CALLS == []
    shop.let_pass(hours=2)

    result.refresh()
    assert result.status == TaskResultStatus.SUCCESSFUL
    assert add.get_result(result.id).task.run_after == MONDAY + timedelta(hours=3)


def test_tasks_with_priority_overtake_others(shop: Shop) -> None:
    mail = add.using(backend="mail", queue_name="any")
    for number, priority in enumerate([0, -50, 100, 0]):
        mail.using(priority=priority).enqueue(number)

    shop.let_pass(minutes=10)

    order = [first for first, _ in CALLS]
    assert order.index(2) < order.index(3) < order.index(1)


def test_a_task_is_enqueued_with_the_transaction(shop: Shop) -> None:
    with transaction.atomic():
        undone = add.enqueue(1)
        transaction.set_rollback(True)
    with transaction.atomic():
        done = add.enqueue(2)
        assert shop.sent == []

    assert [event.data["id"] for event in shop.sent] == [done.id]
    with pytest.raises(TaskResultDoesNotExist):
        add.get_result(undone.id)
    with pytest.raises(TaskResultMismatch):
        multiply.get_result(done.id)
    with pytest.raises(TaskResultDoesNotExist):
        task_backends["mail"].get_result(done.id)


def test_a_task_that_no_server_takes_has_failed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_events: object) -> None:
        raise inngest.SendEventsError("no server is there")

    monkeypatch.setattr(client_of_settings(), "send_sync", refuse)

    with pytest.raises(inngest.SendEventsError):
        add.enqueue(1)
    with override_settings(INNGEST={"APP_ID": "django-shop", "OUTBOX": True}):
        kept = add.enqueue(2)

    failed = add.get_result(TaskRun.objects.exclude(pk=kept.id).get().pk)
    assert (failed.status, failed.errors[0].traceback) == (TaskResultStatus.FAILED, "no server is there")
    kept.refresh()
    assert (kept.status, OutboxEvent.objects.get().problem) == (TaskResultStatus.READY, "no server is there")
    OutboxEvent.objects.all().delete()


def test_a_task_that_is_sent_twice_runs_once(shop: Shop) -> None:
    result = add.enqueue(1)
    event = shop.sent[0]
    shop.let_pass(seconds=1)
    shop.sent.append(inngest.Event(name=event.name, data=event.data))
    shop.let_pass(seconds=1)

    result.refresh()
    assert (len(CALLS), result.attempts) == (1, 1)
    assert [end[1] for end in shop.life.ends("tasks-default")] == [2, 2]


def test_a_task_whose_row_was_deleted_does_not_run(shop: Shop) -> None:
    add.enqueue(1)
    TaskRun.objects.all().delete()
    shop.let_pass(hours=1)

    assert CALLS == []
    assert "is not in the database any more" in str(shop.life.ends("tasks-default"))


def test_a_task_that_the_server_gives_up_has_failed(shop: Shop) -> None:
    result = add.enqueue(1)

    give_up(type(task_backends["default"]), result.id, "the app was never there")
    give_up(type(task_backends["default"]), result.id, "and again")

    result.refresh()
    assert (result.status, len(result.errors)) == (TaskResultStatus.FAILED, 1)
    assert result.errors[0].traceback == "the app was never there"


@pytest.mark.parametrize("starts", [False, True])
def test_a_task_whose_run_is_cancelled_has_failed(shop: Shop, starts: bool) -> None:
    TROUBLE[:] = [ValueError("no")] if starts else []
    result = (add if starts else add.using(run_after=MONDAY + timedelta(days=1))).enqueue(1)
    other = add.using(run_after=MONDAY + timedelta(days=1)).enqueue(2)
    shop.let_pass(seconds=1)

    shop.life.cancel("tasks-default")
    shop.let_pass(days=2)

    result.refresh()
    other.refresh()
    assert (result.status, len(CALLS)) == (TaskResultStatus.FAILED, 1 + starts)
    assert "was cancelled" in result.errors[-1].traceback
    assert other.status == TaskResultStatus.SUCCESSFUL


def test_a_task_that_is_not_in_the_code_any_more_has_failed(shop: Shop) -> None:
    result = add.enqueue(1)
    shop.sent[0].data["task"] = "shop.tasks.gone"

    shop.let_pass(hours=2)

    result.refresh()
    assert (result.status, result.attempts) == (TaskResultStatus.FAILED, 0)
    assert "shop" in result.errors[0].traceback


def test_a_task_is_enqueued_with_the_transaction_of_the_database_in_which_its_result_is(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Router:
        def db_for_write(self, *_: Any, **__: Any) -> str:
            return "other"

    other = {**connections.databases["default"], "NAME": str(tmp_path / "other.sqlite3")}
    monkeypatch.setitem(connections.databases, "other", other)
    call_command("migrate", database="other", verbosity=0)

    with override_settings(DATABASE_ROUTERS=[Router()]), transaction.atomic("other"):
        add.enqueue(1)
        assert shop.sent == []

    assert len(shop.sent) == 1
    assert TaskRun.objects.using("other").count() == 1
    connections["other"].close()


def test_how_a_task_has_ended_stands(shop: Shop) -> None:
    """It was cancelled while it ran: what it does in the end changes nothing."""
    ended: list[str] = []

    def listen(task_result: Any, **_: Any) -> None:
        ended.append(task_result.status)

    task_finished.connect(listen)
    try:
        for trouble in ([], [ValueError("no")]):
            TROUBLE[:] = trouble
            result = cancelled_within.enqueue()
            shop.let_pass(hours=1)
            result.refresh()
            assert (result.status, len(result.errors)) == (TaskResultStatus.FAILED, 1)
    finally:
        task_finished.disconnect(listen)

    assert ended == ["FAILED", "FAILED"]


def test_results_of_long_ago_are_deleted(shop: Shop) -> None:
    for _ in range(2):
        add.enqueue(1)
    shop.let_pass(seconds=1)
    waiting = add.enqueue(1)
    old = add.get_result(TaskRun.objects.exclude(pk=waiting.id)[0].pk)
    TaskRun.objects.filter(pk=old.id).update(finished_at=timezone.now() - timedelta(days=3))

    output = io.StringIO()
    call_command("inngest_prune", days=2, stdout=output)

    assert output.getvalue() == "1 deleted\n"
    assert old.id not in TaskRun.objects.values_list("pk", flat=True)
    assert TaskRun.objects.count() == 2


def test_djangos_signals_are_sent(shop: Shop) -> None:
    seen: list[tuple[str, Any]] = []

    def listener(name: str) -> Callable[..., None]:
        def listen(task_result: Any, **_: Any) -> None:
            seen.append((name, task_result.status))

        return listen

    listeners = [
        (signal, listener(name))
        for name, signal in (("enqueued", task_enqueued), ("started", task_started), ("finished", task_finished))
    ]
    for signal, listen in listeners:
        signal.connect(listen)
    try:
        add.enqueue(1)
        shop.let_pass(seconds=1)
    finally:
        for signal, listen in listeners:
            signal.disconnect(listen)

    assert seen == [("enqueued", "READY"), ("started", "RUNNING"), ("finished", "SUCCESSFUL")]


def test_what_the_backend_refuses(shop: Shop) -> None:
    with pytest.raises(InvalidTask, match="Queue 'other' is not valid"):
        add.using(queue_name="other").enqueue(1)
    with pytest.raises(TypeError):
        add.enqueue(object())  # type: ignore[arg-type]
    assert shop.sent == []


class InATestCase(TestCase):
    """A task is enqueued and runs in the transaction of the test."""

    def test_a_task_runs_in_the_transaction(self) -> None:
        with pytest.MonkeyPatch.context() as monkeypatch:
            shop = Shop(monkeypatch)
            with self.captureOnCommitCallbacks(execute=True):
                result = multiply.enqueue(2, second=4)
            shop.let_pass(seconds=1)

        found: Any = multiply.get_result(result.id)
        assert found.return_value == 8


def test_nothing_of_a_test_case_is_left() -> None:
    assert TaskRun.objects.count() == 0
