"""From a view to a page. The one importer of Jinja."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from inngest_py.dev.duration import DAY, HOUR, MINUTE, SECOND, iso
from inngest_py.dev.lines import human_duration
from inngest_py.dev.ui.parlour import parlour_of
from inngest_py.version import VERSION

KINDS: Final = {"ui.css": "text/css", "ui.js": "text/javascript", "icon.svg": "image/svg+xml"}
"""The files that pages load, and what they are."""

_UNITS: Final = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"))
SIGN_IN: Final = "/sign-in"
_THEMES: Final = frozenset({"light", "dark"})


def page(request: Request, template: str, status: int = 200, /, **values: Any) -> Response:
    """A page."""
    parlour = parlour_of(request)
    theme = request.cookies.get("theme", "")
    shared = {
        "now": parlour.desk.engine.clock(),
        "address": "",
        "path": request.url.path,
        "theme": theme if theme in _THEMES else "",
        "signed": parlour.desk.signing_key is not None and request.url.path != SIGN_IN,
    }
    return HTMLResponse(_environment().get_template(template).render(shared | values), status)


def file_of(name: str) -> bytes:
    """A file that pages load."""
    return files("inngest_py.dev.ui").joinpath("static", name).read_bytes()


def link_to(name: str) -> str:
    """Where a file is, another place for each of its versions, so that browsers may keep it."""
    return f"/ui/static/{name}?{_version(name)}"


@cache
def _version(name: str) -> str:
    return hashlib.sha256(file_of(name)).hexdigest()[:12]


@cache
def _environment() -> Environment:
    environment: Any = Environment(
        loader=PackageLoader("inngest_py.dev.ui"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(iso=iso, duration=human_duration, ago=_ago)
    environment.globals.update(link_to=link_to, version=VERSION)
    return cast("Environment", environment)


def _ago(ms: int, now: int) -> str:
    """How far a time is from now, in the words of the page's script, which goes on counting."""
    away = abs(ms - now)
    size, unit = next((each for each in _UNITS if away >= each[0]), (SECOND, ""))
    text = f"{away // size} {unit}"
    return "now" if not unit else f"in {text}" if ms > now else f"{text} ago"
