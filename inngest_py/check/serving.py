"""Who is served: which clients are given to serve, to a worker, or to anything that may do that for them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inngest_py.check.expressions import dotted, is_client_name
from inngest_py.check.model import Key, Module, Serving
from inngest_py.check.names import Imported, Scope, Valued
from inngest_py.check.project import Project


@dataclass(slots=True)
class Served:
    """The clients that are served, by where they were made or, where that cannot be seen, by their names.

    `lists` are the functions that are served of a client, None for all or for what cannot be told. `given` are the
    clients that are given to something else. With `is_open` any client may be served.
    """

    lists: dict[Key | str, set[Key] | None] = field(default_factory=dict["Key | str", "set[Key] | None"])
    given: set[Key] = field(default_factory=set[Key])
    is_open: bool = False

    def may_serve(self, client: Key) -> bool:
        """Whether a client is served, as far as can be seen."""
        return self.is_open or client in self.given or client in self.lists or client.name in self.lists

    def listed(self, client: Key) -> set[Key] | None:
        """The functions that are served of a client; None if it may be all of them."""
        found = [self.lists[name] for name in (client, client.name) if name in self.lists]
        if self.is_open or client in self.given or not found:
            return None
        functions: set[Key] = set()
        for served in found:
            if served is None:
                return None
            functions |= served
        return functions


def served_in(project: Project) -> Served:
    """Who is served in the modules of a project."""
    return _served(project, project.modules)


def served_around(project: Project) -> Served:
    """Who is served in the modules beside those."""
    return _served(project, project.context)


def is_given_away(client: Key, project: Project) -> bool:
    """Whether a client goes anywhere in the modules that have nothing else to do with Inngest."""
    return any(client in _given_away(module, project) for module in project.mentioning(client.name))


def _served(project: Project, modules: Sequence[Module]) -> Served:
    found = Served()
    for module in modules:
        _note(found, module, project)
        found.given.update(_given_away(module, project))
    return found


def _note(found: Served, module: Module, project: Project) -> None:
    for serving in module.servings:
        if serving.client is None:
            found.is_open = True
            continue
        functions = serving.functions
        keys = None if functions is None else project.listed(module, serving.scope, functions)
        name = project.key(module, serving.scope, serving.client) or _imported_name(serving)
        if name is None:
            continue  # a parameter: whoever gives a client for it, gives it away
        known = found.lists.get(name, set())
        found.lists[name] = None if keys is None or known is None else known | set(keys)


def _imported_name(serving: Serving) -> str | None:
    """The name of a client that comes from a module that cannot be seen."""
    outermost, _, _ = dotted(serving.client).partition(".") if serving.client is not None else ("", "", "")
    found = serving.scope.find(outermost)
    if serving.client is None or found is None or not isinstance(found[1], Imported):
        return None
    return dotted(serving.client).rpartition(".")[2]


def _given_away(module: Module, project: Project) -> Iterator[Key]:
    """The clients that are given to somebody: as a whole, or as the list of their functions."""
    serving = {id(serving.client) for serving in module.servings}
    for node, scope in (*module.names.loads, *_attributes(module)):
        if id(node) not in serving and _may_be_client(node, scope, module):
            key = project.key(module, scope, node)
            if key is not None:
                yield key


def _attributes(module: Module) -> Iterator[tuple[ast.expr, Scope]]:
    for call, scope in module.names.calls:
        for value in (*call.args, *(word.value for word in call.keywords)):
            if isinstance(value, ast.Attribute):
                yield (value.value if value.attr == "functions" else value), scope


def _may_be_client(node: ast.expr, scope: Scope, module: Module) -> bool:
    """Whether it is worth to look where an expression comes from."""
    if not isinstance(node, ast.Name):
        return isinstance(node, ast.Attribute)
    found = scope.find(node.id)
    match found:
        case (_, Imported(module=origin)):
            return not origin.startswith("inngest")
        case (where, Valued(node=ast.Call() as call)):
            return is_client_name(module.names.full_name(call, where))
        case (_, Valued(node=ast.Name() | ast.Attribute())):
            return True
        case _:
            return False
