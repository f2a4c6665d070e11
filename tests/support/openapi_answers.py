"""Answers of the dev server's API, held against its OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from inngest_py.dev.api.openapi import document

DOCUMENT = document()


def strict(schema: Any) -> Any:
    """The schema, but an object has no property that is not in it."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(part) for key, part in schema.items()}
    return (
        {"additionalProperties": False, **made} if "properties" in schema and schema.get("type") == "object" else made
    )


SCHEMAS = strict(DOCUMENT["components"]["schemas"])


def operation_of(method: str, path: str) -> tuple[str, str] | None:
    """The path of the document, and the method, that a request is one of; None for what is not in it."""
    # A path without parameters goes before one with: /v1/openapi.json, not /v1/{something}.
    for known in sorted(DOCUMENT["paths"], key=lambda known: known.count("{")):
        pattern = "".join(
            "[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", known)
        )
        if re.fullmatch(pattern, path) and method.lower() in DOCUMENT["paths"][known]:
            return known, method.lower()
    return None


async def check(response: httpx.Response) -> None:
    """See that an answer is as the document says. For the event hooks of httpx."""
    await response.aread()
    found = operation_of(response.request.method, response.request.url.path)
    if found is None:
        assert response.status_code in {200, 403, 404, 405}
        return
    path, method = found
    answers = DOCUMENT["paths"][path][method]["responses"]
    assert str(response.status_code) in answers, f"{method} {path} answers {response.status_code}: {response.text}"
    content = answers[str(response.status_code)].get("content")
    kind = response.headers.get("content-type", "").partition(";")[0]
    if content is None:
        assert response.content == b""
        return
    assert list(content) == [kind]
    if kind == "application/json":
        schema = strict(content[kind]["schema"])
        Draft202012Validator(
            {**schema, "components": {"schemas": SCHEMAS}}, format_checker=Draft202012Validator.FORMAT_CHECKER
        ).validate(response.json())
