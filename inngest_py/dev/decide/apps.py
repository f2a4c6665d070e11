"""Apps that register, change, and go (PROTOCOL 3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from inngest_py.dev.decide.clock import schedule
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.happenings import AppRegistered, AppRemoved
from inngest_py.dev.model import App, Function
from inngest_py.dev.notices import AppRemoved as AppRemovedNotice, AppSynced
from inngest_py.dev.state import State
from inngest_py.errors import RequestError


def register(turn: Turn, happening: AppRegistered) -> bool | RequestError:
    """Take in what an app says about itself; the answer is whether anything is new, or why it is refused."""
    app = happening.app
    if is_known(turn.state, app.checksum, {function.slug for function in happening.functions}) is not None:
        return False
    refusal = _taken(turn, happening)
    if refusal is not None:
        return refusal
    for other in tuple(turn.state.apps.values()):
        if other.url == app.url and other.id != app.id and other.archived_at is None:
            _archive(turn, other)
    turn.put(app)
    kept = {function.slug for function in happening.functions}
    gone = [function for function in functions_of(turn.state, app.id) if function.slug not in kept]
    for function in gone:
        turn.put(replace(function, archived_at=turn.now))
    for function in happening.functions:
        _put(turn, function)
    _tell(turn, happening, gone)
    return True


def is_known(state: State, checksum: str, slugs: Collection[str]) -> App | None:
    """The app that registered just this, if all of it is still there."""
    apps = state.apps.values()
    app = next((each for each in apps if each.checksum == checksum and each.archived_at is None), None)
    active = set[str]() if app is None else {function.slug for function in functions_of(state, app.id)}
    return app if active.issuperset(slugs) else None


def _taken(turn: Turn, happening: AppRegistered) -> RequestError | None:
    """Why an app cannot have a function: another app, which is not at its URL, has one with that id."""
    for function in happening.functions:
        old = turn.state.functions.get(function.slug)
        if old is None or old.archived_at is not None or old.app_id == happening.app.id:
            continue
        owner = turn.state.apps.get(old.app_id)
        if owner is not None and owner.archived_at is None and owner.url != happening.app.url:
            return RequestError(
                f'function "{function.slug}" of app "{happening.app.id}" has the id of a function of app "{owner.id}" '
                f"({owner.url}): ids are the app's id and the function's, so give one of them another"
            )
    return None


def remove(turn: Turn, happening: AppRemoved) -> bool:
    """Archive the app at a URL; the answer is whether there was one."""
    found = [app for app in turn.state.apps.values() if app.url == happening.url and app.archived_at is None]
    for app in found:
        _archive(turn, app)
    return bool(found)


def functions_of(state: State, app_id: str) -> list[Function]:
    """The active functions of an app."""
    functions = state.functions.values()
    return [function for function in functions if function.app_id == app_id and function.archived_at is None]


def _archive(turn: Turn, app: App) -> None:
    turn.put(replace(app, archived_at=turn.now))
    for function in functions_of(turn.state, app.id):
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
    app, slugs = happening.app, {function.slug for function in gone}
    turn.tell(
        AppSynced(
            at=turn.now,
            app=app.id,
            url=app.url,
            sdk=app.sdk,
            functions=tuple(function.slug for function in happening.functions),
            archived=tuple(function.slug for function in gone),
            left=sum(live.run.function in slugs for live in turn.state.live.values()) if gone else 0,
        )
    )
