"""Declaring functions: what servers take is registered as they want it, what they would refuse is refused by name."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from pydantic import BaseModel

from exchanges import sent_to_server
from inngest_py import (
    Backoff,
    Batch,
    Cancel,
    Concurrency,
    ConfigError,
    Context,
    ContextSync,
    Debounce,
    EventType,
    Function,
    Inngest,
    Priority,
    RateLimit,
    Retries,
    Singleton,
    Throttle,
    Timeouts,
    TriggerCron,
    TriggerEvent,
)
from inngest_py.config.handler import is_async

URL = "http://127.0.0.1:28301/api/inngest"
PLACED = TriggerEvent(event="order/placed")


class Order(BaseModel):
    order_id: str


@pytest.fixture
def client() -> Inngest:
    return Inngest(app_id="shop", is_production=False)


def declare(client: Inngest, fn_id: Any = "process-order", trigger: Any = PLACED, **options: Any) -> Function[Any]:
    """A declared function that does nothing."""
    return client.create_function(fn_id=fn_id, trigger=trigger, **options)(lambda _ctx: None)


# Being a function --------------------------------------------------------------------------------------------------


def test_a_declared_function_can_be_called_as_it_was_written(client: Inngest) -> None:
    @client.create_function(fn_id="double", trigger=PLACED)
    def double(ctx: Any) -> int:
        """Twice as much."""
        return 2 * ctx

    assert double(21) == 42
    assert (vars(double)["__name__"], double.__doc__) == ("double", "Twice as much.")


def test_a_declared_function_knows_its_names(client: Inngest) -> None:
    function = declare(client, name="Process an order", retries=2)

    assert (function.id, function.local_id, function.name) == (
        "shop-process-order",
        "process-order",
        "Process an order",
    )
    assert function.retries == Retries(attempts=2)
    assert repr(function) == "<Function shop-process-order>"


def test_a_client_lists_its_functions_in_order(client: Inngest) -> None:
    first, second = declare(client, "b"), declare(client, "a")

    assert client.functions == (first, second)


async def coroutine(_ctx: Context) -> None: ...


class AsyncCallable:
    async def __call__(self, _ctx: Context) -> None: ...


class PlainCallable:
    def __call__(self, _ctx: ContextSync) -> None: ...


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (coroutine, True),
        (functools.partial(functools.partial(coroutine)), True),
        (AsyncCallable(), True),
        (PlainCallable(), False),
        (lambda _ctx: None, False),
        (functools.partial(print), False),
        (AsyncCallable, False),
    ],
)
def test_whether_a_function_is_async_is_seen_through_wrappers(handler: Any, expected: bool) -> None:
    assert is_async(handler) is expected


# Its registration --------------------------------------------------------------------------------------------------


def test_a_function_is_registered_as_a_real_server_accepts_it() -> None:
    accepted = {entry["id"]: entry for entry in sent_to_server("sync_out_of_band")[0]["body"]["functions"]}
    client = Inngest(app_id="cap", is_production=False)

    declare(client, "no-step", TriggerEvent(event="t/no-step"))

    (function,) = client.functions
    assert function.to_json(URL) == accepted["cap-no-step"]


def test_an_on_failure_function_is_registered_as_a_real_server_accepts_it() -> None:
    accepted = {entry["id"]: entry for entry in sent_to_server("sync_out_of_band")[0]["body"]["functions"]}
    client = Inngest(app_id="cap", is_production=False)

    function = declare(client, "perm-fail", TriggerEvent(event="t/perm-fail"), retries=1, on_failure=lambda _ctx: None)

    main, failure = (part.to_json(URL) for part in function.parts())
    assert main == accepted["cap-perm-fail"]
    assert {"cancel": [], "concurrency": [], **failure} == accepted["cap-perm-fail-failure"]


def test_every_option_is_registered(client: Inngest) -> None:
    function = declare(
        client,
        trigger=[
            TriggerEvent(event="a", expression="event.data.x > 1"),
            TriggerCron(cron="* * * * *"),
            EventType("b", Order),
        ],
        name="Process",
        retries=Retries(attempts=4, backoff=Backoff.constant("5s")),
        concurrency=[Concurrency(limit=5), Concurrency(limit=1, key="event.data.x", scope="env")],
        throttle=Throttle(limit=2, period="4s"),
        rate_limit=RateLimit(limit=1, period="1d"),
        debounce=Debounce(period="5s"),
        priority=Priority(run="int(event.data.p)"),
        singleton=Singleton(mode="skip"),
        cancel=[Cancel(event="c", if_exp="event.data.x == async.data.x")],
        timeouts=Timeouts(start="10s"),
        idempotency="event.data.order_id",
    )

    assert function.to_json(URL) == {
        "id": "shop-process-order",
        "name": "Process",
        "triggers": [{"event": "a", "expression": "event.data.x > 1"}, {"cron": "* * * * *"}, {"event": "b"}],
        "steps": {
            "step": {
                "id": "step",
                "name": "step",
                "retries": {"attempts": 4},
                "runtime": {"type": "http", "url": f"{URL}?fnId=shop-process-order&stepId=step"},
            }
        },
        "concurrency": [{"limit": 5}, {"limit": 1, "key": "event.data.x", "scope": "env"}],
        "throttle": {"limit": 2, "period": "4s", "burst": 1},
        "rateLimit": {"limit": 1, "period": "24h"},
        "debounce": {"period": "5s"},
        "priority": {"run": "int(event.data.p)"},
        "singleton": {"mode": "skip"},
        "cancel": [{"event": "c", "if": "event.data.x == async.data.x"}],
        "timeouts": {"start": "10s"},
        "idempotency": "event.data.order_id",
    }


def test_a_batch_goes_with_what_does_not_exclude_it(client: Inngest) -> None:
    function = declare(
        client, batch_events=Batch(max_size=10, timeout="1d"), rate_limit=RateLimit(limit=1, period="1h"), concurrency=3
    )

    body = function.to_json(URL)
    assert body["batchEvents"] == {"maxSize": 10, "timeout": "24h"}
    assert body["concurrency"] == [{"limit": 3}]


@pytest.mark.parametrize(
    ("options", "key", "written"),
    [
        ({"concurrency": 5}, "concurrency", [{"limit": 5}]),
        ({"concurrency": Concurrency(limit=5)}, "concurrency", [{"limit": 5}]),
        ({"concurrency": (5, 6)}, "concurrency", [{"limit": 5}, {"limit": 6}]),
        ({"cancel": Cancel(event="c")}, "cancel", [{"event": "c"}]),
        ({"trigger": []}, "triggers", []),
        ({"trigger": (PLACED,)}, "triggers", [{"event": "order/placed"}]),
        ({"name": ""}, "name", "process-order"),
    ],
)
def test_one_thing_may_stand_for_a_list_of_one(client: Inngest, options: Any, key: str, written: Any) -> None:
    assert declare(client, **options).to_json(URL)[key] == written


# Refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fn_id", ["", " ", "two words", "a/b", "it's", "-a", "a-", "é", "a\n", "x" * 129, None, 5, "a?b=c"]
)
def test_an_id_that_cannot_be_part_of_a_url_is_refused(client: Inngest, fn_id: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        declare(client, fn_id)

    assert f"fn_id={fn_id!r} is not a valid function id" in str(caught.value)


@pytest.mark.parametrize("fn_id", ["a", "A.b_c-1", "0", "x" * 128])
def test_an_id_may_have_letters_digits_and_joints(client: Inngest, fn_id: str) -> None:
    assert declare(client, fn_id).local_id == fn_id


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"trigger": None}, "trigger=None must be a TriggerEvent"),
    ({"batch_events": 1}, "batch_events=1 must be Batch(...)"),
    (
        {"trigger": "order/placed"},
        "trigger='order/placed' must be a TriggerEvent, a TriggerCron, an EventType or a list",
    ),
    ({"trigger": [PLACED, Throttle(limit=1, period="1s")]}, "must be a TriggerEvent"),
    ({"trigger": [TriggerEvent(event=f"e{i}") for i in range(11)]}, "trigger has 11 entries, and 10 is the most"),
    ({"trigger": [PLACED, PLACED]}, "trigger {'event': 'order/placed'} stands there twice"),
    ({"trigger": [PLACED, EventType("order/placed", Order)]}, "stands there twice"),
    ({"concurrency": [1, 2, 3]}, "concurrency has 3 entries, and 2 is the most"),
    ({"concurrency": 0}, "concurrency=0 must be a number from 1, or Concurrency(...)"),
    ({"concurrency": True}, "concurrency=True must be a number from 1"),
    ({"concurrency": "5"}, "concurrency='5' must be a number from 1"),
    ({"cancel": [Cancel(event=f"e{i}") for i in range(6)]}, "cancel has 6 entries, and 5 is the most"),
    ({"cancel": "order/cancelled"}, "cancel='order/cancelled' must be Cancel(...) or a list of them"),
    ({"retries": 21}, "retries=21 must be a number from 0 to 20, or Retries(...)"),
    ({"retries": -1}, "retries=-1 must be a number from 0 to 20"),
    ({"retries": True}, "retries=True must be a number from 0 to 20"),
    ({"retries": "3"}, "retries='3' must be a number from 0 to 20"),
    ({"throttle": {"limit": 1, "period": "1s"}}, "throttle={'limit': 1, 'period': '1s'} must be Throttle(...)"),
    ({"rate_limit": Throttle(limit=1, period="1s")}, "rate_limit=Throttle("),
    ({"debounce": "5s"}, "debounce='5s' must be Debounce(...)"),
    ({"priority": "event.data.p"}, "priority='event.data.p' must be Priority(...)"),
    ({"singleton": True}, "singleton=True must be Singleton(...)"),
    ({"timeouts": "5s"}, "timeouts='5s' must be Timeouts(...)"),
    ({"idempotency": ""}, "idempotency='': an expression cannot be empty"),
    ({"idempotency": "event.data['x'"}, "idempotency=\"event.data['x'\": the expression"),
    ({"idempotency": 5}, "idempotency=5 must be an expression"),
    ({"name": 5}, "name=5 must be a string"),
    ({"on_failure": "notify"}, "on_failure='notify' must be a function"),
    ({"retry": 5}, "there is no option retry"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[message[:50] for _, message in REFUSED])
def test_a_declaration_that_cannot_work_is_refused_by_function_and_field(
    client: Inngest, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        declare(client, **options)

    assert str(caught.value).startswith('function "process-order": ')
    assert message in str(caught.value)
    assert client.functions == ()


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("cancel", Cancel(event="c")),
        ("debounce", Debounce(period="5s")),
        ("singleton", Singleton(mode="skip")),
        ("priority", Priority(run="1")),
    ],
)
def test_what_a_batch_excludes_is_refused(client: Inngest, name: str, rule: Any) -> None:
    with pytest.raises(ConfigError, match=f'function "process-order": batch_events and {name} exclude each other'):
        declare(client, batch_events=Batch(max_size=2, timeout="5s"), **{name: rule})


def test_what_is_decorated_must_be_a_function(client: Inngest) -> None:
    with pytest.raises(ConfigError, match='function "a": 5 is not a function'):
        client.create_function(fn_id="a", trigger=PLACED)(5)  # type: ignore[call-overload]


def plain_with_context(_ctx: Context) -> None: ...


async def async_with_context_sync(_ctx: ContextSync) -> None: ...


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (plain_with_context, "a function declared with def takes ContextSync, not Context"),
        (async_with_context_sync, "a function declared with async def takes Context, not ContextSync"),
    ],
)
def test_a_function_takes_the_context_of_its_colour(client: Inngest, handler: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=f'function "a": {message}'):
        client.create_function(fn_id="a", trigger=PLACED)(handler)


def test_a_declared_function_cannot_handle_failures_besides(client: Inngest) -> None:
    other = declare(client, "notify")

    with pytest.raises(ConfigError, match="on_failure=<Function shop-notify> must be a function that is not declared"):
        declare(client, on_failure=other)


def test_an_id_can_be_used_once(client: Inngest) -> None:
    declare(client)

    with pytest.raises(ConfigError, match='function "process-order": the id "process-order" is taken by <function'):
        declare(client)


@pytest.mark.parametrize("first", ["with failure", "other"])
def test_the_id_of_a_failure_handler_can_be_used_once(client: Inngest, first: str) -> None:
    def with_failure() -> None:
        declare(client, "order", on_failure=lambda _ctx: None)

    def other() -> None:
        declare(client, "order-failure")

    before, after = (with_failure, other) if first == "with failure" else (other, with_failure)
    before()

    with pytest.raises(ConfigError, match='the id "order-failure" is taken'):
        after()


def test_two_apps_may_use_the_same_id(client: Inngest) -> None:
    other = Inngest(app_id="other", is_production=False)

    assert {declare(client).id, declare(other).id} == {"shop-process-order", "other-process-order"}


# Types of events ---------------------------------------------------------------------------------------------------

ORDER_PLACED = EventType("order/placed", Order)
ANY_USER = EventType("user/*", Order)
ANY_INTERNAL = EventType("inngest/*", Order)


@pytest.mark.parametrize(
    ("triggers", "name", "expected"),
    [
        ([ORDER_PLACED], "order/placed", ORDER_PLACED),
        ([ORDER_PLACED], "order/cancelled", None),
        ([ORDER_PLACED, ANY_USER], "user/created", ANY_USER),
        ([ORDER_PLACED, ANY_USER], "user/created.twice/over", ANY_USER),
        ([ANY_USER], "user", None),
        ([EventType("user/created.*", Order)], "user/created", None),
        ([EventType("*", Order)], "user/created", None),
        ([ORDER_PLACED], "inngest/function.invoked", ORDER_PLACED),
        ([ORDER_PLACED, ANY_USER], "inngest/function.invoked", None),
        ([PLACED], "inngest/function.invoked", None),
        ([ANY_INTERNAL], "inngest/function.failed", ANY_INTERNAL),
        ([], "order/placed", None),
    ],
)
def test_a_function_knows_the_types_of_its_events(client: Inngest, triggers: Any, name: str, expected: Any) -> None:
    assert declare(client, trigger=triggers).event_type(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("order/placed", ORDER_PLACED), ("inngest/function.failed", None), ("inngest/scheduled.timer", ANY_INTERNAL)],
)
def test_a_failure_handler_knows_the_types_of_the_events_that_failed(client: Inngest, name: str, expected: Any) -> None:
    function = declare(client, trigger=[ORDER_PLACED, ANY_INTERNAL], on_failure=lambda _ctx: None)

    assert function.on_failure is not None
    assert function.on_failure.event_type(name) is expected


def test_a_failure_handler_knows_the_type_of_what_was_invoked(client: Inngest) -> None:
    function = declare(client, trigger=ORDER_PLACED, on_failure=lambda _ctx: None)

    assert function.on_failure is not None
    assert function.on_failure.event_type("inngest/function.invoked") is ORDER_PLACED
