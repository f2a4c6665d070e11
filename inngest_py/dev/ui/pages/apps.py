"""The apps: which are here, which cannot be reached and what to do about that, adding one and taking one away."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inngest_py.dev.discovery import is_app_url
from inngest_py.dev.happenings import AppRemoved
from inngest_py.dev.registration import normal_url
from inngest_py.dev.ui.forms import form_of
from inngest_py.dev.ui.parlour import parlour_of
from inngest_py.dev.ui.render import page


async def show(request: Request) -> Response:
    """All apps."""
    return _shown(request)


async def add(request: Request) -> Response:
    """Begin to watch the app at a URL."""
    url = (await form_of(request)).get("url", "").strip()
    if not is_app_url(url):
        return _shown(request, url, f'"{url}" is not a URL such as http://127.0.0.1:5000/api/inngest')
    await parlour_of(request).add(url)
    return RedirectResponse("/apps", 303)


async def forget(request: Request) -> Response:
    """Take an app away, and ask at its URL no more."""
    parlour, url = parlour_of(request), (await form_of(request)).get("url", "")
    parlour.forget(url)
    await parlour.desk.engine.submit(AppRemoved(normal_url(url)))
    return RedirectResponse("/apps", 303)


def _shown(request: Request, url: str = "", wrong: str = "") -> Response:
    parlour = parlour_of(request)
    state = parlour.desk.engine.state
    apps: list[dict[str, Any]] = [
        {
            "app": app,
            "functions": [it for it in state.functions.values() if it.app_id == app.id and it.archived_at is None],
            "problem": parlour.problems.get(app.url),
        }
        for app in sorted(state.apps.values(), key=lambda app: app.id)
        if app.archived_at is None
    ]
    gone = sorted(app.id for app in state.apps.values() if app.archived_at is not None)
    known = {it["app"].url for it in apps}
    lost = [problem for problem in parlour.problems.values() if problem.url not in known]
    return page(request, "apps.html", 400 if wrong else 200, apps=apps, lost=lost, gone=gone, url=url, wrong=wrong)
