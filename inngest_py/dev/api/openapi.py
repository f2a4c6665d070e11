"""The OpenAPI document of the API: what can be asked, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inngest_py.dev.api.schemas import (
    ANY,
    FLAG,
    FREE,
    LIMIT,
    NUMBER,
    SCHEMAS,
    STATUS,
    TEXT,
    TIME,
    ULID,
    UUID,
    Schema,
    list_of,
    maybe,
    ref,
    said,
    thing,
)
from inngest_py.version import VERSION

Operation = dict[str, Any]
Fields = Mapping[str, Schema]

_FETCHED: Final[Fields] = {"fetched_at": TIME}
_PLAIN: Final = "text/plain"


async def show(_: Request) -> Response:
    """The document itself."""
    return JSONResponse(document())


@cache
def document() -> dict[str, Any]:
    """The document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "inngest-py dev server",
            "version": VERSION,
            "description": "The event API and the REST API of an Inngest server, as `inngest-py dev` serves them.",
        },
        "paths": _PATHS,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "signingKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The SHA-256 digest of the signing key. Only where the server has one.",
                }
            },
        },
    }


# Parts ---------------------------------------------------------------------------------------------------------------


def _operation(
    summary: str,
    answers: Mapping[int, Operation],
    *parameters: Operation,
    body: Schema | None = None,
    open_: bool = False,
    reads: bool = False,
) -> Operation:
    """An operation. One that is not open to all wants the signing key, where there is one; one that `reads` no more."""
    made: Operation = {"summary": summary}
    if parameters:
        made["parameters"] = list(parameters)
    if body is not None:
        made["requestBody"] = {"content": {"application/json": {"schema": body}}}
    if not open_:
        made["security"] = [{"signingKey": []}]
        answers = {**answers, 401: _text("The signing key is missing or wrong.")}
    answers = {**answers, 403: _text("A page of another site asks, or the server is called by a name not its own.")}
    if not reads:
        answers = {**answers, 503: _wrong("It cannot be stored, as where the disk is full; the server ends.")}
    made["responses"] = {str(status): answer for status, answer in sorted(answers.items())}
    return made


def _json(description: str, schema: Schema) -> Operation:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _text(description: str) -> Operation:
    return {"description": description, "content": {_PLAIN: {"schema": TEXT}}}


def _data(description: str, schema: Schema, metadata: Fields | None = None) -> Operation:
    """An answer in the envelope of the v1 API."""
    return _json(description, thing({"data": schema, "metadata": thing({**_FETCHED, **(metadata or {})})}))


def _page(item: str) -> Operation:
    cursor = said(maybe(TEXT), "The `cursor` of the next page; null on the last one.")
    return _data("A page, newest first.", list_of(ref(item)), {"next_cursor": cursor})


def _wrong(description: str) -> Operation:
    return _json(description, ref("Error"))


def _in_path(name: str, description: str, schema: Schema = TEXT) -> Operation:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _in_query(name: str, description: str, schema: Schema = TEXT, *, required: bool = False) -> Operation:
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}


_EMPTY: Final[Operation] = {"description": "Done."}
_RUN_ID: Final = _in_path("id", "The id of a run.", ULID)
_EVENT_ID: Final = _in_path("id", "The internal id of an event.", ULID)
_PAGING: Final = (
    _in_query("limit", "How many a page has.", LIMIT),
    _in_query("cursor", "The `next_cursor` of the page before."),
)
_RUN_FILTERS: Final = (
    *_PAGING,
    _in_query("status", "Only runs with this status.", STATUS),
    _in_query("function", "Only runs of the function with this slug."),
    _in_query("app", "Only runs of the app with this id."),
    _in_query("started_after", "Only runs that were created after this time.", TIME),
    _in_query("started_before", "Only runs that were created before this time.", TIME),
)
_EVENT_FILTERS: Final = (
    *_PAGING,
    _in_query("name", "Only events with this name."),
    _in_query("received_after", "Only events that came after this time.", TIME),
    _in_query("received_before", "Only events that came before this time.", TIME),
    _in_query("internal", "`false` leaves out the events that the server sends itself.", FLAG),
)
_NO_RUN: Final = {400: _wrong("That is not the id of a run."), 404: _wrong("There is no such run.")}
_BAD_QUERY: Final = {400: _wrong("A parameter cannot be read.")}
_SENT: Final = thing({"ids": list_of(TEXT), "status": NUMBER}, {"error": TEXT})
_STEPS: Final = said(list_of(FREE), "Operations of steps that are done.")
_FROM_STEP: Final = thing(
    {"step_id": said(TEXT, "Its hashed id, or its name. What was done before it is taken over.")},
    {"input": said(list_of(ANY), "What its function is called with, instead of the code's own arguments.")},
)
_CHECKPOINT: Final = _operation(
    "Save steps while a function goes on",
    {
        200: _EMPTY,
        400: _wrong("The steps cannot be saved."),
        404: _wrong("There is no such run, or it has ended."),
    },
    _RUN_ID,
    body=thing({"steps": _STEPS}, {"qi_id": TEXT}),
)
_REGISTER: Final = _operation(
    "Register an app and its functions",
    {
        200: _json("Registered.", thing({"ok": FLAG, "modified": FLAG, "sync_id": UUID, "app_id": UUID})),
        400: _wrong("The registration is refused; the error names function, field, value and rule."),
    },
    body=thing({"appName": TEXT}, {"url": TEXT, "sdk": TEXT, "framework": TEXT, "functions": list_of(FREE)}),
)
_INFO: Final = thing(
    {
        "version": TEXT,
        "authed": FLAG,
        "startOpts": FREE,
        "functions": list_of(FREE),
        "handlers": {"type": "null"},
        "isSingleNodeService": FLAG,
        "isMissingSigningKey": FLAG,
        "isMissingEventKeys": FLAG,
        "features": FREE,
    }
)


def _get(
    summary: str, answer: Operation, *parameters: Operation, wrong: Mapping[int, Operation] | None = None
) -> Operation:
    return _operation(summary, {200: answer, **(wrong or {})}, *parameters, reads=True)


def _free(summary: str, answer: Operation) -> Operation:
    return _operation(summary, {200: answer}, open_=True, reads=True)


# Paths ---------------------------------------------------------------------------------------------------------------

_HEALTH_V2: Final = thing({"data": thing({"status": TEXT}), "metadata": thing({"fetchedAt": TIME})})
_ERRORS_V2: Final = thing({"errors": list_of(thing({"code": TEXT, "message": TEXT}))})

_APPS: Final[dict[str, Operation]] = {
    "/health": {"get": _free("Whether the server is up", _json("It is.", thing({"status": NUMBER, "message": TEXT})))},
    "/api/v2/health": {"get": _free("The same, in version 2", _json("It is.", _HEALTH_V2))},
    "/dev": {"get": _get("What SDKs ask to find a dev server", _json("The server.", _INFO))},
    "/fn/register": {"put": _REGISTER, "post": _REGISTER},
    "/fn/remove": {
        "delete": _operation("Forget an app", {200: _EMPTY}, _in_query("url", "The URL that it registered."))
    },
    "/v1/apps": {"get": _get("The apps that registered", _data("All of them.", list_of(ref("App"))))},
    "/v1/apps/{app}/functions": {
        "get": _get(
            "The functions of an app", _json("All of them.", list_of(ref("Function"))), _in_path("app", "The app's id.")
        )
    },
    "/v1/openapi.json": {"get": _get("This document", _json("OpenAPI 3.1.", FREE))},
}

_EVENTS: Final[dict[str, Operation]] = {
    "/e/{key}": {
        "post": _operation(
            "Send events",
            {
                200: _json("They are stored.", _SENT),
                400: _json("One cannot be; `ids` are those before it.", _SENT),
                401: _json("There is no such event key.", thing({"status": NUMBER, "message": TEXT, "error": TEXT})),
            },
            _in_path("key", "An event key; any, if the server has none."),
            body={"oneOf": [ref("NewEvent"), list_of(ref("NewEvent"))]},
            open_=True,
        )
    },
    "/invoke/{slug}": {
        "post": _operation(
            "Run a function",
            {
                200: _json("Its event is stored.", thing({"id": ULID, "status": NUMBER})),
                400: _wrong("The body cannot be read."),
                404: _wrong("There is no such function."),
            },
            _in_path("slug", "The function's slug."),
            body=thing({}, {"data": FREE, "user": FREE}),
            open_=True,
        )
    },
    "/v1/events": {"get": _get("Events", _page("Event"), *_EVENT_FILTERS, wrong=_BAD_QUERY)},
    "/v1/events/{id}": {
        "get": _get(
            "One event",
            _data("The event.", ref("Event")),
            _EVENT_ID,
            wrong={400: _wrong("That is not the id of an event."), 404: _wrong("There is no such event.")},
        )
    },
    "/v1/events/{id}/runs": {
        "get": _get("The runs that an event is part of", _page("Run"), _EVENT_ID, *_RUN_FILTERS, wrong=_BAD_QUERY)
    },
    "/v1/signals": {
        "post": _operation(
            "Send a signal",
            {
                200: _data("A run took it.", thing({"run_id": ULID})),
                400: _wrong("It has no name."),
                404: _wrong("No run waits for it."),
            },
            body=thing({"signal": TEXT}, {"data": ANY}),
        )
    },
}

_RUNS: Final[dict[str, Operation]] = {
    "/v1/runs": {"get": _get("Runs", _page("Run"), *_RUN_FILTERS, wrong=_BAD_QUERY)},
    "/v1/runs/{id}": {
        "get": _get(
            "One run",
            _data("The run.", ref("Run")),
            _RUN_ID,
            _in_query("steps", "`true` adds its steps and events.", FLAG),
            wrong=_NO_RUN,
        ),
        "delete": _operation(
            "Cancel a run; one that has ended stays as it is",
            {200: _EMPTY, 404: _wrong("There is no such run.")},
            _RUN_ID,
        ),
    },
    "/v1/runs/{id}/rerun": {
        "post": _operation(
            "Repeat a run, from the beginning or from a step on",
            {
                201: _data("The new run.", thing({"run_id": ULID})),
                400: _wrong("The run cannot be repeated like that."),
                404: _wrong("There is no such run."),
            },
            _RUN_ID,
            body=thing({}, {"from_step": _FROM_STEP}),
        )
    },
    "/v1/runs/{id}/steps": {
        "get": _get("The steps of a run", _data("In order.", list_of(ref("Step"))), _RUN_ID, wrong=_NO_RUN)
    },
    "/v1/runs/{id}/logs": {
        "get": _get(
            "What its app has logged in a run",
            _data("The last lines, in order.", list_of(ref("LogLine"))),
            _RUN_ID,
            _in_query("limit", "How many lines at most: 1,000 if it is not said."),
            wrong=_NO_RUN,
        ),
        "post": _operation(
            "Keep lines that were logged in a run",
            {
                200: _data("They are kept, but for those beyond the 10,000 of a run.", thing({"kept": NUMBER})),
                400: _wrong("The lines cannot be read."),
                404: _wrong("There is no such run."),
            },
            _RUN_ID,
            body=thing({"lines": list_of(ref("NewLogLine"))}),
        ),
    },
    "/v1/runs/{id}/jobs": {
        "get": _get(
            "What is queued of a run",
            _data("In order.", list_of(ref("Job"))),
            _RUN_ID,
            wrong={400: _wrong("That is not the id of a run.")},
        )
    },
    "/api/v2/runs/{id}": {
        "get": _get(
            "One run, in version 2",
            _json("The run.", thing({"data": ref("RunV2"), "metadata": thing({"fetchedAt": TIME})})),
            _RUN_ID,
            wrong={404: _json("There is no such run.", _ERRORS_V2)},
        )
    },
    "/v1/cancellations": {
        "post": _operation(
            "Cancel many runs of a function",
            {
                201: _data(
                    "It is done.", ref("Cancellation"), {"cancelled": said(NUMBER, "How many runs were active.")}
                ),
                400: _wrong("A field is missing or cannot be read."),
                404: _wrong("There is no such function."),
            },
            body=ref("NewCancellation"),
        ),
        "get": _get(
            "Cancellations of the last day, and those in force", _page("Cancellation"), *_PAGING, wrong=_BAD_QUERY
        ),
    },
    "/v1/cancellations/{id}": {
        "delete": _operation(
            "Cancel no more runs",
            {204: _EMPTY, 404: _wrong("There is no such cancellation.")},
            _in_path("id", "Its id.", ULID),
        )
    },
    "/v0/runs/{id}": {"delete": _operation("Cancel a run, if there is one", {204: _EMPTY}, _RUN_ID)},
    "/v0/runs/{id}/actions": {
        "get": _get(
            "The results of the steps of an active run",
            _json("By hashed id.", FREE),
            _RUN_ID,
            wrong={400: _wrong("That is not the id of a run."), 410: _wrong("The run has ended.")},
        )
    },
    "/v0/runs/{id}/batch": {
        "get": _get(
            "The events of an active run",
            _json("In order.", list_of(FREE)),
            _RUN_ID,
            wrong={400: _wrong("That is not the id of a run."), 410: _wrong("The run has ended.")},
        )
    },
    "/v1/checkpoint/{id}/async": {"post": _CHECKPOINT},
    "/v1/http/runs/{id}/async": {"post": _CHECKPOINT},
}

_PATHS: Final[Mapping[str, Operation]] = {**_APPS, **_EVENTS, **_RUNS}
