"""The outbox."""

from collections.abc import Sequence
from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """Make its table."""

    initial = True

    dependencies: ClassVar[Sequence[tuple[str, str]]] = ()

    operations: ClassVar[Sequence[Operation]] = [
        migrations.CreateModel(
            name="OutboxEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("app_id", models.CharField(max_length=255)),
                ("name", models.CharField(max_length=512)),
                ("body", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("not_before", models.DateTimeField()),
                ("claim", models.CharField(blank=True, db_index=True, default="", max_length=32)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("problem", models.TextField(blank=True, default="")),
            ],
            options={
                "indexes": [models.Index(fields=["app_id", "not_before"], name="inngest_outbox_due")],
            },
        ),
    ]
