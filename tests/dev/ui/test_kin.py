"""What started a run, and what it started, have links to each other."""

from __future__ import annotations

import re
from html import unescape

from inngest_py.dev.notices import RunCompleted


def links(html):
    """Where the page leads, with what it says there."""
    found = re.findall(r'<a (?:class="[^"]*" )?href="([^"]*)"[^>]*>(.*?)</a>', html, flags=re.DOTALL)
    return {unescape(href): " ".join(re.sub(r"<[^>]*>", " ", text).split()) for href, text in found}


async def ended(house, function):
    return (await house.until(RunCompleted, function=function)).run_id


async def test_a_run_leads_to_the_event_that_started_it(house, kit):
    await house.function("f", kit.serial("a"))
    run_id = await house.run("f")
    (event,) = (await house.http.get("/v1/events?name=t/f")).json()["data"]

    page = (await house.http.get(f"/runs/{run_id}")).text

    assert f'Started by</dt><dd><a href="/events/{event["internal_id"]}">t/f</a>' in page


async def test_a_step_leads_to_the_run_that_it_invoked_and_that_one_leads_back(house, kit):
    def parent(call):
        opts = {"function_id": "child", "payload": {"data": {}}}
        return kit.done() if call.steps else kit.ops(kit.op("InvokeFunction", "ask-child", opts=opts))

    await house.function("parent", parent)
    await house.function("child", kit.serial())
    await house.send("t/parent")
    parent_id, child_id = await ended(house, "parent"), await ended(house, "child")
    step = kit.hashed("ask-child")

    above = (await house.http.get(f"/runs/{parent_id}?step={step}")).text
    below = (await house.http.get(f"/runs/{child_id}")).text

    assert links(above)[f"/runs/{child_id}"] == "child"
    assert links(below)[f"/runs/{parent_id}?step={step}"] == "parent"
    assert "</a>, ask-child</dd>" in below


async def test_a_step_leads_to_the_events_that_it_sent_and_to_what_they_caused(house, kit):
    await house.function("heard", kit.serial())
    event_id = await house.send("t/heard")
    heard = await ended(house, "heard")
    for memo in ([event_id, "no id"], {"ids": [event_id]}, "none", ["x" * 20_000], None):

        def sender(call, memo=memo):
            return kit.done() if call.steps else kit.ops(kit.op("StepRun", "send", data=memo))

        await house.function("sender", sender)
        run_id = await house.run("sender")

        page = (await house.http.get(f"/runs/{run_id}?step={kit.hashed('send')}")).text

        sends = isinstance(memo, dict) or memo == [event_id, "no id"]
        assert (f"/events/{event_id}" in links(page), f"/runs/{heard}" in links(page)) == (sends, sends)


async def test_a_run_leads_to_what_it_had_put_off_and_that_one_leads_back(house, kit):
    def parent(call):
        defer = kit.op("DeferAdd", "later", opts={"fn_slug": "child", "input": {"n": 1}})
        return kit.done() if call.steps else kit.ops(defer, kit.op("StepRun", "a", data=1))

    await house.function("parent", parent)
    await house.function("child", kit.serial(), triggers=[{"event": "inngest/deferred.schedule"}])
    await house.send("t/parent")
    parent_id, child_id = await ended(house, "parent"), await ended(house, "child")

    above = (await house.http.get(f"/runs/{parent_id}")).text
    below = (await house.http.get(f"/runs/{child_id}")).text

    assert links(above)[f"/runs/{child_id}"] == "child"
    assert links(below)[f"/runs/{parent_id}"] == "parent"
