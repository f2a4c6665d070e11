"""The testing kit under Django's TestCase: whatever a step is, it sees the transaction of the test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from unittest.mock import Mock

import pytest

import inngest_py as inngest
from harnesses import set_up_django
from inngest_py import testing

set_up_django()

from django.test import TestCase  # noqa: E402 - needs settings

from inngest_django.models import OutboxEvent  # noqa: E402

pytestmark = pytest.mark.usefixtures("tables")

GO = inngest.TriggerEvent(event="go")
NEW_YEAR: Final = datetime(2026, 1, 1, tzinfo=UTC)
ROW: Final = {"app_id": "counts", "created_at": NEW_YEAR, "not_before": NEW_YEAR}
client = inngest.Inngest(app_id="counts")


def add() -> int:
    OutboxEvent.objects.create(**ROW)
    return OutboxEvent.objects.count()


async def aadd() -> int:
    await OutboxEvent.objects.acreate(**ROW)
    return await OutboxEvent.objects.acount()


@client.create_function(fn_id="plain", trigger=GO)
def plain(ctx: inngest.ContextSync) -> list[int]:
    return [ctx.step.run("add", add), ctx.step.run("add-in-coroutine", aadd)]


@client.create_function(fn_id="coroutine", trigger=GO)
async def coroutine(ctx: inngest.Context) -> list[int]:
    return [await ctx.step.run("add", add), await ctx.step.run("add-in-coroutine", aadd)]


class InATestCase(TestCase):
    """One row is there, of which no other connection knows."""

    def setUp(self) -> None:
        """Add it."""
        add()

    def test_plain_functions_see_the_transaction(self) -> None:
        assert testing.run(plain).result() == [2, 3]

    def test_async_functions_see_the_transaction(self) -> None:
        assert testing.run(coroutine).result() == [2, 3]

    def test_stubs_see_the_transaction(self) -> None:
        steps = {"add": Mock(side_effect=add), "add-in-coroutine": testing.stub(lambda _: add())}

        assert testing.run(coroutine, steps=steps).result() == [2, 3]

    async def test_plain_functions_see_it_in_an_async_test(self) -> None:
        assert (await testing.arun(plain)).result() == [2, 3]

    async def test_async_functions_see_it_in_an_async_test(self) -> None:
        assert (await testing.arun(coroutine)).result() == [2, 3]


def test_nothing_of_a_test_case_is_left() -> None:
    assert OutboxEvent.objects.count() == 0
