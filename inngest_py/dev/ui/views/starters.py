"""The first lines of an app, for each framework: what to put where, and how to start it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inngest_py.dev.options import DEFAULT_PORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """How to begin in one framework. `start` is the command, without the environment that says where the server is."""

    id: str
    framework: str
    install: str
    file: str
    code: str
    start: str


_FUNCTION: Final = """\
client = inngest.Inngest(app_id="hello")


@client.create_function(fn_id="greet", trigger=inngest.TriggerEvent(event="app/hello"), retries=3)
def greet(ctx: inngest.ContextSync) -> str:
    return ctx.step.run("say-hello", lambda: f"Hello, {ctx.event.data['name']}!")
"""

STARTERS: Final = (
    Starter(
        id="flask",
        framework="Flask",
        install='pip install "inngest-py[flask]"',
        file="app.py",
        code=f"""\
import flask
import inngest_py as inngest
from inngest_flask import serve

{_FUNCTION}

app = flask.Flask(__name__)
app.register_blueprint(serve(client))
""",
        start="flask --app app run --debug",
    ),
    Starter(
        id="django",
        framework="Django",
        install='pip install "inngest-py[django]"',
        file="urls.py",
        code=f"""\
import inngest_py as inngest
from django.urls import path
from inngest_django import serve

{_FUNCTION}

urlpatterns = [path("api/inngest", serve(client))]
""",
        start="python manage.py runserver",
    ),
    Starter(
        id="fastapi",
        framework="FastAPI",
        install='pip install "inngest-py[fastapi]" uvicorn',
        file="app.py",
        code=f"""\
import fastapi
import inngest_py as inngest
from inngest_fastapi import serve

{_FUNCTION}

app = fastapi.FastAPI(routes=[serve(client)])
""",
        start="uvicorn app:app --reload",
    ),
    Starter(
        id="starlette",
        framework="Starlette",
        install='pip install "inngest-py[starlette]" uvicorn',
        file="app.py",
        code=f"""\
import inngest_py as inngest
from inngest_starlette import serve
from starlette.applications import Starlette

{_FUNCTION}

app = Starlette(routes=[serve(client)])
""",
        start="uvicorn app:app --reload",
    ),
)
"""Every framework that has an adapter of its own for its pages."""


def environment(port: int, *, keyed: bool) -> str:
    """What tells an app, in front of the command that starts it, where the server is; `1` is the usual port."""
    url = f"http://127.0.0.1:{port}"
    if keyed:
        return f"INNGEST_DEV=0 INNGEST_BASE_URL={url} INNGEST_SIGNING_KEY=... INNGEST_EVENT_KEY=..."
    return f"INNGEST_DEV={1 if port == DEFAULT_PORT else url}"
