"""Pages that are live do not jump: as the browser itself counts it, and for whoever is in the middle of a list."""

from __future__ import annotations

import httpx
import pytest

from browsing import NARROW, WIDE, chromium, window
from inngest_py.dev.notices import RunCompleted
from shown_app import shop
from staged import stage

ACCEPTABLE = 0.01
WATCHED = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
        for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifted += each.value;
    }).observe({ type: "layout-shift", buffered: true });
"""
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
RESTING = "Promise.allSettled(document.getAnimations().map((each) => each.finished))"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def busy(browser):
    """A server with more runs and events than fit a window."""
    with pytest.MonkeyPatch.context() as patch, stage() as made:
        patch.setenv("INNGEST_DEV", "1")
        made.add(shop(made.url))
        for number in range(25):
            refund(made, number)
        yield made


def refund(made, number):
    """Have a run that ends well. Returns the ids of its event and of itself, once it has ended."""
    sent = httpx.post(f"{made.url}/e/k", json={"name": "order/refunded", "data": {"order_id": number, "card": "visa"}})
    event_id = sent.json()["ids"][0]
    (run,) = httpx.get(f"{made.url}/v1/events/{event_id}/runs").json()["data"]
    made.until(lambda notice: isinstance(notice, RunCompleted) and notice.run_id == run["run_id"])
    return event_id, run["run_id"]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("path", ["/runs", "/events", "/functions", "/functions/shop-refund"])
def test_a_list_that_grows_at_its_top_does_not_jump(browser, busy, path, size):
    with window(browser, busy.url, viewport=size) as page:
        page.add_init_script(WATCHED)
        page.goto(path)
        page.wait_for_selector(".pulse[data-state=on]")

        for number in range(5):
            event_id, run_id = refund(busy, number)
            shown = {"/events": f"#event-{event_id} .dot.good", "/functions": ".pulse-chart"}
            page.wait_for_selector(shown.get(path, f"#run-{run_id} .badge.good"))
        page.evaluate(RESTING)
        page.evaluate(DRAWN)

        assert page.evaluate("window.shifted") < ACCEPTABLE


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_run_that_goes_on_does_not_jump(browser, busy, size):
    order = {"order_id": "1", "customer": "ann@example.com", "items": ["book"]}
    with window(browser, busy.url, viewport=size) as page:
        page.add_init_script(WATCHED)
        sent = httpx.post(f"{busy.url}/e/k", json={"name": "order/placed", "data": order}).json()["ids"][0]
        (run,) = httpx.get(f"{busy.url}/v1/events/{sent}/runs").json()["data"]
        page.goto(f"/runs/{run['run_id']}")

        page.wait_for_selector("h1 + .badge.good")
        page.evaluate(RESTING)
        page.evaluate(DRAWN)

        assert page.evaluate("window.shifted") < ACCEPTABLE


PLACE = "document.activeElement.closest('.row').getBoundingClientRect().top"


@pytest.mark.parametrize("path", ["/runs", "/events"])
def test_the_row_that_has_the_focus_stays_where_it_is(browser, busy, path):
    with window(browser, busy.url) as page:
        page.goto(path)
        page.wait_for_selector(".pulse[data-state=on]")
        for _ in range(3):
            page.keyboard.press("j")
        before = page.evaluate(PLACE)

        event_id, run_id = refund(busy, 1)
        page.wait_for_selector(f"#run-{run_id}, #event-{event_id}")

        assert page.evaluate(PLACE) == pytest.approx(before, abs=1)


def test_who_has_scrolled_stays_where_that_has_led(browser, busy):
    with window(browser, busy.url) as page:
        page.goto("/runs")
        page.wait_for_selector(".pulse[data-state=on]")
        page.evaluate("scrollTo(0, 600)")
        seen = page.locator(".row").nth(14)
        name, before = seen.get_attribute("id"), seen.bounding_box()["y"]

        _, run_id = refund(busy, 1)
        page.wait_for_selector(f"#run-{run_id}", state="attached")

        assert page.locator(f"#{name}").bounding_box()["y"] == pytest.approx(before, abs=1)
