import pytest

from asgi import ask
from exampled import event, rules, story

STARTED = event("trial/started", user_id="u1", email="ada@example.com")


@pytest.fixture
def campaign(example):
    return example("drip_campaign")


def test_letters_and_sleeps_come_in_the_order_in_which_they_are_written(campaign):
    run = campaign.play("trial-letters", STARTED)

    assert run.output == ["welcome", "getting-started", "last-chance"]
    assert story(run) == [
        ("StepRun", "send-welcome"),
        ("Sleep", "first-day"),
        ("StepRun", "is-active"),
        ("StepRun", "send-second"),
        ("Sleep", "last-day-but-one"),
        ("StepRun", "has-paid"),
        ("StepRun", "send-last-chance"),
    ]


def test_the_sleeps_are_a_day_and_until_thirteen_days_after_the_start(campaign):
    run = campaign.play("trial-letters", STARTED)

    assert [op["name"] for op in run.ops if op["op"] == "Sleep"] == ["24h", "2026-12-06T11:00:00.000Z"]


def test_every_letter_is_sent_once(campaign):
    campaign.play("trial-letters", STARTED)

    assert campaign.module.sent == {
        "R1/welcome": ("ada@example.com", "welcome"),
        "R1/second": ("ada@example.com", "getting-started"),
        "R1/last-chance": ("ada@example.com", "last-chance"),
    }


def test_who_is_active_gets_tips_and_who_has_paid_no_last_chance(campaign):
    campaign.module.active_users.add("u1")
    campaign.module.customers.add("u1")

    run = campaign.play("trial-letters", STARTED)

    assert run.output == ["welcome", "tips"]


def test_a_decision_is_remembered_when_the_world_changes_afterwards(campaign, monkeypatch):
    send_letter = campaign.module.send_letter

    def become_active_while_a_letter_is_sent(to, letter, *, key):
        send_letter(to, letter, key=key)
        if letter == "getting-started":
            campaign.module.active_users.add("u1")

    monkeypatch.setattr(campaign.module, "send_letter", become_active_while_a_letter_is_sent)

    run = campaign.play("trial-letters", STARTED)

    assert run.output == ["welcome", "getting-started", "last-chance"]


def test_the_end_of_the_trial_cancels_the_letters_of_that_user_alone(campaign):
    registered = rules(campaign, "trial-letters")

    assert registered["cancel"] == [{"event": "trial/ended", "if": "event.data.user_id == async.data.user_id"}]
    assert registered["singleton"] == {"mode": "skip", "key": "event.data.user_id"}


def test_starlette_serves_the_function(campaign):
    assert ask(campaign.module.app, "GET", "/api/inngest").json()["function_count"] == 1
