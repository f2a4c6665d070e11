"""The OpenAPI document names every route, and says what is really answered."""

from __future__ import annotations

from typing import cast

import httpx
import jsonschema
import pytest
from openapi_spec_validator import validate
from starlette.routing import Route

from inngest_py.dev.api import Desk, build
from inngest_py.dev.engine import Engine
from inngest_py.dev.store.sqlite import SQLiteStore
from inngest_py.version import VERSION
from openapi_answers import DOCUMENT, check, operation_of


def test_it_is_an_openapi_document():
    validate(DOCUMENT)

    assert DOCUMENT["info"]["version"] == VERSION


def test_it_has_every_route_and_no_other():
    routes = build(Desk(engine=cast("Engine", None), archive=SQLiteStore())).routes
    served = {
        (route.path.replace(":path", ""), method.lower())
        for route in routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    }

    assert {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods} == served


def test_every_parameter_of_a_path_is_described():
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            given = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
            assert all(f"{{{name}}}" in path for name in given)
            assert len(given) == path.count("{")


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/v1/runs/01M80R5H1VSECYW9JH449YS5HZ", ("/v1/runs/{id}", "get")),
        ("GET", "/v1/openapi.json", ("/v1/openapi.json", "get")),
        ("GET", "/v1/nothing", None),
        ("PATCH", "/v1/runs", None),
    ],
)
def test_an_answer_is_held_against_its_operation(method, path, found):
    assert operation_of(method, path) == found


@pytest.mark.parametrize(
    "body", [{"status": 200, "message": "OK", "more": 1}, {"status": 200}, {"status": "x", "message": ""}]
)
async def test_an_answer_that_does_not_fit_is_found(body):
    answer = httpx.Response(200, json=body, request=httpx.Request("GET", "http://dev.test/health"))

    with pytest.raises(jsonschema.ValidationError):
        await check(answer)
