"""What apps log in runs: it is kept with them, to be read beside what the server knows."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from inngest_py.dev.api.desk import body_of, desk_of
from inngest_py.dev.api.history import no_run
from inngest_py.dev.api.replies import count, data
from inngest_py.dev.duration import iso
from inngest_py.dev.happenings import LinesLogged
from inngest_py.dev.model import LogLine
from inngest_py.dev.shapes import as_list, as_object, as_text
from inngest_py.errors import InvalidJSONError, RequestError
from inngest_py.wire.codec import decode

MOST: Final = 10_000
"""How many lines are kept of a run: the first ones."""

LONGEST: Final = 32_000
"""How many characters are kept of a line."""

_AT_ONCE: Final = 1_000
_LONGEST_WORD: Final = 200
_LAST: Final = 253_402_300_799_999
"""The last millisecond of the year 9999."""


async def save(request: Request) -> Response:
    """Keep lines. The reply says how many; when a run has as many as are kept, what comes is let go."""
    desk, run_id = desk_of(request), request.path_params["id"]
    engine, archive = desk.engine, desk.archive
    fields = as_object(decode(await body_of(request))) or {}
    listed = as_list(fields.get("lines"))
    if listed is None or len(listed) > _AT_ONCE:
        raise RequestError(f'lines must be a list of at most {_AT_ONCE} lines, such as [{{"message": "paid"}}]')
    now = engine.clock()
    lines = tuple(_line(each, run_id, now) for each in listed)
    run = await engine.read(archive.run, run_id)
    if run is None:
        return no_run(run_id)
    kept = lines[: max(MOST - await engine.read(archive.log_size, run_id), 0)]
    if kept:
        await engine.submit(LinesLogged(run, kept))
    return data({"kept": len(kept)}, now)


async def listed(request: Request) -> Response:
    """The last lines that were logged in a run, in order."""
    desk, run_id = desk_of(request), request.path_params["id"]
    engine, archive = desk.engine, desk.archive
    limit = count(request.query_params, "limit", 1_000, MOST)
    if await engine.read(archive.run, run_id) is None:
        return no_run(run_id)
    found = await engine.read(archive.log_lines, run_id, limit)
    return data([_view(line) for line in found], engine.clock())


def _line(value: object, run_id: str, now: int) -> LogLine:
    fields = as_object(value)
    if fields is None or not isinstance(fields.get("message"), str):
        raise InvalidJSONError(f'a line must be an object with a message, such as {{"message": "paid"}}: {value!r:.80}')
    return LogLine(
        id="",
        run_id=run_id,
        at=_whole(fields.get("at"), now),
        level=_word(fields, "level").upper() or "INFO",
        logger=_word(fields, "logger"),
        text=_cut(fields["message"]),
        step=_word(fields, "step"),
        attempt=_whole(fields.get("attempt"), 0),
    )


def _word(fields: dict[str, Any], name: str) -> str:
    return as_text(fields.get(name))[:_LONGEST_WORD]


def _whole(value: object, otherwise: int) -> int:
    """A number of milliseconds that a date can be made of, or of attempts."""
    if not isinstance(value, int) or isinstance(value, bool):
        return otherwise
    return value if 0 <= value <= _LAST else otherwise


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text) - LONGEST:,} characters more)"


def _view(line: LogLine) -> dict[str, Any]:
    return {
        "at": iso(line.at),
        "level": line.level,
        "logger": line.logger,
        "message": line.text,
        "step": line.step,
        "attempt": line.attempt,
    }
