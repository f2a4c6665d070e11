"""A line of a function is logged when it is new, and not again; a line of a step always."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import sys
import threading
from collections import Counter
from typing import Any

import httpx
import pytest
import structlog

from inngest_py import (
    Checkpointing,
    ConfigError,
    Context,
    ContextSync,
    Event,
    Handler,
    NonRetriableError,
    ParallelMode,
    StepError,
    TriggerEvent,
)
from inngest_py.middleware.logging import (
    Lines as NotedLines,
    LoggingMiddleware,
    ReplayFilter,
    context_logger,
    current_lines,
    note_every_logger,
    setup,
    structlog_processor,
)
from played import call_request, make_client, play

TRIGGER = TriggerEvent(event="test/event")
COLOURS = pytest.mark.parametrize("colour", ["plain", "coroutine"])
STEP_A = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"

log = logging.getLogger("shop.orders")


class Lines(logging.Handler):
    """Keeps records."""

    def __init__(self):
        super().__init__()
        self.records: list[Any] = []

    def emit(self, record):
        self.records.append(record)

    @property
    def texts(self):
        return [record.getMessage() for record in self.records if record.name == log.name]


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")


@pytest.fixture
def lines():
    """What a program's root logger writes."""
    handler, root = Lines(), logging.getLogger()
    root.addHandler(handler)
    log.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    log.setLevel(logging.NOTSET)


@pytest.fixture
def client(lines):
    client = make_client()
    setup(client, handlers=[lines])
    return client


def step(name):
    log.info("in %s", name)
    return name


def declare(client):
    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        log.info("start")
        ctx.step.run("a", step, "a")
        log.info("after a")
        ctx.step.sleep("nap", "1h")
        log.info("after nap")
        ctx.step.run("b", step, "b")
        log.info("end")

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        log.info("start")
        await ctx.step.run("a", step, "a")
        log.info("after a")
        await ctx.step.sleep("nap", "1h")
        log.info("after nap")
        await ctx.step.run("b", step, "b")
        log.info("end")


IN_ORDER = ["start", "in a", "after a", "after nap", "in b", "end"]


@COLOURS
def test_each_line_is_logged_once_however_often_the_function_is_called(client, lines, colour):
    declare(client)

    run = play(client, colour)

    assert len(run.replies) == 4
    assert lines.texts == IN_ORDER


@pytest.fixture
def taken():
    """What the lines of a call that somebody else wants are, as they are given away."""
    found: list[Any] = []
    token = current_lines.set(NotedLines(3, found.append))
    yield found
    current_lines.reset(token)


@COLOURS
def test_each_new_line_is_given_away_once_whatever_handlers_there_are(client, lines, colour, taken):
    setup(client, handlers=[lines, Lines()])
    declare(client)

    play(client, colour)

    assert [line["message"] for line in taken] == IN_ORDER
    assert [line["step"] for line in taken] == ["", "a", "", "", "b", ""]
    assert {(line["level"], line["logger"], line["attempt"]) for line in taken} == {("INFO", log.name, 0)}


@COLOURS
def test_without_setup_lines_are_given_away_once_too_where_logging_is_configured(lines, colour, taken):
    note_every_logger()
    client = make_client()
    declare(client)

    play(client, colour)

    assert [line["message"] for line in taken] == IN_ORDER
    assert Counter(lines.texts)["start"] > 1


def test_where_logging_is_not_configured_it_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])

    note_every_logger()

    assert logging.getLogger().handlers == []


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.ERROR])
@pytest.mark.parametrize("given_away", [True, False])
def test_what_is_logged_nowhere_else_is_given_away_from_info_on(lines, level, given_away, request):
    found = request.getfixturevalue("taken") if given_away else []
    logger = context_logger(logging.getLogger("shop.quiet"))
    logging.getLogger("shop.quiet").setLevel(logging.ERROR)

    logger.log(level, "paid %s", 5)

    assert [line["message"] for line in found] == (["paid 5"] if given_away and level >= logging.INFO else [])
    assert [record.getMessage() for record in lines.records] == (["paid 5"] if level == logging.ERROR else [])


def test_a_filter_of_the_logger_sees_a_line_before_it_is_given_away(taken):
    def hide(record):
        record.msg = record.msg.replace("sk-1", "***")
        return "never" not in record.msg

    behind = logging.getLogger("shop.filtered")
    behind.addFilter(hide)
    logger = context_logger(behind)
    logger.error("key sk-1")
    logger.error("never this")

    assert [line["message"] for line in taken] == ["key ***"]


def test_a_line_has_its_traceback_and_one_that_cannot_be_made_is_given_as_it_was_written(taken):
    logger = context_logger(logging.getLogger("shop.errors"))
    try:
        int("no money")
    except ValueError:
        logger.exception("refused")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging, "raiseExceptions", False)
        logger.error("%d", "five")

    first, second = (line["message"] for line in taken)
    assert first.startswith("refused\nTraceback (most recent call last):")
    assert first.endswith("'no money'")
    assert second == "%d"


def test_structlog_gives_its_lines_away_with_their_fields(taken):
    structlog_processor(None, "warning", {"event": "paid", "cents": 5, "by": "ann"})

    (line,) = taken
    assert (line["message"], line["level"], line["attempt"]) == ("paid cents=5 by='ann'", "WARNING", 3)


@pytest.mark.parametrize(("method", "level"), [("exception", "ERROR"), ("warn", "WARNING"), ("fatal", "CRITICAL")])
def test_a_line_of_structlog_has_the_level_that_its_method_stands_for(taken, method, level):
    structlog_processor(None, method, {"event": "paid"})

    assert [line["level"] for line in taken] == [level]


@pytest.mark.parametrize("form", ["true", "error", "tuple"])
def test_a_line_of_structlog_has_its_traceback(taken, form):
    try:
        int("no money")
    except ValueError as error:
        found = {"true": True, "error": error, "tuple": sys.exc_info()}[form]
        structlog_processor(None, "error", {"event": "refused", "exc_info": found, "by": "ann"})
    structlog_processor(None, "error", {"event": "late", "exc_info": True})

    first, second = (line["message"] for line in taken)
    assert first.startswith("refused by='ann'\nTraceback (most recent call last):")
    assert first.endswith("'no money'")
    assert second == "late"


@pytest.mark.parametrize(
    "renderer", [structlog.processors.JSONRenderer(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
)
def test_a_line_of_structlog_that_goes_through_logging_is_given_away_once_and_only_if_it_passes(taken, lines, renderer):
    setup(make_client(), handlers=[lines])
    behind = logging.getLogger("shop.structured")
    behind.setLevel(logging.INFO)
    processors = [structlog_processor, structlog.stdlib.filter_by_level, renderer]
    logger = structlog.wrap_logger(behind, processors=processors, wrapper_class=structlog.stdlib.BoundLogger)

    logger.info("paid", cents=5)
    logger.debug("hidden")
    behind.info("plain")

    assert [(line["level"], line["logger"], line["message"]) for line in taken] == [
        ("INFO", "shop.structured", "paid cents=5"),
        ("INFO", "shop.structured", "plain"),
    ]


def test_how_a_traceback_is_written_is_left_to_the_formatters_of_the_user(taken, monkeypatch):
    brief = logging.Formatter()
    monkeypatch.setattr(brief, "formatException", lambda _: "in brief")
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(brief)
    behind = logging.getLogger("shop.brief")
    behind.addHandler(handler)
    try:
        int("no money")
    except ValueError:
        context_logger(behind).exception("refused")

    assert written.getvalue() == "refused\nin brief\n"
    assert taken[0]["message"].startswith("refused\nTraceback")


@COLOURS
def test_the_line_after_the_last_known_step_is_new(client, lines, colour):
    declare(client)

    Handler(client, framework="test").handle(call_request(f"app-{colour}", steps={STEP_A: {"data": "a"}}))

    assert lines.texts == ["after a"]


@COLOURS
def test_steps_that_are_planned_and_run_on_request_do_not_repeat_how_they_were_found(client, lines, colour):
    declare(client)
    handler = Handler(client, framework="test")

    handler.handle(call_request(f"app-{colour}", disable_immediate_execution=True))
    handler.handle(call_request(f"app-{colour}", target=STEP_A, disable_immediate_execution=True))

    assert lines.texts == ["start", "in a"]


@COLOURS
def test_lines_are_logged_once_also_when_the_function_goes_on_in_one_request(lines, colour):
    transport = httpx.MockTransport(lambda _request: httpx.Response(200))
    kind = httpx.Client if colour == "plain" else httpx.AsyncClient
    client = make_client(http_client=kind(transport=transport), checkpointing=Checkpointing())
    setup(client, handlers=[lines])
    declare(client)
    handler, request = Handler(client, framework="test"), call_request(f"app-{colour}", fn_id="f", qi_id="q")

    _ = handler.handle(request) if colour == "plain" else asyncio.run(handler.ahandle(request))

    assert lines.texts == ["start", "in a", "after a"]


def chains(client, lengths, mode=ParallelMode.WAIT):
    """Branches of steps, with a line after each step, one after the group, and steps before and after it."""

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        def branch(name, length):
            log.info("begin %s", name)
            for number in range(length):
                ctx.step.run(f"{name}{number}", step, f"{name}{number}")
                log.info("after %s%d", name, number)

        ctx.step.run("first", step, "first")
        calls = [lambda name=name, length=length: branch(name, length) for name, length in lengths]
        ctx.group.parallel(calls, mode=mode)
        log.info("together")
        ctx.step.run("last", step, "last")
        log.info("end")

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        async def branch(name, length):
            log.info("begin %s", name)
            for number in range(length):
                await ctx.step.run(f"{name}{number}", step, f"{name}{number}")
                log.info("after %s%d", name, number)

        await ctx.step.run("first", step, "first")
        await asyncio.gather(*(branch(name, length) for name, length in lengths))
        log.info("together")
        await ctx.step.run("last", step, "last")
        log.info("end")


@COLOURS
@pytest.mark.parametrize("choose", [lambda _count: 0, lambda count: count - 1], ids=["in order", "in reverse"])
@pytest.mark.parametrize("lengths", [(1, 1), (1, 1, 1), (2, 2), (2, 1), (1, 2), (3, 3), (0, 1), (3, 1, 2)], ids=str)
def test_each_line_of_parallel_branches_is_logged_once(client, lines, colour, lengths, choose):
    named = list(zip("abc", lengths, strict=False))
    chains(client, named)

    run = play(client, colour, choose=choose)

    steps = ["first", *(f"{name}{number}" for name, length in named for number in range(length)), "last"]
    once = {f"in {name}" for name in steps} | {f"after {name}" for name in steps[1:-1]}
    once |= {f"begin {name}" for name, _ in named} | {"together", "end"}
    assert run.status == "completed"
    assert set(lines.texts) == once
    if colour == "coroutine" or list(lengths) == sorted(
        lengths
    ):  # else a plain function may repeat one, but loses none
        assert Counter(lines.texts) == Counter(once)


@COLOURS
def test_nested_groups_are_silent_when_they_repeat_themselves(client, lines, colour):
    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        def inner():
            ctx.group.parallel((lambda: ctx.step.run("a", step, "a"), lambda: ctx.step.run("b", step, "b")))
            log.info("inner")

        ctx.group.parallel((inner, lambda: ctx.step.run("c", step, "c")))
        log.info("outer")
        ctx.step.run("d", step, "d")
        log.info("end")

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        async def inner():
            await asyncio.gather(ctx.step.run("a", step, "a"), ctx.step.run("b", step, "b"))
            log.info("inner")

        await asyncio.gather(inner(), ctx.step.run("c", step, "c"))
        log.info("outer")
        await ctx.step.run("d", step, "d")
        log.info("end")

    play(client, colour)

    assert Counter(lines.texts) == Counter(["in a", "in b", "in c", "inner", "outer", "in d", "end"])


def test_in_a_race_each_result_is_seen_alone(client, lines):
    chains(client, [("a", 1), ("b", 1)], mode=ParallelMode.RACE)

    steps = {name: {"data": name} for name in hashes("first", "a0", "b0")}
    Handler(client, framework="test").handle(call_request("app-plain", steps=steps))

    assert [text for text in lines.texts if text.startswith("after")] == ["after b0"]


def hashes(*names):

    return [hashlib.sha1(name.encode()).hexdigest() for name in names]


@COLOURS
def test_what_is_tried_again_is_logged_again_with_its_attempt(client, lines, colour):
    declare(client)
    handler = Handler(client, framework="test")

    for attempt in (0, 1):
        handler.handle(call_request(f"app-{colour}", attempt=attempt))

    assert [record.attempt for record in lines.records if record.getMessage() == "in a"] == [0, 1]


@COLOURS
def test_clean_up_of_a_function_that_is_stopped_at_a_step_is_silent(client, lines, colour):
    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        try:
            ctx.step.run("a", step, "a")
        finally:
            log.info("cleaned up")

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        try:
            await ctx.step.run("a", step, "a")
        finally:
            log.info("cleaned up")

    play(client, colour)

    assert lines.texts == ["in a", "cleaned up"]


@COLOURS
def test_a_failed_step_that_is_caught_is_logged_once(client, lines, colour):
    def fail():
        raise NonRetriableError("no")

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        try:
            ctx.step.run("a", fail)
        except StepError:
            log.warning("caught")
        ctx.step.run("b", step, "b")

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        try:
            await ctx.step.run("a", fail)
        except StepError:
            log.warning("caught")
        await ctx.step.run("b", step, "b")

    play(client, colour)

    assert lines.texts == ["caught", "in b"]


# Around it -----------------------------------------------------------------------------------------------------------


@COLOURS
def test_sending_events_inside_a_function_changes_nothing(lines, colour):
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json={"ids": ["1"], "status": 200}))
    client = make_client(http_client=httpx.Client(transport=transport))
    setup(client, handlers=[lines])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        client.send_sync(Event(name="other"))
        ctx.step.run("a", step, "a")
        client.send_sync(Event(name="other"))
        log.info("sent")
        ctx.step.sleep("nap", "1h")

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        await client.send(Event(name="other"))
        await ctx.step.run("a", step, "a")
        await client.send(Event(name="other"))
        log.info("sent")
        await ctx.step.sleep("nap", "1h")

    play(client, colour)

    assert lines.texts == ["in a", "sent"]


def test_several_calls_at_once_do_not_disturb_each_other(client, lines):
    at_the_gate = threading.Barrier(2, timeout=10)
    gates: dict[str, asyncio.Event] = {}

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        log.info("start")
        at_the_gate.wait()
        ctx.step.run("a", step, "a")
        log.info("after a")

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        log.info("start")
        gates.setdefault("open", asyncio.Event()).set()
        await gates["open"].wait()
        await ctx.step.run("a", step, "a")
        log.info("after a")

    async def calls():
        handler, known = Handler(client, framework="test"), {STEP_A: {"data": "a"}}
        requests = [
            call_request(f"app-{colour}", steps=steps, run_id=f"{colour}-{len(steps)}")
            for colour in ("plain", "coroutine")
            for steps in ({}, known)
        ]
        await asyncio.gather(*(handler.ahandle(request) for request in requests))

    asyncio.run(calls())

    found = {(record.run_id, record.getMessage()) for record in lines.records if record.name == log.name}
    assert found == {
        *{("plain-0", "start"), ("plain-0", "in a"), ("plain-1", "after a")},
        *{("coroutine-0", "start"), ("coroutine-0", "in a"), ("coroutine-1", "after a")},
    }


@COLOURS
@pytest.mark.parametrize("driver", ["handle", "ahandle"])
def test_a_record_names_its_run_function_step_and_attempt(client, lines, colour, driver):
    declare(client)
    handler, request = Handler(client, framework="test"), call_request(f"app-{colour}", attempt=2)

    _ = handler.handle(request) if driver == "handle" else asyncio.run(handler.ahandle(request))

    start, inside = (record for record in lines.records if record.name == log.name)
    assert (start.run_id, start.function_id, start.step_id, start.attempt) == ("R1", f"app-{colour}", "", 2)
    assert (inside.run_id, inside.function_id, inside.step_id, inside.attempt) == ("R1", f"app-{colour}", "a", 2)


def test_outside_of_functions_the_fields_are_empty_so_that_a_format_may_name_them(client, lines):
    stream = logging.StreamHandler(io.StringIO())
    stream.setFormatter(logging.Formatter("[%(run_id)s] %(message)s"))
    setup(client, handlers=[stream])
    logging.getLogger().addHandler(stream)

    log.info("outside")
    logging.getLogger().removeHandler(stream)

    assert stream.stream.getvalue() == "[] outside\n"


def test_a_field_of_the_users_own_stays_as_it_is(client, lines):
    log.info("mine", extra={"run_id": "mine"})

    assert lines.records[-1].run_id == "mine"


def test_a_setup_twice_is_a_setup_once(client, lines):
    setup(client, handlers=[lines])

    assert [type(one) for one in lines.filters] == [ReplayFilter]
    assert list(client.middleware) == [LoggingMiddleware]


def test_the_handlers_of_the_root_logger_are_meant_if_none_are_given(lines):
    setup(make_client())

    assert any(isinstance(one, ReplayFilter) for one in lines.filters)
    for handler in logging.getLogger().handlers:
        for found in [one for one in handler.filters if isinstance(one, ReplayFilter)]:
            handler.removeFilter(found)


def test_a_setup_before_logging_is_configured_is_refused():
    with pytest.raises(ConfigError, match="configure logging first"):
        setup(make_client(), handlers=[])


def test_nothing_global_is_changed_by_the_middleware_alone(lines):
    client = make_client(middleware=[LoggingMiddleware])
    declare(client)

    play(client, "plain")

    assert lines.filters == []
    assert lines.texts.count("start") == 4


# ctx.logger ----------------------------------------------------------------------------------------------------------


@COLOURS
def test_the_logger_of_the_context_is_silent_without_any_setup(lines, colour):
    mine = logging.getLogger("shop.orders")
    client = make_client(logger=mine)

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        ctx.logger.info("start")
        ctx.step.run("a", lambda: ctx.logger.info("in a"))
        ctx.logger.getChild("child").info("after a")
        ctx.step.sleep("nap", "1h")

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        ctx.logger.info("start")
        await ctx.step.run("a", lambda: ctx.logger.info("in a"))
        ctx.logger.getChild("child").info("after a")
        await ctx.step.sleep("nap", "1h")

    play(client, colour)

    found = [(record.name, record.getMessage()) for record in lines.records]
    assert found == [("shop.orders", "start"), ("shop.orders", "in a"), ("shop.orders.child", "after a")]
    assert mine.filters == []


def test_the_logger_of_the_context_has_level_and_filters_of_the_clients(lines):
    mine = logging.getLogger("shop.mine")
    seen: list[logging.LogRecord] = []
    mine.setLevel(logging.WARNING)

    def loud(record):
        seen.append(record)
        return record.levelno > logging.WARNING

    mine.addFilter(loud)
    ours = context_logger(mine)

    ours.info("too low")
    ours.warning("filtered")
    ours.error("written")

    assert ours.getEffectiveLevel() == logging.WARNING
    assert [record.getMessage() for record in seen] == ["filtered", "written"]
    assert [record.getMessage() for record in lines.records] == ["written"]


def test_a_logger_of_another_kind_is_given_as_it_is():
    adapter: Any = logging.LoggerAdapter(log, {})

    assert context_logger(adapter) is adapter


# structlog -----------------------------------------------------------------------------------------------------------


@COLOURS
def test_structlog_is_as_silent_and_names_the_call(colour):
    kept = structlog.testing.LogCapture()
    logger = structlog.wrap_logger(None, processors=[structlog_processor, kept], wrapper_class=structlog.BoundLogger)
    client = make_client(middleware=[LoggingMiddleware])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        logger.info("start")
        ctx.step.run("a", lambda: logger.info("in a"))
        logger.info("after a", run_id="mine")

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        logger.info("start")
        await ctx.step.run("a", lambda: logger.info("in a"))
        logger.info("after a", run_id="mine")

    play(client, colour)
    logger.info("outside")

    found = [(entry["event"], entry.get("run_id"), entry.get("step_id")) for entry in kept.entries]
    assert found == [("start", "R1", ""), ("in a", "R1", "a"), ("after a", "mine", ""), ("outside", None, None)]
