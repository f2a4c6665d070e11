"""The system's Chromium, and what goes wrong in a page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 15_000
HARMLESS = ("Failed to load resource", "The Cross-Origin-Opener-Policy header has been ignored")
"""How Chromium says that a page answered with an error, or that a server has gone, which tests may want; and that it
trusts plain http on this machine only.
"""

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 375, "height": 740}


ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP shop.test 127.0.0.1"]
"""`shop.test` is this machine, under a name that browsers do not know to be it: they trust it less."""


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser. Tests are skipped where there is none."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("there is no Chromium on this system: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def window(browser: Any, url: str, **options: Any) -> Iterator[Any]:
    """A page of its own. What it complains about, and every script that runs where none should, fails the test."""
    context = browser.new_context(base_url=url, **{"viewport": WIDE, "locale": "en-GB", **options})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong = list[str]()

    def failed(error: Any) -> None:
        wrong.append(str(error))

    def complained(message: Any) -> None:
        if message.type == "error" and not message.text.startswith(HARMLESS):
            wrong.append(message.text)

    def asked(dialog: Any) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("pageerror", failed)
    page.on("console", complained)
    page.on("dialog", asked)
    yield page
    context.close()
    assert wrong == []


def until(page: Any, selector: str, *, count: int | None = None, text: str | None = None) -> None:
    """Wait until there are so many of something, or until it says something."""
    expect = pytest.importorskip("playwright.sync_api").expect
    found = expect(page.locator(selector))
    if count is not None:
        found.to_have_count(count, timeout=PATIENCE)
    if text is not None:
        found.to_have_text(text, timeout=PATIENCE)


def axe() -> str:
    """The source of axe."""
    package = pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    return next(Path(package.__file__).parent.rglob("axe.min.js")).read_text()
