"""Events that are sent when a transaction is committed: none before, none of a rolled back one, and none is lost."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from asgiref.sync import async_to_sync
from pydantic import BaseModel

import inngest_py as inngest
from harnesses import set_up_django

set_up_django()

from django.core.exceptions import SynchronousOnlyOperation  # noqa: E402 - needs settings
from django.core.management import call_command  # noqa: E402
from django.db import OperationalError, connection, connections, transaction  # noqa: E402
from django.db.migrations.autodetector import MigrationAutodetector  # noqa: E402
from django.db.migrations.loader import MigrationLoader  # noqa: E402
from django.db.migrations.state import ProjectState  # noqa: E402
from django.test import TestCase, override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from inngest_django import drain, outbox, send_on_commit  # noqa: E402
from inngest_django.configuration import client_of_settings  # noqa: E402
from inngest_django.models import OutboxEvent  # noqa: E402

pytestmark = pytest.mark.usefixtures("tables")


class Server:
    """Takes events, but for those with the names that it refuses, and none while it is down."""

    def __init__(self) -> None:
        self.requests: list[list[dict[str, Any]]] = []
        self.refused: set[str] = set()
        self.dies = False
        http = httpx.Client(transport=httpx.MockTransport(self._answer))
        self.client = inngest.Inngest(app_id="shop", is_production=False, http_client=http)

    @property
    def names(self) -> list[str]:
        return [event["name"] for events in self.requests for event in events]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.dies:
            raise KeyboardInterrupt
        events = json.loads(request.content)
        if "all" in self.refused or self.refused & {event["name"] for event in events}:
            return httpx.Response(400, json={"error": "refused", "status": 400})
        self.requests.append(events)
        return httpx.Response(200, json={"ids": [event["id"] for event in events], "status": 200})


@pytest.fixture
def server() -> Iterator[Server]:
    yield Server()
    OutboxEvent.objects.all().delete()


def event(name: str = "order/placed", **fields: Any) -> inngest.Event:
    return inngest.Event(name=name, **fields)


def put(server: Server, *names: str) -> None:
    """Leave events in the outbox, as if the process had ended between the commit and the sending."""
    outbox.keep([event(name, id=name) for name in names], server.client, "default")


@pytest.mark.parametrize("keep", [False, True])
def test_events_are_sent_at_the_commit_and_not_before(server: Server, keep: bool) -> None:
    with transaction.atomic():
        send_on_commit([event("a", data={"n": 1}), event("b")], client=server.client, keep=keep)
        assert server.requests == []

    ((first, second),) = server.requests
    assert (first["name"], first["data"], second["name"]) == ("a", {"n": 1}, "b")
    assert len({first["id"], second["id"]}) == 2
    assert OutboxEvent.objects.count() == 0


@pytest.mark.parametrize("keep", [False, True])
def test_events_of_what_is_rolled_back_are_never_sent(server: Server, keep: bool) -> None:
    with transaction.atomic():
        with transaction.atomic():
            send_on_commit(event("undone"), client=server.client, keep=keep)
            transaction.set_rollback(True)
        send_on_commit(event("done"), client=server.client, keep=keep)

    assert server.names == ["done"]
    assert drain(server.client) == 0


@pytest.mark.parametrize("keep", [False, True])
def test_without_a_transaction_events_are_sent_at_once(server: Server, keep: bool) -> None:
    send_on_commit(event(), client=server.client, keep=keep)

    assert server.names == ["order/placed"]


def test_what_cannot_be_written_is_refused_before_the_commit(server: Server) -> None:
    with pytest.raises(inngest.UnserializableError, match=r"\bn\b"):
        send_on_commit(event("a", data={"n": object()}), client=server.client)
    with pytest.raises(inngest.UnserializableError):
        send_on_commit(event("a", data={"n": object()}), client=server.client, keep=True)
    for wrong in ("order/placed", {"name": "order/placed"}, None, [event(), "order/placed"]):
        with pytest.raises(TypeError, match=r"takes events, Event\(name=.*, and not .*(order/placed|None)"):
            send_on_commit(wrong, client=server.client)  # type: ignore[arg-type]


def test_async_code_is_told_that_it_has_no_transaction(server: Server) -> None:
    async def function() -> None:
        send_on_commit(event(), client=server.client)

    with pytest.raises(SynchronousOnlyOperation, match="transactions are of plain code"):
        async_to_sync(function)()


def test_an_event_that_is_kept_is_the_event_that_is_sent(server: Server) -> None:
    class Placed(BaseModel):
        total: int

    moment = 1_795_320_511_303
    sent = inngest.EventType("order/placed", Placed).create(Placed(total=3), id="o-1", ts=moment, v="2")
    outbox.keep([sent, event("b", id="b")], server.client, "default")
    drain(server.client)

    ((first, second),) = server.requests
    assert first == {"name": "order/placed", "data": {"total": 3}, "id": "o-1", "ts": moment, "v": "2"}
    assert abs(second["ts"] / 1000 - time.time()) < 60


def test_what_the_server_does_not_take_at_the_commit_is_sent_later(server: Server) -> None:
    server.refused = {"all"}
    send_on_commit(event(), client=server.client, keep=True)

    kept = OutboxEvent.objects.get()
    assert (kept.attempts, kept.claim) == (1, "")
    assert "refused" in kept.problem
    server.refused = set()
    assert drain(server.client) == 0
    assert drain(server.client, now=lambda: timezone.now() + outbox.FIRST_PAUSE) == 1
    assert server.names == ["order/placed"]


def test_an_event_that_is_never_taken_keeps_no_other_back_and_waits_ever_longer(server: Server) -> None:
    server.refused = {"bad"}
    put(server, "good-1", "bad", "good-2")

    assert drain(server.client) == 2
    assert server.names == ["good-1", "good-2"]

    start = timezone.now()
    pauses = []
    for _ in range(9):
        OutboxEvent.objects.update(not_before=start)
        drain(server.client, now=lambda: start)
        pauses.append((OutboxEvent.objects.get().not_before - start).total_seconds())
    assert pauses == [10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_while_a_server_is_away_few_events_are_tried_and_the_others_are_given_back(server: Server) -> None:
    server.refused = {"all"}
    put(server, *"abcdef")

    assert drain(server.client) == 0

    assert [(row.name, row.attempts, row.claim) for row in OutboxEvent.objects.order_by("pk")] == [
        ("a", 1, ""),
        ("b", 1, ""),
        *((name, 0, "") for name in "cdef"),
    ]
    server.refused = set()
    assert drain(server.client) == 4


def test_what_a_drainer_had_claimed_when_it_died_is_sent_when_its_time_is_over(server: Server) -> None:
    put(server, "a")
    server.dies = True
    with pytest.raises(KeyboardInterrupt):
        drain(server.client)
    server.dies = False

    assert drain(server.client) == 0
    assert drain(server.client, now=lambda: timezone.now() + outbox.CLAIM) == 1
    assert server.names == ["a"]


def test_many_drainers_at_once_send_everything_once(server: Server) -> None:
    put(server, *(f"event-{number}" for number in range(1000)))

    def drain_here() -> int:
        try:
            return drain(server.client)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        sent = [drained.result() for drained in [pool.submit(drain_here) for _ in range(4)]]

    assert sum(sent) == 1000
    assert sorted(server.names) == sorted(f"event-{number}" for number in range(1000))
    assert OutboxEvent.objects.count() == 0


def test_a_commit_stands_although_the_outbox_cannot_be_read_after_it(server: Server) -> None:
    committed: list[str] = []

    def be_locked(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE"):
            raise OperationalError("database is locked")
        return execute(sql, *args)

    with connection.execute_wrapper(be_locked), transaction.atomic():
        send_on_commit(event(), client=server.client, keep=True)
        transaction.on_commit(lambda: committed.append("what else waits for it"))

    assert committed == ["what else waits for it"]
    assert drain(server.client) == 1


def test_two_who_see_the_same_event_do_not_both_win_it(server: Server) -> None:
    put(server, "a")
    rows = OutboxEvent.objects.filter(app_id="shop")
    now = timezone.now()

    faster: list[OutboxEvent | None] = []

    def be_faster(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and not faster:
            faster.append(None)
            faster[:] = outbox._claim(rows, now)
        return execute(sql, *args)

    with connection.execute_wrapper(be_faster):
        assert outbox._claim(rows, now) == []
    assert [str(row) for row in faster] == ["a (waiting)"]


def test_a_drainer_that_took_too_long_changes_nothing_for_the_one_after_it(server: Server) -> None:
    put(server, "a")
    rows = OutboxEvent.objects.filter(app_id="shop")
    now = timezone.now()
    late, (row,) = outbox._claim(rows, now), outbox._claim(rows, now + outbox.CLAIM)
    server.refused = {"all"}

    assert outbox._send(late, server.client, rows, lambda: now) == 0

    row.refresh_from_db()
    assert (row.problem, row.attempts, row.not_before) == ("", 0, now + 2 * outbox.CLAIM)


def test_an_event_in_the_outbox_is_of_the_time_when_it_was_put_there(server: Server) -> None:
    put(server, "a")

    row = OutboxEvent.objects.get()
    assert json.loads(row.body)["ts"] == int(row.created_at.timestamp() * 1000)


def test_the_events_of_another_app_are_left_to_it(server: Server) -> None:
    other = inngest.Inngest(app_id="other", is_production=False, http_client=httpx.Client())
    put(server, "a")

    assert drain(other) == 0
    assert OutboxEvent.objects.count() == 1


def test_the_settings_say_where_events_are_kept_and_the_command_sends_them(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "client_of_settings", lambda: server.client)
    server.refused = {"all"}
    with override_settings(INNGEST={"APP_ID": "shop", "OUTBOX": True}):
        send_on_commit(event(), client=server.client)
    with override_settings(INNGEST={"APP_ID": "shop", "OUTBOX": ["other"]}), pytest.raises(inngest.SendEventsError):
        send_on_commit(event(), client=server.client)

    assert drained() == "0 sent, 1 waiting\n"
    OutboxEvent.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    server.refused = set()
    assert drained() == "1 sent, 0 waiting\n"


def drained() -> str:
    output = io.StringIO()
    call_command("inngest_drain", stdout=output)
    return output.getvalue()


def test_the_command_goes_on_until_it_is_interrupted(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "client_of_settings", lambda: server.client)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        assert connection.connection is None
        pauses.append(seconds)
        put(server, f"event-{len(pauses)}")
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("inngest_django.management.commands.inngest_drain.time.sleep", pause)
    with pytest.raises(KeyboardInterrupt):
        call_command("inngest_drain", every=2.5, stdout=io.StringIO())

    assert (pauses, server.names) == ([2.5] * 3, ["event-1", "event-2"])


def test_a_function_of_the_project_may_drain_it(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "client_of_settings", lambda: server.client)
    put(server, "a")

    function = outbox.declare_drain("* * * * *")

    assert function.to_json("http://app.test")["triggers"] == [{"cron": "* * * * *"}]
    assert [each.id for each in server.client.functions] == ["shop-drain-outbox"]

    class Step:
        def run(self, _id: str, call: Any, *args: Any) -> Any:
            return call(*args)

    class Ctx:
        step = Step()

    assert function(Ctx()) == 1
    assert server.names == ["a"]


def test_the_migrations_make_the_tables_that_the_models_are_about() -> None:
    loader = MigrationLoader(connection)
    changes = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(__import__("django").apps.apps))

    assert "inngest_django" not in changes.changes(graph=loader.graph)


class InATestCase(TestCase):
    """The hooks of Django's tests are the hooks of ours."""

    def test_events_are_captured_like_everything_that_waits_for_a_commit(self) -> None:
        server = Server()
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            send_on_commit(event("a"), client=server.client)
            send_on_commit(event("b"), client=server.client, keep=True)
            assert server.requests == []

        assert len(callbacks) == 2
        assert server.names == ["a", "b"]


def test_the_client_is_that_of_the_settings_if_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(client_of_settings(), "send_sync", sent.append)

    send_on_commit(event("a"))

    assert [each.name for (each,) in sent] == ["a"]
