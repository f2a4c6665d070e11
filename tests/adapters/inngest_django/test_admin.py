"""The pages of django.contrib.admin: what they show, what can be found there, and what may be done."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

import inngest_py as inngest
from harnesses import set_up_django, urlpatterns

set_up_django()

from django.contrib import admin  # noqa: E402 - needs settings
from django.core.checks.registry import registry  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.urls import clear_url_caches, path, reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from inngest_django import outbox, serve  # noqa: E402
from inngest_django.models import OutboxEvent, TaskRun  # noqa: E402

APPS = [f"django.contrib.{name}" for name in ("contenttypes", "auth", "sessions", "messages", "admin")]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": PROCESSORS},
    }
]


@pytest.fixture(scope="module", autouse=True)
def _administered(tables: None) -> Iterator[None]:
    """The project has the admin, and no checks of it afterwards."""
    before = set(registry.registered_checks)
    with override_settings(
        INSTALLED_APPS=[*APPS, "inngest_django", "orders"],
        MIDDLEWARE=MIDDLEWARE,
        TEMPLATES=TEMPLATES,
        STATIC_URL="static/",
    ):
        call_command("migrate", verbosity=0)
        yield
    registry.registered_checks = before


@pytest.fixture(autouse=True)
def _emptied() -> Iterator[None]:
    yield
    OutboxEvent.objects.all().delete()
    TaskRun.objects.all().delete()


class Shop:
    """An app, and a server that refuses the events with some names."""

    def __init__(self) -> None:
        self.refused = set[str]()
        self.asked = 0
        http = httpx.Client(transport=httpx.MockTransport(self._answer))
        self.client = inngest.Inngest(app_id="shop", is_production=False, http_client=http)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if any(name.encode() in request.content for name in self.refused):
            return httpx.Response(400, json={"error": "no such <event>", "status": 400})
        return httpx.Response(200, json={"ids": [], "status": 200})


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    pages: Any = path("admin/", admin.site.urls)
    urlpatterns[:] = [pages, path("api/inngest", serve(shop.client))]
    clear_url_caches()
    yield shop
    urlpatterns.clear()
    clear_url_caches()


def browser(*permissions: str) -> Client:
    """Somebody of the staff, who has these permissions."""
    from django.contrib.auth.models import Permission, User

    user, _ = User.objects.get_or_create(username="-".join(permissions) or "nobody", defaults={"is_staff": True})
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def viewer(shop: Shop) -> Client:
    return browser("view_outboxevent", "view_taskrun")


@pytest.fixture
def sender(shop: Shop) -> Client:
    return browser("view_outboxevent", "change_outboxevent")


def put(shop: Shop, *names: str) -> list[int]:
    return outbox.keep([inngest.Event(name=name, id=name, data={"n": 1}) for name in names], shop.client, "default")


def text_of(client: Client, page: str, *args: Any, **query: Any) -> str:
    """The words of a page, each list or table of them on a line."""
    answer = client.get(reverse(f"admin:inngest_django_{page}", args=args), query)
    assert answer.status_code == 200
    main = answer.content.decode().partition('id="content"')[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


def listed(client: Client, page: str, **query: Any) -> list[str]:
    """The first cells of a list."""
    answer = client.get(reverse(f"admin:inngest_django_{page}_changelist"), query)
    return re.findall(r'<th class="field-(?:name|task)[^"]*">(?:<[^>]*>)*([^<]*)', answer.content.decode())


def send(client: Client, keys: list[int]) -> str:
    """Choose "Send now" for some events; the words that are said then."""
    chosen = {"action": "send_now", "_selected_action": [str(key) for key in keys]}
    answer = client.post(reverse("admin:inngest_django_outboxevent_changelist"), chosen, follow=True)
    return " ".join(html.unescape(line) for line in re.findall(r'<li class="\w+">(.*?)</li>', answer.content.decode()))


def test_events_of_the_outbox_are_listed_found_and_shown(shop: Shop, viewer: Client) -> None:
    shop.refused = {"order/bad"}
    _good, bad = put(shop, "order/good", "order/bad")
    outbox.send_kept([bad], shop.client, "default")

    assert listed(viewer, "outboxevent") == ["order/bad", "order/good"]
    assert listed(viewer, "outboxevent", refused="yes") == ["order/bad"]
    assert listed(viewer, "outboxevent", refused="no") == ["order/good"]
    assert listed(viewer, "outboxevent", q="such <event>") == ["order/bad"]
    assert "no such <event>" in text_of(viewer, "outboxevent_changelist")
    page = text_of(viewer, "outboxevent_change", bad)
    assert '"name": "order/bad", "data": { "n": 1 }' in page
    assert "no such <event>" in page


def test_tasks_are_listed_found_and_shown(viewer: Client) -> None:
    now = timezone.now()
    fields: dict[str, Any] = {"args": [1], "kwargs": {}, "priority": 0, "queue_name": "default", "backend": "default"}
    error = {"exception_class_path": "builtins.ValueError", "traceback": "Traceback\n  in <module>\nValueError: no\n"}
    TaskRun.objects.create(id="a", task="shop.pack", status="SUCCESSFUL", enqueued_at=now, worker_ids=["01R"], **fields)
    TaskRun.objects.create(id="b", task="shop.mail", status="FAILED", enqueued_at=now, errors=[error], **fields)

    assert listed(viewer, "taskrun") == ["shop.mail", "shop.pack"]
    assert listed(viewer, "taskrun", status__exact="FAILED") == ["shop.mail"]
    assert listed(viewer, "taskrun", q="01R") == ["shop.pack"]
    assert "FAILED default 0" in text_of(viewer, "taskrun_changelist")
    assert "ValueError: no" in text_of(viewer, "taskrun_changelist")
    assert "Traceback in <module> ValueError: no" in text_of(viewer, "taskrun_change", "b")


@pytest.mark.parametrize("page", ["outboxevent", "taskrun"])
def test_nothing_can_be_added_changed_or_deleted_by_hand(shop: Shop, page: str) -> None:
    (key,) = put(shop, "a")
    TaskRun.objects.create(id=key, args=[], kwargs={}, priority=0)
    client = browser(*(f"{verb}_{page}" for verb in ("add", "change", "delete", "view")))

    assert client.get(reverse(f"admin:inngest_django_{page}_add")).status_code == 403
    assert client.post(reverse(f"admin:inngest_django_{page}_delete", args=[key]), {"post": "yes"}).status_code == 403
    assert client.post(reverse(f"admin:inngest_django_{page}_change", args=[key]), {}).status_code == 403
    assert "delete_selected" not in client.get(reverse(f"admin:inngest_django_{page}_changelist")).content.decode()


def test_events_that_wait_are_sent_before_their_pause_is_over(shop: Shop, sender: Client) -> None:
    shop.refused = {"order/bad"}
    (bad,) = put(shop, "order/bad")
    outbox.send_kept([bad], shop.client, "default")
    assert send(sender, [bad]).startswith("1 not sent: the problem of each says why")
    assert OutboxEvent.objects.get().attempts == 2

    shop.refused = set()
    assert send(sender, [bad, *put(shop, "order/good")]) == "2 sent."
    assert not OutboxEvent.objects.exists()


def test_what_was_not_chosen_is_not_sent(shop: Shop, sender: Client) -> None:
    chosen, other = put(shop, "a", "b")

    send(sender, [chosen])

    assert list(OutboxEvent.objects.values_list("pk", flat=True)) == [other]


def test_an_event_that_somebody_else_sends_is_not_sent_twice(shop: Shop, sender: Client) -> None:
    (key,) = put(shop, "a")
    OutboxEvent.objects.update(claim="somebody", not_before=timezone.now() + timedelta(minutes=1))

    assert "what has none is being sent already" in send(sender, [key])
    assert shop.asked == 0


def test_events_of_an_app_that_is_not_here_stay_and_it_is_named(shop: Shop, sender: Client) -> None:
    (key,) = put(shop, "a")
    OutboxEvent.objects.update(app_id="other")

    assert send(sender, [key]) == '1 not sent: no client of the app "other" serves functions here.'
    assert OutboxEvent.objects.exists()


def test_who_may_only_look_cannot_have_events_sent(shop: Shop, viewer: Client) -> None:
    keys = put(shop, "a")

    send(viewer, keys)

    assert shop.asked == 0
    assert "Send now" not in text_of(viewer, "outboxevent_changelist")


def test_the_pages_pass_the_checks_of_the_admin() -> None:
    call_command("check", "--tag", "admin")
