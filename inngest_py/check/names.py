"""What the names in a module stand for: imports, definitions and values, scope by scope."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

Code: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
"""Whatever has parameters and a body."""

_GROWS: Final = frozenset({"append", "extend", "insert"})


@dataclass(frozen=True, slots=True)
class Imported:
    """A name from elsewhere: `module` and, for `from module import member`, its member; `level` counts the dots."""

    module: str
    member: str | None
    level: int = 0

    @property
    def full(self) -> str:
        """The dotted name."""
        return self.module if self.member is None else f"{self.module}.{self.member}".lstrip(".")


@dataclass(frozen=True, slots=True)
class Defined:
    """A function or a class of this module."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Valued:
    """A name that is given a value once: by an assignment, or by `with value as name` (then `entered`)."""

    node: ast.expr
    entered: bool = False


@dataclass(frozen=True, slots=True)
class Other:
    """A name of which only this is known: it is a parameter, a loop's, or given several values."""


Binding: TypeAlias = Imported | Defined | Valued | Other
_OTHER: Final = Other()


@dataclass(eq=False, slots=True)
class Scope:
    """The names of a module, a class or a function. `owner` is None for the module."""

    owner: Code | ast.ClassDef | None
    parent: Scope | None
    names: dict[str, Binding] = field(default_factory=dict[str, Binding])
    elsewhere: set[str] = field(default_factory=set[str])
    grown: set[str] = field(default_factory=set[str])

    def bind(self, name: str, binding: Binding) -> None:
        """Note a name. One that is bound twice is of unknown value."""
        if name in self.elsewhere:
            return
        self.names[name] = _OTHER if name in self.names and not isinstance(binding, Imported) else binding

    def find(self, name: str) -> tuple[Scope, Binding] | None:
        """What a name stands for in this scope, and the scope that it belongs to."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names and (scope is self or not isinstance(scope.owner, ast.ClassDef)):
                return scope, scope.names[name]
            scope = scope.parent
        return None

    @property
    def line(self) -> int:
        """Where it begins, which tells it from others of its module; 0 for the module."""
        return 0 if self.owner is None else self.owner.lineno


@dataclass(slots=True)
class Names:
    """The scopes of a module, the scope of every callable in it, and what the linter looks at in every scope.

    `calls` are all calls with their scopes; `loads` the names that are read as a whole, not for an attribute of
    theirs.
    """

    module: Scope
    scopes: dict[ast.AST, Scope]
    calls: list[tuple[ast.Call, Scope]]
    loads: list[tuple[ast.Name, Scope]]
    known: dict[ast.expr, str] = field(default_factory=dict[ast.expr, str])

    def full_name(self, node: ast.expr, scope: Scope) -> str:
        """The dotted name of an expression that begins with an import, as in `datetime.datetime.now`; else "".

        A call becomes `()`: of `client = httpx.Client()`, `client.get` is `httpx.Client().get`. `scope` is the one that
        the expression stands in.
        """
        found = self.known.get(node)
        if found is None:
            found = self.known[node] = _full_name(node, scope, 8)
        return found


def read_names(tree: ast.Module) -> Names:
    """Read the scopes of a module, in one walk."""
    reader = _Reader()
    reader.read_body(tree.body)
    return Names(reader.scope, reader.scopes, reader.calls, reader.loads)


def parameters(node: Code) -> Iterator[ast.arg]:
    """The parameters, in order."""
    arguments = node.args
    yield from (*arguments.posonlyargs, *arguments.args)
    if arguments.vararg is not None:
        yield arguments.vararg
    yield from arguments.kwonlyargs
    if arguments.kwarg is not None:
        yield arguments.kwarg


def _full_name(node: ast.expr, scope: Scope, depth: int) -> str:
    match node:
        case ast.Name(id=name):
            found = scope.find(name)
            return "" if found is None or not depth else _name_of(found[1], found[0], depth - 1)
        case ast.Attribute(value=value, attr=attribute):
            owner = _full_name(value, scope, depth)
            return f"{owner}.{attribute}" if owner else ""
        case ast.Call(func=function):
            owner = _full_name(function, scope, depth)
            return f"{owner}()" if owner else ""
        case ast.Await(value=value):
            return _full_name(value, scope, depth)
        case _:
            return ""


def _name_of(binding: Binding, scope: Scope, depth: int) -> str:
    match binding:
        case Imported(level=0):
            return binding.full
        case Valued(node=value) if isinstance(value, ast.Call | ast.Attribute | ast.Await | ast.Name):
            return _full_name(value, scope, depth)
        case _:
            return ""


class _Reader:
    """Walks a module once. Function bodies are read last, when the names around them are known."""

    def __init__(self) -> None:
        self.scope = Scope(None, None)
        self.scopes: dict[ast.AST, Scope] = {}
        self.calls: list[tuple[ast.Call, Scope]] = []
        self.loads: list[tuple[ast.Name, Scope]] = []

    def read_body(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.read(statement)

    def read(self, node: ast.AST) -> None:
        method = _READERS.get(node.__class__)
        if method is not None:
            method(self, node)
            return
        for name in node._fields:  # as ast.iter_child_nodes, in half the time: most of the time goes here
            value: Any = getattr(node, name, None)
            if isinstance(value, list):
                for child in cast("list[object]", value):
                    if isinstance(child, ast.AST):
                        self.read(child)
            elif isinstance(value, ast.AST):
                self.read(value)

    # Scopes ----------------------------------------------------------------------------------------------------------

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.scope.bind(node.name, Defined(node))
        for part in (*node.decorator_list, *_defaults(node.args)):
            self.read(part)
        self._inside(node, node.body)

    def lambda_(self, node: ast.Lambda) -> None:
        for part in _defaults(node.args):
            self.read(part)
        self._inside(node, [node.body])

    def class_(self, node: ast.ClassDef) -> None:
        self.scope.bind(node.name, Defined(node))
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.read(part)
        self._inside(node, node.body)

    def _inside(self, owner: Code | ast.ClassDef, body: list[ast.stmt] | list[ast.expr]) -> None:
        outer = self.scope
        self.scope = self.scopes[owner] = Scope(owner, outer)
        if not isinstance(owner, ast.ClassDef):
            for parameter in parameters(owner):
                self.scope.bind(parameter.arg, _OTHER)
        for part in body:
            self.read(part)
        self.scope = outer

    # Bindings --------------------------------------------------------------------------------------------------------

    def import_(self, node: ast.Import) -> None:
        for alias in node.names:
            outermost = alias.name.partition(".")[0]
            self.scope.bind(alias.asname or outermost, Imported(alias.name if alias.asname else outermost, None))

    def import_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self.scope.bind(alias.asname or alias.name, Imported(node.module or "", alias.name, node.level))

    def assign(self, node: ast.Assign) -> None:
        self.read(node.value)
        for target in node.targets:
            self._target(target, node.value if len(node.targets) == 1 else None)

    def ann_assign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.read(node.value)
            self._target(node.target, node.value)

    def named_expr(self, node: ast.NamedExpr) -> None:
        self.read(node.value)
        self._target(node.target, node.value)

    def aug_assign(self, node: ast.AugAssign) -> None:
        self.read(node.value)
        if isinstance(node.target, ast.Name):
            self._grow(node.target.id)
        else:
            self.read(node.target)

    def with_item(self, node: ast.withitem) -> None:
        self.read(node.context_expr)
        if isinstance(node.optional_vars, ast.Name):
            self.scope.bind(node.optional_vars.id, Valued(node.context_expr, entered=True))
        elif node.optional_vars is not None:
            self._target(node.optional_vars, None)

    def elsewhere(self, node: ast.Global | ast.Nonlocal) -> None:
        self.scope.elsewhere.update(node.names)

    def handler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.scope.bind(node.name, _OTHER)
        for child in ast.iter_child_nodes(node):
            self.read(child)

    def _target(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self.scope.bind(target.id, _OTHER if value is None else Valued(value))
        else:
            self.read(target)

    def _grow(self, name: str) -> None:
        found = self.scope.find(name)
        (self.scope if found is None else found[0]).grown.add(name)

    # Uses ------------------------------------------------------------------------------------------------------------

    def name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.loads.append((node, self.scope))
        else:
            self.scope.bind(node.id, _OTHER)

    def attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.value, ast.Name):
            self.read(node.value)

    def call(self, node: ast.Call) -> None:
        self.calls.append((node, self.scope))
        function = node.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.attr in _GROWS:
            self._grow(function.value.id)
        self.read(function)
        for part in (*node.args, *node.keywords):
            self.read(part)


def _defaults(arguments: ast.arguments) -> Iterator[ast.expr]:
    yield from arguments.defaults
    yield from (default for default in arguments.kw_defaults if default is not None)


def _nothing(_reader: _Reader, _node: ast.AST) -> None:
    """Leave out what has no names in it."""


_READERS: Final[dict[type[ast.AST], Callable[[_Reader, Any], None]]] = {
    ast.AnnAssign: _Reader.ann_assign,
    ast.Assign: _Reader.assign,
    ast.AsyncFunctionDef: _Reader.function,
    ast.Attribute: _Reader.attribute,
    ast.AugAssign: _Reader.aug_assign,
    ast.Call: _Reader.call,
    ast.ClassDef: _Reader.class_,
    ast.Constant: _nothing,
    ast.ExceptHandler: _Reader.handler,
    ast.FunctionDef: _Reader.function,
    ast.Global: _Reader.elsewhere,
    ast.Import: _Reader.import_,
    ast.ImportFrom: _Reader.import_from,
    ast.Lambda: _Reader.lambda_,
    ast.Load: _nothing,
    ast.Name: _Reader.name,
    ast.NamedExpr: _Reader.named_expr,
    ast.Nonlocal: _Reader.elsewhere,
    ast.Store: _nothing,
    ast.withitem: _Reader.with_item,
}
