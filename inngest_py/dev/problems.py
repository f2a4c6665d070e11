"""Errors of apps, as people are told of them."""

from __future__ import annotations

from inngest_py.dev.notices import Problem
from inngest_py.dev.shapes import as_object, as_text
from inngest_py.wire.codec import decode


def problem_of(error: object) -> Problem:
    """Read an error object, or the JSON text of one."""
    fields = as_object(decode(error.encode()) if isinstance(error, str) else error) or {}
    return Problem(as_text(fields.get("name")), as_text(fields.get("message")), as_text(fields.get("stack")))
