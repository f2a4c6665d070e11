"""The tables."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
    CharField = models.CharField[str, str]
    DateTimeField = models.DateTimeField[datetime, datetime]
    OptionalDateTimeField = models.DateTimeField[datetime | None, datetime | None]
    IntegerField = models.IntegerField[int, int]
    PositiveIntegerField = models.PositiveIntegerField[int, int]
    JSONField = models.JSONField[Any, Any]
else:
    TextField, CharField, JSONField = models.TextField, models.CharField, models.JSONField
    DateTimeField = OptionalDateTimeField = models.DateTimeField
    IntegerField, PositiveIntegerField = models.IntegerField, models.PositiveIntegerField


class OutboxEvent(models.Model):
    """An event that is to be sent: it is here from the commit of its transaction until a server has taken it.

    `body` is the event as JSON. It is due at `not_before`; until then it is `claim`ed by somebody who sends it, or it
    was refused: then `problem` says why, and `attempts` how often.
    """

    app_id = CharField(max_length=255)
    name = CharField(max_length=512)
    body = TextField()
    created_at = DateTimeField()
    not_before = DateTimeField()
    claim = CharField(max_length=32, default="", blank=True, db_index=True)
    attempts = PositiveIntegerField(default=0)
    problem = TextField(default="", blank=True)

    class Meta:
        """One index, for claiming."""

        indexes = (models.Index(fields=["app_id", "not_before"], name="inngest_outbox_due"),)

    def __str__(self) -> str:
        """Show the name and the state."""
        return f"{self.name} ({self.problem or 'waiting'})"


class TaskRun(models.Model):
    """A task that was enqueued by Django's `tasks`, and what has become of it. `worker_ids` are ids of runs."""

    id = CharField(max_length=64, primary_key=True)
    backend = CharField(max_length=255)
    task = TextField()
    args = JSONField()
    kwargs = JSONField()
    queue_name = CharField(max_length=255)
    priority = IntegerField()
    run_after = OptionalDateTimeField(null=True, blank=True)
    status = CharField(max_length=10)
    enqueued_at = OptionalDateTimeField(null=True)
    started_at = OptionalDateTimeField(null=True, blank=True)
    last_attempted_at = OptionalDateTimeField(null=True, blank=True)
    finished_at = OptionalDateTimeField(null=True, blank=True, db_index=True)
    errors = JSONField(default=list)
    worker_ids = JSONField(default=list)
    return_value = JSONField(null=True, blank=True)

    def __str__(self) -> str:
        """Show the task and the state."""
        return f"{self.task} ({self.status})"
