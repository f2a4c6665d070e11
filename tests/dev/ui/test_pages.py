"""What the pages say, and what their forms do, without a browser."""

from __future__ import annotations

import json
import re
from html import unescape
from importlib import resources

import pytest

from inngest_py.dev.model import RunStatus
from inngest_py.dev.notices import AppUnreachable, RunCompleted, RunStarted, StepRetrying, StepWaiting
from inngest_py.dev.ui.door import HEADERS
from inngest_py.dev.ui.queries import DEPTH, PAGE
from inngest_py.dev.ui.render import KINDS

ORDER = {
    "type": "object",
    "properties": {
        "order_id": {"type": "string"},
        "total": {"type": "number", "minimum": 0, "description": "What it costs."},
    },
    "required": ["order_id"],
}
PAGES = ("/welcome", "/runs", "/events", "/send", "/functions", "/apps")


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_there_before_there_is_anything_to_show(house, path):
    assert await house.text(path)


@pytest.mark.parametrize("path", [*PAGES, "/runs/nothing", "/ui/static/ui.js"])
async def test_every_answer_forbids_what_is_not_of_this_server(house, path):
    reply = await house.http.get(path)

    assert {name: reply.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in reply.headers["content-security-policy"]


async def test_pages_are_kept_nowhere_and_the_files_that_they_load_everywhere(house):
    paths, asking = ("/runs", "/odd", "/ui/static/ui.js"), {"accept": "text/html"}

    kept = [(await house.http.get(path, headers=asking)).headers["cache-control"] for path in paths]

    assert kept == ["no-store", "no-store", "public, max-age=31536000, immutable"]


def test_all_that_the_pages_are_made_of_weighs_little():
    folder = resources.files("inngest_py.dev.ui")
    parts = [part for name in ("static", "templates") for part in folder.joinpath(name).iterdir()]

    assert {part.name for part in folder.joinpath("static").iterdir()} == {*KINDS}
    assert sum(len(part.read_bytes()) for part in parts) < 100_000


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_has_script_or_style_in_it(house, kit, path):
    await house.function("f", kit.serial("a"))
    await house.run("f")

    html = (await house.http.get(path)).text

    assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", html) == []


async def test_the_first_page_shows_how_to_begin_until_there_is_an_app(house, kit):
    assert (await house.http.get("/")).url.path == "/welcome"

    await house.function("f", kit.serial("a"))

    assert (await house.http.get("/")).url.path == "/runs"
    assert "Found app. 1 function can run now." in await house.text("/welcome")


async def test_runs_are_listed_newest_first(house, kit):
    await house.function("good", kit.serial("a"))
    await house.function("bad", lambda _: kit.failure("no"), retries=0)
    await house.run("good")
    house.now += 3_000
    await house.run("bad")

    text = await house.text("/runs")

    assert text.index("Failed bad t/bad") < text.index("Completed good t/good")
    assert "3 s ago" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=Failed", ["bad"]),
        ("status=failed&function=good", []),
        ("function=good", ["good"]),
        ("app=app", ["good", "bad"]),
        ("app=other", []),
        ("since=1h", ["good", "bad"]),
        ("q=order-7", ["good"]),
        ("q=order_id=order-7", ["good"]),
        ("q=event.data.amount=12", []),
        ("q=event.data.nested.amount=12", ["bad"]),
        ("q=data.nested.amount+%3D+7", ["good"]),
        ("q=nested.amount:7", ["good"]),
        ("q=amount:+12", ["bad"]),
        ("q=order_id+%3D%3D+%22order-7%22", ["good"]),
        ("q=other.amount=7", []),
        ("q=amount=1", []),
        ("q=%25", []),
        ("q=order&status=Failed", []),
    ],
)
async def test_runs_are_filtered_and_searched(house, kit, query, found):
    await house.function("good", kit.serial("a"))
    await house.function("bad", lambda _: kit.failure("no"), retries=0)
    await house.run("good", {"order_id": "order-7", "nested": {"amount": 7}})
    await house.run("bad", {"nested": {"amount": 12}})

    html = (await house.http.get(f"/runs?{query}")).text

    assert sorted(re.findall(r'stretched" href="/runs/\w+">(\w+)<', html)) == sorted(found)


async def test_a_run_is_found_by_its_id_and_by_the_end_of_it(house, kit):
    await house.function("f", kit.serial("a"))
    run_id = await house.run("f")

    by_id = await house.http.get(f"/runs?q={run_id.lower()}")
    by_its_end = await house.text(f"/runs?q={run_id[-6:]}")

    assert by_id.url.path == f"/runs/{run_id}"
    assert run_id[-6:] in by_its_end
    assert "All runs were searched." in by_its_end


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/runs?status=odd", "odd"),
        ("/runs?cursor=odd", "cursor"),
        ("/runs?since=odd", "odd"),
        (f"/runs?q={'a' * 60_000}", "a search has at most 500 characters, and this one 60,000"),
        ("/events?cursor=odd", "cursor"),
    ],
    ids=["status", "cursor", "since", "q", "events"],
)
async def test_what_cannot_be_read_is_said_on_a_page(house, path, said):
    reply = await house.http.get(path)

    assert reply.status_code == 400
    assert reply.headers["content-type"].startswith("text/html")
    assert said in reply.text


async def test_a_long_list_comes_in_pages(house, kit):
    await house.function("f", kit.serial())
    for _ in range(PAGE + 1):
        house.now += 1
        await house.run("f")

    first = (await house.http.get("/runs")).text
    older = older_of(first)
    second = (await house.http.get(older)).text

    assert [page.count("run-row") for page in (first, second)] == [PAGE, 1]
    assert 'rel="next"' not in second
    assert re.findall(r'href="([^"]*)">Newest', second) == ["/runs"]


async def test_a_search_looks_at_so_many_runs_and_says_so(house, kit, monkeypatch):
    monkeypatch.setattr("inngest_py.dev.ui.queries.DEPTH", 2)
    monkeypatch.setattr("inngest_py.dev.ui.queries._PORTION", 1)
    await house.function("f", kit.serial())
    for number in range(4):
        house.now += 1
        await house.run("f", {"number": number})

    page = (await house.http.get("/runs?q=number=0")).text
    older = older_of(page)

    assert "Of the last 2 runs only" in page
    assert (await house.http.get(older)).text.count("run-row") == 1
    assert DEPTH > PAGE


async def test_a_search_goes_on_for_so_long_and_says_how_far_it_came(house, kit, monkeypatch):
    monkeypatch.setattr("inngest_py.dev.ui.queries._PORTION", 1)
    await house.function("f", kit.serial())
    for number in range(4):
        house.now += 1
        await house.run("f", {"number": number})
    search = house.archive.search

    def slowly(*wanted):
        house.now += 150
        return search(*wanted)

    monkeypatch.setattr(house.archive, "search", slowly)

    assert "Of the last 2 runs only" in await house.text("/runs?q=number=0")


async def test_a_run_shows_its_steps_its_event_and_its_result(house, kit):
    await house.function("f", kit.serial("first", "second", result={"total": 3}))
    run_id = await house.run("f", {"order_id": 7})

    text = await house.text(f"/runs/{run_id}")

    assert all(each in text for each in ("Completed", "first", "second", '"total": 3', '"order_id": 7', "t/f"))


async def test_a_failed_step_shows_its_error_and_the_traceback(house, kit):
    error = {"name": "CardDeclined", "message": "no money", "stack": "Traceback\n  File shop.py"}
    await house.function(
        "f", lambda call: kit.failure() if call.steps else kit.ops(kit.op("StepFailed", "pay", error=error)), retries=0
    )
    run_id = await house.run("f")

    text = await house.text(f"/runs/{run_id}?step={kit.hashed('pay')}")

    assert "CardDeclined no money" in text
    assert "Traceback File shop.py" in text


async def test_a_step_that_is_tried_again_says_when(house, kit):
    error = {"name": "Busy", "message": "later", "stack": ""}
    await house.function("f", lambda _: kit.ops(kit.op("StepError", "pay", error=error)), retries=3)
    await house.send("t/f")
    retry = await house.until(StepRetrying)

    text = await house.text(f"/runs/{retry.run_id}?step={kit.hashed('pay')}")

    assert "Retrying" in text
    assert "Attempts 1 of 4" in text
    assert "Next attempt in 1 m" in text


async def test_attempts_that_failed_are_shown_with_their_errors(house, kit):
    error = {"name": "Busy", "message": "later", "stack": "Traceback " + "x" * 5_000}
    await house.function("f", lambda _: kit.ops(kit.op("StepError", "pay", error=error)), retries=3)
    await house.send("t/f")
    run_id = (await house.until(StepRetrying)).run_id
    page = f"/runs/{run_id}?step={kit.hashed('pay')}"

    text = await house.text(page)
    (link,) = {unescape(each) for each in re.findall(r'href="([^"]*&amp;at=\d+)"', (await house.http.get(page)).text)}

    assert "Attempt 1: Busy after 0 ms" in text
    assert (await house.http.get(link)).text == error["stack"]
    assert (await house.http.get(f"{link}0")).status_code == 404


async def test_a_run_that_is_yet_to_begin_says_of_no_next_attempt(house, kit):
    await house.function("f", kit.serial("a"))
    event_id = await house.send("t/f", ts=house.now + 60_000)
    (run,) = (await house.http.get(f"/v1/events/{event_id}/runs")).json()["data"]

    assert "Next attempt" not in await house.text(f"/runs/{run['run_id']}")


async def test_a_step_that_waits_says_for_what_and_until_when(house, kit):
    opts = {"event": "t/go", "timeout": "1h", "if": "event.data.id == async.data.id"}
    await house.function("f", lambda _: kit.ops(kit.op("WaitForEvent", "wait", opts=opts)))
    await house.send("t/f")
    waiting = await house.until(StepWaiting)

    text = await house.text(f"/runs/{waiting.run_id}?step={kit.hashed('wait')}")

    assert "Waits for an event t/go if event.data.id == async.data.id until in 1 h" in text


async def test_a_run_is_cancelled_by_its_button(house, kit):
    await house.function("f", lambda _: kit.ops(kit.op("Sleep", "nap", opts={"duration": "1h"})))
    await house.send("t/f")
    run_id = (await house.until(RunStarted)).run_id

    reply = await house.http.post(f"/runs/{run_id}/cancel")

    assert reply.url.path == f"/runs/{run_id}"
    assert (await house.engine.read(house.engine.store.run, run_id)).status is RunStatus.CANCELLED


async def test_a_run_is_repeated_by_its_button(house, kit):
    await house.function("f", kit.serial("a"))
    run_id = await house.run("f")

    reply = await house.http.post(f"/runs/{run_id}/rerun")

    again = await house.until(RunCompleted, run_id=reply.url.path.rpartition("/")[2])
    assert again.run_id != run_id
    assert f"Repeats {run_id[-6:]}" in await house.text(f"/runs/{again.run_id}")


async def test_a_run_is_repeated_from_a_step_on_with_what_was_written(house, kit):
    def reply(call):
        memo = call.steps.get(kit.hashed("a"), {})
        given = memo.get("input", [1])
        return (
            kit.done(memo["data"])
            if "data" in memo
            else kit.ops(kit.op("StepRun", "a", data=given, opts={"input": given}))
        )

    await house.function("f", reply)
    run_id = await house.run("f")
    page = await house.http.get(f"/runs/{run_id}?step={kit.hashed('a')}")
    form = {"step": kit.hashed("a"), "before": "[1]", "input": "[2]"}

    written = await house.http.post(f"/runs/{run_id}/rerun", data=form)
    left = await house.http.post(f"/runs/{run_id}/rerun", data={**form, "input": "[1]"})
    wrong = await house.http.post(f"/runs/{run_id}/rerun", data={**form, "input": "{}"})
    worse = await house.http.post(f"/runs/{run_id}/rerun", data={**form, "input": "[1, two]"})
    lost = await house.http.post(f"/runs/{run_id}/rerun", data={**form, "input": "[2]", "step": "odd"})

    assert "Rerun from here" in page.text
    outputs = [
        (await house.until(RunCompleted, run_id=it.url.path.rpartition("/")[2])).output for it in (written, left)
    ]
    assert outputs == ["[2]", "[1]"]
    assert [reply.status_code for reply in (wrong, worse, lost)] == [400] * 3
    assert "{}</textarea>" in wrong.text
    assert "input must be a list" in plain(wrong.text)
    assert "[1, two]</textarea>" in worse.text
    assert "It was not run: the input is not JSON: expected ident at line 1 column 6" in plain(worse.text)
    assert f'data-address="/runs/{run_id}?step={kit.hashed("a")}"' in worse.text
    assert "has no step 'odd'" in plain(lost.text)
    assert "Edited input" in await house.text(f"{written.url.path}?step={kit.hashed('a')}")


async def test_a_large_output_is_cut_short_and_to_be_had_as_a_whole(house, kit):
    large = {"text": "x" * 3_000_000}
    await house.function("f", kit.serial("big", result=large))
    run_id = await house.run("f")

    page = await house.http.get(f"/runs/{run_id}")
    whole = await house.http.get(f"/runs/{run_id}/text/output")

    assert len(page.content) < 20_000
    assert "All 3.0 MB as plain text" in plain_of(page)
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    assert json.loads(whole.text) == large


async def test_parts_of_steps_are_to_be_had_as_text(house, kit):
    await house.function("f", kit.serial("a"))
    run_id = await house.run("f")
    step = kit.hashed("a")

    assert (await house.http.get(f"/runs/{run_id}/text/output?step={step}")).text == '"a"'
    assert (await house.http.get(f"/runs/{run_id}/text/error?step={step}")).status_code == 404
    assert (await house.http.get(f"/runs/{run_id}/text/error")).status_code == 404
    assert (await house.http.get("/runs/nothing/text/output")).status_code == 404


async def test_events_are_listed_with_the_runs_that_they_caused(house, kit):
    await house.function("f", kit.serial("a"))
    await house.run("f", {"order_id": 7})
    await house.send("t/unheard")

    text = await house.text("/events")

    assert "t/f" in text
    assert '{"order_id":7}' in text
    assert "t/unheard {} no run" in text
    assert "inngest/function.finished" not in text
    assert "inngest/function.finished" in await house.text("/events?internal=true")
    assert "t/unheard" not in await house.text("/events?name=t/f")
    assert "no run" in await house.text("/events?name=inngest/function.finished")


async def test_an_event_is_sent_again(house, kit):
    await house.function("f", kit.serial("a"))
    await house.send("t/f", {"order_id": 7}, id="order-7")
    await house.until(RunCompleted)
    first = (await house.http.get("/v1/events?name=t/f")).json()["data"][0]["internal_id"]
    seen = len(house.notices)

    reply = await house.http.post(f"/events/{first}/send")

    await house.until(RunCompleted, seen)
    assert reply.url.path.startswith("/events/")
    assert first not in reply.url.path
    assert len((await house.http.get("/v1/runs")).json()["data"]) == 2


async def test_an_event_is_written_and_sent(house, kit):
    await house.function("f", kit.serial("a"))

    reply = await house.http.post("/send", data={"name": "t/f", "data": '{"order_id": 7}'})

    assert reply.url.path.startswith("/events/")
    assert '"order_id": 7' in plain_of(reply)
    await house.until(RunCompleted)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("t/f", "{nope", "not JSON"),
        ("t/f", "[1]", "the data must be a JSON object"),
        ("", "{}", "event name is empty"),
        ("inngest/x", "{}", "reserved"),
        ("t/a", f'{{"a":{"[" * 700}{"]" * 700}}}', "the data: it is nested too deeply"),
    ],
)
async def test_what_is_wrong_with_an_event_is_said_and_what_was_written_kept(house, name, data, said):
    reply = await house.http.post("/send", data={"name": name, "data": data})

    assert reply.status_code == 400
    assert said in plain_of(reply)
    assert data in plain_of(reply)


async def test_known_events_are_offered_with_the_data_that_came_last(house, kit):
    await house.function("f", kit.serial("a"))
    await house.run("f", {"order_id": 7})

    assert '"order_id": 7' in await house.text("/send?name=t/f")


async def described(house, kit, *schemas):
    """Have the app say what its event looks like."""
    listed = [{"name": "t/f", "schema": schema} for schema in schemas]
    payload = {**kit.registration(kit.config("f")), "eventTypes": listed}
    assert (await house.http.put("/fn/register", json=payload)).status_code == 200


async def test_a_known_event_is_offered_with_an_example_made_from_its_schema(house, kit):
    await house.function("f", kit.serial("a"))
    await house.run("f", {"order_id": 7})
    await described(house, kit, ORDER)

    text = await house.text("/send?name=t/f")

    assert '{ "order_id": "order_id", "total": 1 }' in text
    assert "order_id : string, required" in text
    assert "total : number ≥ 0 What it costs." in text
    (sent,) = (await house.http.get("/v1/events", params={"name": "t/f"})).json()["data"]
    assert '"order_id": 7' in await house.text(f"/send?from={sent['internal_id']}")


async def test_what_an_app_says_of_an_event_is_text(house, kit):
    await house.function("f", kit.serial("a"))
    await described(house, kit, {"properties": {"<script>name": {"type": "<script>", "description": "<script>says"}}})

    shown = await house.http.get("/send?name=t/f")
    refused = await house.http.post("/send", data={"name": "t/f", "data": '{"<script>name": 1}'})

    assert "<script>name" in plain_of(shown)
    assert "<script>says" in plain_of(shown)
    assert {each.text.count("<script>") for each in (shown, refused)} == {0}


async def test_an_event_that_several_models_describe_is_offered_with_what_each_asks_for(house, kit):
    await house.function("f", kit.serial("a"))
    await described(house, kit, ORDER, {"properties": {"total": {"type": "string"}, "who": {"type": "string"}}})

    text = await house.text("/send?name=t/f")

    assert '"total": 1' in text
    assert '"who": "who"' in text


async def test_an_app_that_was_removed_describes_nothing_any_more(house, kit):
    await house.function("f", kit.serial("a"))
    await described(house, kit, ORDER)
    await house.http.delete("/fn/remove", params={"url": kit.registration()["url"]})

    assert "required" not in await house.text("/send?name=t/f")


async def test_what_an_app_would_not_understand_is_said_and_sent_all_the_same_if_need_be(house, kit):
    await house.function("f", kit.serial("a"))
    await described(house, kit, ORDER)
    event = {"name": "t/f", "data": '{"order_id": 7, "total": "<b>"}'}

    reply = await house.http.post("/send", data=event)

    assert reply.status_code == 400
    assert "data.order_id must be a string, not 7" in plain_of(reply)
    assert 'data.total must be a number ≥ 0, not "<b>"' in plain_of(reply)
    assert "Send anyway" in plain_of(reply)
    assert event["data"] in plain_of(reply)
    assert (await house.http.get("/v1/events")).json()["data"] == []

    sent = await house.http.post("/send", data={**event, "anyway": "1"})

    assert sent.url.path.startswith("/events/")
    await house.until(RunCompleted)


async def test_data_that_was_left_empty_stays_so_while_what_is_missing_is_said(house, kit):
    await house.function("f", kit.serial("a"))
    await described(house, kit, ORDER)

    text = plain_of(await house.http.post("/send", data={"name": "t/f", "data": ""}))

    assert "data.order_id is missing" in text
    assert '"order_id"' not in text


async def test_what_fits_its_schema_is_sent_without_more_ado(house, kit):
    await house.function("f", kit.serial("a"))
    await described(house, kit, ORDER)

    reply = await house.http.post("/send", data={"name": "t/f", "data": '{"order_id": "7"}'})

    assert reply.url.path.startswith("/events/")


async def test_data_that_nobody_would_type_is_sent_unchecked(house, kit):
    await house.function("f", kit.serial("a"))
    await described(house, kit, ORDER)

    reply = await house.http.post("/send", data={"name": "t/f", "data": json.dumps({"order_id": [0] * 50_000})})

    assert reply.url.path.startswith("/events/")


async def test_a_function_is_invoked_with_what_its_schema_says(house, kit):
    await house.function("f", lambda call: kit.done(call.data["order_id"]))
    await described(house, kit, ORDER)

    text = await house.text("/functions/f")
    refused = await house.http.post("/functions/f/invoke", data={"data": "{}"})
    anyway = await house.http.post("/functions/f/invoke", data={"data": '{"order_id": 7}', "anyway": "1"})

    assert '{ "order_id": "order_id", "total": 1 }' in text
    assert "order_id : string, required" in text
    assert refused.status_code == 400
    assert "data.order_id is missing" in plain_of(refused)
    assert "Invoke anyway" in plain_of(refused)
    assert anyway.url.path.startswith("/events/")
    assert (await house.until(RunCompleted)).output == "7"


async def test_a_function_shows_its_triggers_its_rules_and_how_it_does(house, kit):
    await house.function(
        "f",
        kit.serial("a"),
        triggers=[{"event": "t/f", "expression": "event.data.ok"}, {"cron": "0 9 * * *"}],
        concurrency=[{"limit": 3, "key": "event.data.user", "scope": "fn"}],
        retries=2,
    )
    await house.run("f", {"ok": True})

    text = await house.text("/functions/f")

    assert "t/f if event.data.ok" in text
    assert "0 9 * * * next in 9 h" in text
    assert "Retries 2" in text
    assert "Concurrency 3 steps at a time event.data.user" in text
    assert "100 % end well" in text
    assert "100 % end well" in await house.text("/functions")


async def test_a_function_is_invoked(house, kit):
    await house.function("f", lambda call: kit.done(call.data["n"]))

    reply = await house.http.post("/functions/f/invoke", data={"data": '{"n": 7}'})

    assert (await house.until(RunCompleted)).output == "7"
    assert reply.url.path.startswith("/events/")


async def test_a_function_is_not_invoked_with_what_is_no_object(house, kit):
    await house.function("f", kit.serial("a"))

    assert (await house.http.post("/functions/f/invoke", data={"data": "[]"})).status_code == 400
    assert (await house.http.post("/functions/odd/invoke", data={"data": "{}"})).status_code == 404
    assert (await house.http.post("/functions/odd/invoke", data={"data": "{"})).status_code == 404


async def test_a_function_is_not_invoked_with_what_cannot_be_sent(house, kit):
    await house.function("f", kit.serial("a"))

    reply = await house.http.post("/functions/f/invoke", data={"data": f'{{"a":{"[" * 700}{"]" * 700}}}'})

    assert reply.status_code == 400
    assert "It was not run: the data: it is nested too deeply" in plain(reply.text)


async def test_an_app_is_picked_by_all_of_its_name(house, kit):
    payload = kit.registration(kit.config("f"))
    await house.http.put("/fn/register", json={**payload, "appName": "an  app "})

    assert '<option value="an  app ">' in (await house.http.get("/runs")).text


async def test_what_was_written_for_a_function_stands_beside_what_is_wrong_with_it(house, kit):
    await house.function("f", kit.serial("a"))

    reply = await house.http.post("/functions/f/invoke", data={"data": '{"order_id": 7,\n nope}'})

    assert reply.status_code == 400
    assert '{"order_id": 7,\n nope}</textarea>' in unescape(reply.text)
    assert "It was not run: the data is not JSON: key must be a string at line 2 column 2" in plain(reply.text)
    assert 'data-address="/functions/f"' in reply.text


async def test_apps_say_whether_they_are_synced_and_what_to_do_if_not(house, kit):
    await house.function("f", kit.serial("a"))
    url = "http://127.0.0.1:5000/api/inngest"
    house.problems[url] = AppUnreachable(at=0, url=url, code="forbidden", message="set INNGEST_DEV=1 for the app")

    text = await house.text("/apps")

    assert "app synced" in text
    assert f"{url} forbidden set INNGEST_DEV=1 for the app" in text


async def test_an_app_is_added_by_its_url(house):
    reply = await house.http.post("/apps", data={"url": " http://127.0.0.1:5000/api/inngest "})
    refused = await house.http.post("/apps", data={"url": "javascript:alert(1)"})

    assert (reply.status_code, refused.status_code) == (200, 400)
    assert house.added == ["http://127.0.0.1:5000/api/inngest"]
    assert "is not a URL such as" in plain_of(refused)


async def test_an_app_is_taken_away_whether_it_is_there_or_not(house, kit):
    await house.function("f", kit.serial("a"))
    url, (app,) = "http://127.0.0.1:5000/mistyped", house.engine.state.apps.values()
    house.problems[url] = AppUnreachable(at=0, url=url, code="unreachable", message="nothing answers")

    mistyped = await house.http.post("/apps/forget", data={"url": url})
    registered = await house.http.post("/apps/forget", data={"url": app.url})

    assert url not in mistyped.text
    assert "app synced" in plain(mistyped.text)
    assert "synced" not in plain(registered.text)
    assert "Forgotten: app." in plain(registered.text)
    assert "No function yet" in await house.text("/functions")


@pytest.mark.parametrize("path", ["/runs/x", "/events/x", "/functions/x"])
async def test_what_there_is_not_is_said_to_be_missing(house, path):
    reply = await house.http.get(path)

    assert reply.status_code == 404
    assert "'x'" in plain_of(reply)


BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/nowhere", 404, "There is no page /nowhere here."),
        ("GET", "/runs/x/y/<b>", 404, "There is no page /runs/x/y/<b> here."),
        ("GET", "/runs/x/cancel", 405, "/runs/x/cancel takes no GET."),
        ("POST", "/runs", 405, "/runs takes no POST."),
    ],
)
async def test_a_browser_that_comes_to_no_page_is_shown_one(house, method, path, status, said):
    reply = await house.http.request(method, path, headers=BROWSER)

    assert reply.status_code == status
    assert said in plain(reply.text)
    assert {name: reply.headers[name] for name in HEADERS} == HEADERS
    assert ("allow" in reply.headers) is (status == 405)


@pytest.mark.parametrize(
    ("path", "headers", "said"),
    [
        ("/nowhere", {"accept": "*/*"}, "404 page not found\n"),
        ("/v1/nowhere", BROWSER, "404 page not found\n"),
        ("/e/k", BROWSER, "Method Not Allowed"),
        ("/fn/register", BROWSER, "Method Not Allowed"),
        ("/runs/x/cancel", {}, "Method Not Allowed"),
    ],
)
async def test_programs_and_the_api_are_answered_in_plain_text(house, path, headers, said):
    reply = await house.http.get(path, headers=headers)

    assert reply.text == said
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_page_of_another_site_cannot_press_a_button(house, kit):
    await house.function("f", kit.serial("a"))

    reply = await house.http.post(
        "/functions/f/invoke",
        data={"data": "{}"},
        headers={"origin": "https://evil.test", "sec-fetch-site": "cross-site"},
    )

    assert reply.status_code == 403
    assert (await house.http.get("/v1/runs")).json()["data"] == []


def plain(html):
    """The text of what a page is about."""
    main = re.sub(r".*<main[^>]*>|</main>.*", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def older_of(html):
    (found,) = re.findall(r'href="([^"]+)" rel="next"', html)
    return unescape(found)


def plain_of(reply):
    return " ".join(unescape(re.sub(r"<[^>]*>", "", reply.text)).split())


async def test_a_run_is_had_as_a_file_for_a_test(house, kit):
    await house.function("f", kit.serial("a"))
    run_id = await house.run("f", {"id": 7})

    reply = await house.http.get(f"/runs/{run_id}/export")

    document = reply.json()
    assert reply.headers["content-disposition"] == f'attachment; filename="run-{run_id[-6:]}.json"'
    assert (document["format"], document["run_id"], document["status"]) == ("inngest-py run", run_id, "Completed")
    assert [step["name"] for step in document["steps"]] == ["a"]
    assert document["events"][0]["data"] == {"id": 7}
    assert f'href="/runs/{run_id}/export"' in (await house.http.get(f"/runs/{run_id}")).text
    assert (await house.http.get("/runs/nothing/export")).status_code == 404
