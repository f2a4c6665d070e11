"""What the first page tells somebody to write is true: it is ten lines, and it runs."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest
from django.test import Client as DjangoClient, override_settings

from asgi import ask
from harnesses import set_up_django
from inngest_py.dev.ui.views.starters import STARTERS, environment
from played import play

ADAPTERS = {path.parent.name for path in (Path(__file__).parents[3] / "adapters").glob("*/__init__.py")}


@pytest.fixture(params=STARTERS, ids=lambda starter: starter.id)
def starter(request):
    return request.param


@pytest.fixture
def module(starter, monkeypatch):
    monkeypatch.setenv("INNGEST_DEV", "1")
    set_up_django()
    made = ModuleType(f"starter_{starter.id}")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    exec(compile(starter.code, starter.file, "exec"), made.__dict__)  # noqa: S102 - that is what a user does with it
    return made


def test_there_are_about_ten_lines(starter):
    assert len(ast.parse(starter.code).body) <= 7
    assert len([line for line in starter.code.splitlines() if line]) <= 10


def test_the_frameworks_are_those_that_have_an_adapter():
    assert {f"inngest_{starter.id}" for starter in STARTERS} <= ADAPTERS


def test_the_app_serves_its_function(starter, module):
    if starter.id == "flask":
        answer = module.app.test_client().get("/api/inngest").json
    elif starter.id == "django":
        with override_settings(ROOT_URLCONF=module):
            answer = DjangoClient().get("/api/inngest").json()
    else:
        answer = ask(module.app, "GET", "/api/inngest").json()

    assert answer["function_count"] == 1


@pytest.mark.parametrize(
    ("port", "keyed", "said"),
    [
        (8288, False, "INNGEST_DEV=1"),
        (8300, False, "INNGEST_DEV=http://127.0.0.1:8300"),
        (
            8288,
            True,
            "INNGEST_DEV=0 INNGEST_BASE_URL=http://127.0.0.1:8288 INNGEST_SIGNING_KEY=... INNGEST_EVENT_KEY=...",
        ),
    ],
)
def test_the_app_is_told_where_the_server_is(port, keyed, said):
    assert environment(port, keyed=keyed) == said


def test_the_function_says_hello(module):
    run = play(module.client, "greet", event={"name": "app/hello", "data": {"name": "Ann"}})

    assert (run.status, run.output) == ("completed", "Hello, Ann!")
