"""Encryption: nothing secret leaves in plain text, everything comes back, and the official SDKs understand it."""

from __future__ import annotations

import asyncio
import base64
import copy
import hashlib
import json
import logging
from types import SimpleNamespace
from typing import Any

import httpx
import inngest as official
import inngest_encryption
import pydantic
import pytest
from hypothesis import given, strategies as st

from inngest_py import (
    Checkpointing,
    ConfigError,
    Context,
    ContextSync,
    Event,
    EventType,
    Handler,
    NonRetriableError,
    StepError,
    TriggerEvent,
)
from inngest_py.middleware import libsodium
from inngest_py.middleware.encryption import (
    DamagedDataError,
    DecryptionError,
    EncryptionMiddleware,
    Keyring,
    SecretKey,
    Strategy,
)
from inngest_py.middleware.envelopes import is_envelope, opened, sealed
from json_values import VALUES
from played import call_request, make_client, play

TRIGGER = TriggerEvent(event="test/event")
COLOURS = pytest.mark.parametrize("colour", ["plain", "coroutine"])
STRATEGIES = pytest.mark.parametrize("strategy", list(Strategy))
SECRET = "the-plain-text"
OFFICIAL_CLIENT = official.Inngest(app_id="app", is_production=False)
PASSPHRASE = "my-secret-key"
OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32
STEP_A = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"

OFFICIAL: dict[str, Any] = {
    "__ENCRYPTED__": True,
    "__STRATEGY__": "inngest/libsodium",
    "data": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHFLyrU5nNF1J/ZZWe4ts+/uZIhs/q+SsbjOw8anKwpPuhUf7cDo/55f8X9W3cu0A=",
}
OWN = {
    "__ENCRYPTED__": True,
    "__STRATEGY__": "inngest-py/aes-256-gcm",
    "__KEY__": "3c41fa3105f9b770",
    "data": "BwcHBwcHBwcHBwcHiNQXn1tpRPOehaceX9cEL+qIbbflcQwPUx5rpwZSTRpKmxna0FnLSt1uSGwlOKk=",
}
LEGACY = {"__ENCRYPTED__": True, "data": "U2FsdGVkX18koQVQ+py4Q/vItWrHet5CmscZpxf3onY="}


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")


def encrypting_client(*secrets, client: dict[str, Any] | None = None, **options):
    first, *others = secrets or [NEW]
    middleware = EncryptionMiddleware.factory(first, fallback_decryption_keys=others, **options)
    return make_client(middleware=[middleware], **client or {})


def everything_sent(run) -> str:
    return "".join(reply.body.decode() for reply in run.replies)


# The official envelopes ----------------------------------------------------------------------------------------------


def test_the_official_sdks_envelope_is_read():
    assert opened(OFFICIAL, Keyring([PASSPHRASE])) == {"msg": "hello", "n": 1, "é": "ü"}


def test_the_official_sdks_envelope_is_written():
    text = '{"msg":"hello","n":1,"é":"ü"}'.encode()

    (key,) = SecretKey(PASSPHRASE).sodium
    written = libsodium.seal(key, text, b"\x07" * 24)

    assert key.hex() == "5d106a01136d3c3ce48b8cb3f8ae3b7e695afddef15d2bdd8f553749cb6bc5e4"
    assert written == base64.b64decode(OFFICIAL["data"])


def test_what_the_official_js_sdk_wrote_before_version_1_is_read():
    assert opened(LEGACY, Keyring([NEW, PASSPHRASE])) == {"msg": "hello"}


@pytest.mark.parametrize("data", ["", "U2FsdGVkX18=", "U2FsdGVkX18koQVQ+py4Qw==", OFFICIAL["data"]])
def test_what_is_no_legacy_envelope_fits_no_key(data):
    with pytest.raises(DecryptionError, match="no key here fits"):
        opened({"__ENCRYPTED__": True, "data": data}, Keyring([PASSPHRASE]))


def test_a_passphrase_with_spaces_around_it_reads_what_js_wrote_without_and_python_with_them():
    spaced = f" {PASSPHRASE} "
    by_python = sealed(1, Keyring([spaced], Strategy.LIBSODIUM))

    assert opened(OFFICIAL, Keyring([spaced]))["msg"] == "hello"
    assert opened(LEGACY, Keyring([spaced])) == {"msg": "hello"}
    assert opened(by_python, Keyring([spaced])) == 1
    assert theirs(spaced).reads(by_python) == 1


def test_a_key_of_64_hexadecimal_digits_is_the_key_that_the_official_python_sdk_takes_it_for():
    digits = SecretKey(PASSPHRASE).sodium[0].hex().encode()

    assert opened(OFFICIAL, Keyring([digits]))["msg"] == "hello"
    assert theirs(digits).reads(OFFICIAL)["msg"] == "hello"


class theirs:  # noqa: N801 - it reads like a word
    """The official Python package, through its hooks."""

    def __init__(self, key, **options):
        self.middleware: Any = inngest_encryption.EncryptionMiddleware.factory(key, **options)(OFFICIAL_CLIENT, None)

    def writes(self, value):
        result = SimpleNamespace(output=value, has_output=lambda: True, step=None)
        self.middleware.transform_output(result)
        return result.output

    def reads(self, memo):
        step = SimpleNamespace(data=memo)
        event = official.Event(name="e")
        self.middleware.transform_input(SimpleNamespace(event=event, events=[]), None, {1: step})
        return step.data

    def sends(self, data):
        event = official.Event(name="e", data=data)
        self.middleware.before_send_events([event])
        return event.data

    def receives(self, data):
        event = official.Event(name="e", data=data)
        self.middleware.transform_input(SimpleNamespace(event=event, events=[]), None, {})
        return event.data


@given(VALUES.filter(lambda value: value is not None), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_both_sdks_read_what_the_other_wrote(value, passphrase):
    if not passphrase.strip():
        return
    ours, official_sdk = Keyring([passphrase], Strategy.LIBSODIUM), theirs(passphrase)

    assert opened(official_sdk.writes(value), ours) == value
    assert official_sdk.reads(sealed(value, ours)) == value


def test_events_go_from_one_sdk_to_the_other_and_back():
    data = {"encrypted": {"secret": SECRET}, "plain": 1}
    client, sent = sending_client(strategy=Strategy.LIBSODIUM)

    client.send_sync(Event(name="test/event", data=data))

    assert SECRET not in json.dumps(sent)
    assert theirs(PASSPHRASE).receives(sent[0]["data"]) == data
    assert received_by_us(theirs(PASSPHRASE).sends(data)) == data


def sending_client(key: str | bytes = PASSPHRASE, **options):
    sent: list[dict[str, Any]] = []

    def api(request):
        sent.extend(json.loads(request.content))
        return httpx.Response(200, json={"ids": ["1"], "status": 200})

    http_client = httpx.Client(transport=httpx.MockTransport(api))
    return encrypting_client(key, client={"http_client": http_client}, **options), sent


def received_by_us(data, name="test/event", **options):
    """What a function sees of an event with this data."""
    client = encrypting_client(PASSPHRASE, NEW, **options)
    seen = []

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        seen.append([event.data for event in ctx.events])
        return ctx.event.data

    event = {"name": name, "data": data, "id": "E1", "ts": 1_700_000_000_000}
    Handler(client, framework="test").handle(call_request("app-fn", event=event, events=[event, event]))
    ((first, second),) = seen
    assert first == second
    return first


# Keys ----------------------------------------------------------------------------------------------------------------


@STRATEGIES
@given(value=VALUES)
def test_whatever_is_encrypted_comes_back(strategy, value):
    keyring = Keyring([NEW], strategy)

    envelope = json.loads(json.dumps(sealed(value, keyring)))

    assert opened(envelope, Keyring([OLD, NEW])) == value
    assert is_envelope(envelope) is (value is not None)


def test_our_envelope_names_its_strategy_and_its_key():
    envelope = sealed(SECRET, Keyring([NEW]))

    assert set(envelope) == {"__ENCRYPTED__", "__STRATEGY__", "__KEY__", "data"}
    assert (envelope["__STRATEGY__"], envelope["__KEY__"]) == ("inngest-py/aes-256-gcm", SecretKey(NEW).id)


def test_the_same_value_is_encrypted_differently_each_time():
    assert len({sealed(SECRET, Keyring([NEW]))["data"] for _ in range(10)}) == 10


def test_a_passphrase_gives_the_same_key_everywhere():
    salt, memory = b"inngest-py/aes-256-gcm/v1", 64 * 1024 * 1024
    derived = hashlib.scrypt(PASSPHRASE.encode(), salt=salt, n=2**15, r=8, p=1, maxmem=memory, dklen=40)

    assert SecretKey(PASSPHRASE).id == derived[32:].hex() == OWN["__KEY__"]
    assert opened(OWN, Keyring([PASSPHRASE])) == {"msg": "hello", "n": 1, "é": "ü"}


@STRATEGIES
def test_the_first_key_encrypts_and_all_of_them_decrypt(strategy):
    before, after = Keyring([OLD], strategy), Keyring([NEW, OLD], strategy)

    assert opened(sealed(SECRET, before), after) == SECRET
    assert opened(sealed(SECRET, after), Keyring([NEW])) == SECRET
    with pytest.raises(DecryptionError):
        opened(sealed(SECRET, after), before)


@STRATEGIES
def test_a_wrong_key_is_an_error_that_shows_neither_key_nor_plain_text(strategy):
    envelope = sealed(SECRET, Keyring([NEW], strategy))

    with pytest.raises(DecryptionError) as caught:
        opened(envelope, Keyring([OTHER, PASSPHRASE]))

    assert "fallback_decryption_keys" in str(caught.value)
    for secret in (SECRET, PASSPHRASE, "xxxx", OTHER.hex(), repr(OTHER)):
        assert secret not in str(caught.value)
    assert not isinstance(caught.value, NonRetriableError)


@pytest.mark.parametrize("place", [0, 12, -1])
def test_what_was_changed_is_refused_for_good(place):

    envelope = sealed(SECRET, Keyring([NEW]))
    data = bytearray(base64.b64decode(envelope["data"]))
    data[place] ^= 1

    with pytest.raises(DamagedDataError, match="changed, or cut off") as caught:
        opened(envelope | {"data": base64.b64encode(data).decode()}, Keyring([NEW]))

    assert isinstance(caught.value, NonRetriableError)


@pytest.mark.parametrize("data", ["", "AAAA", "not base64", "ü"])
def test_what_was_cut_off_is_refused_for_good(data):
    with pytest.raises(DamagedDataError):
        opened(sealed(SECRET, Keyring([NEW])) | {"data": data}, Keyring([NEW]))


def test_the_id_of_a_key_cannot_be_exchanged():
    envelope = sealed(SECRET, Keyring([NEW])) | {"__KEY__": SecretKey(OLD).id}

    with pytest.raises(DamagedDataError):
        opened(envelope, Keyring([NEW, OLD]))


def test_a_strategy_that_is_not_known_is_named():
    with pytest.raises(DecryptionError, match="'acme/rot13'"):
        opened({"__ENCRYPTED__": True, "__STRATEGY__": "acme/rot13", "data": "AAAA"}, Keyring([NEW]))


def test_an_encrypted_text_that_is_not_json_is_refused():
    with pytest.raises(DecryptionError, match="not JSON"):
        opened(Keyring([NEW]).seal(b"no json"), Keyring([NEW]))


def test_a_key_is_not_shown():
    assert PASSPHRASE not in repr(SecretKey(PASSPHRASE)) + repr(vars(Keyring([PASSPHRASE])))


@pytest.mark.parametrize("secret", ["", "  ", b"", b"short", b"z" * 64, 1, None])
def test_what_is_no_key_is_refused(secret):
    with pytest.raises(ConfigError, match="encryption:"):
        EncryptionMiddleware.factory(secret)


@pytest.mark.parametrize("secrets", ["key", b"k" * 32])
def test_the_fallback_keys_must_be_a_list(secrets):
    with pytest.raises(ConfigError, match="is a list of keys"):
        EncryptionMiddleware.factory(NEW, fallback_decryption_keys=secrets)


def test_a_field_that_the_envelope_needs_cannot_stay_plain():
    with pytest.raises(ConfigError, match="'data'"):
        EncryptionMiddleware.factory(NEW, whole_event_data=True, plain_event_fields=["data"])


# Events --------------------------------------------------------------------------------------------------------------


def test_the_field_of_an_event_is_encrypted_and_the_callers_event_stays_as_it_is():
    client, sent = sending_client()
    data = {"encrypted": {"deep": [SECRET]}, "plain": 1}
    event = Event(name="test/event", data=copy.deepcopy(data))

    client.send_sync(event)

    assert event.data == data
    assert sent[0]["data"]["plain"] == 1
    assert SECRET not in json.dumps(sent)
    assert received_by_us(sent[0]["data"]) == data


def test_the_encrypted_fields_of_an_event_may_be_chosen():
    client, sent = sending_client(event_encryption_field=["one", "two"])

    client.send_sync(Event(name="test/event", data={"one": SECRET, "two": SECRET, "encrypted": "plain", "gone": None}))

    assert SECRET not in json.dumps(sent)
    assert sent[0]["data"]["encrypted"] == "plain"
    assert received_by_us(sent[0]["data"]) == {"one": SECRET, "two": SECRET, "encrypted": "plain", "gone": None}


def test_a_field_that_is_null_or_missing_stays_so():
    client, sent = sending_client()

    client.send_sync([Event(name="test/event", data={"encrypted": None}), Event(name="test/event")])

    assert [event["data"] for event in sent] == [{"encrypted": None}, {}]


class Order(pydantic.BaseModel):
    encrypted: str
    plain: int


def test_the_data_of_a_typed_event_is_encrypted_too_and_comes_back_in_its_type():
    order_placed = EventType("test/event", Order)
    client, sent = sending_client()
    seen = []

    @client.create_function(fn_id="fn", trigger=order_placed)
    def fn(ctx: ContextSync[Order]):
        seen.append(ctx.event.data)

    client.send_sync(order_placed(encrypted=SECRET, plain=1))
    Handler(client, framework="test").handle(call_request("app-fn", event=sent[0]))

    assert SECRET not in json.dumps(sent)
    assert seen == [Order(encrypted=SECRET, plain=1)]


def test_the_whole_data_of_an_event_may_be_encrypted_but_for_what_expressions_need():
    client, sent = sending_client(whole_event_data=True, plain_event_fields=["account"])
    data = {"name": SECRET, "account": "a1", "nothing": None}

    client.send_sync(Event(name="test/event", data=data))

    assert SECRET not in json.dumps(sent)
    assert (sent[0]["data"]["account"], "name" in sent[0]["data"]) == ("a1", False)
    assert received_by_us(sent[0]["data"]) == data


def test_what_the_server_puts_beside_an_envelope_is_kept():
    envelope = sealed({"name": SECRET}, Keyring([NEW]))

    found = received_by_us({**envelope, "_inngest": {"fn_id": "f"}})

    assert found == {"name": SECRET, "_inngest": {"fn_id": "f"}}


def test_a_whole_envelope_must_hold_an_object():
    client = encrypting_client(NEW)

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        return 1

    event = {"name": "test/event", "data": sealed([1], Keyring([NEW]))}
    response = Handler(client, framework="test").handle(call_request("app-fn", event=event))

    assert "not a JSON object" in json.loads(response.body)["message"]


def test_every_field_is_decrypted_whoever_encrypted_it_and_whatever_it_is_called():
    keyring = Keyring([NEW])
    data = {"a": sealed(SECRET, keyring), "b": sealed([1], keyring), "c": OFFICIAL, "d": LEGACY, "e": "plain"}

    found = received_by_us(data)

    assert found == {
        "a": SECRET,
        "b": [1],
        "c": {"msg": "hello", "n": 1, "é": "ü"},
        "d": {"msg": "hello"},
        "e": "plain",
    }


@pytest.mark.parametrize(
    "value", [{"__ENCRYPTED__": True}, {"__ENCRYPTED__": "yes", "data": "x"}, {"__ENCRYPTED__": True, "data": 1}]
)
def test_what_only_resembles_an_envelope_is_left_alone(value):
    assert received_by_us({"field": value}) == {"field": value}


def test_what_looks_encrypted_is_encrypted_like_everything_else():
    client, sent = sending_client()

    client.send_sync(Event(name="test/event", data={"encrypted": OFFICIAL}))

    assert received_by_us(sent[0]["data"]) == {"encrypted": OFFICIAL}


def test_with_decrypt_only_nothing_is_encrypted_and_everything_is_decrypted():
    client, sent = sending_client(decrypt_only=True)

    client.send_sync(Event(name="test/event", data={"encrypted": "now plain"}))
    run = play(declared(client), "plain")

    assert sent[0]["data"] == {"encrypted": "now plain"}
    assert SECRET in everything_sent(run)
    assert received_by_us({"encrypted": OFFICIAL}, decrypt_only=True)["encrypted"]["msg"] == "hello"


# Functions -----------------------------------------------------------------------------------------------------------


class Receipt(pydantic.BaseModel):
    text: str


def make_receipt(text: str) -> Receipt:
    return Receipt(text=f"{text}!")


def declared(client):
    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        receipt = ctx.step.run("a", make_receipt, SECRET)
        return [receipt.text, ctx.step.run("b", lambda: None)]

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        receipt = await ctx.step.run("a", make_receipt, SECRET)
        return [receipt.text, await ctx.step.run("b", lambda: None)]

    return client


@COLOURS
@STRATEGIES
def test_nothing_of_what_a_function_does_is_sent_in_plain_text_and_it_sees_no_envelope(colour, strategy):
    run = play(declared(encrypting_client(strategy=strategy)), colour)

    assert run.status == "completed"
    assert SECRET not in everything_sent(run)
    assert opened(run.output, Keyring([NEW])) == [f"{SECRET}!", None]


@COLOURS
def test_a_result_that_is_null_stays_null(colour):
    run = play(declared(encrypting_client()), colour)

    assert run.ops[1]["data"] is None


@COLOURS
def test_the_recorded_arguments_of_a_step_are_encrypted_one_by_one(colour):
    run = play(declared(encrypting_client()), colour)

    (envelope,) = run.ops[0]["opts"]["input"]
    assert opened(envelope, Keyring([NEW])) == SECRET


@pytest.mark.parametrize("edited", ["edited", sealed("edited", Keyring([NEW]))], ids=["plain", "encrypted"])
def test_arguments_that_somebody_edited_are_used_whether_encrypted_or_not(edited):
    client = declared(encrypting_client())
    request = call_request("app-plain", steps={STEP_A: {"input": [edited]}}, stack=[])

    response = Handler(client, framework="test").handle(request)

    assert opened(json.loads(response.body)[0]["data"], Keyring([NEW])) == {"text": "edited!"}


class Api:
    """The checkpoint API."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def __call__(self, request):
        self.bodies.append(request.content.decode())
        return httpx.Response(200)


@COLOURS
def test_results_that_are_saved_on_the_way_are_encrypted_and_the_function_goes_on_with_them(colour):
    api = Api()
    kind = httpx.Client if colour == "plain" else httpx.AsyncClient
    options = {"http_client": kind(transport=httpx.MockTransport(api)), "checkpointing": Checkpointing()}
    client = declared(encrypting_client(client=options))
    handler = Handler(client, framework="test")
    request = call_request(f"app-{colour}", fn_id="fn-uuid", qi_id="qi")

    response = handler.handle(request) if colour == "plain" else asyncio.run(handler.ahandle(request))

    sent = response.body.decode() + "".join(api.bodies)
    assert len(api.bodies) == 2
    assert SECRET not in sent
    assert opened(json.loads(response.body), Keyring([NEW])) == [f"{SECRET}!", None]


@COLOURS
@pytest.mark.parametrize("together", [False, True])
def test_the_payload_of_an_invoked_function_is_encrypted_alone_and_in_parallel(colour, together):
    client = encrypting_client()
    given = {"encrypted": SECRET, "plain": 1}

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        def call(name):
            return ctx.step.invoke_by_id(name, function_id="other", data=given)

        return ctx.group.parallel((lambda: call("a"), lambda: call("b"))) if together else call("a")

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        def call(name):
            return ctx.step.invoke_by_id(name, function_id="other", data=given)

        return await asyncio.gather(call("a"), call("b")) if together else await call("a")

    answer = {"data": sealed("invoked", Keyring([NEW]))}
    run = play(client, colour, answers={"a": answer, "b": answer})

    payloads = [op["opts"]["payload"]["data"] for op in run.ops]
    assert opened(run.output, Keyring([NEW])) == (["invoked", "invoked"] if together else "invoked")
    assert [received_by_us(data) for data in payloads] == [given] * len(payloads)
    assert SECRET not in everything_sent(run)
    assert given == {"encrypted": SECRET, "plain": 1}


def test_an_invoked_function_may_be_given_a_model():
    client = encrypting_client()

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        ctx.step.invoke_by_id("a", function_id="other", data=Order(encrypted=SECRET, plain=1))

    run = play(client, "plain", answers={"a": {"data": None}})

    assert SECRET not in everything_sent(run)
    assert run.ops[0]["opts"]["payload"]["data"]["plain"] == 1


@COLOURS
def test_the_data_of_an_awaited_event_is_decrypted_and_a_wait_that_timed_out_is_none(colour):
    client = encrypting_client()
    seen: list[Any] = []

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        came = ctx.step.wait_for_event("came", event="x", timeout="1h")
        seen[:] = [came and came.data, ctx.step.wait_for_event("not", event="x", timeout="1h")]

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        came = await ctx.step.wait_for_event("came", event="x", timeout="1h")
        seen[:] = [came and came.data, await ctx.step.wait_for_event("not", event="x", timeout="1h")]

    data = {"one": sealed(SECRET, Keyring([NEW])), "two": sealed(SECRET, Keyring([NEW])), "three": 3}
    play(client, colour, answers={"came": {"name": "x", "data": data}, "not": None})

    assert seen == [{"one": SECRET, "two": SECRET, "three": 3}, None]


def test_what_a_server_answers_for_itself_is_left_alone():
    client = encrypting_client()

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        ctx.step.sleep("nap", "1h")
        signal = ctx.step.wait_for_signal("signal", signal="s", timeout="1h")
        return ctx.step.fetch("page", "https://example.com").body, signal and signal.data

    page = {"url": "", "status_code": 200, "headers": {}, "body": json.dumps(OFFICIAL)}
    answers = {"page": {"data": page}, "signal": {"data": {"signal": "s", "data": 7}}}
    run = play(client, "plain", answers=answers)

    assert opened(run.output, Keyring([NEW])) == [json.dumps(OFFICIAL), 7]


# Errors --------------------------------------------------------------------------------------------------------------


def failing(client):
    def fail():
        raise ValueError(f"no {SECRET}") from KeyError(SECRET)

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        try:
            ctx.step.run("a", fail)
        except StepError as error:
            cause = error.cause and error.cause.message
            return [error.name, error.message, SECRET in error.stack, cause]

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        try:
            await ctx.step.run("a", fail)
        except StepError as error:
            cause = error.cause and error.cause.message
            return [error.name, error.message, SECRET in error.stack, cause]

    @client.create_function(fn_id="fails", trigger=TRIGGER)
    def fails(ctx: ContextSync):
        ctx.step.run("a", fail)

    return client


@COLOURS
def test_messages_stacks_and_causes_are_encrypted_if_wanted_and_the_function_reads_them(colour):
    run = play(failing(encrypting_client(errors=True)), colour)

    assert SECRET not in everything_sent(run)
    assert run.ops[-1]["error"]["name"] == "ValueError"
    assert opened(run.output, Keyring([NEW])) == ["ValueError", f"no {SECRET}", True, repr(SECRET)]


def test_errors_stay_readable_if_nothing_is_said():
    run = play(failing(encrypting_client()), "fails")

    assert run.output["message"] == f"no {SECRET}"


def test_an_error_that_cannot_be_read_stays_as_it_is():
    run = play(failing(encrypting_client(errors=True)), "fails")
    client = failing(encrypting_client(OTHER))

    response = Handler(client, framework="test").handle(call_request("app-fails", steps=run.steps))

    assert json.loads(response.body)["message"].startswith('{"__ENCRYPTED__":true')


def test_the_handler_of_a_failure_reads_the_error_and_the_event_that_failed():
    client, failed = encrypting_client(errors=True), []

    def on_failure(ctx: ContextSync):
        assert ctx.error is not None
        assert ctx.failed_event is not None
        failed.append([ctx.error.message, ctx.failed_event.data, ctx.event.data["events"][0]["data"]])
        failed.append([ctx.event.data["result"]["message"], ctx.event.data["_inngest"]])

    @client.create_function(fn_id="fn", trigger=TRIGGER, on_failure=on_failure)
    def fn(ctx: ContextSync):
        raise NonRetriableError(SECRET)

    output = play(client, "fn").output
    event = {"name": "test/event", "data": {"encrypted": sealed(SECRET, Keyring([NEW]))}}
    about = {"run_id": "R1", "error": output, "event": event, "events": [event], "result": output, "_inngest": {}}
    play(client, "fn-failure", event={"name": "inngest/function.failed", "data": about})

    data = {"encrypted": SECRET}
    assert failed == [[SECRET, data, data], [SECRET, {}]]


def test_the_result_of_a_run_that_ended_is_read_in_the_servers_event():
    found = received_by_us(
        {"result": OFFICIAL, "error": None, "event": None, "events": []}, name="inngest/function.finished"
    )

    assert found == {"result": {"msg": "hello", "n": 1, "é": "ü"}, "error": None, "event": None, "events": []}


@COLOURS
def test_a_result_under_a_key_that_is_missing_here_fails_the_attempt_and_not_the_run(colour):
    run = play(declared(encrypting_client(NEW)), colour)
    client = declared(encrypting_client(OTHER))

    response = Handler(client, framework="test").handle(call_request(f"app-{colour}", steps=run.steps))

    body = json.loads(response.body)
    assert (response.status, body["name"]) == (500, "DecryptionError")
    assert "x-inngest-no-retry" not in response.headers
    assert SECRET not in response.body.decode()


def test_a_damaged_result_fails_the_run():
    damaged = sealed(SECRET, Keyring([NEW])) | {"data": "AAAA"}
    client = declared(encrypting_client(NEW))

    response = Handler(client, framework="test").handle(call_request("app-plain", steps={STEP_A: {"data": damaged}}))

    assert response.headers["x-inngest-no-retry"] == "true"


@COLOURS
def test_a_result_that_cannot_be_encrypted_is_the_error_of_its_step_with_its_path(colour):
    client = encrypting_client()

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        ctx.step.run("a", lambda: {"deep": [float("nan")]})

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        await ctx.step.run("a", lambda: {"deep": [float("nan")]})

    run = play(client, colour)

    assert "$.deep[0]" in run.ops[0]["error"]["message"]
    assert 'step "a"' in run.ops[0]["error"]["message"]


def test_a_functions_result_that_cannot_be_encrypted_says_so():
    client = encrypting_client()

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return object()

    assert "in the result of the function" in play(client, "plain").output["message"]
