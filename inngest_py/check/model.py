"""What rules look at: functions, their steps, and what they do outside of them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from inngest_py.check.knowledge import Effect
from inngest_py.check.names import Code, Names, Scope
from inngest_py.check.source import Source

OPTIONS: Final = frozenset(
    {"batch_events", "cancel", "checkpointing", "concurrency", "debounce", "idempotency", "middleware", "name"}
    | {"on_failure", "priority", "rate_limit", "retries", "singleton", "throttle", "timeouts"}
)
"""What `create_function` takes besides the id and the triggers."""

Danger: TypeAlias = Literal["inside", "finally", "bare"]
"""Where a step must not be: in another step, in `finally`, in a bare `except`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCall:
    """A call of a step's method. `id` is the expression for its id; `dangers` say where it is that it must not be."""

    node: ast.Call
    scope: Scope
    method: str
    id: ast.expr | None
    dangers: tuple[Danger, ...] = ()

    def keyword(self, name: str) -> ast.expr | None:
        """An argument by its name."""
        return next((keyword.value for keyword in self.node.keywords if keyword.arg == name), None)

    @property
    def is_open(self) -> bool:
        """Whether there may be arguments that cannot be seen: `**options`."""
        return any(keyword.arg is None for keyword in self.node.keywords)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A call with an effect: `inside` a step or outside, `repeated` by a loop, `via` a helper that is called there."""

    node: ast.AST
    name: str
    effect: Effect
    inside: bool
    repeated: bool = False
    via: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A call that blocks the loop that it is made on."""

    node: ast.Call
    name: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Mutation:
    """A step that changes a variable of the function around it."""

    node: ast.AST
    name: str


@dataclass(frozen=True, slots=True)
class Swallowed:
    """A handler that keeps what is raised to end a call from getting through, around steps."""

    node: ast.AST
    type: ast.expr | None
    is_handler: bool = True


@dataclass(slots=True)
class Body:
    """What a function does. `is_open` says that steps may be called where it cannot be seen."""

    steps: list[StepCall] = field(default_factory=list[StepCall])
    acts: list[Act] = field(default_factory=list[Act])
    sends: list[ast.Call] = field(default_factory=list[ast.Call])
    blocked: list[Blocked] = field(default_factory=list[Blocked])
    mutations: list[Mutation] = field(default_factory=list[Mutation])
    swallowed: list[Swallowed] = field(default_factory=list[Swallowed])
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """What the declaration of a function says, where that is known.

    `options` has each option that is stated, and with `is_open` there may be others. `events` are the names of the
    events that trigger it, as far as they are known; `untyped` are those without a type, with the place where that is
    written. `is_scheduled` says that nothing but a schedule triggers it.
    """

    fn_id: str | None
    options: frozenset[str]
    is_open: bool = False
    events: tuple[str, ...] = ()
    untyped: Mapping[str, ast.AST | None] = field(default_factory=dict[str, "ast.AST | None"])
    is_scheduled: bool = False

    def lacks(self, *names: str) -> bool:
        """Whether none of these options is stated, for certain."""
        return not self.is_open and not self.options & set(names)


@dataclass(frozen=True, slots=True)
class Key:
    """Where a name was defined, which is the same however it is imported."""

    place: str
    line: int
    name: str


@dataclass(slots=True, kw_only=True)
class Declared:
    """A function: the call of `create_function`, its keywords, and what is decorated.

    `failing` says that it handles the failures of another one, and has no declaration of its own. `is_applied` says
    that the declaration was given a function, here.
    """

    call: ast.AST
    scope: Scope
    client: ast.expr | None
    keywords: Mapping[str, ast.expr]
    stated: Stated
    handler: Code | None
    name: str
    body: Body = field(default_factory=Body)
    failing: bool = False
    is_applied: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A call that serves functions: `clients` are expressions for the client, `functions` for the functions.

    `functions` is None for all of the client's. A client of None is one that cannot be told.
    """

    node: ast.Call
    scope: Scope
    client: ast.expr | None
    functions: ast.expr | None


@dataclass(slots=True, kw_only=True)
class Module:
    """A module that was read: its source, its names, its functions, and who is served."""

    source: Source
    names: Names
    declared: list[Declared] = field(default_factory=list[Declared])
    servings: list[Serving] = field(default_factory=list[Serving])

    @property
    def place(self) -> str:
        """Which file it is."""
        return str(self.source.path)

    @property
    def functions(self) -> Sequence[Declared]:
        """The functions that have a declaration of their own."""
        return [declared for declared in self.declared if not declared.failing]


def constant(node: ast.expr | None) -> Any:
    """The value of a literal; None if it is not one."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case _:
            return None
