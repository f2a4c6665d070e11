"""A function that is missing in the list that its client serves."""

from __future__ import annotations

from collections.abc import Iterator

from inngest_py.check.finding import Severity
from inngest_py.check.model import Key, Module
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule
from inngest_py.check.serving import served_around, served_in


def check(module: Module, project: Project) -> Iterator[Problem]:
    """Find the functions of clients that serve lists, which are in none of them."""
    if project.is_live:
        return
    for declared in module.functions:
        client = project.key(module, declared.scope, declared.client)
        if client is None or not declared.name:
            continue
        served = _listed(client, project)
        if served is not None and Key(module.place, declared.scope.line, declared.name) not in served:
            yield Problem(
                declared.call,
                f'the function "{declared.stated.fn_id or declared.name}" is in no list of functions that is served: '
                "no server can call it",
                f"add {declared.name} to the list, or leave the list out to serve all functions of the client",
            )


def _listed(client: Key, project: Project) -> set[Key] | None:
    """The functions that are served of a client, if that is not, or may not be, all of them."""
    here = project.once(served_in).listed(client)
    if here is None or not project.once(served_around).may_serve(client):
        return here
    around = project.once(served_around).listed(client)
    return None if around is None else here | around


RULE = Rule("ING002", Severity.ERROR, "A function is not registered with serve", check, in_tests=False)
