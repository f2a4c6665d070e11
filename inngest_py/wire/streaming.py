"""A streamed reply: blanks at once and from time to time, and at the end an envelope with the reply (PROTOCOL 5.5)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import pydantic_core

from inngest_py.wire.http import Response

STATUS: Final = HTTPStatus.CREATED
"""The status of every streamed reply; that of the reply itself is in the envelope."""

KEEP_ALIVE: Final = b" "
"""What says that a reply is still to come."""


def envelope(reply: Response) -> bytes:
    """Put a reply into its envelope. The body stays as it was, so that a signature over it does, too."""
    fields = {"status": int(reply.status), "headers": dict(reply.headers), "body": reply.body.decode()}
    return pydantic_core.to_json(fields)
