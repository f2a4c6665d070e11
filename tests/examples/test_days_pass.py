"""Each example as a whole, with a server whose clock jumps: triggers, flow control, cancellation and all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from harnesses import set_up_django
from inngest_py.dev.model import RunStatus
from living import MONDAY, Life

COMPLETED, FAILED, CANCELLED = RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED


@pytest.fixture
def live(example):
    """Load an example and put it on a server."""
    set_up_django()

    def begin(name):
        loaded = example(name)
        return Life(loaded), loaded.module

    return begin


# multi_step_order ----------------------------------------------------------------------------------------------------

ORDER = {"order_id": "o1", "quantity": 2, "total": "9.90", "card": "visa"}


def test_two_events_about_an_order_are_one_order_and_one_charge(live):
    life, orders = live("multi_step_order")

    life.send("order/placed", **ORDER)
    life.send("order/placed", **ORDER)
    life.let_pass(hours=1)

    assert life.ends("process-order") == [(COMPLETED, {"id": "ch_1", "amount": "9.90"})]
    assert len(orders.charges) == 1


def test_an_order_that_fails_is_cleaned_up(live):
    life, orders = live("multi_step_order")

    life.send("order/placed", **ORDER | {"card": "expired"})
    life.let_pass(hours=1)

    assert [status for status, _ in life.ends("process-order")] == [FAILED]
    assert [status for status, _ in life.ends("process-order-failure")] == [COMPLETED]
    assert orders.reserved == {}
    assert orders.charges == {}


# scheduled_digest ----------------------------------------------------------------------------------------------------


def test_the_digest_is_sent_at_nine_in_paris_on_every_weekday(live):
    life, _ = live("scheduled_digest")

    life.let_pass(days=7)

    days = [moment.date() for moment in life.moments("daily-digest")]
    assert days == [(MONDAY + timedelta(days=day)).date() for day in range(5)]
    assert {moment.hour for moment in life.moments("daily-digest")} == {8}
    assert len(life.ends("send-digest")) == 5 * 3


def test_a_digest_that_was_requested_is_not_sent_again_on_the_same_day(live):
    life, digest = live("scheduled_digest")

    life.send("digest/requested")
    life.let_pass(hours=12)

    assert len(life.ends("daily-digest")) == 2
    assert sorted(result for _, result in life.ends("send-digest")) == ["1 items", "2 items", "nothing new"]
    assert len(digest.sent) == 2


# webhook_idempotency -------------------------------------------------------------------------------------------------

PAYMENT = {"payment_id": "p1", "account": "rent", "cents": 90_000}


def test_a_payment_that_is_delivered_again_and_again_is_booked_once(live):
    life, payments = live("webhook_idempotency")

    for delivery in ("bank/d1", "bank/d1", "bank/d2"):
        life.send("payment/received", id=delivery, **PAYMENT)
        life.let_pass(minutes=1)

    assert life.ends("book-payment") == [(COMPLETED, 90_000)]
    assert payments.ledger == {"p1": ("rent", 90_000)}


def test_a_payment_that_comes_again_after_the_24_hours_runs_again_and_is_still_booked_once(live):
    life, payments = live("webhook_idempotency")

    for _ in range(2):
        life.send("payment/received", **PAYMENT)
        life.let_pass(hours=25)

    assert life.ends("book-payment") == [(COMPLETED, 90_000)] * 2
    assert payments.ledger == {"p1": ("rent", 90_000)}


def test_a_payment_that_cannot_be_booked_is_set_aside(live):
    life, payments = live("webhook_idempotency")

    life.send("payment/received", **PAYMENT | {"account": "yacht"})
    life.let_pass(hours=1)

    assert payments.ledger == {}
    assert len(payments.unbooked) == 1


# ai_pipeline ---------------------------------------------------------------------------------------------------------


def test_a_document_is_summarized_once_when_the_typing_stops_and_then_written(live):
    life, pipeline = live("ai_pipeline")

    for text in ("T", "Tea is", "Tea is hot. Mind it."):
        life.send("document/updated", document_id="d1", text=text)
        life.let_pass(seconds=5)
    life.let_pass(minutes=5)

    assert life.ends("summarize") == [(COMPLETED, "Tea is hot")]
    assert pipeline.search_index == {"d1": "Tea is hot"}


def test_the_model_is_asked_again_after_the_time_that_it_wants(live, monkeypatch):
    life, pipeline = live("ai_pipeline")
    complete, started = pipeline.complete, life.server.now

    async def refuse_for_ten_minutes(prompt):
        if life.server.now < started + 600_000:
            raise pipeline.TooManyRequestsError(200)
        return await complete(prompt)

    monkeypatch.setattr(pipeline, "complete", refuse_for_ten_minutes)

    life.send("document/updated", document_id="d1", text="Tea is hot. Mind it.")
    life.let_pass(hours=1)

    assert life.ends("summarize") == [(COMPLETED, "Tea is hot")]


def test_many_summaries_are_written_at_once(live):
    life, pipeline = live("ai_pipeline")

    for number in range(5):
        life.send("document/updated", document_id=f"d{number}", text="Tea is hot.")
    life.let_pass(minutes=5)

    assert life.ends("index") == [(COMPLETED, 5)]
    assert len(pipeline.search_index) == 5


# drip_campaign -------------------------------------------------------------------------------------------------------

TRIAL = {"user_id": "u1", "email": "ada@example.com"}


def letters(campaign):
    return [letter for _, letter in campaign.sent.values()]


def test_the_letters_come_over_two_weeks(live):
    life, campaign = live("drip_campaign")
    life.send("trial/started", **TRIAL)

    life.let_pass(hours=12)

    came = []
    for _ in range(14):
        came.append(len(campaign.sent))
        life.let_pass(days=1)

    assert came == [1, *[2] * 12, 3]
    assert letters(campaign) == ["welcome", "getting-started", "last-chance"]


def test_a_trial_that_ends_ends_its_letters_and_no_other(live):
    life, campaign = live("drip_campaign")
    life.send("trial/started", **TRIAL)
    life.send("trial/started", user_id="u2", email="grace@example.com")

    life.let_pass(days=3)
    life.send("trial/ended", user_id="u1")
    life.let_pass(days=30)

    assert sorted(status for status, _ in life.ends("trial-letters")) == [CANCELLED, COMPLETED]
    assert len(letters(campaign)) == 2 + 3


def test_a_second_start_while_the_letters_are_under_way_changes_nothing(live):
    life, campaign = live("drip_campaign")

    life.send("trial/started", **TRIAL)
    life.let_pass(days=3)
    life.send("trial/started", **TRIAL)
    life.let_pass(days=30)

    assert len(life.ends("trial-letters")) == 1
    assert len(letters(campaign)) == 3


# human_approval ------------------------------------------------------------------------------------------------------

EXPENSE = {"expense_id": "e1", "employee": "ada", "amount": "80.00"}


def test_a_decision_on_the_first_day_is_carried_out_at_once(live):
    life, expenses = live("human_approval")
    life.send("expense/submitted", **EXPENSE)
    life.let_pass(hours=5)

    life.send("expense/decided", expense_id="e1", approved=True)
    life.let_pass(minutes=1)

    assert life.ends("approve-expense") == [(COMPLETED, "paid")]
    assert list(expenses.paid.values()) == [Decimal("80.00")]


def test_a_decision_after_the_reminder_is_seen_too(live):
    life, expenses = live("human_approval")
    life.send("expense/submitted", **EXPENSE)
    life.let_pass(days=4)

    life.send("expense/decided", expense_id="e1", approved=False, reason="no receipt")
    life.let_pass(minutes=1)

    assert life.ends("approve-expense") == [(COMPLETED, "rejected")]
    assert expenses.paid == {}


def test_nobody_decides_and_after_five_days_it_is_over(live):
    life, expenses = live("human_approval")
    life.send("expense/submitted", **EXPENSE)

    life.let_pass(days=4, hours=23)
    assert life.ends("approve-expense") == [(RunStatus.RUNNING, None)]

    life.let_pass(hours=2)
    assert life.ends("approve-expense") == [(COMPLETED, "expired")]
    assert expenses.paid == {}


def test_a_decision_about_another_expense_is_none_about_this_one(live):
    life, _ = live("human_approval")
    life.send("expense/submitted", **EXPENSE)
    life.let_pass(hours=1)

    life.send("expense/decided", expense_id="e2", approved=True)
    life.let_pass(days=10)

    assert life.ends("approve-expense") == [(COMPLETED, "expired")]


def test_a_withdrawn_expense_is_neither_decided_nor_paid(live):
    life, expenses = live("human_approval")
    life.send("expense/submitted", **EXPENSE)
    life.let_pass(hours=1)

    life.send("expense/withdrawn", expense_id="e1")
    life.send("expense/decided", expense_id="e1", approved=True)
    life.let_pass(days=10)

    assert [status for status, _ in life.ends("approve-expense")] == [CANCELLED]
    assert expenses.paid == {}


# basic_function ------------------------------------------------------------------------------------------------------


def test_a_mail_service_that_is_down_for_a_while_delays_the_welcome(live, monkeypatch):
    life, basic = live("basic_function")
    sent, up = [], MONDAY + timedelta(seconds=40)

    def send_mail(to, subject):
        if datetime.fromtimestamp(life.server.now / 1000, UTC) < up:
            raise OSError("the mail service is down")
        sent.append(to)

    monkeypatch.setattr(basic, "send_mail", send_mail)

    life.send("user/signed-up", user_id="u1", email="ada@example.com")
    life.let_pass(hours=1)

    assert life.ends("welcome") == [(COMPLETED, "Ada")]
    assert set(sent) == {"ada@example.com"}
