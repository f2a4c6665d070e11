import hashlib
import hmac
import json

import pytest

from exampled import event, rules, story

PAYMENT = {"payment_id": "p1", "account": "rent", "cents": 90_000}
RECEIVED = event("payment/received", **PAYMENT)


@pytest.fixture
def payments(example):
    return example("webhook_idempotency")


def deliver(payments, delivery, *, key=b"only for development"):
    body = json.dumps(PAYMENT).encode()
    headers = {
        "content-type": "application/json",
        "x-bank-delivery": delivery,
        "x-bank-signature": hmac.new(key, body, hashlib.sha256).hexdigest(),
    }
    return payments.module.app.test_client().post("/webhooks/bank", data=body, headers=headers).status_code


def test_a_payment_is_booked_and_acknowledged(payments):
    run = payments.play("book-payment", RECEIVED)

    assert run.output == 90_000
    assert story(run) == [("StepRun", "book"), ("StepRun", "send-receipt")]
    assert payments.module.ledger == {"p1": ("rent", 90_000)}


def test_a_second_run_for_the_same_payment_books_nothing(payments):
    payments.play("book-payment", RECEIVED)
    again = payments.play("book-payment", RECEIVED)

    assert again.output == 90_000
    assert payments.module.ledger == {"p1": ("rent", 90_000)}


def test_a_delivery_that_comes_twice_is_one_event(payments):
    assert [deliver(payments, "d1"), deliver(payments, "d1")] == [202, 202]

    assert [sent["id"] for sent in payments.sent] == ["bank/d1", "bank/d1"]
    assert payments.sent[0]["data"] == PAYMENT


def test_another_delivery_about_the_same_payment_starts_no_second_run(payments):
    registered = rules(payments, "book-payment")

    assert registered["idempotency"] == "event.data.payment_id"
    assert registered["concurrency"] == [{"limit": 1, "key": "event.data.account"}]


def test_a_delivery_with_a_wrong_signature_is_refused(payments):
    assert deliver(payments, "d1", key=b"somebody else's") == 401

    assert payments.sent == []


def test_a_payment_for_an_account_that_does_not_exist_is_set_aside(payments):
    unknown = event("payment/received", **PAYMENT | {"account": "yacht"})

    failed = payments.play("book-payment", unknown)
    payments.play_failure("book-payment", unknown, failed)

    assert payments.module.ledger == {}
    assert list(payments.module.unbooked) == ["R1"]
    assert "there is no account yacht" in payments.module.unbooked["R1"]
    assert "'p1'" in payments.module.unbooked["R1"]


def test_flask_serves_the_function_and_its_failure_handler(payments):
    assert payments.module.app.test_client().get("/api/inngest").json["function_count"] == 2
