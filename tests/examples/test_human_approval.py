from decimal import Decimal

import pytest

from asgi import ask
from exampled import event, rules, story

SUBMITTED = event("expense/submitted", expense_id="e1", employee="ada", amount="80.00")


@pytest.fixture
def expenses(example):
    return example("human_approval")


def decided(*, approved, **data):
    return event("expense/decided", expense_id="e1", approved=approved, **data)


def said_to(expenses, who):
    """What somebody was told; a message may come twice, as every step may."""
    return list(dict.fromkeys(text for name, text in expenses.module.messages if name == who))


def test_an_approved_expense_is_paid_once(expenses):
    run = expenses.play("approve-expense", SUBMITTED, answers={"ask-decision": decided(approved=True)})

    assert run.output == "paid"
    assert story(run) == [("WaitForEvent", "ask-decision"), ("StepRun", "ask"), ("StepRun", "pay-out")]
    assert expenses.module.paid == {"R1/pay-out": Decimal("80.00")}
    assert said_to(expenses, "manager") == ["ada asks for 80.00: yes or no?"]


def test_the_wait_begins_before_the_manager_is_asked(expenses):
    run = expenses.play("approve-expense", SUBMITTED, answers={"ask-decision": decided(approved=True)})

    assert [op["op"] for op in run.ops[:2]] == ["WaitForEvent", "StepPlanned"]
    assert run.ops[0]["opts"] == {"timeout": "72h", "if": "event.data.expense_id == async.data.expense_id"}


def test_a_rejected_expense_is_explained_and_not_paid(expenses):
    no = decided(approved=False, reason="no receipt")

    run = expenses.play("approve-expense", SUBMITTED, answers={"ask-decision": no})

    assert run.output == "rejected"
    assert said_to(expenses, "ada") == ["not approved: no receipt"]
    assert expenses.module.paid == {}


def test_a_manager_who_does_not_answer_is_reminded(expenses):
    answers = {"ask-decision": None, "remind-decision": decided(approved=True)}

    run = expenses.play("approve-expense", SUBMITTED, answers=answers)

    assert run.output == "paid"
    assert [step for _, step in story(run)] == ["ask-decision", "ask", "remind-decision", "remind", "pay-out"]


def test_an_approval_that_never_comes_ends_the_wait(expenses):
    answers = {"ask-decision": None, "remind-decision": None}

    run = expenses.play("approve-expense", SUBMITTED, answers=answers)

    assert run.output == "expired"
    assert story(run)[-1] == ("StepRun", "give-up")
    assert expenses.module.paid == {}
    assert said_to(expenses, "ada") == ["nobody decided: please submit the expense again"]


def test_the_button_sends_the_decision(expenses):
    verdict = {"approved": False, "reason": "too much"}

    answer = ask(expenses.module.app, "POST", "/expenses/e1/decision", json=verdict)

    assert answer.status_code == 202
    (sent,) = expenses.sent
    assert sent["name"] == "expense/decided"
    assert sent["data"] == {"expense_id": "e1", "approved": False, "reason": "too much"}


def test_a_withdrawn_expense_cancels_its_run_alone(expenses):
    assert rules(expenses, "approve-expense")["cancel"] == [
        {"event": "expense/withdrawn", "if": "event.data.expense_id == async.data.expense_id"}
    ]


def test_fastapi_serves_the_function(expenses):
    assert ask(expenses.module.app, "GET", "/api/inngest").json()["function_count"] == 1
