"""What the backend for Django's tasks declares, and with which options."""

from __future__ import annotations

from typing import Any

import pytest

import inngest_py as inngest
from harnesses import set_up_django
from tasked import task_backends

set_up_django()

from inngest_django.configuration import client_of_settings  # noqa: E402 - needs settings


def test_the_options_of_a_backend_are_those_of_its_function() -> None:
    functions = {function.local_id: function.to_json("http://app.test") for function in client_of_settings().functions}

    assert functions["tasks-default"]["steps"]["step"]["retries"] == {"attempts": 2}
    assert functions["tasks-mail"]["concurrency"] == [{"limit": 1}]
    assert functions["tasks-mail"]["triggers"] == [{"event": "django-tasks/django-shop/mail"}]
    assert functions["tasks-mail-cancelled"]["triggers"] == [
        {"event": "inngest/function.cancelled", "expression": 'event.data.function_id == "django-shop-tasks-mail"'}
    ]
    assert list(task_backends["default"].check()) == []
    assert [message.id for message in type(task_backends["default"])("other", {}).check()] == ["inngest.E011"]


@pytest.mark.parametrize(
    ("options", "what", "advice"),
    [
        ({"rate_limit": inngest.RateLimit(limit=1, period="1m")}, "has rate_limit=", "use throttle"),
        ({"debounce": inngest.Debounce(period="1m")}, "has debounce=", "leave it out"),
        ({"batch_events": inngest.Batch(max_size=2, timeout="1m"), "priority": None}, "has batch_events=", "leave"),
        ({"idempotency": "event.data.task"}, "has idempotency='event.data.task'", "leave it out"),
        ({"singleton": inngest.Singleton(mode="skip")}, "has singleton=", 'use concurrency=1, or mode="cancel"'),
        ({"on_failure": print}, "has on_failure=", "connect to the signal task_finished"),
        ({"fn_id": "mine"}, "has fn_id='mine'", "the backend gives it"),
        ({"trigger": inngest.TriggerCron(cron="* * * * *")}, "has trigger=", "the backend gives it"),
        (3, "is not a dict but 3", ""),
    ],
)
def test_options_by_which_a_task_would_not_run_are_refused(options: object, what: str, advice: str) -> None:
    with pytest.raises(inngest.ConfigError) as raised:
        backend_with(options).declare()

    assert str(raised.value).startswith(f'TASKS["refused"]["OPTIONS"] {what}')
    assert advice in str(raised.value)


def test_a_task_may_cancel_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    client = inngest.Inngest(app_id="shop", is_production=False)
    monkeypatch.setattr("inngest_django.backend.client_of_settings", lambda: client)

    function = backend_with({"singleton": inngest.Singleton(mode="cancel")}).declare()

    assert function.to_json("http://app.test")["singleton"] == {"mode": "cancel"}


def backend_with(options: object) -> Any:
    return type(task_backends["default"])("refused", {"OPTIONS": options})
