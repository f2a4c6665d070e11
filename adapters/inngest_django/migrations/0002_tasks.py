"""The results of tasks."""

from collections.abc import Sequence
from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """Make their table."""

    dependencies: ClassVar[Sequence[tuple[str, str]]] = [
        ("inngest_django", "0001_initial"),
    ]

    operations: ClassVar[Sequence[Operation]] = [
        migrations.CreateModel(
            name="TaskRun",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("backend", models.CharField(max_length=255)),
                ("task", models.TextField()),
                ("args", models.JSONField()),
                ("kwargs", models.JSONField()),
                ("queue_name", models.CharField(max_length=255)),
                ("priority", models.IntegerField()),
                ("run_after", models.DateTimeField(blank=True, null=True)),
                ("status", models.CharField(max_length=10)),
                ("enqueued_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("last_attempted_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("errors", models.JSONField(default=list)),
                ("worker_ids", models.JSONField(default=list)),
                ("return_value", models.JSONField(blank=True, null=True)),
            ],
        ),
    ]
