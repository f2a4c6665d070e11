"""System checks. `manage.py check` says what cannot work, `manage.py check --deploy` what would not in production."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning as Caution
from django.core.exceptions import ImproperlyConfigured

from inngest_django.configuration import make_client, problems_of, read_settings
from inngest_django.served import Served, clients, mounted
from inngest_py import Function, Inngest
from inngest_py.check import Finding, Severity, check_functions, read_configuration

SENT: Final = 4 * 1024 * 1024
"""How many bytes the body of a call may have (PROTOCOL 17)."""

TAG: Final = "inngest"
CODE_TAG: Final = "inngest_code"
"""The tags of what is about the project, and of what is about its code: `manage.py check --tag inngest_code`."""

_ASKED: Final = ContextVar("_ASKED", default=False)
"""Whether somebody asks about the code."""

Check = Callable[..., Sequence[CheckMessage]]


def check_settings(**_options: Any) -> list[CheckMessage]:
    """Whether `INNGEST` says what it may say, and describes a client."""
    given = read_settings()
    if given is None:
        return []
    found: list[CheckMessage] = [Error(text, hint=hint, id="inngest.E001") for text, hint in problems_of(given)]
    return found or _check_client(given)


def _check_client(given: object) -> list[CheckMessage]:
    try:
        make_client(given)
    except ImproperlyConfigured as error:
        return [Error(str(error), id="inngest.E002")]
    return []


def check_served(**_options: Any) -> list[CheckMessage]:
    """Whether every function that was declared is served somewhere."""
    if _is_broken():
        return []
    views = [served for _path, served in mounted()]
    served = {function.id for view in views for function in view.functions}
    return [_unserved(function) for function in _declared(views) if function.id not in served]


def _is_broken() -> bool:
    """Whether the settings describe no client although they are there: another check says why."""
    given = read_settings()
    return given is not None and bool(check_settings())


def _declared(views: Iterable[Served]) -> Iterable[Function[Any]]:
    """The functions of the settings' client and of every client that serves something."""
    return {function.id: function for client in clients(views) for function in client.functions}.values()


@contextmanager
def asking_about_code() -> Generator[None]:
    """Within this, the checks are about the code, too."""
    token = _ASKED.set(True)
    try:
        yield
    finally:
        _ASKED.reset(token)


def check_code(**_options: Any) -> list[CheckMessage]:
    """What `inngest-py check` finds in the functions, by its configuration; id `inngest.ING005`, for instance.

    It is what the command `check` alone shows, and only there. Nothing of it makes that fail: what is a warning there
    is an information here, and the rest a warning.
    """
    if not _ASKED.get() or _is_broken():
        return []
    declared = _declared([served for _path, served in mounted()])
    functions = [function for function in declared if not _is_ours(function)]
    configuration = read_configuration(Path(getattr(settings, "BASE_DIR", Path.cwd())))
    return [_message(finding) for finding in check_functions(functions, configuration)]


def _is_ours(function: Function[Any]) -> bool:
    """Whether it drains the outbox, or runs tasks: nobody else can change how."""
    return getattr(function.handler, "__module__", "").partition(".")[0] == __package__


def _message(finding: Finding) -> CheckMessage:
    kind = Info if finding.severity is Severity.WARNING else Caution
    place = f"{finding.path}:{finding.span.line}"
    return kind(
        f"{finding.message} ({finding.severity.word}).", hint=finding.fix, obj=place, id=f"inngest.{finding.code}"
    )


def _unserved(function: Function[Any]) -> CheckMessage:
    return Caution(
        f"The function {function.id} is declared but served nowhere: no server can call it.",
        hint='Add path("api/inngest", serve()) to the URL configuration, or the function to those given to serve().',
        obj=function.handler,
        id="inngest.W003",
    )


# Before it is deployed -----------------------------------------------------------------------------------------------


def check_keys(**_options: Any) -> list[CheckMessage]:
    """Whether the app can tell an Inngest server from anybody else, and may send events."""
    if _is_broken():
        return []
    views = [served for _path, served in mounted()]
    return [message for client in clients(views) for message in _check_keys_of(client)]


def _check_keys_of(client: Inngest) -> Iterator[CheckMessage]:
    if not client.is_production:
        yield Caution(
            f'The app "{client.app_id}" is in development mode: it answers everybody, and verifies no signature.',
            hint='Leave INNGEST_DEV unset in production, or set INNGEST["IS_PRODUCTION"] to True.',
            id="inngest.W004",
        )
        return
    if client.settings.signing_key is None:
        yield Error(
            f'The app "{client.app_id}" has no signing key: it cannot answer any call.',
            hint='Set INNGEST_SIGNING_KEY, or INNGEST["SIGNING_KEY"], to the key of your Inngest server.',
            id="inngest.E005",
        )
    if client.settings.event_key is None:
        yield Caution(
            f'The app "{client.app_id}" has no event key: it cannot send events.',
            hint='Set INNGEST_EVENT_KEY, or INNGEST["EVENT_KEY"], to a key of your Inngest server.',
            id="inngest.W006",
        )


def check_connections(**_options: Any) -> list[CheckMessage]:
    """Whether a database connection that is kept would be there when it is used, and closed at its end."""
    return [message for alias, database in settings.DATABASES.items() for message in _check_kept(alias, database)]


def _check_kept(alias: str, database: Mapping[str, Any]) -> Iterator[CheckMessage]:
    if database.get("CONN_MAX_AGE", 0) == 0:
        return
    if not database.get("CONN_HEALTH_CHECKS"):
        yield Caution(
            f'The database "{alias}" has CONN_MAX_AGE, and no CONN_HEALTH_CHECKS.',
            hint="Functions are called at any hour, when the database may long have cut a connection: set it to True.",
            id="inngest.W007",
        )
    if getattr(settings, "ASGI_APPLICATION", None):
        yield Caution(
            f'The database "{alias}" has CONN_MAX_AGE, and ASGI_APPLICATION is set.',
            hint="Under ASGI every request has a thread of its own, so that no connection is used again: use a pool.",
            id="inngest.W008",
        )


def check_bodies(**_options: Any) -> list[CheckMessage]:
    """Whether the bodies of calls are let through."""
    limit = (read_settings() or {}).get("MAX_BODY")
    found: list[CheckMessage] = []
    if isinstance(limit, int) and limit < SENT:
        found.append(
            Caution(
                f'INNGEST["MAX_BODY"] is {limit}: calls with more bytes are refused, and servers send up to {SENT}.',
                hint="Leave it out: 64 MiB is the limit then.",
                id="inngest.W009",
            )
        )
    form_limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    others = [path for path in settings.MIDDLEWARE if not path.startswith("django.")]
    if form_limit is not None and form_limit < SENT and others:
        found.append(
            Info(
                f"DATA_UPLOAD_MAX_MEMORY_SIZE is {form_limit}, and Inngest servers send up to {SENT} bytes.",
                hint=f"serve() is not bound by it; a middleware that reads request.body is: {', '.join(others)}.",
                id="inngest.I010",
            )
        )
    return found


CHECKS: Final[Sequence[Check]] = (check_settings, check_served)
CODE_CHECKS: Final[Sequence[Check]] = (check_code,)
DEPLOY_CHECKS: Final[Sequence[Check]] = (check_keys, check_connections, check_bodies)
