"""Tests of drip_campaign.py: two weeks pass in milliseconds, and no letter leaves the machine.

    pytest examples/test_drip_campaign.py

Every run is replayed after each of its steps, too: a function that is not safe to be replayed fails its test.
"""

import importlib
from datetime import UTC, datetime
from unittest.mock import Mock

import pytest

import inngest_py as inngest
from inngest_py import testing


@pytest.fixture
def campaign(monkeypatch):
    monkeypatch.setenv("INNGEST_DEV", "1")  # the module serves its functions, which takes keys otherwise
    return importlib.import_module("drip_campaign")


@pytest.fixture
def started(campaign):
    return campaign.trial_started(user_id="u1", email="ada@example.com")


def test_who_does_nothing_is_sent_three_letters(campaign, started):
    letters = Mock(return_value=None)
    steps = {"send-welcome": letters, "send-second": letters, "send-last-chance": letters}

    run = testing.run(campaign.trial_letters, started, steps=steps)

    assert run.output == ["welcome", "getting-started", "last-chance"]
    assert [call.args for call in letters.call_args_list] == [("ada@example.com", letter) for letter in run.output]
    assert run.duration.days == 13


def test_who_has_paid_is_sent_no_last_chance(campaign, started):
    steps = {"is-active": True, "has-paid": True, "send-welcome": None, "send-second": None}

    run = testing.run(campaign.trial_letters, started, steps=steps)

    assert run.output == ["welcome", "tips"]
    assert "send-last-chance" not in run.steps


def test_a_mail_server_that_is_down_is_tried_again(campaign, started):
    steps = {"send-welcome": testing.fails(3, ConnectionError("connection refused"))}

    run = testing.run(campaign.trial_letters, started, steps=steps)

    assert run.status == "Completed"
    assert run.steps["send-welcome"].attempts == 4


def test_the_end_of_the_trial_ends_the_letters_of_that_user(campaign, inngest_engine):
    engine = inngest_engine(campaign.client, start=datetime(2026, 11, 23, 9, tzinfo=UTC))
    for user in ("u1", "u2"):
        engine.send(campaign.trial_started(user_id=user, email=f"{user}@example.com"))
    engine.advance("5d")

    engine.send(inngest.Event(name="trial/ended", data={"user_id": "u1"}))
    engine.run_until_idle()

    assert [run.status for run in engine.runs] == ["Cancelled", "Completed"]
    assert list(engine.runs[0].steps) == ["send-welcome", "first-day", "is-active", "send-second", "last-day-but-one"]


def test_there_is_one_series_of_letters_at_a_time(campaign, inngest_engine, started):
    engine = inngest_engine(campaign.client)

    engine.send(started)
    engine.advance("1d")
    engine.send(started)
    engine.run_until_idle()

    assert len(engine.runs) == 1
