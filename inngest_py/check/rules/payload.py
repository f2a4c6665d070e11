"""Events that carry what belongs into a file or a database."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from inngest_py.check.expressions import dotted
from inngest_py.check.finding import Severity
from inngest_py.check.model import Module
from inngest_py.check.names import Defined, Names, Scope, Valued
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule

_READS: Final = frozenset({"getvalue", "read", "read_bytes", "read_text", "readlines", "to_csv", "to_json", "tobytes"})
_ENCODES: Final = frozenset({"base64.b64encode", "base64.encodebytes", "base64.standard_b64encode"})
_WHOLE: Final = frozenset(
    {"attachment", "attachments", "base64", "blob", "bytes", "csv", "document_text", "file_bytes", "file_content"}
    | {"file_contents", "file_data", "full_text", "html", "image_bytes", "image_data", "pdf", "pdf_bytes", "raw_html"}
)
_RESPONSES: Final = ("response", "resp")


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find events with files or whole documents in their data, and types of events that have a place for them."""
    for call, scope in module.names.calls:
        for data in _data(module.names, call, scope):
            for node, what in _large(module.names, data, scope):
                yield _problem(node, f"the data of an event carries {what}")
        yield from _fields(module.names, call, scope)
    for declared in module.declared:
        for step in declared.body.steps:
            given = step.keyword("data") if step.method in {"invoke", "invoke_by_id", "send_signal"} else None
            for node, what in () if given is None else _large(module.names, given, step.scope):
                yield _problem(node, f"the data for step.{step.method} carries {what}")


def _problem(node: ast.AST, message: str) -> Problem:
    return Problem(node, message, "store it, and send where it is: a key, a path or an id")


def _data(names: Names, call: ast.Call, scope: Scope) -> Iterator[ast.expr]:
    """What is given as the data of an event, if a call makes one."""
    full = names.full_name(call.func, scope)
    if full.startswith("inngest") and full.endswith(".Event"):
        yield from (word.value for word in call.keywords if word.arg == "data")
    elif full.startswith("inngest") and full.endswith((".EventType()", ".EventType().create")):
        yield from call.args[:1]
        if full.endswith("()"):
            yield ast.Dict(
                keys=[ast.Constant(word.arg or "") for word in call.keywords],
                values=[word.value for word in call.keywords],
            )


def _large(names: Names, data: ast.expr, scope: Scope, depth: int = 3) -> Iterator[tuple[ast.expr, str]]:
    match data:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                text = key.value if isinstance(key, ast.Constant) else None
                found = list(_large(names, value, scope, depth))
                if not found and text in _WHOLE and not isinstance(value, ast.Constant | ast.Dict | ast.List):
                    found = [(value, f'"{text}", which is large')]
                yield from found
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _large(names, part, scope, depth)
        case ast.Name(id=name) if depth:
            found_name = scope.find(name)
            if found_name is not None and isinstance(found_name[1], Valued) and not found_name[1].entered:
                inner = _large(names, found_name[1].node, found_name[0], depth - 1)
                yield from ((data, what) for _, what in list(inner)[:1])
        case _:
            what = _whole(names, data, scope)
            if what:
                yield data, what


def _whole(names: Names, node: ast.expr, scope: Scope) -> str:
    """What a value is, if it is the content of something; else empty."""
    match node:
        case ast.Await(value=value):
            return _whole(names, value, scope)
        case ast.Call(func=ast.Attribute(value=value, attr="decode" | "hex" | "strip")):
            return _whole(names, value, scope)
        case ast.Call(func=ast.Attribute(attr=method)) if method in _READS:
            return f"the whole of what {method}() gives"
        case ast.Call() if names.full_name(node.func, scope) in _ENCODES:
            return "a file in base64"
        case ast.Attribute(value=value, attr="content" | "text" | "body"):
            name = dotted(value).rpartition(".")[2]
            return "a whole response" if name.endswith(_RESPONSES) else ""
        case _:
            return ""


def _fields(names: Names, call: ast.Call, scope: Scope) -> Iterator[Problem]:
    """The fields for bytes in the model of an event type."""
    full = names.full_name(call.func, scope)
    if not full.startswith("inngest") or not full.endswith(".EventType") or len(call.args) < 2:
        return
    model = call.args[1]
    found = scope.find(model.id) if isinstance(model, ast.Name) else None
    if found is None or not isinstance(found[1], Defined):
        return
    for statement in found[1].node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="bytes" | "bytearray")):
                yield _problem(statement, f'the type of an event has room for a file in its data, "{name}"')
            case _:
                pass


RULE = Rule("ING014", Severity.WARNING, "An event that carries large data instead of a reference", check)
