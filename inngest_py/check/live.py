"""Checks what an app has declared: the code that was found by running it, and what that has said."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import CodeType
from typing import Any

from inngest_py.check.checking import check_module, ordered
from inngest_py.check.configuration import Configuration
from inngest_py.check.files import is_test
from inngest_py.check.finding import Finding, Span
from inngest_py.check.model import OPTIONS, Declared, Module, Stated
from inngest_py.check.names import Code, Names, Scope
from inngest_py.check.project import Project
from inngest_py.check.reading import read_module
from inngest_py.check.rule import Rule
from inngest_py.check.rules import unregistered, unserved
from inngest_py.check.source import Source, UnreadableError, parse, read_text
from inngest_py.config.event_type import EventType
from inngest_py.config.trigger import TriggerCron, TriggerEvent
from inngest_py.function import Function


def check_functions(
    functions: Iterable[Function[Any]],
    configuration: Configuration,
    *,
    served: Collection[str] | None = None,
) -> list[Finding]:
    """Check functions that are declared, and the modules that they are written in.

    `served` are the ids of those that are served, if that is known. What a decorator, a loop or `**options` has made
    of a declaration is seen here, and not where only files are checked.
    """
    listed = list(functions)
    modules = by_file(listed)
    found = [finding for file, here in modules.items() for finding in _in_file(file, here, configuration)]
    if served is not None:
        found += _unserved(listed, served)
    return ordered(found, configuration)


def by_file(functions: Iterable[Function[Any]]) -> Mapping[str, Sequence[Function[Any]]]:
    """Functions by the file that they are written in."""
    found: dict[str, list[Function[Any]]] = {}
    for function in functions:
        found.setdefault(_code(function.handler).co_filename, []).append(function)
    return found


def _in_file(file: str, functions: Sequence[Function[Any]], configuration: Configuration) -> Iterator[Finding]:
    module = _module(Path(file), configuration)
    written = {_first_line(declared.handler): declared for declared in module.declared if declared.handler is not None}
    known = [_declared(function, written.get(_code(function.handler).co_firstlineno), module) for function in functions]
    module.declared = [*known, *(declared for declared in module.declared if declared.failing)]
    project = Project([module], is_live=True)
    yield from check_module(module, project, configuration)


def _module(path: Path, configuration: Configuration) -> Module:
    """The module of a file; an empty one if the code is not in a file that can be read."""
    try:
        text = read_text(path)
        return read_module(Source(path, _shown(path), text, parse(text, path), is_test(path, configuration.root)))
    except (UnreadableError, RecursionError):
        return Module(
            source=Source(path, str(path), "", ast.Module([], [])), names=Names(Scope(None, None), {}, [], [])
        )


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _declared(function: Function[Any], written: Declared | None, module: Module) -> Declared:
    """The function as it was declared, with its code where that was found."""
    if written is not None:
        return replace(written, stated=_stated(function))
    line = _code(function.handler).co_firstlineno
    place = ast.Constant(value=None, lineno=line, col_offset=0, end_lineno=line, end_col_offset=0)
    return Declared(
        call=place,
        scope=module.names.module,
        client=None,
        keywords={},
        stated=_stated(function),
        handler=None,
        name=function.handler.__name__ if hasattr(function.handler, "__name__") else "",
    )


def _stated(function: Function[Any]) -> Stated:
    declaration = function.declaration
    triggers = declaration.triggers
    untyped = [
        trigger.event for trigger in triggers if isinstance(trigger, TriggerEvent) and trigger.expression is None
    ]
    named = [trigger.event for trigger in triggers if isinstance(trigger, TriggerEvent)]
    named += [trigger.name for trigger in triggers if isinstance(trigger, EventType)]
    return Stated(
        fn_id=function.local_id,
        options=frozenset(name for name in OPTIONS if getattr(declaration, name, None)),
        events=tuple(named),
        untyped={event: None for event in untyped if not event.startswith("inngest/")},
        is_scheduled=bool(triggers) and all(isinstance(trigger, TriggerCron) for trigger in triggers),
    )


def _unserved(functions: Sequence[Function[Any]], served: Collection[str]) -> Iterator[Finding]:
    """The functions that are not served: the first one of an app of which none is, and those that lists leave out."""
    for app_id in dict.fromkeys(function.app_id for function in functions):
        declared = [function for function in functions if function.app_id == app_id]
        missing = [function for function in declared if function.id not in served]
        if missing and len(missing) == len(declared):
            yield _missing(missing[0], unserved.RULE, "mount serve(client) in the app")
        else:
            fix = "add it to the list, or leave the list out to serve all functions of the client"
            yield from (_missing(function, unregistered.RULE, fix) for function in missing)


def _missing(function: Function[Any], rule: Rule, fix: str) -> Finding:
    code = _code(function.handler)
    return Finding(
        code=rule.code,
        severity=rule.severity,
        path=_shown(Path(code.co_filename)),
        span=Span(code.co_firstlineno, 1, code.co_firstlineno, 1),
        message=f'the function "{function.id}" is served nowhere: no server can call it',
        fix=fix,
    )


def _code(handler: Callable[..., Any]) -> CodeType:
    """The code of a function, behind what is wrapped around it, or of a callable object."""
    inner: Any = inspect.unwrap(handler)
    while isinstance(inner, functools.partial):
        inner = inspect.unwrap(inner.func)
    called = inner if hasattr(inner, "__code__") else type(inner).__call__
    code = getattr(called, "__code__", None)
    return code if isinstance(code, CodeType) else _code.__code__


def _first_line(code: Code | None) -> int:
    decorators = [] if code is None or isinstance(code, ast.Lambda) else code.decorator_list
    return min([0 if code is None else code.lineno, *(decorator.lineno for decorator in decorators)])
