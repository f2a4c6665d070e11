"""What apps log in runs: what is kept of it, what is refused, and where it is shown."""

from __future__ import annotations

import json

import pytest

from inngest_py.dev.api.logs import LONGEST, MOST
from inngest_py.dev.notices import RunLogged
from inngest_py.dev.ui.pages.run import MOST_LINES
from openapi_answers import check

NOW = 1_767_225_600_000


@pytest.fixture
async def run_id(house, kit):
    await house.function("f", kit.serial("pay"))
    return await house.run("f")


async def log(house, run_id, *lines):
    reply = await house.http.post(f"/v1/runs/{run_id}/logs", json={"lines": lines})
    await check(reply)
    return reply


async def logged(house, run_id, **query):
    reply = await house.http.get(f"/v1/runs/{run_id}/logs", params=query)
    await check(reply)
    return reply.json()["data"]


async def test_lines_are_kept_in_the_order_in_which_they_came(house, run_id):
    line = {"at": NOW + 5, "level": "warning", "logger": "shop", "message": "slow", "step": "pay", "attempt": 1}

    reply = await log(house, run_id, line, {"message": "paid"})

    assert reply.json()["data"] == {"kept": 2}
    assert await logged(house, run_id) == [
        {**line, "at": "2026-01-01T00:00:00.005Z", "level": "WARNING"},
        {"at": "2026-01-01T00:00:00.000Z", "level": "INFO", "logger": "", "message": "paid", "step": "", "attempt": 0},
    ]
    assert [line["message"] for line in await logged(house, run_id, limit=1)] == ["paid"]


async def test_whoever_looks_at_the_run_is_told(house, run_id):
    await log(house, run_id, {"message": "paid"}, {"message": "sent"})

    assert (await house.until(RunLogged)).lines == 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[", "the body is not JSON"),
        (b"[]", "lines must be a list"),
        (b'{"lines": "paid"}', "lines must be a list"),
        (json.dumps({"lines": [{"message": "x"}] * 1001}).encode(), "at most 1000 lines"),
        (b'{"lines": ["paid"]}', "a line must be an object with a message"),
        (b'{"lines": [{"message": 5}]}', "a line must be an object with a message"),
    ],
)
async def test_what_are_no_lines_is_refused(house, run_id, body, said):
    reply = await house.http.post(f"/v1/runs/{run_id}/logs", content=body)

    await check(reply)
    assert (reply.status_code, said in reply.json()["error"]) == (400, True)
    assert await logged(house, run_id) == []


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("at", "now", "2026-01-01T00:00:00.000Z"),
        ("at", -1, "2026-01-01T00:00:00.000Z"),
        ("at", 10**30, "2026-01-01T00:00:00.000Z"),
        ("at", 253_402_300_799_000, "9999-12-31T23:59:59.000Z"),
        ("attempt", True, 0),
        ("level", {}, "INFO"),
        ("logger", None, ""),
        ("step", "x" * 500, "x" * 200),
        ("message", "\0", "\0"),
    ],
)
async def test_a_strange_field_costs_no_line(house, run_id, field, given, kept):
    body = json.dumps({"lines": [{"message": "paid", field: given}]})

    reply = await house.http.post(f"/v1/runs/{run_id}/logs", content=body)

    assert reply.json()["data"] == {"kept": 1}
    (line,) = await logged(house, run_id)
    assert line[field] == kept


async def test_a_long_line_is_cut_and_that_is_said(house, run_id):
    await log(house, run_id, {"message": "x" * (LONGEST + 1_500)})

    (line,) = await logged(house, run_id)
    assert line["message"].startswith("x" * LONGEST)
    assert line["message"].endswith("x… (1,500 characters more)")


async def test_a_run_has_so_many_lines_and_no_more(house, run_id):
    for _ in range(MOST // 1_000):
        await log(house, run_id, *[{"message": "again"}] * 1_000)

    reply = await log(house, run_id, {"message": "too much"})

    assert reply.json()["data"] == {"kept": 0}
    assert house.archive.log_size(run_id) == MOST
    text = await house.text(f"/runs/{run_id}")
    assert f"the last {MOST_LINES} of {MOST:,} lines of the app" in text
    assert text.count("again") == MOST_LINES


async def test_there_is_no_such_run(house):
    reply = await log(house, "01M80R5H1VSECYW9JH449YS5HZ", {"message": "paid"})

    assert reply.status_code == 404


async def test_the_page_of_a_run_shows_them_between_what_happened(house, run_id):
    await log(
        house,
        run_id,
        {"message": "<b>paid</b>", "at": NOW, "level": "ERROR", "logger": "shop.bank", "step": "pay"},
        {"message": "not by a logger of its own", "at": NOW - 5, "logger": "inngest_py"},
    )

    text = await house.text(f"/runs/{run_id}")

    assert "with 2 lines of the app" in text
    assert "error <b>paid</b> shop.bank" in text
    assert "inngest_py" not in text
    html = (await house.http.get(f"/runs/{run_id}", params={"step": house.kit.hashed("pay")})).text
    assert html.count('class="of-app" data-chosen') == 1
    assert "&lt;b&gt;paid" in html
    as_text = (await house.http.get(f"/runs/{run_id}/text/log")).text
    assert "2026-01-01T00:00:00.000Z ERROR shop.bank <b>paid</b>\n" in as_text
