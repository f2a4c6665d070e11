"""Large results of steps are kept in a store; the server has a placeholder, and the function sees neither."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
from typing import Any

import httpx
import pytest
from inngest.experimental import remote_state_middleware as official

from inngest_py import Checkpointing, ConfigError, Context, ContextSync, Handler, TriggerEvent
from inngest_py.middleware.encryption import EncryptionMiddleware
from inngest_py.middleware.offload import FileDriver, OffloadMiddleware, S3Driver, StoreError
from played import call_request, make_client, play

TRIGGER = TriggerEvent(event="test/event")
COLOURS = pytest.mark.parametrize("colour", ["plain", "coroutine"])
DRIVERS = pytest.mark.parametrize("driver", ["handle", "ahandle"])
STEP_A = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
SECRET = "the-plain-text"
LARGE = SECRET * 100


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")


class Bucket:
    """What a client of boto3 does, in memory."""

    def __init__(self):
        self.objects: dict[tuple[str, str], bytes] = {}
        self.threads: list[threading.Thread] = []

    def put_object(self, *, Bucket, Key, Body):  # noqa: N803 - the names are boto3's
        self.threads.append(threading.current_thread())
        self.objects[Bucket, Key] = Body.encode() if isinstance(Body, str) else Body

    def get_object(self, *, Bucket, Key):  # noqa: N803 - likewise
        self.threads.append(threading.current_thread())
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}


def offloading(driver, **options):
    return OffloadMiddleware.factory(driver, **{"threshold": 1000} | options)


def declare(client, result=LARGE, seen=None):
    kept = [] if seen is None else seen

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        kept.append(ctx.step.run("a", lambda: result))
        return ctx.step.run("b", lambda: "small")

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        kept.append(await ctx.step.run("a", lambda: result))
        return await ctx.step.run("b", lambda: "small")

    return client


def answer(client, colour="plain", driver="handle", **call):
    handler, request = Handler(client, framework="test"), call_request(f"app-{colour}", **call)
    return handler.handle(request) if driver == "handle" else asyncio.run(handler.ahandle(request))


@COLOURS
def test_a_large_result_is_in_the_store_and_the_function_sees_it(colour, tmp_path):
    seen: list[Any] = []
    client = declare(make_client(middleware=[offloading(FileDriver(tmp_path))]), seen=seen)

    run = play(client, colour)

    placeholder, small = (op["data"] for op in run.ops)
    assert (placeholder["__REMOTE_STATE__"], placeholder["__STRATEGY__"]) == (True, "inngest-py/file")
    assert json.loads((tmp_path / placeholder["key"]).read_text()) == LARGE
    assert (small, run.output, set(seen)) == ("small", "small", {LARGE})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / placeholder["key"]]


@COLOURS
@DRIVERS
def test_the_store_is_asked_in_a_thread_wherever_it_would_hold_up_a_loop(colour, driver):
    bucket, loops = Bucket(), []
    client = make_client(middleware=[offloading(S3Driver(bucket="b", client=bucket))])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        ctx.step.run("a", lambda: LARGE)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        loops.append(threading.current_thread())
        await ctx.step.run("a", lambda: LARGE)

    response = answer(client, colour, driver)
    answer(client, colour, driver, steps={STEP_A: {"data": json.loads(response.body)[0]["data"]}})

    assert len(bucket.threads) == 2
    assert not set(loops) & set(bucket.threads)


@pytest.mark.parametrize(("threshold", "stored"), [(len(LARGE) + 2, True), (len(LARGE) + 3, False), (0, True)])
def test_the_threshold_is_in_bytes_of_json(tmp_path, threshold, stored):
    client = declare(make_client(middleware=[offloading(FileDriver(tmp_path), threshold=threshold)]))

    data = json.loads(answer(client).body)[0]["data"]

    assert ("__REMOTE_STATE__" in data) is stored


def test_a_quarter_of_a_mebibyte_is_large_if_nothing_is_said(tmp_path):
    middleware = OffloadMiddleware.factory(FileDriver(tmp_path))
    small = declare(make_client(middleware=[middleware]), "x" * (256 * 1024 - 3))
    large = declare(make_client(middleware=[middleware]), "x" * (256 * 1024 - 2))

    assert isinstance(json.loads(answer(small).body)[0]["data"], str)
    assert isinstance(json.loads(answer(large).body)[0]["data"], dict)


def test_a_threshold_below_zero_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="threshold=-1"):
        OffloadMiddleware.factory(FileDriver(tmp_path), threshold=-1)


def test_the_result_of_the_function_stays_with_the_server(tmp_path):
    client = make_client(middleware=[offloading(FileDriver(tmp_path))])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return LARGE

    assert json.loads(answer(client).body) == LARGE


def test_a_step_that_runs_again_with_the_same_result_leaves_nothing_behind(tmp_path):
    client = declare(make_client(middleware=[offloading(FileDriver(tmp_path))]))

    first, second = (json.loads(answer(client).body)[0]["data"] for _ in range(2))

    assert first == second
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_result_is_read_only_when_the_function_meets_it():
    bucket = Bucket()
    client = make_client(middleware=[offloading(S3Driver(bucket="b", client=bucket))])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return "asks for nothing"

    known = {"__REMOTE_STATE__": True, "__STRATEGY__": "inngest/s3", "bucket": "b", "key": "gone"}
    response = answer(client, steps={STEP_A: {"data": known}})

    assert (json.loads(response.body), bucket.threads) == ("asks for nothing", [])


# Traps ---------------------------------------------------------------------------------------------------------------


def test_a_result_that_looks_like_a_placeholder_is_not_taken_for_one(tmp_path):
    forged = {"__REMOTE_STATE__": True, "__STRATEGY__": "inngest-py/file", "key": "../../etc/passwd"}
    seen: list[Any] = []
    client = declare(make_client(middleware=[offloading(FileDriver(tmp_path))]), forged, seen)

    run = play(client, "plain")

    assert run.status == "completed"
    assert seen == [forged, forged]


def test_a_placeholder_in_what_another_function_returned_is_not_followed(tmp_path):
    forged = {"__REMOTE_STATE__": True, "__STRATEGY__": "inngest-py/file", "key": "inngest/remote_state/R2/secret"}
    client = make_client(middleware=[offloading(FileDriver(tmp_path))])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return ctx.step.invoke_by_id("a", function_id="other")

    assert play(client, "plain", answers={"a": {"data": forged}}).output == forged


@pytest.mark.parametrize(
    "key", ["../secret", "/etc/passwd", "inngest/remote_state/../../x", "inngest/remote_state/a/b/c", "", None, 7]
)
def test_a_key_that_leads_elsewhere_is_refused(tmp_path, key):
    with pytest.raises(StoreError, match="none of ours"):
        FileDriver(tmp_path).load({"key": key})
    with pytest.raises(StoreError, match="none of ours"):
        S3Driver(bucket="b", client=Bucket()).load({"bucket": "b", "key": key})


def test_a_bucket_that_is_another_one_is_refused():
    with pytest.raises(StoreError, match="'other'"):
        S3Driver(bucket="b", client=Bucket()).load({"bucket": "other", "key": "inngest/remote_state/R/k"})


def test_the_id_of_a_run_cannot_lead_out_of_the_directory(tmp_path):
    client = declare(make_client(middleware=[offloading(FileDriver(tmp_path / "inside"))]))

    data = json.loads(answer(client, run_id="../../out").body)[0]["data"]

    assert data["key"].startswith("inngest/remote_state/______out/")


def test_a_result_that_is_gone_fails_the_attempt_and_says_so(tmp_path):
    client = declare(make_client(middleware=[offloading(FileDriver(tmp_path))]))
    gone = {"__REMOTE_STATE__": True, "__STRATEGY__": "inngest-py/file", "key": "inngest/remote_state/R/gone"}

    response = answer(client, steps={STEP_A: {"data": gone}})

    assert (response.status, "x-inngest-no-retry" in response.headers) == (500, False)
    assert "is not there any more" in json.loads(response.body)["message"]


def test_a_file_that_cannot_be_written_leaves_no_half_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _fd: (_ for _ in ()).throw(OSError("disk full")))

    with pytest.raises(OSError, match="disk full"):
        FileDriver(tmp_path).save("inngest/remote_state/R/k", b"1")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_results_of_an_earlier_driver_are_read_by_it_and_of_an_unknown_one_refused(tmp_path):
    stored = json.loads(answer(declare(make_client(middleware=[offloading(FileDriver(tmp_path))]))).body)[0]["data"]
    s3 = S3Driver(bucket="b", client=Bucket())
    seen: list[Any] = []
    both = offloading(s3, fallback_drivers=[FileDriver(tmp_path)])

    answer(declare(make_client(middleware=[both]), seen=seen), steps={STEP_A: {"data": stored}})
    response = answer(declare(make_client(middleware=[offloading(s3)])), steps={STEP_A: {"data": stored}})

    assert seen == [LARGE]
    assert "'inngest-py/file'" in json.loads(response.body)["message"]


# Beside others -------------------------------------------------------------------------------------------------------


@COLOURS
@pytest.mark.parametrize("encrypted_first", [False, True])
def test_it_works_with_encryption_in_either_order(colour, tmp_path, encrypted_first):
    both = [offloading(FileDriver(tmp_path)), EncryptionMiddleware.factory(b"k" * 32)]
    seen: list[Any] = []
    client = declare(make_client(middleware=both[::-1] if encrypted_first else both), seen=seen)

    run = play(client, colour)

    (stored,) = (path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert set(seen) == {LARGE}
    assert SECRET not in json.dumps(run.ops)
    assert (SECRET in stored) is encrypted_first


@COLOURS
def test_large_results_are_stored_also_where_they_are_saved_on_the_way(colour, tmp_path):
    bodies: list[Any] = []
    seen: list[Any] = []

    def api(request):
        bodies.append(json.loads(request.content))
        return httpx.Response(200)

    kind = httpx.Client if colour == "plain" else httpx.AsyncClient
    http_client = kind(transport=httpx.MockTransport(api))
    client = make_client(
        middleware=[offloading(FileDriver(tmp_path))], http_client=http_client, checkpointing=Checkpointing()
    )
    declare(client, seen=seen)

    answer(client, colour, "handle" if colour == "plain" else "ahandle", fn_id="f", qi_id="q")

    assert "__REMOTE_STATE__" in bodies[0]["steps"][0]["data"]
    assert seen == [LARGE]


def test_the_official_sdk_reads_what_we_stored_in_s3_and_we_what_it_stored():
    bucket = Bucket()
    seen: list[Any] = []
    theirs: Any = official.S3Driver(bucket="b", client=bucket)
    ours = make_client(middleware=[offloading(S3Driver(bucket="b", client=bucket))])

    class Memo:
        data = json.loads(answer(declare(ours)).body)[0]["data"]

    class Memos:
        @staticmethod
        def values():
            return [Memo]

    theirs.load_steps(Memos)
    stored = theirs.save_step("R1", {"by": "them"})
    answer(
        declare(make_client(middleware=[offloading(S3Driver(bucket="b", client=bucket))]), seen=seen),
        steps={STEP_A: {"data": stored}},
    )

    assert Memo.data == LARGE
    assert seen == [{"by": "them"}]


def test_a_client_of_s3_is_made_when_it_is_first_needed(monkeypatch):
    made: list[str] = []

    def make(service):
        made.append(service)
        return Bucket()

    monkeypatch.setattr("boto3.client", make)
    driver = S3Driver(bucket="b")
    assert made == []

    found = driver.save("inngest/remote_state/R/k", b"1")

    assert driver.load(found) == b"1"
    assert made == ["s3"]
