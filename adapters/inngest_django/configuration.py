"""The settings: what `INNGEST = {...}` may say, and the client that it describes."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS
from django.utils.module_loading import import_string

from inngest_py import Checkpointing, ConfigError, Inngest

OF_THE_CLIENT: Final[Mapping[str, tuple[type, ...]]] = {
    "APP_ID": (str,),
    "APP_VERSION": (str,),
    "IS_PRODUCTION": (bool,),
    "ENV": (str,),
    "EVENT_KEY": (str,),
    "SIGNING_KEY": (str,),
    "SIGNING_KEY_FALLBACK": (str,),
    "BASE_URL": (str,),
    "API_BASE_URL": (str,),
    "EVENT_API_BASE_URL": (str,),
    "LOGGER": (str, logging.Logger),
    "MIDDLEWARE": (list, tuple),
    "CHECKPOINTING": (bool, Checkpointing),
    "REQUEST_TIMEOUT": (str, timedelta),
}
"""What is said of the client: the arguments of `Inngest`, in capitals, and what each of them may be."""

OF_THE_VIEW: Final[Mapping[str, tuple[type, ...]]] = {
    "SERVE_ORIGIN": (str,),
    "SERVE_PATH": (str,),
    "STREAMING": (bool,),
    "MAX_BODY": (int,),
}
"""What is said of the view that serves it: the arguments of `serve`, in capitals."""

OF_THE_OUTBOX: Final[Mapping[str, tuple[type, ...]]] = {"OUTBOX": (bool, list, tuple), "OUTBOX_CRON": (str,)}
"""What is said of the outbox: for which databases events are kept in one, and when a function drains it."""

CLIENT: Final = "CLIENT"
"""The dotted path of a client that is made elsewhere, instead of what is said of one here."""

KNOWN: Final[Mapping[str, tuple[type, ...]]] = {
    CLIENT: (str,),
    **OF_THE_CLIENT,
    **OF_THE_VIEW,
    **OF_THE_OUTBOX,
}

_MAPPING: Final[tuple[type, ...]] = (Mapping,)


def read_settings() -> Mapping[str, Any] | None:
    """`settings.INNGEST`, or None if there is none."""
    return getattr(settings, "INNGEST", None)


def problems_of(given: object) -> Iterator[tuple[str, str]]:
    """What is wrong with `settings.INNGEST`, as pairs of a message and a hint."""
    if not isinstance(given, _MAPPING):
        yield f"INNGEST is not a dict but {given!r}.", 'Write INNGEST = {"APP_ID": "my-shop"}.'
        return
    found = cast("Mapping[Any, Any]", given)
    for name, value in found.items():
        yield from _problems_of_entry(name, value)
    own = sorted(set(found) & set(OF_THE_CLIENT))
    if found.get(CLIENT) is not None and own:
        yield f'INNGEST has "{CLIENT}" and also {", ".join(own)}.', "Say the latter where that client is made."
    if found.get(CLIENT) is None and found.get("APP_ID") is None:
        yield (
            'INNGEST has no "APP_ID".',
            'Add the id that the app has on its Inngest server, as in INNGEST = {"APP_ID": "my-shop"}.',
        )


def _problems_of_entry(name: object, value: object) -> Iterator[tuple[str, str]]:
    kinds = KNOWN.get(name) if isinstance(name, str) else None
    if kinds is None:
        close = difflib.get_close_matches(str(name).upper(), KNOWN, 1)
        yield f"INNGEST has no setting {name!r}.", f'Did you mean "{close[0]}"?' if close else f"Those are {_listed()}."
    elif value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
        words = " or ".join(kind.__name__ for kind in kinds)
        yield f'INNGEST["{name}"] is of type {type(value).__name__}.', f"It must be of type {words}, or None."


def _listed() -> str:
    return ", ".join(sorted(KNOWN))


def make_client(given: object) -> Inngest:
    """The client that `settings.INNGEST` describes. Raises ImproperlyConfigured, saying what is wrong."""
    for message, hint in problems_of(given):
        raise ImproperlyConfigured(f"{message} {hint}")
    found = cast("Mapping[str, Any]", given)
    if found.get(CLIENT) is not None:
        return _import_client(found[CLIENT])
    arguments: dict[str, Any] = {name.lower(): found[name] for name in OF_THE_CLIENT if found.get(name) is not None}
    if isinstance(logger := arguments.get("logger"), str):
        arguments["logger"] = logging.getLogger(logger)
    try:
        arguments["middleware"] = [_imported(each) for each in arguments.get("middleware", ())]
        return Inngest(**arguments)
    except (ConfigError, ImportError) as error:
        raise ImproperlyConfigured(f"INNGEST: {error}") from error


def _imported(middleware: Any) -> Any:
    return import_string(middleware) if isinstance(middleware, str) else middleware


def _import_client(path: str) -> Inngest:
    try:
        client = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f'INNGEST["{CLIENT}"]: {error}') from error
    if not isinstance(client, Inngest):
        raise ImproperlyConfigured(f'INNGEST["{CLIENT}"] names {client!r}, which is not a client.')
    return client


@lru_cache(maxsize=1)
def client_of_settings() -> Inngest:
    """The one client that the settings describe. Raises ImproperlyConfigured if they describe none."""
    given = read_settings()
    if given is None:
        raise ImproperlyConfigured(
            'there is no client: set INNGEST = {"APP_ID": "my-shop"} in the settings, or give a client of your own'
        )
    return make_client(given)


def view_options() -> dict[str, Any]:
    """What the settings say of the view, by the names of the arguments of `serve`."""
    given = read_settings() or {}
    return {name.lower(): given[name] for name in OF_THE_VIEW if given.get(name) is not None}


def outboxes() -> Sequence[str]:
    """The databases whose events are kept in an outbox where nothing else is said."""
    said = (read_settings() or {}).get("OUTBOX") or ()
    return (DEFAULT_DB_ALIAS,) if said is True else said


def outbox_cron() -> str | None:
    """When a function drains the outbox, if the settings say so."""
    said: str | None = (read_settings() or {}).get("OUTBOX_CRON")
    return said
