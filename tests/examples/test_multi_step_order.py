import pytest

from asgi import ask
from exampled import event, rules, story


def placed(**data):
    return event("order/placed", **{"order_id": "o1", "quantity": 2, "total": "9.90", "card": "visa"} | data)


@pytest.fixture
def orders(example):
    return example("multi_step_order")


def test_an_order_is_reserved_and_rated_in_parallel_then_charged_then_announced(orders):
    run = orders.play("process-order", placed())

    assert run.output == {"id": "ch_1", "amount": "9.90"}
    assert story(run) == [
        ("StepRun", "reserve-stock"),
        ("StepRun", "rate-risk"),
        ("StepRun", "charge-card"),
        ("StepRun", "announce"),
    ]
    assert orders.module.reserved == {"o1": 2}


def test_the_first_two_steps_are_reported_together(orders):
    run = orders.play("process-order", placed())

    assert [op["displayName"] for op in run.ops[:2]] == ["reserve-stock", "rate-risk"]
    assert {op["op"] for op in run.ops[:2]} == {"StepPlanned"}


def test_the_card_is_charged_once_under_the_key_of_run_and_step(orders):
    orders.play("process-order", placed())

    assert list(orders.module.charges) == ["R1/charge-card"]


def test_the_event_about_the_payment_has_one_id_however_often_it_is_sent(orders):
    orders.play("process-order", placed())

    assert {sent["id"] for sent in orders.sent} == {"R1/announce"}
    assert orders.sent[0]["data"] == {"order_id": "o1", "charge_id": "ch_1"}


def test_a_refused_card_fails_the_order_without_a_retry_and_gives_the_stock_back(orders, capsys):
    failed = orders.play("process-order", placed(card="expired"))

    assert failed.status == "failed"
    assert story(failed)[-1] == ("StepFailed", "charge-card")
    assert orders.module.reserved == {"o1": 2}

    cleaned = orders.play_failure("process-order", placed(card="expired"), failed)

    assert story(cleaned) == [("StepRun", "release-stock"), ("StepRun", "tell-customer")]
    assert orders.module.reserved == {}
    assert orders.module.charges == {}
    assert "order o1 could not be completed" in capsys.readouterr().out


def test_fraud_is_never_charged(orders):
    failed = orders.play("process-order", placed(card="lost"))

    assert failed.status == "failed"
    assert failed.output["message"] == "order o1 looks like fraud"
    assert orders.module.charges == {}


def test_an_event_that_is_no_order_leaves_nothing_to_clean_up(orders):
    failed = orders.play("process-order", placed(quantity="many"))

    cleaned = orders.play_failure("process-order", placed(quantity="many"), failed)

    assert cleaned.status == "completed"
    assert story(cleaned) == []


def test_a_second_event_about_an_order_starts_nothing(orders):
    assert rules(orders, "process-order")["idempotency"] == "event.data.order_id"


def test_fastapi_serves_the_function_and_its_failure_handler(orders):
    assert ask(orders.module.app, "GET", "/api/inngest").json()["function_count"] == 2
