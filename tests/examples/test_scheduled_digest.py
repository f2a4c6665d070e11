import pytest
from django.test import Client, override_settings

from exampled import event, rules, story
from harnesses import set_up_django

READERS = ["ada@example.com", "grace@example.com", "new@example.com"]


@pytest.fixture
def digest(example):
    set_up_django()
    return example("scheduled_digest")


def due(email):
    return event("digest/due", email=email, day="2026-11-23")


def test_the_schedule_is_every_weekday_at_nine_in_paris(digest):
    schedule, on_request = rules(digest, "daily-digest")["triggers"]

    assert schedule == {"cron": "TZ=Europe/Paris 0 9 * * 1-5", "jitter": "1m"}
    assert on_request == {"event": "digest/requested"}


@pytest.mark.parametrize("name", ["inngest/scheduled.timer", "digest/requested"])
def test_the_schedule_fans_out_into_one_event_for_each_reader(digest, name):
    run = digest.play("daily-digest", event(name))

    assert run.output == 3
    assert story(run) == [("StepRun", "find-readers"), ("StepRun", "fan-out")]
    assert [sent["data"]["email"] for sent in digest.sent[:3]] == READERS
    assert {sent["data"]["day"] for sent in digest.sent} == {"2026-11-23"}


def test_a_fan_out_that_is_made_twice_is_the_same_events(digest):
    digest.play("daily-digest", event("digest/requested"))
    digest.play("daily-digest", event("digest/requested"))

    assert len(digest.sent) >= 6
    assert {sent["id"] for sent in digest.sent} == {f"digest/2026-11-23/{email}" for email in READERS}


def test_a_reader_gets_the_news_in_one_mail(digest):
    run = digest.play("send-digest", due("ada@example.com"))

    assert run.output == "2 items"
    assert story(run) == [("StepRun", "collect-news"), ("StepRun", "send-mail")]
    assert digest.module.sent == {
        "R1/send-mail": ("ada@example.com", ["23 November: Engines", "23 November: Looms"]),
    }


def test_a_reader_without_news_gets_no_mail(digest):
    run = digest.play("send-digest", due("new@example.com"))

    assert run.output == "nothing new"
    assert digest.module.sent == {}


def test_mails_are_throttled_and_old_ones_are_not_sent(digest):
    registered = rules(digest, "send-digest")

    assert registered["throttle"] == {"limit": 100, "period": "1m", "burst": 1}
    assert registered["timeouts"] == {"start": "12h"}


def test_django_serves_the_functions(digest):
    with override_settings(ROOT_URLCONF=digest.module):
        assert Client().get("/api/inngest").json()["function_count"] == 2
