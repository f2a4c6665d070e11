"""What apps may register, and how a refusal names function, field and rule."""

from __future__ import annotations

import sqlite3

import hypothesis
import pytest
from hypothesis import strategies

from inngest_py.dev.duration import DAY, parse_duration
from inngest_py.dev.flow import Concurrency
from inngest_py.dev.model import RunStatus
from inngest_py.dev.notices import AppRemoved, AppSynced
from inngest_py.dev.registration import normal_url, read_registration
from inngest_py.dev.rules import Rules
from inngest_py.dev.simulation import START, Simulation
from inngest_py.dev.store.sqlite import SQLiteStore
from inngest_py.errors import RequestError
from inngest_py.wire.codec import encode

FIELDS = strategies.sampled_from(
    [
        "id",
        "name",
        "triggers",
        "event",
        "expression",
        "cron",
        "jitter",
        "steps",
        "step",
        "runtime",
        "url",
        "retries",
        "attempts",
        "concurrency",
        "limit",
        "key",
        "scope",
        "fn",
        "batchEvents",
        "maxSize",
        "timeout",
        "if",
        "rateLimit",
        "period",
        "throttle",
        "burst",
        "debounce",
        "priority",
        "run",
        "idempotency",
        "cancel",
        "timeouts",
        "start",
        "finish",
        "singleton",
        "mode",
        "checkpoint",
    ]
)

GOOD = [
    {},
    {"triggers": []},
    {"triggers": [{"event": "e"}, {"event": "e", "expression": "event.data.a == 1"}]},
    {"triggers": [{"cron": "TZ=Europe/Paris 0 9 * * *", "jitter": "5m"}]},
    {"concurrency": 5},
    {"concurrency": 0},
    {"concurrency": {"limit": 1, "key": "event.data.a", "scope": "env"}},
    {"concurrency": [{"limit": 1}, {"limit": 2, "key": "event.data.a"}]},
    {"concurrency": []},
    {"concurrency": {"fn": [{"limit": 1}], "step": [{"limit": 2}]}},
    {"batchEvents": {"maxSize": 1000, "timeout": "24h"}},
    {"batchEvents": {"maxSize": 2, "timeout": "1s", "key": "event.data.a", "if": "event.data.b == 1"}, "cancel": []},
    {"rateLimit": {"limit": 1, "period": "1d"}},
    {"throttle": {"limit": 0, "period": "8d", "burst": 1}},
    {"debounce": {"period": "7d", "timeout": "1h"}},
    {"priority": {"run": "event.data.p"}},
    {"idempotency": "event.data.id"},
    {"cancel": [{"event": "c", "if": "event.data.a == async.data.a", "timeout": "2030-01-01T00:00:00Z"}]},
    {"cancel": [{"event": "c", "timeout": "1h"}]},
    {"timeouts": {"start": "1h", "finish": None}},
    {"singleton": {"mode": "skip", "key": "event.data.a"}},
    {"singleton": {}},
    {"unknown": {"field": 1}},
]

BAD = [
    ({"name": ""}, "name"),
    ({"id": ""}, "id"),
    ({"triggers": [{"event": f"e{n}"} for n in range(11)]}, "there can be 10 triggers, not 11"),
    ({"triggers": [{"event": "e"}, {"event": "e"}]}, "the same trigger is there twice"),
    ({"triggers": [{"event": "e", "cron": "* * * * *"}]}, "either an event or a cron"),
    ({"triggers": [{}]}, "either an event or a cron"),
    ({"triggers": [{"event": "e" * 256}]}, "255 characters, not 256"),
    ({"triggers": [{"event": "e", "expression": "foo == 1"}]}, '"foo" is not known here'),
    ({"triggers": [{"event": "e", "expression": "async.a == 1"}]}, '"async" is not known here'),
    ({"triggers": [{"cron": "@daily"}]}, "five fields"),
    ({"triggers": [{"event": "e", "jitter": "1s"}]}, "jitter"),
    ({"triggers": [{"cron": "* * * * *", "jitter": "6m"}]}, "jitter"),
    ({"triggers": "e"}, "it must be a list"),
    ({"steps": {}}, "exactly one step"),
    ({"steps": {"step": {"runtime": {"url": "ftp://x"}}}}, "http://"),
    ({"concurrency": [1, 2, 3]}, "there can be 2 limits, not 3"),
    ({"concurrency": {"limit": 1, "scope": "world"}}, "fn, env or account"),
    ({"concurrency": {"limit": 1, "scope": "account"}}, "needs a key"),
    ({"concurrency": {"limit": 1, "key": "event.data."}}, "a name must follow the dot"),
    ({"batchEvents": {"maxSize": 1, "timeout": "1s"}}, "at least 2"),
    ({"batchEvents": {"maxSize": 2, "timeout": "1d"}}, 'write it in hours, such as "24h"'),
    ({"batchEvents": {"maxSize": 2, "timeout": "500ms"}}, "at least 1 seconds"),
    ({"batchEvents": {"maxSize": 2}}, "timeout"),
    ({"batchEvents": {"maxSize": 2, "timeout": "5s"}, "singleton": {}}, "cannot be combined with singleton"),
    ({"rateLimit": {"limit": 0, "period": "1h"}}, "at least 1"),
    ({"rateLimit": {"limit": 1, "period": "25h"}}, "period"),
    ({"throttle": {"limit": 1}}, "period"),
    ({"debounce": {"period": "8d"}}, "period"),
    ({"priority": {"run": "1 +"}}, "it ends too early"),
    ({"priority": {"run": "1 + " + "9" * 5000}}, "this number is too large"),
    ({"triggers": [{"cron": "9" * 5000 + " * * * *"}]}, "cannot be read"),
    ({"idempotency": "event.data.id ="}, "position"),
    ({"cancel": [{"event": f"c{n}"} for n in range(6)]}, "there can be 5 of them, not 6"),
    ({"cancel": [{"event": "c", "if": "size(event.data.a) == 1"}]}, "only comparisons"),
    ({"timeouts": {"start": 5}}, "timeouts: start = 5: it must be a string"),
    ({"timeouts": {"start": "x"}}, "timeouts: start = 'x': \"x\" is not a duration such as"),
    ({"timeouts": {"start": "99999999999999h"}}, "longer than 292 years"),
    ({"timeouts": {"finish": "0s"}}, "timeouts: finish = '0s': it must be at least 0.001 seconds"),
    ({"debounce": {"period": "7d", "timeout": "nonsense"}}, "debounce: timeout = 'nonsense'"),
    ({"cancel": [{"event": "c", "timeout": "whenever"}]}, "cancel[0]: timeout = 'whenever': \"whenever\" is neither"),
    ({"cancel": [{"event": "c", "timeout": "99999999999999999h"}]}, "neither a duration nor a date"),
    ({"concurrency": -1}, "concurrency[0]: limit = -1: it must be at least 0"),
    ({"concurrency": 2.5}, "concurrency[0]: limit = 2.5: it must be a whole number"),
    ({"concurrency": "many"}, "concurrency[0]: limit = 'many': it must be a whole number"),
    ({"concurrency": True}, "it must be a whole number"),
    ({"rateLimit": {"period": "1h"}}, "rateLimit: limit = None: it must be at least 1"),
    ({"throttle": {"limit": 1, "period": "1s", "burst": -1}}, "throttle: burst = -1: it must be at least 0"),
    ({"throttle": {"limit": 10**300, "period": "1s"}}, "it can be at most 9007199254740991"),
    ({"retries": "3"}, "retries = '3': it must be a whole number"),
    ({"steps": {"step": {"runtime": {"url": "http://[::1"}}}}, "and name a host"),
    ({"steps": {"step": {"runtime": {"url": "http://app.test:99999/x"}}}}, "and name a host"),
    ({"steps": {"step": {"runtime": {"url": "http:///x"}}}}, "and name a host"),
    ({"singleton": {"mode": "maybe"}}, "skip or cancel"),
]


def read(kit, *functions):
    return read_registration(encode(kit.registration(*functions)), 0)


@pytest.mark.parametrize("fields", GOOD, ids=str)
def test_it_is_accepted(kit, fields):
    assert read(kit, {**kit.config("f"), **fields}).functions[0].slug == "f"


@pytest.mark.parametrize(("fields", "why"), BAD, ids=lambda value: str(value)[:60])
def test_it_is_refused_with_the_function_and_the_rule(kit, fields, why):
    with pytest.raises(RequestError) as caught:
        read(kit, {**kit.config("f"), **fields})

    assert str(caught.value).startswith("At least one function is invalid: function")
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"zz", "Invalid request: "),
        (b"[]", "Invalid request: "),
        (b"{}", "App ID required"),
        (b'{"appName":"a","functions":5}', "Invalid request: "),
        (b'{"appName":"a","functions":[5]}', "Invalid request: "),
        (b'{"appName":"a","functions":0}', "Invalid request: functions must be a list"),
        (b'{"appName":"a","url":"http://[::1"}', "Invalid request: url = .*: it must begin with http://"),
        (b'{"appName":"a","url":5}', "Invalid request: url = 5: it must begin with http://"),
    ],
)
def test_a_body_that_is_no_registration_is_refused(body, why):
    with pytest.raises(RequestError, match=why):
        read_registration(body, 0)


def test_two_functions_with_one_id_are_refused(kit):
    with pytest.raises(RequestError, match='two functions with the id "f"'):
        read(kit, kit.config("f"), kit.config("f"))


@pytest.mark.parametrize(("attempts", "retries"), [(0, 0), (3, 3), (99, 20), (-1, 4)])
def test_retries_are_within_limits(kit, attempts, retries):
    assert read(kit, kit.config("f", retries=attempts)).functions[0].retries == retries


def test_limits_of_runs_and_of_calls_are_read(kit):
    rules = {"fn": [{"limit": 2, "key": "event.data.k"}], "step": [{"limit": 3}]}

    (function,) = read(kit, {**kit.config("f"), "concurrency": rules}).functions

    assert function.flow.concurrency == (Concurrency(2, "event.data.k", whole=True), Concurrency(3))


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"fn": [{"limit": 1}, {"limit": 2}]}, "concurrency: fn = .*: there can be 1 limit, not 2"),
        ({"fn": [{"limit": 0}]}, "concurrency: fn = .*: the limit must be at least 1"),
        ({"fn": [{"limit": 1, "scope": "env"}]}, r"concurrency: fn\[0\]: key = None: the scope env needs a key"),
        ({"step": [{"limit": 1}] * 3}, "concurrency: step = .*: there can be 2 limits, not 3"),
    ],
)
def test_limits_of_runs_that_cannot_be_are_refused(kit, rules, why):
    with pytest.raises(RequestError, match=why):
        read(kit, {**kit.config("f"), "concurrency": rules})


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("http://127.0.0.1:3000/api?deployId=1&a=2", "http://127.0.0.1:3000/api?a=2"),
        ("http://0.0.0.0:3000/api", "http://127.0.0.1:3000/api"),
        ("https://x.test:443/api", "https://x.test/api"),
        ("http://[::1]:3000/api", "http://[::1]:3000/api"),
        ("", ""),
    ],
)
def test_urls_are_kept_but_for_what_names_no_app(url, normal):
    assert normal_url(url) == normal


def test_the_same_again_changes_nothing(world, kit):
    payload = kit.registration(kit.config("f"))

    assert world.simulation.register(payload) is True
    assert world.simulation.register(payload) is False
    assert len(world.simulation.told(AppSynced)) == 1


def test_an_app_cannot_have_the_function_of_another(world, kit):
    world.simulation.register(kit.registration(kit.config("shop-eu-bill"), app="shop"))
    other = {**kit.registration(kit.config("shop-eu-bill"), app="shop-eu"), "url": "http://other.test/api/inngest"}

    with pytest.raises(RequestError) as caught:
        world.simulation.register(other)

    assert 'function "shop-eu-bill" of app "shop-eu" has the id of a function of app "shop"' in str(caught.value)
    assert "http://app.test/api/inngest" in str(caught.value)
    assert list(world.simulation.state.apps) == ["shop"]


def test_what_an_app_left_another_may_have(world, kit):
    world.simulation.register(kit.registration(kit.config("shop-eu-bill"), app="shop"))
    world.simulation.register(kit.registration(kit.config("shop-all"), app="shop"))
    other = {**kit.registration(kit.config("shop-eu-bill"), app="shop-eu"), "url": "http://other.test/api/inngest"}

    assert world.simulation.register(other) is True


def test_a_function_that_is_gone_starts_no_more(world, kit):
    world.simulation.register(kit.registration(kit.config("a"), kit.config("b")))
    world.simulation.register(kit.registration(kit.config("b")))

    world.send("t/a")
    world.send("t/b")

    assert [run.function for run in world.runs()] == ["b"]
    assert world.simulation.told(AppSynced)[-1].archived == ("a",)


def test_an_app_that_changed_its_name_does_not_stay_twice(world, kit):
    world.simulation.register(kit.registration(kit.config("old"), app="old"))
    world.simulation.register(kit.registration(kit.config("new", "t/old"), app="new"))

    world.send("t/old")

    assert [run.function for run in world.runs()] == ["new"]
    assert [notice.app for notice in world.simulation.told(AppRemoved)] == ["old"]


@pytest.mark.parametrize("text", ["99999999999999999h", "9" * 400 + "h", "16000w"])
def test_a_duration_that_no_clock_can_count_is_none(text):
    with pytest.raises(ValueError, match="longer than 292 years"):
        parse_duration(text)


# Anything -------------------------------------------------------------------------------------------------------------

ANYTHING = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.sampled_from([-1, 0, 1, 2, 10, 10**300])
    | strategies.floats(allow_nan=False, allow_infinity=False)
    | strategies.text()
    | strategies.sampled_from(
        [
            "x",
            "1s",
            "10s",
            "0s",
            "-1s",
            "1d",
            "8d",
            "event.data.a",
            "foo",
            "1+",
            "false",
            "http://",
            "http://[",
            "cancel",
            "env",
            "((((1",
        ]
    )
    | strategies.sampled_from(["", "9" * 400 + "h", "* * * * *", "0 0 30 2 *", "TZ=No/Where * * * * *", "1 == 1"]),
    lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=8,
)


@hypothesis.settings(max_examples=400, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(field=FIELDS, value=ANYTHING, more=strategies.dictionaries(FIELDS, ANYTHING, max_size=2))
def test_whatever_is_registered_is_refused_clearly_or_works(kit, field, value, more):
    """Nothing else can come of it: no mistake of the server, and no function that cannot run."""
    simulation = Simulation(rules=Rules(retry_interval=1000))
    plain = kit.config("good")
    config = {**kit.config("f"), **more, field: value}
    said = "At least one function is invalid: "

    try:
        simulation.register(kit.registration(plain, config))
    except RequestError as error:
        said = str(error)
        simulation.register(kit.registration(plain))
    names = [trigger.event or "t/f" for each in simulation.state.functions.values() for trigger in each.triggers]
    for name in {"t/good", *(name for name in names if not name.startswith("inngest/"))}:
        simulation.send({"name": name.replace("*", "x"), "data": {"a": 1}})
    simulation.restart()
    simulation.run(lambda _: kit.done(1), until=START + DAY)

    assert said.startswith("At least one function is invalid: ")
    assert [run.status for run in simulation.runs("good")] == [RunStatus.COMPLETED]


def test_a_function_that_an_older_version_took_is_kept_for_its_runs_only(kit, tmp_path):
    path = tmp_path / "dev.db"
    simulation = Simulation(store=SQLiteStore(path))
    simulation.register(kit.registration(kit.config("f")))
    simulation.send({"name": "t/f"})
    simulation.store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("""UPDATE functions SET config = json_set(config, '$.timeouts', json('{"start": "x"}'))""")
    connection.close()

    simulation = Simulation(store=SQLiteStore(path))
    simulation.send({"name": "t/f"})
    simulation.run(lambda _: kit.done(1))
    simulation.register(kit.registration(kit.config("f")))
    simulation.send({"name": "t/f"})
    simulation.run(lambda _: kit.done(2))
    outputs = [run.output for run in simulation.runs()]
    simulation.store.close()

    assert outputs == ["1", "2"]
