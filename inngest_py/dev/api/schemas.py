"""The shapes of what the API takes and gives, as JSON Schemas for its OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from inngest_py.dev.api.paging import LONGEST, USUAL
from inngest_py.dev.model import RunStatus, StepStatus

Schema: TypeAlias = dict[str, Any]


def thing(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these properties."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": list(required)}


def list_of(item: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": item}


def ref(name: str) -> Schema:
    """One of the schemas below."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: Schema) -> Schema:
    """This, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def said(schema: Schema, description: str) -> Schema:
    """A schema with words about it."""
    return {**schema, "description": description}


ANY: Final[Schema] = {"description": "Any JSON."}
FREE: Final[Schema] = {"type": "object", "additionalProperties": True}
TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "integer"}
FLAG: Final[Schema] = {"type": "boolean"}
ULID: Final[Schema] = {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$"}
UUID: Final[Schema] = {"type": "string", "format": "uuid"}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
MILLISECONDS: Final[Schema] = said(NUMBER, "Unix time in milliseconds.")
LIMIT: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": LONGEST, "default": USUAL}
STATUS: Final[Schema] = {"type": "string", "enum": [status.value for status in RunStatus]}
_STEP_STATUS: Final[Schema] = {"type": "string", "enum": [status.value for status in StepStatus]}
_DURATION: Final[Schema] = maybe(said(NUMBER, "In milliseconds."))

_EVENT: Final[dict[str, Schema]] = {
    "internal_id": ULID,
    "account_id": UUID,
    "environment_id": UUID,
    "source": TEXT,
    "source_id": {"type": "null"},
    "received_at": TIME,
    "id": said(TEXT, "The id that the sender gave, or the internal one."),
    "name": TEXT,
    "data": FREE,
    "ts": MILLISECONDS,
}

_STEP: Final[dict[str, Schema]] = {
    "id": said(TEXT, "The hashed id of the step."),
    "name": TEXT,
    "op": TEXT,
    "status": _STEP_STATUS,
    "attempts": NUMBER,
    "position": said(maybe(NUMBER), "Its place in the order in which steps had their results, from 0."),
    "queued_at": TIME,
    "started_at": maybe(TIME),
    "ended_at": maybe(TIME),
    "duration_ms": _DURATION,
    "input": ANY,
    "edited": said(FLAG, "Whether somebody edited the input, so that it is not the code's own."),
    "output": ANY,
    "error": ANY,
}

_RUN: Final[dict[str, Schema]] = {
    "run_id": ULID,
    "run_started_at": said(TIME, "When the run was created."),
    "function_id": UUID,
    "function_version": NUMBER,
    "environment_id": UUID,
    "event_id": ULID,
    "status": STATUS,
    "ended_at": maybe(TIME),
    "function": TEXT,
    "function_name": TEXT,
    "app": TEXT,
    "event_name": TEXT,
    "queued_at": TIME,
    "started_at": said(maybe(TIME), "When the app was first called."),
    "duration_ms": _DURATION,
}

_RUN_SOMETIMES: Final[dict[str, Schema]] = {
    "output": said(ANY, "The result, or the error; when the run has ended."),
    "batch_id": ULID,
    "cron": TEXT,
    "original_run_id": said(ULID, "The run that it repeats."),
    "steps": said(list_of(ref("Step")), "With `steps=true` only."),
    "events": said(list_of(ref("Event")), "With `steps=true` only."),
}

_LOG_LINE: Final[dict[str, Schema]] = {
    "at": TIME,
    "level": said(TEXT, "A name such as INFO."),
    "logger": TEXT,
    "message": TEXT,
    "step": said(TEXT, "The id of the step as the code has it; empty outside of steps."),
    "attempt": said(NUMBER, "It counts from 0."),
}

_NEW_LOG_LINE: Final[Schema] = thing(
    {"message": TEXT}, {"at": MILLISECONDS, "level": TEXT, "logger": TEXT, "step": TEXT, "attempt": NUMBER}
)

_JOB: Final[dict[str, Schema]] = {
    "JobID": TEXT,
    "at": TIME,
    "position": NUMBER,
    "kind": {"type": "string", "enum": ["start", "edge"]},
    "attempt": NUMBER,
    "status": {"type": "string", "enum": ["delayed", "ready", "running"]},
}

_CANCELLATION: Final[dict[str, Schema]] = {
    "id": ULID,
    "environment_id": UUID,
    "app_id": TEXT,
    "function_id": TEXT,
    "function_internal_id": UUID,
    "started_after": maybe(TIME),
    "started_before": TIME,
    "if": maybe(TEXT),
    "created_at": TIME,
}

_APP: Final[dict[str, Schema]] = {
    "id": TEXT,
    "internal_id": UUID,
    "url": TEXT,
    "sdk": TEXT,
    "framework": TEXT,
    "synced_at": TIME,
    "archived_at": maybe(TIME),
    "functions": list_of(TEXT),
    "event_types": said(list_of(thing({"name": TEXT, "schema": FREE})), "Its typed events, as JSON Schemas."),
}

_FUNCTION: Final[dict[str, Schema]] = {
    "internal_id": UUID,
    "env_id": UUID,
    "app_id": TEXT,
    "id": said(TEXT, "The slug: the app's id, a hyphen, the function's own id."),
    "name": TEXT,
    "config": said(FREE, "What was registered."),
    "created_at": TIME,
    "archived_at": maybe(TIME),
}

_RUN_V2: Final[Schema] = thing(
    {
        "app": thing({"id": TEXT}),
        "function": thing({"id": TEXT, "name": TEXT}),
        "id": ULID,
        "queuedAt": TIME,
        "startedAt": maybe(TIME),
        "endedAt": maybe(TIME),
        "status": {"type": "string", "enum": [status.value.upper() for status in RunStatus]},
        "trigger": thing({"eventIds": list_of(ULID)}),
    },
    {"output": ANY},
)

_NEW_EVENT: Final[Schema] = thing(
    {"name": TEXT},
    {
        "data": maybe(FREE),
        "id": said(maybe(TEXT), "Events with the same id start each function once in 24 hours."),
        "ts": said(maybe(NUMBER), "Unix time in milliseconds; one to come delays the runs."),
        "user": maybe(FREE),
        "v": maybe(TEXT),
    },
)

_NEW_CANCELLATION: Final[Schema] = thing(
    {
        "app_id": TEXT,
        "function_id": said(TEXT, "The slug, or the function's own id."),
        "started_before": said(TIME, "Exclusive. While it is still to come new runs are cancelled too."),
    },
    {
        "started_after": said(maybe(TIME), "Exclusive."),
        "if": said(maybe(TEXT), "An expression (CEL) over `event`."),
    },
)

SCHEMAS: Final[dict[str, Schema]] = {
    "App": thing(_APP),
    "Cancellation": thing(_CANCELLATION),
    "Error": thing({"error": TEXT, "data": {"type": "null"}, "status": NUMBER}),
    "Event": thing(_EVENT),
    "Function": thing(_FUNCTION),
    "Job": thing(_JOB),
    "LogLine": thing(_LOG_LINE),
    "NewCancellation": _NEW_CANCELLATION,
    "NewEvent": _NEW_EVENT,
    "NewLogLine": _NEW_LOG_LINE,
    "Run": thing(_RUN, _RUN_SOMETIMES),
    "RunV2": _RUN_V2,
    "Step": thing(_STEP),
}
"""The schemas that have a name."""
