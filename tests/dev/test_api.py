"""The HTTP side: what is accepted, what is refused and how, and what can be read."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace

import httpx
import pytest

from inngest_py.dev.api import Desk, build
from inngest_py.dev.api.visitors import House
from inngest_py.dev.call import qi_id
from inngest_py.dev.decisions import Put
from inngest_py.dev.engine import Engine
from inngest_py.dev.executor import LocalExecutor
from inngest_py.dev.ids import Ids
from inngest_py.dev.notices import (
    AppSynced,
    Notice,
    RunCompleted,
    RunFailed,
    ServerFault,
    StepSleeping,
    StepWaiting,
)
from inngest_py.dev.rules import Rules
from inngest_py.dev.store.sqlite import SQLiteStore
from inngest_py.wire.signing import SigningKey, bearer_token
from openapi_answers import DOCUMENT, check, operation_of

KEY = SigningKey("signkey-test-0123456789abcdef")


class Service:
    """An engine with its API, and functions that live in this process."""

    def __init__(self, kit):
        self.kit = kit
        self.replies = {}
        self.notices: list[Notice] = []
        self.seen: set[tuple[str, str] | None] = set()
        self._changed = asyncio.Event()
        self.archive = SQLiteStore()
        self.engine = Engine(
            self.archive,
            LocalExecutor(self._app, lambda: 0),
            clock=lambda: 1_767_225_600_000,
            ids=Ids(b"api"),
            rules=Rules(retry_interval=0),
            observe=self._observe,
        )
        self.http = self.client()

    def client(self, **desk):
        app = build(Desk(engine=self.engine, archive=self.archive, **desk))
        transport = httpx.ASGITransport(app)
        hooks = {"response": [self._check]}
        return httpx.AsyncClient(transport=transport, base_url="http://dev.localhost", event_hooks=hooks)

    async def _check(self, response):
        """Every answer of every test fits the OpenAPI document."""
        await check(response)
        self.seen.add(operation_of(response.request.method, response.request.url.path))

    async def function(self, slug, reply, **fields):
        self.replies[slug] = (reply, self.kit.config(slug, **fields))
        payload = self.kit.registration(*(config for _, config in self.replies.values()))
        return await self.http.put("/fn/register", json=payload)

    async def until(self, kind, **fields):
        async with asyncio.timeout(10):
            while True:
                for notice in self.notices:
                    if isinstance(notice, kind) and all(getattr(notice, key) == fields[key] for key in fields):
                        return notice
                self._changed.clear()
                await self._changed.wait()

    def _observe(self, notice):
        self.notices.append(notice)
        self._changed.set()

    async def _app(self, request):
        reply, _ = self.replies[request.query["fnId"]]
        return reply(json.loads(request.body))


@pytest.fixture
async def service(kit):
    service = Service(kit)
    await service.engine.start()
    yield service
    await service.http.aclose()
    await service.engine.stop()


async def test_an_event_is_accepted_and_starts_a_run(service, kit):
    await service.function("f", lambda body: kit.done(body["event"]["data"]))

    reply = await service.http.post("/e/any", json={"name": "t/f", "data": {"a": 1, "_inngest": {}}, "id": "mine"})
    done = await service.until(RunCompleted)

    (event_id,) = reply.json()["ids"]
    assert (reply.status_code, len(event_id), done.output) == (200, 26, '{"a":1}')
    assert reply.headers["x-inngest-server-kind"] == "dev"
    shown = (await service.http.get(f"/v1/events/{event_id}")).json()["data"]
    assert (shown["id"], shown["internal_id"], shown["data"]) == ("mine", event_id, {"a": 1})
    (run,) = (await service.http.get(f"/v1/events/{event_id}/runs")).json()["data"]
    assert (run["run_id"], run["status"], run["output"]) == (done.run_id, "Completed", {"a": 1})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{nope", "not JSON"),
        (b'"str"', "must contain an event object or an array"),
        (b"null", "must contain an event object or an array"),
        (b'["x"]', "cannot unmarshal string into Go value of type event.raw"),
        (b'{"data":{}}', "event name is empty"),
        (b'{"name":5}', "cannot unmarshal number into Go struct field raw.name of type string"),
        (b'{"name":"Inngest/x"}', "reserved for internal use: Inngest/x"),
        (b'{"name":"a","data":"x"}', "raw.data of type map[string]interface {}"),
        (b'{"name":"a","id":5}', "raw.id"),
        (b'{"name":"a","ts":1.5}', "cannot unmarshal number 1.5 into Go struct field raw.ts of type int64"),
        (b'{"name":"a","ts":1700000000}', "timestamp is before Jan 1, 1980"),
        (b'{"name":"a","ts":99999999999999}', "timestamp is after Jan 1, 2100"),
        (b'{"name":"a","data":{"x":"' + b"x" * (3 << 20) + b'"}}', "Event is over the max size: Max 3145728 bytes"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_an_event_that_cannot_be_is_refused_with_the_reason(service, body, said):
    reply = await service.http.post("/e/key", content=body)

    assert reply.status_code == 400
    assert reply.json()["ids"] == [""]
    assert said in reply.json()["error"]


async def test_a_batch_is_accepted_up_to_its_first_mistake(service):
    reply = await service.http.post("/e/key", json=[{"name": "a"}, {"name": ""}, {"name": "b"}])

    assert reply.status_code == 400
    assert len(reply.json()["ids"]) == 1
    assert len((await service.http.get("/v1/events")).json()["data"]) == 1


async def test_too_many_events_are_refused(service):
    reply = await service.http.post("/e/key", json=[{"name": "a"}] * 5001)

    assert (reply.status_code, len(reply.json()["ids"])) == (400, 4999)


@pytest.mark.parametrize("body", [b"", b"[]"])
async def test_nothing_is_accepted_too(service, body):
    reply = await service.http.post("/e/key", content=body)

    assert reply.json() == {"ids": [""], "status": 200}


async def test_a_seed_makes_the_ids(service):
    seed = {"x-inngest-event-id-seed": "1700000000123,MDEyMzQ1Njc4OQ=="}

    reply = await service.http.post("/e/key", json=[{"name": "a"}, {"name": "b"}], headers=seed)

    assert reply.json()["ids"] == ["01HF7YAT3V60RK4CSM6MV3EE1T", "01HF7YAT3V60RK4CSM6MV3EE1V"]


async def test_registration_answers_like_the_real_server(service, kit):
    first = await service.function("f", lambda _: kit.done())
    again = await service.function("f", lambda _: kit.done())

    assert first.json() | {"sync_id": "", "app_id": ""} == {"ok": True, "modified": True, "sync_id": "", "app_id": ""}
    assert again.json()["modified"] is False
    assert again.json()["app_id"] == first.json()["app_id"]
    assert len([it for it in service.notices if isinstance(it, AppSynced)]) == 1


async def test_a_bad_registration_is_refused_and_nothing_changes(service, kit):
    reply = await service.function("f", lambda _: kit.done(), rateLimit={"limit": 0, "period": "1h"})

    assert reply.status_code == 400
    assert reply.json()["error"].startswith('At least one function is invalid: function "f": rateLimit: limit = 0')
    assert (await service.http.get("/v1/apps")).json()["data"] == []


async def test_the_function_of_another_app_is_refused(service, kit):
    await service.function("f", lambda _: kit.done())
    other = {**kit.registration(kit.config("f"), app="other"), "url": "http://other.test/api/inngest"}

    reply = await service.http.put("/fn/register", json=other)

    assert reply.status_code == 400
    assert 'has the id of a function of app "app"' in reply.json()["error"]
    assert [each["id"] for each in (await service.http.get("/v1/apps")).json()["data"]] == ["app"]


async def test_an_app_that_lost_a_function_gets_it_back(service, kit):
    await service.function("f", lambda _: kit.done())
    lost = service.engine.state.functions["f"]
    service.engine.state.apply(Put(replace(lost, app_id="gone")))

    again = await service.function("f", lambda _: kit.done())

    assert again.json()["modified"] is True
    assert service.engine.state.functions["f"].app_id == "app"


async def test_an_app_for_the_cloud_is_refused(service, kit):
    headers = {"x-inngest-expected-server-kind": "cloud"}

    reply = await service.http.post("/fn/register", json=kit.registration(), headers=headers)

    assert (reply.status_code, reply.json()["error"]) == (400, "Expected server kind dev, got cloud")


async def test_an_app_shows_what_its_events_look_like(service, kit):
    described = {"name": "order/placed", "schema": {"type": "object"}}

    await service.http.put("/fn/register", json={**kit.registration(), "eventTypes": [described, {"name": "odd"}, 5]})

    (app,) = (await service.http.get("/v1/apps")).json()["data"]
    assert app["event_types"] == [described]


async def test_apps_and_functions_can_be_listed_and_removed(service, kit):
    await service.function("f", lambda _: kit.done())

    (app,) = (await service.http.get("/v1/apps")).json()["data"]
    (function,) = (await service.http.get("/v1/apps/app/functions")).json()
    info = (await service.http.get("/dev")).json()
    await service.http.delete("/fn/remove", params={"url": app["url"]})

    assert (app["id"], app["functions"], function["id"]) == ("app", ["f"], "f")
    assert [it["slug"] for it in info["functions"]] == ["f"]
    assert (await service.http.get("/v1/apps")).json()["data"][0]["functions"] == []


async def test_runs_are_listed_newest_first_with_a_cursor(service, kit):
    await service.function("f", lambda body: kit.done(body["event"]["data"]["n"]))
    for number in range(3):
        await service.http.post("/e/key", json={"name": "t/f", "data": {"n": number}})

    page = (await service.http.get("/v1/runs", params={"limit": 2})).json()
    rest = (await service.http.get("/v1/runs", params={"limit": 2, "cursor": page["metadata"]["next_cursor"]})).json()

    seen = [run["run_id"] for run in (*page["data"], *rest["data"])]
    assert len(page["data"]) == 2
    assert len(seen) == len(set(seen)) == 3
    assert rest["metadata"]["next_cursor"] is None


async def test_a_run_is_shown_with_its_steps(service, kit):
    def reply(body):
        if kit.hashed("bad") in body["steps"]:
            return kit.done("end")
        if kit.hashed("good") in body["steps"]:
            return kit.ops(kit.op("StepFailed", "bad", error={"name": "E", "message": "m"}))
        return kit.ops(kit.op("StepRun", "good", data={"x": 1}))

    await service.function("f", reply)
    await service.http.post("/e/key", json={"name": "t/f"})
    done = await service.until(RunCompleted)

    run = (await service.http.get(f"/v1/runs/{done.run_id}", params={"steps": "true"})).json()["data"]
    steps = (await service.http.get(f"/v1/runs/{done.run_id}/steps")).json()["data"]

    assert (run["status"], run["output"], run["function"], run["app"]) == ("Completed", "end", "f", "app")
    assert run["steps"] == steps
    assert run["events"][0]["name"] == "t/f"
    assert [(it["name"], it["status"], it["output"], it["error"]) for it in steps] == [
        ("good", "Completed", {"x": 1}, None),
        ("bad", "Failed", None, {"name": "E", "message": "m"}),
    ]


async def test_a_failed_run_shows_what_the_app_said_or_what_we_say(service, kit):
    await service.function("f", lambda _: kit.failure("mine"), retries=0)
    await service.function("g", lambda _: kit.ops(kit.op("Sleep", "s", name="never")))
    await service.http.post("/e/key", json=[{"name": "t/f"}, {"name": "t/g"}])
    ours = await service.until(RunFailed, function="g")
    theirs = await service.until(RunFailed, function="f")

    assert (await service.http.get(f"/v1/runs/{theirs.run_id}")).json()["data"]["output"]["message"] == "mine"
    output = (await service.http.get(f"/v1/runs/{ours.run_id}")).json()["data"]["output"]
    assert output["error"]["name"] == "InvalidDuration"


async def test_a_run_can_be_cancelled_and_its_state_fetched_while_it_lasts(service, kit):
    waiting = kit.op("WaitForEvent", "w", name="t/never", opts={"timeout": "1h"})
    done = kit.op("StepRun", "a", data=1)
    await service.function("f", lambda body: kit.ops(waiting if body["steps"] else done))
    await service.http.post("/e/key", json={"name": "t/f", "data": {"x": 1}})
    run_id = (await service.until(StepWaiting)).run_id

    actions = (await service.http.get(f"/v0/runs/{run_id}/actions")).json()
    (event,) = (await service.http.get(f"/v0/runs/{run_id}/batch")).json()
    cancelled = await service.http.delete(f"/v1/runs/{run_id}")

    assert actions == {kit.hashed("a"): {"data": 1}}
    assert event["data"] == {"x": 1}
    assert "user" not in event
    assert cancelled.status_code == 200
    shown = (await service.http.get(f"/v1/runs/{run_id}")).json()["data"]
    assert (shown["status"], shown["output"]) == ("Cancelled", {})
    assert (await service.http.get(f"/v0/runs/{run_id}/actions")).status_code == 410
    assert (await service.http.delete(f"/v1/runs/{run_id}")).status_code == 200


async def test_checkpoints_and_signals_and_invocations(service, kit):
    waiting = kit.op("WaitForSignal", "s", opts={"signal": "go", "timeout": "1h"})

    def reply(body):
        return kit.done(sorted(body["steps"])) if kit.hashed("s") in body["steps"] else kit.ops(waiting)

    await service.function("f", reply)
    invoked = await service.http.post("/invoke/f", json={"data": {"a": 1}})
    run_id = (await service.until(StepWaiting)).run_id
    saved = await service.http.post(
        f"/v1/checkpoint/{run_id}/async", json={"qi_id": qi_id("x"), "steps": [kit.op("StepRun", "c", data=1)]}
    )
    refused = await service.http.post(f"/v1/checkpoint/{run_id}/async", json={"steps": [kit.op("Sleep", "z")]})
    signalled = await service.http.post("/v1/signals", json={"signal": "go", "data": 1})
    done = await service.until(RunCompleted)

    assert (invoked.status_code, saved.status_code, refused.status_code) == (200, 200, 400)
    assert refused.json()["error"] == "cannot checkpoint async steps"
    assert signalled.json()["data"] == {"run_id": run_id}
    assert json.loads(done.output) == sorted([kit.hashed("c"), kit.hashed("s")])
    assert (await service.http.post("/v1/signals", json={"signal": "go"})).status_code == 404


async def test_pages_go_on_where_the_last_one_ended_and_within_a_time(service, kit):
    for name in ("f", "g"):
        await service.function(name, lambda _: kit.done(), triggers=[{"event": "t/both"}])
    (event_id,) = (await service.http.post("/e/key", json={"name": "t/both"})).json()["ids"]
    for name in ("f", "g"):
        await service.until(RunCompleted, function=name)

    for path, key in ((f"/v1/events/{event_id}/runs", "run_id"), ("/v1/runs", "run_id"), ("/v1/events", "internal_id")):
        whole = [it[key] for it in (await service.http.get(path)).json()["data"]]
        seen, cursor = list[str](), ""
        for _ in whole:
            page = (await service.http.get(path, params={"limit": 1, "cursor": cursor})).json()
            seen += [it[key] for it in page["data"]]
            cursor = page["metadata"]["next_cursor"]
        assert (seen, bool(cursor)) == (whole, False)
        assert len(whole) >= 2
    at, before = "2026-01-01T00:00:00Z", "2025-12-31T00:00:00Z"
    found = {
        query: len((await service.http.get(f"/v1/{query}")).json()["data"])
        for query in (
            f"runs?started_after={at}",
            f"runs?started_before={at}",
            f"runs?started_after={before}&function=f&status=completed&app=app",
            f"events?received_after={at}",
            f"events?received_after={before}&internal=false",
            f"events?received_before={at}",
            "events?name=t/both",
        )
    }
    assert list(found.values()) == [0, 0, 1, 0, 1, 0, 1]


async def test_a_page_goes_on_when_its_last_record_is_gone(service):
    (event_id,) = (await service.http.post("/e/key", json={"name": "a"})).json()["ids"]
    later = "7" + event_id[1:]

    page = (await service.http.get("/v1/events", params={"cursor": later})).json()

    assert [it["internal_id"] for it in page["data"]] == [event_id]


async def test_what_is_queued_of_a_run_is_shown(service, kit):
    await service.function("f", lambda _: kit.done())
    await service.http.post("/e/key", json={"name": "t/f", "ts": 1_767_229_200_000})
    (run,) = (await service.http.get("/v1/runs")).json()["data"]

    (job,) = (await service.http.get(f"/v1/runs/{run['run_id']}/jobs")).json()["data"]

    assert (job["status"], job["attempt"], job["kind"]) == ("delayed", 0, "start")
    assert job["at"] == "2026-01-01T01:00:00.000Z"


async def test_runs_are_cancelled_in_bulk(service, kit):
    await service.function("app-f", lambda _: kit.ops(kit.op("Sleep", "s", name="1h")))
    await service.http.post("/e/key", json=[{"name": "t/app-f", "data": {"n": number}} for number in range(120)])
    await service.until(StepSleeping)
    wanted = {
        "app_id": "app",
        "function_id": "f",
        "started_before": "2026-01-02T00:00:00Z",
        "if": "event.data.n < 110.0",
    }

    made = await service.http.post("/v1/cancellations", json=wanted)
    other = await service.http.post("/v1/cancellations", json=wanted | {"function_id": "app-f", "if": None})
    page = (await service.http.get("/v1/cancellations", params={"limit": 1})).json()
    rest = (await service.http.get("/v1/cancellations", params={"cursor": page["metadata"]["next_cursor"]})).json()
    removed = await service.http.delete(f"/v1/cancellations/{made.json()['data']['id']}")
    again = await service.http.delete(f"/v1/cancellations/{made.json()['data']['id']}")

    assert (made.status_code, made.json()["metadata"]["cancelled"]) == (201, 110)
    shown = made.json()["data"]
    assert (shown["function_id"], shown["if"], shown["started_after"]) == ("app-f", "event.data.n < 110.0", None)
    assert shown["started_before"] == "2026-01-02T00:00:00.000Z"
    assert other.json()["metadata"]["cancelled"] == 10
    assert [it["id"] for it in (*page["data"], *rest["data"])] == sorted(
        (reply.json()["data"]["id"] for reply in (made, other)), reverse=True
    )
    assert (removed.status_code, again.status_code) == (204, 404)


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"app_id": "", "started_before": None}, 400, "app_id is required\nstarted_before is required"),
        ({"function_id": "nobody"}, 404, "function not found"),
        ({"app_id": "other"}, 404, "function not found"),
        ({"started_before": "soon"}, 400, 'started_before: "soon" is neither a duration nor a date'),
        ({"if": "event.data.n =="}, 400, "if: "),
        ({"if": "async.data.n == 1"}, 400, "if: "),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_bulk_cancellation_that_cannot_be_is_refused(service, kit, changes, status, said):
    await service.function("f", lambda _: kit.done())
    wanted = {"app_id": "app", "function_id": "f", "started_before": "2026-01-02T00:00:00Z"}

    reply = await service.http.post("/v1/cancellations", json=wanted | changes)

    assert reply.status_code == status
    assert reply.json()["error"].startswith(said)


async def test_a_run_is_shown_by_version_2_too(service, kit):
    await service.function("f", lambda _: kit.done(5))
    await service.http.post("/e/key", json={"name": "t/f"})
    done = await service.until(RunCompleted)

    run = (await service.http.get(f"/api/v2/runs/{done.run_id}")).json()["data"]

    assert (run["id"], run["status"], run["output"], run["app"]) == (done.run_id, "COMPLETED", 5, {"id": "app"})


async def test_every_operation_answers_well(service, kit):
    """The least that each must be able to; the tests above and below see what else they say."""
    http, f = service.http, "/v1/cancellations"
    await service.function("f", lambda _: kit.ops(kit.op("WaitForSignal", "s", opts={"signal": "go"})))
    (event_id,) = (await http.post("/e/key", json={"name": "t/f", "data": {"a": [1]}})).json()["ids"]
    run_id = (await service.until(StepWaiting)).run_id
    (app,) = (await http.get("/v1/apps")).json()["data"]
    made = await http.post(f, json={"app_id": "app", "function_id": "f", "started_before": "2026-01-01T00:00:00Z"})

    paths = [path.replace("{app}", "app") for path, methods in DOCUMENT["paths"].items() if "get" in methods]
    for path in paths:
        answer = await http.get(path.replace("{id}", event_id if "events" in path else run_id))
        assert answer.status_code == 200
    for method, path, body in (
        ("POST", "/fn/register", kit.registration(kit.config("f"))),
        ("POST", "/invoke/f", {}),
        ("POST", f"/v1/checkpoint/{run_id}/async", {"steps": []}),
        ("POST", f"/v1/http/runs/{run_id}/async", {"steps": []}),
        ("POST", "/v1/signals", {"signal": "go", "data": {"b": 1}}),
        ("DELETE", f"{f}/{made.json()['data']['id']}", None),
        ("POST", f"/v1/runs/{run_id}/logs", {"lines": [{"message": "paid"}]}),
        ("POST", f"/v1/runs/{run_id}/rerun", {}),
        ("DELETE", f"/v1/runs/{run_id}", None),
        ("DELETE", f"/v0/runs/{run_id}", None),
        ("DELETE", f"/fn/remove?url={app['url']}", None),
    ):
        assert (await http.request(method, path, json=body)).is_success

    assert service.seen >= {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods}


ABSENT = "01M80R5H1VSECYW9JH449YS5HZ"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/e/key", 405),
        ("OPTIONS", "/e/key", 200),
        ("GET", "/v1/events/mine", 400),
        ("GET", f"/v1/events/{ABSENT}", 404),
        ("GET", f"/v1/events/{ABSENT}/runs", 200),
        ("GET", "/v1/events?cursor=zz", 400),
        ("GET", "/v1/events?received_after=soon", 400),
        ("GET", "/v1/runs/zz", 400),
        ("GET", "/api/v2/health", 200),
        ("GET", f"/api/v2/runs/{ABSENT}", 404),
        ("GET", "/v1/cancellations", 200),
        ("GET", "/v1/cancellations?cursor=zz", 400),
        ("POST", "/v1/cancellations", 400),
        ("DELETE", "/v1/cancellations/zz", 404),
        ("GET", f"/v1/runs/{ABSENT}", 404),
        ("GET", f"/v1/runs/{ABSENT}/steps", 404),
        ("GET", f"/v1/runs/{ABSENT}/jobs", 200),
        ("GET", "/v1/runs?limit=many", 400),
        ("GET", "/v1/runs?limit=0", 400),
        ("GET", "/v1/runs?limit=-1", 400),
        ("GET", "/v1/events?limit=2.5", 400),
        ("GET", "/v1/events?limit=" + "9" * 5000, 400),
        ("GET", "/v1/cancellations?limit=0", 400),
        ("GET", "/v1/runs?limit=5000", 200),
        ("GET", "/v1/runs?limit=&cursor=&status=", 200),
        ("GET", "/v1/runs?started_after=0001-01-01T00:00:00Z", 200),
        ("GET", "/v1/runs?started_before=99999-01-01T00:00:00Z", 400),
        ("GET", "/v1/events?internal=maybe", 400),
        ("GET", f"/v1/runs/{ABSENT}?steps=maybe", 400),
        ("GET", "/v1/events/mine/runs", 400),
        ("GET", "/v1/runs/zz/jobs", 400),
        ("GET", "/v1/runs?status=odd", 400),
        ("GET", "/v1/runs?status=completed", 200),
        ("GET", "/v1/runs?cursor=zz", 400),
        ("DELETE", f"/v1/runs/{ABSENT}", 404),
        ("POST", f"/v1/runs/{ABSENT}/rerun", 404),
        ("GET", f"/v1/runs/{ABSENT}/logs", 404),
        ("DELETE", f"/v0/runs/{ABSENT}", 204),
        ("GET", "/v0/runs/zz/actions", 400),
        ("GET", f"/v0/runs/{ABSENT}/batch", 410),
        ("GET", "/v1/apps/nobody/functions", 200),
        ("POST", "/invoke/nobody", 404),
        ("POST", "/v1/signals", 400),
        ("POST", f"/v1/checkpoint/{ABSENT}/async", 400),
        ("PUT", "/fn/register", 400),
    ],
)
async def test_every_request_gets_a_status_that_fits(service, method, path, status):
    reply = await service.http.request(method, path)

    assert reply.status_code == status
    assert reply.headers["x-inngest-server-kind"] == "dev"


async def test_with_keys_only_who_has_them_gets_in(service):
    token = bearer_token(KEY)
    async with service.client(signing_key=KEY, event_keys=frozenset({"good"})) as http:
        refused = await http.get("/v1/runs")
        allowed = [
            await http.get("/v1/runs", headers={"authorization": f"Bearer {text}"})
            for text in (token, f"signkey-test-{token}")
        ]
        wrong_key = await http.post("/e/bad", json={"name": "a"})
        right_key = await http.post("/e/good", json={"name": "a"})
        health = await http.get("/health")

    assert (refused.status_code, refused.text) == (401, "Authentication failed\n")
    assert [reply.status_code for reply in allowed] == [200, 200]
    assert (wrong_key.status_code, wrong_key.json()["error"]) == (401, "Event key not found")
    assert (right_key.status_code, health.status_code) == (200, 200)


async def test_a_mistake_of_ours_does_not_stop_the_server(service, kit, monkeypatch):
    await service.function("f", lambda _: kit.done())
    monkeypatch.setattr("inngest_py.dev.decide.events.admit", lambda *_: 1 / 0)
    with contextlib.suppress(ZeroDivisionError):
        await service.http.post("/e/key", json={"name": "t/f"})
    monkeypatch.undo()

    await service.http.post("/e/key", json={"name": "t/f"})

    assert (await service.until(RunCompleted)).function == "f"


async def test_a_call_that_fails_in_a_way_nobody_thought_of_ends_all_the_same(service, kit, monkeypatch):
    async def broken(_, call):
        raise TypeError("nobody thought of this")

    monkeypatch.setattr(LocalExecutor, "call", broken)
    await service.function("f", lambda _: kit.done(1), retries=0)

    await service.http.post("/e/key", json={"name": "t/f"})
    failed = await service.until(RunFailed)

    assert failed.error.message == (
        "Unable to reach SDK URL: the dev server could not make the request: TypeError: nobody thought of this"
    )
    assert any(isinstance(notice, ServerFault) for notice in service.notices)


async def test_what_cannot_be_stored_is_not_acknowledged(service, monkeypatch):
    def full(_):
        raise OSError("no space left")

    monkeypatch.setattr(service.engine.store, "commit", full)

    replies = [await service.http.post("/e/key", json={"name": "t/f"}) for _ in range(2)]

    await service.engine.failure()
    said = "the dev server has stopped: its database cannot be written: no space left"
    assert [(reply.status_code, reply.json()["error"]) for reply in replies] == [(503, said), (503, said)]
    assert isinstance(service.notices[-1], ServerFault)


async def test_a_name_that_is_not_the_servers_is_refused(service):
    reply = await service.http.get("/v1/runs", headers={"host": "evil.test"})

    assert reply.status_code == 403
    assert "does not answer to the name 'evil.test'" in reply.text


async def test_a_page_of_another_site_runs_no_function(service, kit):
    await service.function("f", lambda _: kit.done())

    reply = await service.http.post("/invoke/f", json={}, headers={"origin": "https://evil.test"})

    assert reply.status_code == 403
    assert (await service.http.get("/v1/runs")).json()["data"] == []


async def test_a_page_of_this_machine_may_send_events_and_see_the_reply(service):
    page = {"origin": "http://localhost:3000", "sec-fetch-site": "same-site"}

    asked = await service.http.options("/e/any", headers=page)
    sent = await service.http.post("/e/any", json={"name": "a"}, headers=page)

    assert [reply.status_code for reply in (asked, sent)] == [200, 200]
    assert [reply.headers["access-control-allow-origin"] for reply in (asked, sent)] == [page["origin"]] * 2
    assert sent.headers["vary"] == "Origin"


async def test_a_page_of_another_site_sends_no_event_without_a_key(service):
    page = {"origin": "https://evil.test", "sec-fetch-site": "cross-site"}

    asked = await service.http.options("/e/any", headers=page)
    sent = await service.http.post("/e/any", json={"name": "a"}, headers=page)

    assert [reply.status_code for reply in (asked, sent)] == [403, 403]
    assert not [reply for reply in (asked, sent) if "access-control-allow-origin" in reply.headers]


async def test_with_event_keys_pages_of_every_site_may_send_events(service):
    async with service.client(event_keys=frozenset({"k"}), house=House(keyed=True)) as http:
        reply = await http.post("/e/k", json={"name": "a"}, headers={"origin": "https://shop.example.com"})

    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] == "*"


async def test_a_run_is_repeated(service, kit):
    await service.function("f", lambda body: kit.done(body["event"]["data"]))
    await service.http.post("/e/any", json={"name": "t/f", "data": {"a": 1}})
    first = await service.until(RunCompleted)

    reply = await service.http.post(f"/v1/runs/{first.run_id}/rerun")

    second_id = reply.json()["data"]["run_id"]
    second = await service.until(RunCompleted, run_id=second_id)
    assert (reply.status_code, second.output) == (201, first.output)
    shown = (await service.http.get(f"/v1/runs/{second_id}")).json()["data"]
    assert shown["original_run_id"] == first.run_id


@pytest.mark.parametrize("name", ["a", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"])
async def test_a_run_is_repeated_from_a_step_on_with_another_input(service, kit, name):
    def app(body):
        memo = body["steps"].get(kit.hashed("a"), {})
        return kit.done(memo["data"]) if "data" in memo else kit.ops(kit.op("StepRun", "a", data=memo.get("input", 1)))

    await service.function("f", app)
    await service.http.post("/e/any", json={"name": "t/f"})
    first = await service.until(RunCompleted)

    reply = await service.http.post(
        f"/v1/runs/{first.run_id}/rerun", json={"from_step": {"step_id": name, "input": ["edited"]}}
    )

    second = await service.until(RunCompleted, run_id=reply.json()["data"]["run_id"])
    assert second.output == '["edited"]'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "must be a JSON object"),
        ({"from_step": "a"}, "from_step must be an object"),
        ({"from_step": {"step_id": "zz"}}, "has no step 'zz'"),
        ({"from_step": {}}, "has no step ''"),
        ({"from_step": {"step_id": "a", "input": {}}}, "input must be a list"),
    ],
)
async def test_a_run_cannot_be_repeated_in_any_other_way(service, kit, body, said):
    await service.function("f", lambda body: kit.done() if body["steps"] else kit.ops(kit.op("StepRun", "a", data=1)))
    await service.http.post("/e/any", json={"name": "t/f"})
    run_id = (await service.until(RunCompleted)).run_id

    reply = await service.http.post(f"/v1/runs/{run_id}/rerun", json=body)

    assert reply.status_code == 400
    assert said in reply.json()["error"]


async def test_a_run_whose_function_is_gone_is_not_repeated(service, kit):
    await service.function("f", lambda _: kit.done())
    await service.http.post("/e/any", json={"name": "t/f"})
    run_id = (await service.until(RunCompleted)).run_id
    await service.http.put("/fn/register", json=kit.registration())

    reply = await service.http.post(f"/v1/runs/{run_id}/rerun")

    assert reply.status_code == 400
    assert "the function f of run" in reply.json()["error"]
