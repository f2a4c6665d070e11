"""The tables."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
    CharField = models.CharField[str, str]
    DateTimeField = models.DateTimeField[datetime, datetime]
    PositiveIntegerField = models.PositiveIntegerField[int, int]
else:
    TextField, CharField = models.TextField, models.CharField
    DateTimeField, PositiveIntegerField = models.DateTimeField, models.PositiveIntegerField


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
