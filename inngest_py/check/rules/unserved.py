"""Functions that are declared and served nowhere: no server will ever call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from inngest_py.check.finding import Severity
from inngest_py.check.model import Declared, Key, Module
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule
from inngest_py.check.serving import is_given_away, served_around, served_in


def check(module: Module, project: Project) -> Iterator[Problem]:
    """Find the first function of each client that nothing serves."""
    if project.is_live:
        return
    for key, declared in project.once(_first).get(module.place, ()):
        served = (project.once(served_in).may_serve(key), project.once(served_around).may_serve(key))
        if not any(served) and not is_given_away(key, project):
            yield Problem(
                declared.call,
                f'functions are declared for the client "{key.name}", and nothing serves them: no server can call them',
                f"mount serve({key.name}) in the app, or start a connect worker for it",
            )


def _first(project: Project) -> Mapping[str, Sequence[tuple[Key, Declared]]]:
    """The first function of each client that can be seen where it is made, by module."""
    known: set[Key] = set()
    found: dict[str, list[tuple[Key, Declared]]] = {}
    for module in project.modules:
        for declared in module.functions:
            client = declared.client
            if client is None or module.source.is_test or not project.is_client(module, declared.scope, client):
                continue
            key = project.key(module, declared.scope, client)
            if key is not None and key not in known:
                known.add(key)
                found.setdefault(module.place, []).append((key, declared))
    return found


RULE = Rule("ING001", Severity.CRITICAL, "Functions are declared and served nowhere", check, in_tests=False)
