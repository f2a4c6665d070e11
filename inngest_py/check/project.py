"""All modules together: what a name stands for that comes from another module."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Final, TypeVar, cast

from inngest_py.check.expressions import is_client_name
from inngest_py.check.model import Key, Module
from inngest_py.check.names import Binding, Defined, Imported, Scope, Valued, read_names
from inngest_py.check.source import Source, UnreadableError, parse, read_text

T = TypeVar("T")

_DEPTH: Final = 8


class Project:
    """Modules that are checked together.

    `modules` are those in which something may be found; of the files of `around` it is read, when it is asked, what
    their names stand for. `context` gives the modules beside them, in which functions may be served. `is_live` says
    that the functions come from an app that runs: what it declares and serves is known, and not to be guessed.
    """

    def __init__(
        self,
        modules: Sequence[Module],
        around: Iterable[Path] = (),
        *,
        context: Callable[[], Sequence[Module]] = tuple,
        is_live: bool = False,
    ) -> None:
        self.modules = modules
        self.is_live = is_live
        self._context = context
        self._once: dict[object, object] = {}
        self._read: dict[Path, Module | None] = {module.source.path: module for module in modules}
        self._by_stem: dict[str, list[Path]] = {}
        self._around = [path for path in around if path not in self._read]
        for path in (*self._read, *self._around):
            self._by_stem.setdefault(_stem(path), []).append(path)

    def once(self, make: Callable[[Project], T]) -> T:
        """What a function makes of the project, made once."""
        if make not in self._once:
            self._once[make] = make(self)
        return cast("T", self._once[make])

    @cached_property
    def context(self) -> Sequence[Module]:
        """The modules beside those that are checked."""
        found = self._context()
        for module in found:
            self._read.setdefault(module.source.path, module)
            self._by_stem.setdefault(_stem(module.source.path), []).append(module.source.path)
        return found

    # Names -----------------------------------------------------------------------------------------------------------

    def key(self, module: Module, scope: Scope, node: ast.expr | None) -> Key | None:
        """Where the value of a name was defined; None if that cannot be seen."""
        found = None if node is None else self.definition(module, scope, node)
        return None if found is None else Key(found[0].place, found[1].line, found[2])

    def definition(
        self, module: Module, scope: Scope, node: ast.expr, depth: int = _DEPTH
    ) -> tuple[Module, Scope, str, Binding] | None:
        """The module, the scope and the name under which the value of an expression was defined."""
        match node:
            case ast.Name(id=name):
                found = scope.find(name)
                return None if found is None else self._follow(module, found[0], name, found[1], depth)
            case ast.Attribute():
                dotted = self._dotted(scope, node)
                return None if dotted is None else self._import(module, *dotted, depth)
            case _:
                return None

    def _follow(
        self, module: Module, scope: Scope, name: str, binding: Binding, depth: int
    ) -> tuple[Module, Scope, str, Binding] | None:
        match binding:
            case Imported(member=None) | _ if not depth:
                return None
            case Imported(member=str(member)):
                parts = (*binding.module.split("."), member) if binding.module else (member,)
                return self._import(module, parts, binding.level, depth - 1)
            case Valued(node=ast.Name() | ast.Attribute() as node):
                return self.definition(module, scope, node, depth - 1)
            case Defined() | Valued():
                return module, scope, name, binding
            case _:
                return None

    def _dotted(self, scope: Scope, node: ast.Attribute) -> tuple[tuple[str, ...], int] | None:
        """A chain of attributes that begins with an import: the parts of its name, and the dots before it."""
        parts: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            parts.insert(0, inner.attr)
            inner = inner.value
        found = scope.find(inner.id) if isinstance(inner, ast.Name) else None
        if found is None or not isinstance(found[1], Imported):
            return None
        imported = found[1]
        owner = [part for part in imported.module.split(".") if part]
        return (*owner, *([] if imported.member is None else [imported.member]), *parts), imported.level

    def _import(
        self, module: Module, parts: tuple[str, ...], level: int, depth: int
    ) -> tuple[Module, Scope, str, Binding] | None:
        """What `parts` stands for: the last one in the module that the others name, perhaps from another module."""
        if len(parts) < 1 or not depth:
            return None
        other = self._module(module, parts[:-1], level)
        if other is None:
            return None
        binding = other.names.module.names.get(parts[-1])
        return None if binding is None else self._follow(other, other.names.module, parts[-1], binding, depth - 1)

    # Modules ---------------------------------------------------------------------------------------------------------

    def _module(self, importer: Module, parts: tuple[str, ...], level: int) -> Module | None:
        if level:
            folder = importer.source.path.parent
            for _ in range(level - 1):
                folder = folder.parent
            place = folder.joinpath(*parts)
            return self._at(place.with_suffix(".py") if parts else place / "__init__.py") or self._at(
                place / "__init__.py"
            )
        if not parts:
            return None
        here = importer.source.path
        fitting = [path for path in self._by_stem.get(parts[-1], ()) if _module_parts(path)[-len(parts) :] == parts]
        return self._at(max(fitting, key=lambda path: _together(path, here))) if fitting else None

    def mentioning(self, word: str) -> Iterator[Module]:
        """The modules with this word in them of which only names matter: there is nothing to find in them."""
        for path in self._around:
            module = self._at(path)
            if module is not None and word in module.source.text:
                yield module

    def _at(self, path: Path) -> Module | None:
        if path not in self._read:
            self._read[path] = _only_names(path) if path in self._by_stem.get(_stem(path), ()) else None
        return self._read[path]

    # Clients and lists of functions ----------------------------------------------------------------------------------

    def is_client(self, module: Module, scope: Scope, node: ast.expr) -> bool:
        """Whether an expression is a client that can be seen to be made."""
        found = self.definition(module, scope, node)
        match found:
            case (other, where, _, Valued(node=ast.Call() as call)):
                return is_client_name(other.names.full_name(call, where))
            case _:
                return False

    def listed(self, module: Module, scope: Scope, node: ast.expr, depth: int = _DEPTH) -> list[Key] | None:
        """The functions in a list that is written down somewhere; None if one of them cannot be told."""
        if not depth:
            return None
        match node:
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return _joined(self._element(module, scope, part, depth) for part in parts)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return _joined(self.listed(module, scope, side, depth - 1) for side in (left, right))
            case ast.Call(func=ast.Name(id="list" | "tuple"), args=[inner], keywords=[]):
                return self.listed(module, scope, inner, depth - 1)
            case ast.Name() | ast.Attribute():
                return self._list_of(module, scope, node, depth)
            case _:
                return None

    def _list_of(self, module: Module, scope: Scope, node: ast.expr, depth: int) -> list[Key] | None:
        match self.definition(module, scope, node):
            case (other, where, name, Valued(node=value)) if name not in where.grown:
                return self.listed(other, where, value, depth - 1)
            case _:
                return None

    def _element(self, module: Module, scope: Scope, node: ast.expr, depth: int) -> list[Key] | None:
        if isinstance(node, ast.Starred):
            return self.listed(module, scope, node.value, depth - 1)
        key = self.key(module, scope, node)
        return None if key is None else [key]


def _joined(parts: Iterator[list[Key] | None]) -> list[Key] | None:
    found: list[Key] = []
    for part in parts:
        if part is None:
            return None
        found += part
    return found


def _only_names(path: Path) -> Module | None:
    try:
        text = read_text(path)
        tree = parse(text, path)
    except UnreadableError:
        return None
    return Module(source=Source(path, str(path), text, tree), names=read_names(tree))


def _stem(path: Path) -> str:
    return path.parent.name if path.name == "__init__.py" else path.stem


def _together(one: Path, other: Path) -> int:
    """How many folders two files have in common, from the top."""
    pairs = zip(one.parts, other.parts, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _module_parts(path: Path) -> tuple[str, ...]:
    return path.parent.parts if path.name == "__init__.py" else (*path.parent.parts, path.stem)
