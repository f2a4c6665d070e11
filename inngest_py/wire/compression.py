"""Large bodies made small, for who can read them so."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Final

from inngest_py.wire import headers
from inngest_py.wire.http import Request, Response

SMALLEST: Final = 32 * 1024
"""From how many bytes on a body is compressed."""

_GZIP: Final = zlib.MAX_WBITS | 16
_LEVEL: Final = 1


def compressed(response: Response, request: Request) -> Response:
    """The response, in gzip if it is large and the request allows that. A signature is over the body as it was."""
    accepted = request.headers.get(headers.ACCEPT_ENCODING)
    if accepted is None or len(response.body) < SMALLEST or not accepts_gzip(accepted):
        return response
    more = {headers.CONTENT_ENCODING: "gzip", headers.VARY: headers.ACCEPT_ENCODING}
    body = zlib.compress(response.body, _LEVEL, _GZIP)
    return replace(response, headers={**response.headers, **more}, body=body)


def accepts_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header allows gzip, by its name or with a star."""
    weights = dict(map(_weighted, accepted.lower().split(",")))
    return weights.get("gzip", weights.get("*", False))


def _weighted(part: str) -> tuple[str, bool]:
    """An encoding and whether its weight is more than nothing."""
    name, _, weight = part.partition(";")
    return name.strip(), weight.replace(" ", "").rstrip("0") not in {"q=", "q=0."}
