"""The web UI in a real browser, against a real server and a real app. Nothing here waits for a time to pass."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from browsing import NARROW, WIDE, axe, chromium, until, window
from inngest_py.dev.notices import RunCompleted, RunFailed, RunStarted, StepWaiting
from inngest_py.dev.options import Options
from shown_app import shop
from staged import stage

PAGES = ("/runs", "/events", "/send", "/functions", "/functions/shop-process-order", "/apps", "/welcome")
LIGHTEST = 200_000
CHOSEN = ".lane[data-chosen]"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def shown(browser, monkeypatch):
    """A server with a shop beside it, and a way to send events."""
    monkeypatch.setenv("INNGEST_DEV", "1")
    with stage() as made:
        made.add(shop(made.url))
        yield made


@pytest.fixture
def page(browser, shown):
    with window(browser, shown.url) as made:
        yield made


def send(shown, name, data):
    """Send an event. Returns its id."""
    return httpx.post(f"{shown.url}/e/k", json={"name": name, "data": data}).json()["ids"][0]


def run_of(shown, event_id, kind):
    """The run that an event started, once a notice of this kind has come about it."""
    (run,) = httpx.get(f"{shown.url}/v1/events/{event_id}/runs").json()["data"]
    shown.until(lambda notice: isinstance(notice, kind) and notice.run_id == run["run_id"])
    return run["run_id"]


def order(number="1"):
    return {"order_id": number, "customer": "ann@example.com", "items": ["book", "pen"]}


def test_an_event_is_sent_and_its_run_watched_to_its_end_without_reloading(page, shown):
    page.goto("/send?name=order%2Fplaced")
    page.fill("#data", json.dumps(order()))
    page.click("form.editor button.primary")
    page.click(".run-row a")
    page.evaluate("window.same = true")

    page.wait_for_selector("h1 + .badge.good", state="visible")

    assert page.evaluate("window.same") is True
    lanes = page.locator(".lane-name").all_inner_texts()
    assert {"check-inventory", "validate-payment", "charge-payment", "let-it-settle", "send-receipt"} <= {*lanes}
    assert "2 attempts" in page.inner_text(".lanes")
    assert "receipt for 1" in page.inner_text("#detail")


def test_an_event_is_sent_as_its_schema_says_and_its_run_ends(page, shown):
    page.goto("/send")
    page.click(".offers >> text=order/packed")
    page.wait_for_selector(".shape")

    assert json.loads(page.input_value("#data")) == {"order_id": "order_id", "weight": 1, "fragile": False}

    page.click("text=What order/packed has in it")
    assert "weight: number > 0, required In kilograms." in page.inner_text(".shape")

    page.click("form.editor button.primary")
    page.click(".run-row a")
    page.wait_for_selector("h1 + .badge.good", state="visible")

    assert "label for order_id" in page.inner_text("main")


def test_a_name_that_is_typed_brings_its_example_unless_data_was_written(page, shown):
    page.goto("/send")
    page.fill("#name", "order/packed")
    page.press("#name", "Tab")
    page.wait_for_url("**/send?name=order%2Fpacked")
    page.fill("#data", '{"order_id": "1"}')
    page.fill("#name", "order/placed")
    page.press("#name", "Tab")

    assert json.loads(page.input_value("#data")) == {"order_id": "1"}


def test_what_an_app_would_not_understand_is_said_before_it_is_sent(page, shown):
    page.goto("/send?name=order%2Fpacked")
    page.fill("#data", '{"order_id": "1", "weight": 0}')
    page.click("form.editor button.primary")

    assert "data.weight must be a number > 0, not 0" in page.inner_text("#unfit")
    assert page.input_value("#data") == '{"order_id": "1", "weight": 0}'

    page.click("text=Send anyway")

    page.wait_for_url("**/events/*")


def test_a_list_shows_new_runs_by_itself_and_keeps_its_columns(page, shown):
    page.goto("/runs")
    page.wait_for_selector(".pulse[data-state=on]")
    send(shown, "order/placed", order("1"))
    page.wait_for_selector(".run-row .badge.good")
    before = page.evaluate("[...document.querySelector('.run-row').children].map((it) => it.getBoundingClientRect().x)")

    send(shown, "order/refunded", {"order_id": "7"})
    page.wait_for_selector(".run-row:first-child .badge.bad")

    after = page.evaluate("[...document.querySelector('.run-row').children].map((it) => it.getBoundingClientRect().x)")
    assert page.locator(".run-row").count() == 2
    assert after[:5] == before[:5]


def test_runs_are_filtered_and_searched_as_one_types(page, shown):
    run_of(shown, send(shown, "order/placed", order("order-77")), RunCompleted)
    run_of(shown, send(shown, "order/refunded", {"order_id": "8"}), RunFailed)
    page.goto("/runs")
    until(page, ".run-row", count=2)

    page.select_option("select[name=status]", "Failed")
    until(page, ".run-row", count=1)
    assert page.inner_text(".run-row .c-name") == "Refund"
    assert page.url.endswith("/runs?status=Failed")

    page.select_option("select[name=status]", "")
    page.locator("[data-search]").press_sequentially("order_id=order-77")
    until(page, ".run-row:first-child .c-name", text="Process order")
    until(page, ".run-row", count=1)
    assert "All runs were searched" in page.inner_text("#searched")

    page.reload()
    assert page.input_value("[data-search]") == "order_id=order-77"
    assert page.locator(".run-row").count() == 1


def test_what_the_app_logs_comes_by_itself_while_its_run_goes_on(page, shown):
    run_id = run_of(shown, send(shown, "approval/wanted", {"id": "<b>7</b>"}), StepWaiting)

    page.goto(f"/runs/{run_id}")
    page.wait_for_selector(".of-app")

    assert page.inner_text(".of-app .line-text") == "asked for <b>7</b>"
    httpx.post(f"{shown.url}/v1/runs/{run_id}/logs", json={"lines": [{"message": "from elsewhere", "level": "error"}]})
    until(page, ".of-app:last-child .line-text", text="from elsewhere")


def test_a_failed_step_is_opened_and_has_an_address_of_its_own(page, shown):
    run_id = run_of(shown, send(shown, "order/refunded", {"order_id": "8"}), RunFailed)
    page.goto(f"/runs/{run_id}")

    page.click("text=return-money")
    page.wait_for_selector("#detail .fault-name")

    assert page.inner_text("#detail .fault-name") == "CardDeclinedError"
    assert "in give_back" in page.inner_text("#step-error-stack-text")
    page.reload()
    assert "was declined by the bank" in page.inner_text("#detail .fault-message")
    page.go_back()
    until(page, "#detail-title", text="Result")
    assert page.url.endswith(f"/runs/{run_id}")


def test_what_was_edited_for_one_step_is_not_given_to_another(page, shown):
    run_id = run_of(shown, send(shown, "order/placed", order("77")), RunCompleted)
    page.goto(f"/runs/{run_id}")
    page.click("text=check-inventory")
    page.click("text=Edit the input")
    page.fill("#input", '[["pencil"]]')

    page.click("text=validate-payment")
    until(page, "#detail-title", text="validate-payment")

    assert page.input_value("#input") == page.locator("[name=before]").get_attribute("value")
    assert "ann@example.com" in page.input_value("#input")


def test_back_from_a_filter_the_form_says_what_the_list_shows(page, shown):
    run_of(shown, send(shown, "order/refunded", {"order_id": "8"}), RunFailed)
    page.goto("/runs")
    page.select_option("select[name=status]", "Completed")
    page.wait_for_url("**/runs?status=Completed*")

    page.go_back()
    until(page, ".run-row", count=1)

    assert page.input_value("select[name=status]") == ""


def test_a_run_is_repeated_from_a_step_on_with_another_input(page, shown):
    run_id = run_of(shown, send(shown, "order/refunded", {"order_id": "8"}), RunFailed)
    page.goto(f"/runs/{run_id}")
    page.click("text=return-money")
    page.click("text=Edit the input")
    page.fill("#input", '["visa"')
    page.wait_for_selector("#input-said[data-bad]")
    page.fill("#input", '["visa"]')

    page.click("text=Rerun from here")
    page.wait_for_selector("h1 + .badge.good")

    assert run_id not in page.url
    assert '"money back on visa"' in page.inner_text("#detail")
    assert run_id[-6:] in page.inner_text(".facts")


def test_a_run_that_waits_is_cancelled(page, shown):
    run_id = run_of(shown, send(shown, "approval/wanted", {"id": 1}), StepWaiting)
    page.goto(f"/runs/{run_id}")
    page.click("text=wait-for-it")
    page.wait_for_selector("#detail >> text=approval/given")

    page.click("text=Cancel")
    page.wait_for_selector("h1 + .badge.gone")

    assert page.locator("button.danger").count() == 0


def test_an_event_is_edited_and_sent_again(page, shown):
    event_id = send(shown, "order/refunded", {"order_id": "8"})
    page.goto(f"/events/{event_id}")
    page.click("text=Edit and send")

    page.fill("#data", '{"order_id": "9", "card": "visa"}')
    page.click("form.editor button.primary")
    page.wait_for_selector(".run-row .badge.good")

    assert '"card": "visa"' in page.inner_text("#event-data-text")


def test_a_function_is_invoked(page, shown):
    page.goto("/functions")
    page.click("text=Refund")
    page.fill("#data", '{"card": "visa"}')

    page.click("text=Invoke >> nth=-1")
    page.wait_for_selector(".run-row .badge.good")


def test_the_first_page_turns_green_when_an_app_is_found(browser, monkeypatch):
    monkeypatch.setenv("INNGEST_DEV", "1")
    with stage() as made, window(browser, made.url) as page:
        page.goto("/")
        assert page.url.endswith("/welcome")
        page.wait_for_selector(".pulse[data-state=on]")
        page.click("text=Django")
        assert page.locator(".tab-django").is_visible()

        made.add(shop(made.url))
        page.wait_for_selector(".found.yes")

        assert "Found shop." in page.inner_text(".found")
        assert page.locator(".tab-django").is_visible()


def test_the_keyboard_is_enough(page, shown):
    for number in "12":
        run_of(shown, send(shown, "order/placed", order(number)), RunCompleted)
    page.goto("/events")
    page.keyboard.press("1")
    page.wait_for_url("**/runs")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    second = page.get_attribute(".run-row:nth-child(2)", "id").removeprefix("run-")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/runs/{second}")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail #step-output, #detail #step-input")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.goto("/runs")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"


def test_searching_begins_on_every_page_and_clearing_leaves_nothing_in_the_address(page, shown):
    page.goto("/functions")
    page.keyboard.press("/")
    page.wait_for_url("**/runs")
    page.wait_for_selector("[data-search]:focus")

    page.select_option("select[name=status]", "Failed")
    page.wait_for_url("**/runs?status=Failed")
    page.select_option("select[name=status]", "")
    page.wait_for_url("**/runs")

    assert page.url == f"{shown.url}/runs"


def test_an_edited_input_that_is_refused_stays_to_be_mended(browser, shown):
    run_id = run_of(shown, send(shown, "order/refunded", {"order_id": "8"}), RunFailed)
    with window(browser, shown.url, java_script_enabled=False) as page:
        page.goto(f"/runs/{run_id}")
        page.click("text=return-money")
        page.click("text=Edit the input")
        page.fill("#input", '["visa"')

        page.click("text=Rerun from here")

        assert page.input_value("#input") == '["visa"'
        assert "the input is not JSON" in page.inner_text("[role=alert]")
        page.fill("#input", '["visa"]')
        page.click("text=Rerun from here")
        assert run_id not in page.url


def test_times_are_relative_or_absolute(page, shown):
    run_of(shown, send(shown, "order/placed", order()), RunCompleted)
    page.goto("/runs")
    assert re.fullmatch(r"now|\d+ s ago", page.inner_text(".run-row time"))

    page.keyboard.press("t")

    assert re.fullmatch(r"\d\d:\d\d:\d\d", page.inner_text(".run-row time"))
    page.reload()
    assert re.fullmatch(r"\d\d:\d\d:\d\d", page.inner_text(".run-row time"))


def test_the_theme_can_be_chosen_and_stays(page, shown):
    page.goto("/runs")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)

    page.click("text=Theme")

    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark


def test_what_is_shown_can_be_copied(browser, shown):
    run_id = run_of(shown, send(shown, "order/placed", order()), RunCompleted)
    with window(browser, shown.url, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(f"/runs/{run_id}")

        page.click(".crumbs .copy")
        page.wait_for_selector(".crumbs .copy.done")

        assert page.evaluate("navigator.clipboard.readText()") == run_id


def test_an_output_of_four_megabytes_is_shown_in_part_and_to_be_had_as_a_whole(page, shown):
    run_id = run_of(shown, send(shown, "export/wanted", {"size": 4_000_000}), RunCompleted)

    page.goto(f"/runs/{run_id}")

    assert len(page.inner_text("#run-output-text")) <= 4_000
    assert len(page.content()) < 40_000
    link = page.get_attribute("#run-output .more a", "href")
    assert len(httpx.get(shown.url + link).text) == 4_000_002


PAYLOADS = (
    "<script>window.owned = 1</script>",
    "<img src=x onerror='window.owned = 1'>",
    '"><svg onload="window.owned = 1">',
    "javascript:window.owned=1",
    "{{ 7 * 7 }}${7*7}</textarea></pre><b id=owned>",
    "'-window.owned-'",
)


@pytest.fixture
def patient(monkeypatch):
    """A server that does not try again so soon."""
    with stage(Options(port=0, retry_interval=3600, poll=False)) as made:
        yield made


def test_what_comes_from_events_apps_and_outputs_is_never_run(browser, patient):
    shown, bad = patient, " ".join(PAYLOADS)
    config = {
        "id": "evil-f",
        "name": bad,
        "triggers": [{"event": f"evil/{bad}"[:250]}, {"event": "evil/go"}],
        "steps": {"step": {"id": "step", "name": bad, "runtime": {"type": "http", "url": f"{shown.url}/evil"}}},
    }
    field = {"type": "string", "title": bad, "description": bad, "enum": [bad], "pattern": bad, "format": bad}
    described = {"description": bad, "properties": {bad: field, "x": {"const": bad}}, "required": [bad]}
    payload = {
        "appName": f"evil {bad}",
        "url": f"{shown.url}/evil?{bad}",
        "sdk": bad,
        "framework": bad,
        "functions": [config],
        "eventTypes": [{"name": "evil/go", "schema": described}],
    }
    assert httpx.put(f"{shown.url}/fn/register", json=payload).status_code == 200
    step = {"op": "StepFailed", "id": bad, "name": bad, "displayName": bad}
    error = {"name": bad, "message": bad, "stack": bad}
    event_id = send(shown, "evil/go", {bad: bad, "__proto__": bad})
    send(shown, f"odd {bad}", {bad: [bad]})
    (run,) = httpx.get(f"{shown.url}/v1/events/{event_id}/runs").json()["data"]
    run_id = run["run_id"]
    shown.until(lambda notice: isinstance(notice, RunStarted) and notice.run_id == run_id)
    ops = [{**step, "error": error}, {"op": "StepRun", "id": "ok", "name": bad, "data": bad, "opts": {"input": [bad]}}]
    saved = httpx.post(f"{shown.url}/v1/checkpoint/{run_id}/async", json={"run_id": run_id, "steps": ops[1:]})
    assert saved.status_code == 200
    line = {"message": bad, "logger": bad, "level": bad, "step": bad}
    assert httpx.post(f"{shown.url}/v1/runs/{run_id}/logs", json={"lines": [line]}).status_code == 200
    paths = [*PAGES, f"/runs/{run_id}", f"/runs/{run_id}?step=ok", "/functions/evil-f", f"/events/{event_id}"]
    paths += [
        f"/send?from={event_id}",
        "/send?name=evil%2Fgo",
        f"/runs/{run_id}/text/log",
        f"/runs/{run_id}/text/input?step=ok",
        "/events?internal=true",
        f"/runs?q={bad}",
        f"/events?name={bad}",
        f"/runs/{bad}",
    ]

    with window(browser, shown.url) as page:
        for path in paths:
            page.goto(path)
            assert page.evaluate("window.owned") is None
            assert page.locator("#owned").count() == 0
            links = page.evaluate("[...document.querySelectorAll('a, form')].map((it) => it.href || it.action)")
            assert [link for link in links if not link.startswith(shown.url)] == []
        page.goto("/send?name=evil%2Fgo")
        page.fill("#data", json.dumps({"x": bad * 2}))
        page.click("button.primary")
        assert "is missing" in page.inner_text("#unfit")
        assert page.evaluate("window.owned") is None
        assert page.locator("#owned").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, shown, scheme):
    source = axe()
    done = run_of(shown, send(shown, "order/placed", order()), RunCompleted)
    failed = run_of(shown, send(shown, "order/refunded", {"order_id": "8"}), RunFailed)
    waiting = run_of(shown, send(shown, "approval/wanted", {"id": 1}), StepWaiting)
    steps = httpx.get(f"{shown.url}/v1/runs/{failed}/steps").json()["data"]
    paths = [*PAGES, f"/runs/{done}", f"/runs/{failed}?step={steps[-1]['id']}", f"/runs/{waiting}", "/runs/nothing"]

    found = {}
    with window(browser, shown.url, color_scheme=scheme) as page:
        for path in paths:
            page.goto(path)
            page.evaluate(source)
            for each in page.evaluate("axe.run()")["violations"]:
                if each["impact"] in {"serious", "critical", "moderate"}:
                    found[path, each["id"]] = [node["html"][:120] for node in each["nodes"]]

    assert found == {}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_telephone(browser, shown, path):
    run_of(shown, send(shown, "order/placed", order("x" * 60)), RunCompleted)
    with window(browser, shown.url, viewport=NARROW) as page:
        page.goto(path)

        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_a_run_fits_a_telephone(browser, shown):
    run_id = run_of(shown, send(shown, "order/placed", order("x" * 60)), RunCompleted)
    with window(browser, shown.url, viewport=NARROW) as page:
        page.goto(f"/runs/{run_id}")

        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


class Replies:
    """What a page has loaded."""

    def __init__(self):
        self.seen = []

    def add(self, reply):
        self.seen.append(reply)


def test_a_page_weighs_little_and_comes_from_one_server(browser, shown):
    run_id = run_of(shown, send(shown, "order/placed", order()), RunCompleted)
    with window(browser, shown.url) as page:
        replies = Replies()
        page.on("response", replies.add)
        page.goto(f"/runs/{run_id}")
        page.wait_for_selector(".pulse[data-state=on]")

        weight = sum(len(reply.body()) for reply in replies.seen if not reply.url.endswith("/ui/live"))

    assert {reply.url.startswith(shown.url) for reply in replies.seen} == {True}
    assert weight < LIGHTEST


def test_what_needs_script_does_not_show_without_it(browser, shown):
    with window(browser, shown.url, java_script_enabled=False) as page:
        page.goto("/apps")

        assert page.locator(".pulse").is_hidden()
        assert [button.is_hidden() for button in page.locator(".copy, [data-do]").all()] == [True] * 4


def test_pages_work_without_script(browser, shown):
    with window(browser, shown.url, java_script_enabled=False) as page:
        page.goto("/send?name=order%2Frefunded")
        page.fill("#data", '{"order_id": "8"}')
        page.click("form.editor button.primary")
        event_id = page.url.rpartition("/")[2]
        run_id = run_of(shown, event_id, RunFailed)

        page.goto("/runs?status=Failed")
        page.click(".run-row a")
        page.click("text=return-money")

        assert run_id in page.url
        assert "declined by the bank" in page.inner_text("#detail")


def test_a_server_stops_at_once_while_a_page_is_open_and_the_page_says_so(browser):
    with stage() as made, window(browser, made.url) as page:
        page.goto("/runs")
        page.wait_for_selector(".pulse[data-state=on]")

        made.do(made.server.stop())

        page.wait_for_selector(".pulse[data-state=lost]")
        assert page.inner_text(".pulse") == "no server"


def test_a_page_that_is_open_while_the_server_starts_anew_comes_back_by_itself(browser):
    with stage() as first, window(browser, first.url) as page:
        page.goto("/events")
        page.wait_for_selector(".pulse[data-state=on]")
        first.do(first.server.stop())
        page.wait_for_selector(".pulse[data-state=lost]")

        with stage(Options(port=int(first.url.rpartition(":")[2]), poll=False)) as second:
            send(second, "after/restart", {})

            page.wait_for_selector(".pulse[data-state=on]")
            page.wait_for_selector("text=after/restart")


def test_a_page_of_what_a_server_that_was_started_anew_does_not_know_says_so(browser):
    with stage() as first, window(browser, first.url) as page:
        event_id = send(first, "before/restart", {})
        page.goto(f"/events/{event_id}")
        page.wait_for_selector(".pulse[data-state=on]")
        first.do(first.server.stop())

        with stage(Options(port=int(first.url.rpartition(":")[2]), poll=False)):
            page.wait_for_selector("text=No such event")


def test_a_page_that_is_open_while_the_server_starts_anew_with_a_key_asks_for_it(browser):
    with stage() as first, window(browser, first.url) as page:
        page.goto("/runs")
        page.wait_for_selector(".pulse[data-state=on]")
        first.do(first.server.stop())

        port, key = int(first.url.rpartition(":")[2]), "signkey-test-0123456789abcdef"
        with stage(Options(port=port, signing_key=key, event_keys=("k",), poll=False)):
            page.wait_for_url("**/sign-in?next=%2Fruns")


def test_attempts_that_failed_can_be_opened(page, shown):
    run_id = run_of(shown, send(shown, "order/placed", order("again")), RunCompleted)
    page.goto(f"/runs/{run_id}")
    page.click("text=charge-payment")
    page.wait_for_selector(".failure")

    page.click(".failure summary")

    assert "the bank did not answer about order again" in page.inner_text(".failure")
    assert page.locator(f"{CHOSEN} rect.bad").count() == 1
    assert page.locator(f"{CHOSEN} rect.good").count() == 1


@pytest.mark.parametrize("name", ["127.0.0.1", "shop.test"])
def test_where_there_is_a_signing_key_one_signs_in(browser, name):
    key = "signkey-test-0123456789abcdef"
    options = Options(port=0, signing_key=key, event_keys=("k",), poll=False)
    with stage(options) as made, window(browser, made.url.replace("127.0.0.1", name)) as page:
        page.goto("/runs?status=Failed")
        page.fill("#key", "signkey-test-00")
        page.click("button.primary")
        assert "not this server" in page.inner_text("[role=alert]")

        page.fill("#key", key)
        page.click("button.primary")

        page.wait_for_url("**/runs?status=Failed")
        page.wait_for_selector(".pulse[data-state=on]")
        page.click("text=Sign out")
        page.wait_for_url("**/sign-in")
        page.goto("/runs")
        assert "/sign-in" in page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_page_is_photographed(browser, shown, request, size, scheme):
    root, name_of_test = request.config.rootpath, request.node.callspec.id
    folder = root / "artefacts"
    events = [send(shown, "order/placed", order(f"order-{number}")) for number in range(4)]
    done, *_ = [run_of(shown, event_id, RunCompleted) for event_id in events]
    failed = run_of(shown, send(shown, "order/refunded", {"order_id": "order-2"}), RunFailed)
    waiting = run_of(shown, send(shown, "approval/wanted", {"id": 1}), StepWaiting)
    steps = httpx.get(f"{shown.url}/v1/runs/{failed}/steps").json()["data"]
    paths = {page.strip("/").replace("/", "-"): page for page in PAGES}
    paths |= {"run": f"/runs/{done}", "step": f"/runs/{failed}?step={steps[-1]['id']}", "wait": f"/runs/{waiting}"}

    with window(browser, shown.url, viewport=size, color_scheme=scheme) as page:
        for name, path in paths.items():
            page.goto(path)
            page.screenshot(path=folder / f"{name}-{name_of_test}.png")
        if request.config.option.pictures and size is WIDE and scheme == "light":
            page.goto(f"/runs/{done}")
            page.wait_for_selector(".of-app .line-word.warn")
            picture = root / "docs" / "screenshots" / "run.png"
            page.screenshot(path=picture, clip={"x": 0, "y": 0, "width": 1280, "height": 800})

    assert len(list(folder.glob(f"*-{name_of_test}.png"))) == len(paths)
