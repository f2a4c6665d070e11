"""Makes the model of a module: which functions it declares, what they do, and which calls serve them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from inngest_py.check.expressions import dotted, is_client_name
from inngest_py.check.model import OPTIONS, Declared, Module, Serving, Stated, constant
from inngest_py.check.names import Code, Defined, Names, Scope, Valued, read_names
from inngest_py.check.source import Source
from inngest_py.check.walking import Walk

_CREATE: Final = frozenset({"create_function", "create_function_sync"})
_SERVES: Final = frozenset({"Handler", "serve"})
_RELEVANT: Final = ("inngest", "create_function")


def is_relevant(text: str) -> bool:
    """Whether there can be anything to find in a file: most files of a project are about something else."""
    return any(word in text for word in _RELEVANT)


def read_module(source: Source) -> Module:
    """Read a module."""
    names = read_names(source.tree)
    module = Module(source=source, names=names)
    reader = _Reader(names)
    for call, scope in names.calls:
        client = reader.client_of(call, scope)
        if client is not None:
            module.declared.append(reader.declared(call, client, scope))
        else:
            module.servings.extend(_servings(names, call, scope))
    module.declared.extend(reader.failing(module.declared))
    for declared in module.declared:
        if declared.handler is not None:
            called = "" if declared.client is None else dotted(declared.client)
            declared.body = Walk(names, called).through(declared.handler)
    return module


@dataclass
class _Reader:
    names: Names

    @cached_property
    def decorated(self) -> Mapping[ast.expr, ast.FunctionDef | ast.AsyncFunctionDef]:
        """The functions, by each of their decorators."""
        owners = [owner for owner in self.names.scopes if isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef)]
        return {decorator: owner for owner in owners for decorator in owner.decorator_list}

    @cached_property
    def called(self) -> Mapping[ast.expr, ast.Call]:
        """The calls of what a call has given: `create_function(...)(handler)`."""
        return {call.func: call for call, _ in self.names.calls if isinstance(call.func, ast.Call)}

    @cached_property
    def named(self) -> Mapping[ast.expr, str]:
        """What values are called."""
        scopes = (self.names.module, *self.names.scopes.values())
        pairs = [(binding, name) for scope in scopes for name, binding in scope.names.items()]
        return {binding.node: name for binding, name in pairs if isinstance(binding, Valued)}

    def client_of(self, call: ast.Call, scope: Scope) -> ast.expr | None:
        """Of what a call declares a function; None if it does not, or is that of another library."""
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in _CREATE:
            return None
        client = call.func.value
        words = {word.arg for word in call.keywords}
        is_ours = words & {"fn_id", "trigger"} or (None in words and call in self.decorated)
        return client if is_ours or is_client_name(self.names.full_name(client, scope)) else None

    def declared(self, call: ast.Call, client: ast.expr, scope: Scope) -> Declared:
        """The function that a call declares."""
        keywords, is_open = self._keywords(call, scope)
        handler, name = self._handler(call, scope)
        return Declared(
            call=call,
            scope=scope,
            client=None if self.names.full_name(client, scope) in {"inngest", "inngest_py"} else client,
            keywords=keywords,
            stated=_stated(self.names, keywords, scope, is_open=is_open or bool(call.args)),
            handler=handler,
            name=name,
            is_applied=call in self.decorated or call in self.called,
        )

    def failing(self, declared: Sequence[Declared]) -> Iterator[Declared]:
        """The functions that handle failures, each once."""
        seen = {function.handler for function in declared}
        for function in declared:
            given = function.keywords.get("on_failure")
            code = None if given is None else _code_of(given, function.scope)
            if code is not None and code not in seen:
                seen.add(code)
                yield Declared(
                    call=code,
                    scope=function.scope,
                    client=function.client,
                    keywords={},
                    stated=Stated(None, frozenset(), is_open=True),
                    handler=code,
                    name=getattr(code, "name", ""),
                    failing=True,
                )

    def _handler(self, call: ast.Call, scope: Scope) -> tuple[Code | None, str]:
        decorated = self.decorated.get(call)
        if decorated is not None:
            return decorated, decorated.name
        outer = self.called.get(call)
        given = outer.args[0] if outer is not None and outer.args else None
        code = None if given is None else _code_of(given, scope)
        return code, self.named.get(outer, "") if outer is not None else ""

    def _keywords(self, call: ast.Call, scope: Scope) -> tuple[dict[str, ast.expr], bool]:
        """The keywords of a call, also those of `**options`; and whether there may be others."""
        found: dict[str, ast.expr] = {}
        is_open = False
        for word in call.keywords:
            if word.arg is not None:
                found[word.arg] = word.value
                continue
            more = _dictionary(word.value, scope)
            found |= more or {}
            is_open |= more is None
        return found, is_open


def _dictionary(node: ast.expr, scope: Scope, depth: int = 3) -> dict[str, ast.expr] | None:
    """The items of a dict that is written down; None if it is not."""
    match node:
        case ast.Name(id=name) if depth:
            found = scope.find(name)
            if found is not None and isinstance(found[1], Valued) and name not in found[0].grown:
                return _dictionary(found[1].node, found[0], depth - 1)
        case ast.Dict(keys=keys, values=values):
            pairs = [(constant(key), value) for key, value in zip(keys, values, strict=True)]
            if all(isinstance(key, str) for key, _ in pairs):
                return dict(pairs)
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=words):
            if all(word.arg for word in words):
                return {word.arg or "": word.value for word in words}
        case _:
            pass
    return None


def _code_of(node: ast.expr, scope: Scope) -> Code | None:
    if isinstance(node, ast.Lambda):
        return node
    found = scope.find(node.id) if isinstance(node, ast.Name) else None
    if found is None or not isinstance(found[1], Defined):
        return None
    code = found[1].node
    return None if isinstance(code, ast.ClassDef) else code


# Declarations --------------------------------------------------------------------------------------------------------


def _stated(names: Names, keywords: Mapping[str, ast.expr], scope: Scope, *, is_open: bool) -> Stated:
    given = {name for name, value in keywords.items() if not _is_none(value)}
    fn_id = constant(keywords.get("fn_id"))
    triggers = list(_triggers(keywords.get("trigger"), scope))
    kinds = [(*_trigger(names, node, within), node) for node, within in triggers]
    return Stated(
        fn_id=fn_id if isinstance(fn_id, str) else None,
        options=frozenset(given & OPTIONS),
        is_open=is_open,
        events=tuple(event for _, event, _, _ in kinds if event),
        untyped={event: node for _, event, is_typed, node in kinds if event and not is_typed},
        is_scheduled=bool(kinds) and all(kind == "TriggerCron" for kind, _, _, _ in kinds),
    )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _triggers(node: ast.expr | None, scope: Scope, depth: int = 3) -> Iterator[tuple[ast.expr, Scope]]:
    """Each trigger, with the scope that it is written in."""
    match node:
        case None:
            return
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _triggers(part, scope, depth)
        case ast.Name(id=name) if depth:
            found = scope.find(name)
            if found is not None and isinstance(found[1], Valued):
                yield from _triggers(found[1].node, found[0], depth - 1)
            else:
                yield node, scope
        case _:
            yield node, scope


def _trigger(names: Names, node: ast.expr, scope: Scope) -> tuple[str, str, bool]:
    """A trigger: what class it is of, the event if it is known, and whether that has a type."""
    full = names.full_name(node, scope)
    if not isinstance(node, ast.Call) or not full.startswith("inngest"):
        return "", "", True
    kind = full.removesuffix("()").rpartition(".")[2]
    words = {word.arg: word.value for word in node.keywords}
    if kind == "TriggerEvent":
        event = constant(node.args[0] if node.args else words.get("event"))
        own = isinstance(event, str) and event.startswith("inngest/")
        return kind, event if isinstance(event, str) else "", own or "expression" in words
    if kind == "EventType":
        event = constant(node.args[0] if node.args else words.get("name"))
        return kind, event if isinstance(event, str) else "", len(node.args) > 1 or "model" in words
    return kind, "", True


# Serving -------------------------------------------------------------------------------------------------------------


def _servings(names: Names, call: ast.Call, scope: Scope) -> Iterator[Serving]:
    full = names.full_name(call.func, scope)
    if not full.startswith("inngest"):
        return
    words = {word.arg: word.value for word in call.keywords}
    last = full.rpartition(".")[2]
    if last == "connect":
        yield from _connected(call, scope, call.args[0] if call.args else words.get("apps"))
    elif last in _SERVES and (call.args or words.keys() & {"client", None}):
        yield _served(names, call, scope, words)  # without a client it is the one of Django's settings that is served


def _served(names: Names, call: ast.Call, scope: Scope, words: Mapping[str | None, ast.expr]) -> Serving:
    """`serve(client, functions)`, or `serve(app, client, functions)` as the official SDK has it."""
    given = list(call.args)
    at = next((index for index, node in enumerate(given) if is_client_name(names.full_name(node, scope))), None)
    if at is None:
        at = 1 if len(given) > 2 else 0
    client = given[at] if at < len(given) else words.get("client")
    functions = given[at + 1] if at + 1 < len(given) else words.get("functions")
    is_open = None in words or any(isinstance(node, ast.Starred) for node in given)
    return Serving(node=call, scope=scope, client=None if is_open else client, functions=functions)


def _connected(call: ast.Call, scope: Scope, apps: ast.expr | None) -> Iterator[Serving]:
    parts = apps.elts if isinstance(apps, ast.List | ast.Tuple) else [None]
    for part in parts:
        match part:
            case ast.Tuple(elts=[client, functions]):
                yield Serving(node=call, scope=scope, client=client, functions=functions)
            case _:
                yield Serving(node=call, scope=scope, client=part, functions=None)
