"""Trees to closures. A closure takes the variables and gives the value, or raises Fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias, cast

from inngest_py.dev.expression.functions import FUNCTIONS, METHODS, TIMED, TYPES
from inngest_py.dev.expression.parse import (
    Binary,
    Choice,
    Index,
    Invoke,
    Items,
    Literal,
    Name,
    Node,
    Pairs,
    Select,
    Unary,
    refuse,
)
from inngest_py.dev.expression.pattern import compile_pattern
from inngest_py.dev.expression.pattern_syntax import PatternError
from inngest_py.dev.expression.value import Fault, TypeName, arithmetic, contained, element, equal, ordered, select

Variables: TypeAlias = Mapping[str, Any]
Evaluate: TypeAlias = Callable[[Variables], Any]

NOW: Final = "\0now"
"""The name under which the time is among the variables."""

_MACROS: Final = ("exists", "all", "exists_one", "map", "filter")
_ARITHMETIC: Final = frozenset("+-*/%")
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "in": contained,
    "<": partial(ordered, "<"),
    "<=": partial(ordered, "<="),
    ">": partial(ordered, ">"),
    ">=": partial(ordered, ">="),
}


def compile_node(node: Node, roots: frozenset[str], text: str, *, plain: bool) -> Evaluate:
    """Compile a tree over these variables. Raises ConfigError for a name that is not known."""
    return _Compiler(text, plain=plain).node(node, roots)


class _Compiler:
    """Compiles one expression. A plain one has comparisons, `&&`, `||`, `!` and `in` only."""

    def __init__(self, text: str, *, plain: bool) -> None:
        self._text = text
        self._plain = plain

    def node(self, node: Node, roots: frozenset[str]) -> Evaluate:
        match node:
            case Literal(_, value):
                return lambda _: value
            case Name():
                return self._name(node, roots)
            case Unary():
                return self._unary(node, roots)
            case Binary():
                return self._binary(node, roots)
            case Invoke():
                return self._invoke(node, roots)
            case Select() | Index() | Choice() | Items() | Pairs():
                return self._structure(node, roots)

    def _structure(self, node: Select | Index | Choice | Items | Pairs, roots: frozenset[str]) -> Evaluate:
        match node:
            case Select(_, operand, field):
                inner = self.node(operand, roots)
                return lambda variables: select(inner(variables), field)
            case Index(_, operand, index):
                inner, place = self.node(operand, roots), self.node(index, roots)
                return lambda variables: element(inner(variables), place(variables))
            case Choice(_, condition, yes, no):
                test, then, other = (self.node(part, roots) for part in (condition, yes, no))
                return lambda variables: then(variables) if _truth(test(variables)) else other(variables)
            case Items(_, items):
                parts = [self.node(item, roots) for item in items]
                return lambda variables: [part(variables) for part in parts]
            case Pairs(_, pairs):
                made = [(self.node(key, roots), self.node(value, roots)) for key, value in pairs]
                return lambda variables: {key(variables): value(variables) for key, value in made}

    def _name(self, node: Name, roots: frozenset[str]) -> Evaluate:
        name = node.name
        if name in roots:
            return lambda variables: variables.get(name)
        if name not in TYPES:
            refuse(self._text, node.at, f'"{name}" is not known here; there is {", ".join(sorted(roots))}')
        value = TypeName(name)
        return lambda _: value

    def _unary(self, node: Unary, roots: frozenset[str]) -> Evaluate:
        operand = self.node(node.operand, roots)
        if node.operator == "!":
            return lambda variables: not _truth(operand(variables))
        return lambda variables: _negative(operand(variables))

    def _binary(self, node: Binary, roots: frozenset[str]) -> Evaluate:
        left, right, sign = self.node(node.left, roots), self.node(node.right, roots), node.operator
        if sign in _ARITHMETIC:
            self._refuse_if_plain(node.at, f'"{sign}"')
            return lambda variables: arithmetic(sign, left(variables), right(variables))
        if sign in {"||", "&&"}:
            return _either(left, right, wanted=sign == "||")
        compare = _COMPARE[sign]
        return lambda variables: compare(left(variables), right(variables))

    def _invoke(self, node: Invoke, roots: frozenset[str]) -> Evaluate:
        self._refuse_if_plain(node.at, f'"{node.name}()"')
        if node.target is None:
            return self._has(node, roots) if node.name == "has" else self._function(node, roots)
        if node.name in _MACROS:
            return self._macro(node, node.target, roots)
        return self._method(node, node.target, roots)

    def _refuse_if_plain(self, at: int, what: str) -> None:
        if self._plain:
            refuse(self._text, at, f"{what} cannot be used here: only comparisons, &&, || and in can")

    def _has(self, node: Invoke, roots: frozenset[str]) -> Evaluate:
        if len(node.arguments) != 1 or not isinstance(node.arguments[0], Select):
            refuse(self._text, node.at, "has() takes one path, as in has(event.data.x)")
        path = node.arguments[0]
        operand, field = self.node(path.operand, roots), path.field
        return lambda variables: contained(field, operand(variables))

    def _function(self, node: Invoke, roots: frozenset[str]) -> Evaluate:
        timed = node.name in TIMED
        table = TIMED if timed else FUNCTIONS
        count, function = self._look_up(node, table)
        self._check_count(node, count)
        self._check_pattern(node)
        arguments = [self.node(argument, roots) for argument in node.arguments]
        if timed:
            return lambda variables: function(variables[NOW], *(argument(variables) for argument in arguments))
        return lambda variables: function(*(argument(variables) for argument in arguments))

    def _method(self, node: Invoke, target: Node, roots: frozenset[str]) -> Evaluate:
        count, function = self._look_up(node, METHODS)
        self._check_count(node, count)
        self._check_pattern(node)
        parts = [self.node(part, roots) for part in (target, *node.arguments)]
        return lambda variables: function(*(part(variables) for part in parts))

    def _look_up(self, node: Invoke, table: Mapping[str, tuple[int, Any]]) -> tuple[int, Callable[..., Any]]:
        if node.name not in table:
            refuse(self._text, node.at, f'there is no function "{node.name}"; there is {", ".join(sorted(table))}')
        return table[node.name]

    def _check_count(self, node: Invoke, count: int) -> None:
        if len(node.arguments) != count:
            refuse(self._text, node.at, f"{node.name}() takes {count} arguments, not {len(node.arguments)}")

    def _check_pattern(self, node: Invoke) -> None:
        if node.name != "matches" or not isinstance(node.arguments[-1], Literal):
            return
        pattern = node.arguments[-1]
        try:
            compile_pattern(str(pattern.value))
        except PatternError as error:
            refuse(self._text, pattern.at, f'"{pattern.value}" is not a regular expression: {error}')

    def _macro(self, node: Invoke, target: Node, roots: frozenset[str]) -> Evaluate:
        if len(node.arguments) != 2 or not isinstance(node.arguments[0], Name):
            refuse(self._text, node.at, f"{node.name}() takes a variable and an expression, as in xs.exists(x, x > 1)")
        name = node.arguments[0].name
        body = self.node(node.arguments[1], roots | {name})
        return _comprehension(node.name, self.node(target, roots), name, body)


def _comprehension(macro: str, target: Evaluate, name: str, body: Evaluate) -> Evaluate:
    def evaluate(variables: Variables) -> Any:
        items = target(variables)
        if not isinstance(items, (list, dict)):
            raise Fault
        listed: list[Any] = list(cast("Iterable[Any]", items))
        scopes = [{**variables, name: item} for item in listed]
        match macro:
            case "map":
                return [body(scope) for scope in scopes]
            case "filter":
                return [scope[name] for scope in scopes if _truth(body(scope))]
            case "exists":
                return any(_truth(body(scope)) for scope in scopes)
            case "all":
                return all(_truth(body(scope)) for scope in scopes)
            case _:
                return sum(_truth(body(scope)) for scope in scopes) == 1

    return evaluate


def _either(left: Evaluate, right: Evaluate, *, wanted: bool) -> Evaluate:
    """`||` (wanted is true) and `&&` (false): one side that decides outweighs a fault on the other."""

    def evaluate(variables: Variables) -> bool:
        try:
            if _truth(left(variables)) is wanted:
                return wanted
        except Fault:
            if _truth(right(variables)) is wanted:
                return wanted
            raise
        return _truth(right(variables))

    return evaluate


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Fault
    return value


def _negative(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Fault
    return -value
