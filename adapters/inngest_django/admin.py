"""Pages of the tables, where `django.contrib.admin` is installed: to look at, and to send what waits in the outbox.

They show the database that the project's routers give for these models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator

from inngest_django.models import OutboxEvent, TaskRun
from inngest_django.outbox import send_now
from inngest_django.served import clients, mounted

if TYPE_CHECKING:
    OutboxEvents = QuerySet[OutboxEvent]
    OutboxPages = admin.ModelAdmin[OutboxEvent]
    TaskPages = admin.ModelAdmin[TaskRun]
else:
    OutboxPages = TaskPages = admin.ModelAdmin

SHORT: Final = 80
"""How many characters a list shows of a text."""


class ReadOnly:
    """Nobody adds, changes or deletes a row by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class Refused(admin.SimpleListFilter):
    """Whether a server has refused an event, or none was asked yet."""

    title = "refused"
    parameter_name = "refused"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """Yes and no."""
        return (("yes", "Yes"), ("no", "No"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the value that was chosen."""
        match self.value():
            case "yes":
                return queryset.exclude(attempts=0)
            case "no":
                return queryset.filter(attempts=0)
            case _:
                return queryset


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnly, OutboxPages):
    """Events that no server has taken yet; who may change them may have them sent."""

    list_display = ("name", "app_id", "created_at", "not_before", "attempts", "shortened_problem")
    list_filter = (Refused, "app_id", "created_at")
    search_fields = ("name", "body", "problem")
    ordering = ("-pk",)
    fields = ("name", "app_id", "formatted_body", "created_at", "not_before", "claim", "attempts", "problem")
    actions = ("send_now",)

    @admin.display(description="problem", ordering="problem")
    def shortened_problem(self, row: OutboxEvent) -> str:
        """The beginning of what was wrong."""
        return _shortened(row.problem)

    @admin.display(description="body")
    def formatted_body(self, row: OutboxEvent) -> str:
        """The event, a line for each of its fields."""
        return format_html("<pre>{}</pre>", json.dumps(json.loads(row.body), indent=2, ensure_ascii=False))

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Whether the user has the permission to change events of the outbox, which is good for nothing else."""
        user: Any = request.user
        return bool(user.has_perm("inngest_django.change_outboxevent"))

    @admin.action(description="Send now", permissions=["send"])
    def send_now(self, request: HttpRequest, queryset: QuerySet[OutboxEvent]) -> None:
        """Send what was chosen, and say what has become of it."""
        known = {client.app_id: client for client in clients(served for _path, served in mounted())}
        for app_id, keys in _keys_by_app(queryset).items():
            if app_id not in known:
                text = f'{len(keys)} not sent: no client of the app "{app_id}" serves functions here.'
                self.message_user(request, text, messages.ERROR)
                continue
            sent = send_now(keys, known[app_id], queryset.db)
            self._say(request, sent, len(keys) - sent)

    def _say(self, request: HttpRequest, sent: int, left: int) -> None:
        if sent:
            self.message_user(request, f"{sent} sent.", messages.SUCCESS)
        if left:
            text = f"{left} not sent: the problem of each says why, and what has none is being sent already."
            self.message_user(request, text, messages.ERROR)


@admin.register(TaskRun)
class TaskRunAdmin(ReadOnly, TaskPages):
    """Tasks that were enqueued, and what has become of them."""

    list_display = (
        "task",
        "status",
        "queue_name",
        "priority",
        "enqueued_at",
        "started_at",
        "finished_at",
        "last_error",
    )
    list_filter = ("status", "backend", "queue_name", "enqueued_at")
    search_fields = ("id", "task", "worker_ids")
    ordering = ("-enqueued_at", "-pk")

    @admin.display(description="last error")
    def last_error(self, row: TaskRun) -> str:
        """The last line of the last attempt that failed."""
        return _shortened(row.errors[-1]["traceback"].strip().rpartition("\n")[2]) if row.errors else ""

    @admin.display(description="errors")
    def tracebacks(self, row: TaskRun) -> str:
        """What each attempt that failed ended with."""
        return format_html_join("", "<pre>{}</pre>", ([error["traceback"]] for error in row.errors))

    def get_fields(self, request: HttpRequest, obj: TaskRun | None = None) -> Any:
        """Every field, but errors as they are read."""
        return ["tracebacks" if name == "errors" else name for name in flatten(super().get_fields(request, obj))]


def _shortened(text: str) -> str:
    return Truncator(text).chars(SHORT)


def _keys_by_app(rows: OutboxEvents) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for key, app_id in rows.order_by("pk").values_list("pk", "app_id"):
        found.setdefault(app_id, []).append(key)
    return found
