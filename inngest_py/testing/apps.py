"""An app in a test: a copy of a client that nothing of the outside world reaches, and its handler."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, Final, TypeAlias, cast

from inngest_py.client import Inngest
from inngest_py.dev.registration import Registration, read_registration
from inngest_py.errors import UsageError
from inngest_py.flows.checkpoints import Silence
from inngest_py.function import Function
from inngest_py.handler import Handler
from inngest_py.profile import Profile
from inngest_py.testing.colours import in_thread, on_loop
from inngest_py.testing.logs import noting, silence
from inngest_py.testing.watching import Notebook, inner, outer
from inngest_py.wire.codec import decode, encode

FRAMEWORK: Final = "testing"

Keep: TypeAlias = Callable[[str, Mapping[str, Any]], bool]
"""Whether a function, by its id on the server, is to have one of its triggers."""


class App:
    """A client's functions behind a handler, in development mode, with the middleware of the test around them.

    `now` gives the virtual time in Unix milliseconds. A `silent` app logs nothing. The client that it is made of stays
    as it is.
    """

    def __init__(self, client: Inngest, notebook: Notebook, now: Callable[[], int], *, silent: bool = False) -> None:
        self.client = _twin(client, notebook)
        if silent:
            self.client.logger = silence()
        self.functions = [_with_inner(function, client, notebook) for function in client.functions]
        self.url = f"http://{client.app_id}.test/api/inngest"
        self.handler = Handler(
            self.client,
            self.functions,
            framework=FRAMEWORK,
            streaming=False,
            in_thread=in_thread,
            on_loop=on_loop,
            clock=lambda: now() / 1000,
        )

    def registration(self, now: int, keep: Keep) -> Registration:
        """What the app registers; a function without the triggers to `keep` is started by being invoked only."""
        parts = [part for function in self.functions for part in function.parts()]
        profile = Profile(self.client, FRAMEWORK, None, None)
        body: dict[str, Any] = decode(profile.out_of_band(self.url, parts))
        for function in body["functions"]:
            function["triggers"] = [trigger for trigger in function["triggers"] if keep(function["id"], trigger)]
        return read_registration(encode(body), now)


def client_of(function: object) -> Inngest:
    """The client that declared a function. Raises UsageError for what no client has declared."""
    client = function.client if isinstance(function, Function) else None
    if not isinstance(client, Inngest):
        raise UsageError(f"{function!r} is not a function made by create_function: give the decorated function itself")
    return client


def id_of(function: object) -> str:
    """The id of a function on the server. Raises UsageError for what no client has declared."""
    client_of(function)
    return cast("Function[Any]", function).id


def clients_of(given: Inngest | Iterable[Inngest]) -> Sequence[Inngest]:
    """One client or several, as a list. Raises UsageError for what is none."""
    found = [*given] if isinstance(given, Iterable) else [given]
    for client in found:
        if not isinstance(client, Inngest):
            raise UsageError(f"{client!r} is not a client: give what Inngest(app_id=...) has made, or a list of those")
    return found


def _twin(client: Inngest, notebook: Notebook) -> Inngest:
    twin = copy(client)
    twin.settings = replace(client.settings, dev=True, signing_key=None, signing_key_fallback=None)
    twin.middleware = (outer(notebook), *client.middleware)
    twin.silence = Silence()
    if isinstance(client.logger, logging.Logger):
        twin.logger = noting(client.logger)
    return twin


def _with_inner(function: Function[Any], client: Inngest, notebook: Notebook) -> Function[Any]:
    twin = copy(function)
    twin.middleware = (*function.middleware, inner(notebook, alone=not (client.middleware or function.middleware)))
    if function.on_failure is not None:
        twin.on_failure = _with_inner(function.on_failure, client, notebook)
    return twin
