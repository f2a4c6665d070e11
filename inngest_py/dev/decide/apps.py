"""Apps that register, change, and go (PROTOCOL 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from inngest_py.dev.decide.clock import schedule
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.happenings import AppRegistered, AppRemoved
from inngest_py.dev.model import App, Function
from inngest_py.dev.notices import AppRemoved as AppRemovedNotice, AppSynced


def register(turn: Turn, happening: AppRegistered) -> bool:
    """Take in what an app says about itself; the answer is whether anything is new."""
    app = happening.app
    old = turn.state.apps.get(app.id)
    if old is not None and old.checksum == app.checksum and old.archived_at is None:
        return False
    for other in tuple(turn.state.apps.values()):
        if other.url == app.url and other.id != app.id and other.archived_at is None:
            _archive(turn, other)
    turn.put(app)
    kept = {function.slug for function in happening.functions}
    gone = [function for function in functions_of(turn, app.id) if function.slug not in kept]
    for function in gone:
        turn.put(replace(function, archived_at=turn.now))
    for function in happening.functions:
        _put(turn, function)
    _tell(turn, happening, gone)
    return True


def remove(turn: Turn, happening: AppRemoved) -> bool:
    """Archive the app at a URL; the answer is whether there was one."""
    found = [app for app in turn.state.apps.values() if app.url == happening.url and app.archived_at is None]
    for app in found:
        _archive(turn, app)
    return bool(found)


def functions_of(turn: Turn, app_id: str) -> list[Function]:
    """The active functions of an app."""
    functions = turn.state.functions.values()
    return [function for function in functions if function.app_id == app_id and function.archived_at is None]


def _archive(turn: Turn, app: App) -> None:
    turn.put(replace(app, archived_at=turn.now))
    for function in functions_of(turn, app.id):
        turn.put(replace(function, archived_at=turn.now))
    turn.tell(AppRemovedNotice(at=turn.now, app=app.id, url=app.url))


def _put(turn: Turn, function: Function) -> None:
    """Store a function; one that has changed gets the next version, and its schedules count from now."""
    old = turn.state.functions.get(function.slug)
    if old is not None:
        version = old.version + (old.config != function.config)
        function = replace(function, version=version, created_at=old.created_at)
    turn.put(function)
    schedule(turn, function)


def _tell(turn: Turn, happening: AppRegistered, gone: Iterable[Function]) -> None:
    app = happening.app
    turn.tell(
        AppSynced(
            at=turn.now,
            app=app.id,
            url=app.url,
            sdk=app.sdk,
            functions=tuple(function.slug for function in happening.functions),
            archived=tuple(function.slug for function in gone),
        )
    )
