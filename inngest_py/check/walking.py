"""Follows a function through its body and through the helpers that it calls, and notes what it does."""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from inngest_py.check.expressions import dotted, first_roles, is_client_name, is_log, role_of
from inngest_py.check.flowing import Flowing
from inngest_py.check.knowledge import Effect, effect_of, is_blocking
from inngest_py.check.model import Act, Blocked, Body, Danger, Mutation, StepCall, Swallowed
from inngest_py.check.mutating import is_outer, mutated
from inngest_py.check.names import Code, Defined, Names, Scope, Valued, parameters

_CALLING: Final = frozenset({"run", "wrap"})
_UNTIL: Final = frozenset({"sleep", "sleep_until", "wait_for_event", "wait_for_signal"})
_PARTIAL: Final = "functools.partial"
_INTERRUPTS: Final = frozenset({"asyncio.CancelledError", "asyncio.exceptions.CancelledError"})

Roles = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the walk is: which names stand for the context and its steps, and what is around."""

    scope: Scope
    roles: dict[str, str]
    inside: bool = False
    on_loop: bool = False
    repeated: bool = False
    dangers: tuple[Danger, ...] = ()
    via: ast.Call | None = None
    step_scope: Scope | None = None


@dataclass(slots=True)
class Walk:
    """One function. `client` is what its declaration calls `create_function` of."""

    names: Names
    client: str
    body: Body = field(default_factory=Body)
    flowing: Flowing = field(default_factory=Flowing)
    frame: Frame = field(init=False)
    known: dict[tuple[Any, ...], int] = field(default_factory=dict[tuple[Any, ...], int])
    count: int = 0

    def through(self, code: Code) -> Body:
        """Walk through a function from its top."""
        roles = {parameter.arg: role for parameter, role in first_roles(code)}
        self.frame = Frame(self.names.scopes[code], roles, on_loop=isinstance(code, ast.AsyncFunctionDef))
        self._visit_code(code)
        self.body.acts.extend(self.flowing.settled())
        return self.body

    def _visit_code(self, code: Code) -> None:
        if isinstance(code, ast.Lambda):
            self.visit(code.body)
        else:
            self.visit_all(code.body)

    def visit_all(self, nodes: Sequence[ast.AST]) -> None:
        """Visit nodes in order."""
        for node in nodes:
            self.visit(node)

    def visit(self, node: ast.AST) -> None:
        """Visit a node, and what is in it."""
        method = _VISITORS.get(type(node))
        if method is None:
            self.visit_all(list(ast.iter_child_nodes(node)))
        else:
            method(self, node)

    @contextmanager
    def within(self, **changes: Any) -> Generator[None]:
        """Walk somewhere else for a while."""
        before = self.frame
        self.frame = replace(before, **changes)
        try:
            yield
        finally:
            self.frame = before

    # Who is who ------------------------------------------------------------------------------------------------------

    def role(self, node: ast.expr) -> str | None:
        """What an expression stands for: see `role_of`."""
        return role_of(node, self.frame.roles)

    def code_of(self, node: ast.expr, depth: int = 4) -> Code | None:
        """The function of this module that an expression stands for, if it is one."""
        if isinstance(node, ast.Lambda):
            return node
        if isinstance(node, ast.Call) and node.args and self.full_name(node.func) == _PARTIAL:
            return self.code_of(node.args[0], depth - 1)
        if not isinstance(node, ast.Name) or not depth:
            return None
        found = self.frame.scope.find(node.id)
        match found:
            case (_, Defined(node=ast.FunctionDef() | ast.AsyncFunctionDef() as code)):
                return code
            case (_, Valued(node=value, entered=False)):
                return self.code_of(value, depth - 1)
            case _:
                return None

    def full_name(self, node: ast.expr) -> str:
        """The dotted name of an expression, where we are."""
        return self.names.full_name(node, self.frame.scope)

    # Calls -----------------------------------------------------------------------------------------------------------

    def call(self, node: ast.Call) -> None:
        """A call: of a step, of a client, of a helper, or of something that is known by its name."""
        role = self.role(node.func)
        if role is not None and role.startswith("."):
            self._step(node, role[1:])
            return
        name = self.full_name(node.func)
        if is_log(node.func):
            with self.flowing.sinking():
                self._arguments(node, None)
            return
        self._effect(node, name)
        code = self.code_of(node.func)
        self.visit(node.func)
        self._arguments(node, code)
        if code is not None and name != _PARTIAL:
            self._enter(code, self._given(code, node.args, node.keywords), node)

    def _effect(self, node: ast.Call, name: str) -> None:
        if self._sends(node, name):
            self.body.sends.append(node)
            return
        if self.frame.on_loop and is_blocking(name):
            self.body.blocked.append(Blocked(node, name, self.frame.scope))
        effect = effect_of(name, node)
        if effect is not None:
            self._act(node, name or ast.unparse(node.func), effect)
        if self.frame.step_scope is not None:
            self.body.mutations.extend(mutated(node, self.frame.scope, self.frame.step_scope))

    def _sends(self, node: ast.Call, name: str) -> bool:
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in {"send", "send_sync"}:
            return False
        return is_client_name(name.rpartition(".")[0]) or (bool(self.client) and dotted(function.value) == self.client)

    def _act(self, node: ast.AST, name: str, effect: Effect) -> None:
        frame = self.frame
        act = Act(
            node=frame.via or node,
            name=name,
            effect=effect,
            inside=frame.inside,
            repeated=frame.repeated,
            via="" if frame.via is None else dotted(frame.via.func),
        )
        decides = effect in {Effect.CLOCK, Effect.CHANCE} and not frame.inside
        self.flowing.note(act) if decides else self.body.acts.append(act)

    def _arguments(self, node: ast.Call, code: Code | None) -> None:
        """Visit arguments. The context may go to helpers that are known; to others it goes out of sight."""
        for value in (*node.args, *(keyword.value for keyword in node.keywords)):
            if code is not None and self.role(value) is not None:
                continue
            nested = self._nested(value)
            if nested is not None and code is None and self.full_name(node.func) != _PARTIAL:
                self._enter(nested, {}, None)
            else:
                self.visit(value)

    def _nested(self, value: ast.expr) -> Code | None:
        """A function that is given to be called at once, as far as can be seen: a lambda, or one defined here."""
        code = self.code_of(value)
        if code is None or isinstance(value, ast.Call):
            return None
        parent = self.names.scopes[code].parent
        return code if isinstance(code, ast.Lambda) or (parent is not None and parent.owner is not None) else None

    def _given(self, code: Code, args: Sequence[ast.expr], keywords: Sequence[ast.keyword]) -> dict[str, str]:
        """The roles that a helper's parameters have, by what is given for them."""
        positions = [parameter.arg for parameter in parameters(code)]
        pairs = [*zip(positions, args, strict=False), *((word.arg or "", word.value) for word in keywords)]
        return {name: role for name, value in pairs if (role := self.role(value)) is not None}

    def _enter(self, code: Code, given: dict[str, str], call: ast.Call | None, *, step: bool = False) -> None:
        """Walk through a helper, or, for a step, through what it calls."""
        frame, scope = self.frame, self.names.scopes[code]
        own = {parameter.arg for parameter in parameters(code)}
        is_closure = scope.parent is not None and scope.parent.owner is not None
        roles = {name: role for name, role in frame.roles.items() if is_closure and name not in own} | given
        foreign = None if roles or is_closure or step or frame.inside else frame.via or call
        on_loop = isinstance(code, ast.AsyncFunctionDef) or (frame.on_loop and not step)
        key = (code, frozenset(roles.items()), frame.inside or step, frame.dangers, on_loop, bool(self.flowing.sinks))
        if key in self.known:
            self.count += self.known[key]
            return
        self.known[key] = 0
        before = self.count
        changes: dict[str, Any] = {"scope": scope, "roles": roles, "on_loop": on_loop, "via": foreign}
        if step:
            changes |= {"inside": True, "dangers": (), "step_scope": frame.step_scope or scope}
        with self.within(**changes), self.flowing.detached():
            self._visit_code(code)
        self.known[key] = self.count - before

    # Steps -----------------------------------------------------------------------------------------------------------

    def _step(self, node: ast.Call, method: str) -> None:
        if method == "parallel":
            self._parallel(node)
            return
        self.count += 1
        frame = self.frame
        dangers: tuple[Danger, ...] = (*frame.dangers, "inside") if frame.inside else frame.dangers
        positional = [arg for arg in node.args if not isinstance(arg, ast.Starred)]
        words = {word.arg: word.value for word in node.keywords if word.arg}
        step_id = positional[0] if positional else words.get("step_id")
        self.body.steps.append(StepCall(node=node, scope=frame.scope, method=method, id=step_id, dangers=dangers))
        if method in _CALLING:
            self._calling(node, words)
            return
        with self.flowing.sinking(on=method in _UNTIL):
            self.visit_all([*node.args[1:], *node.keywords])

    def _calling(self, node: ast.Call, words: Mapping[str, ast.expr]) -> None:
        """A step that calls a function: that function runs inside it, its arguments are made outside."""
        handler = node.args[1] if len(node.args) > 1 else words.get("handler")
        for value in (*node.args[2:], *(word.value for word in node.keywords)):
            if value is not handler and self.role(value) is None:
                self.visit(value)
        if handler is None:
            return
        code = self.code_of(handler)
        if code is not None:
            self._enter(code, self._given(code, node.args[2:], node.keywords), node, step=True)
        else:
            self._called(handler)

    def _called(self, handler: ast.expr) -> None:
        """A function that a step calls, of which only the name is known."""
        name = self.full_name(handler)
        effect = effect_of(name, ast.Call(func=handler, args=[], keywords=[])) if name else None
        with self.within(inside=True):
            if effect is not None:
                self._act(handler, name, effect)
        if not isinstance(handler, ast.Name | ast.Attribute):
            self.visit(handler)

    def _parallel(self, node: ast.Call) -> None:
        for value in (*node.args, *(word.value for word in node.keywords)):
            for branch in value.elts if isinstance(value, ast.Tuple | ast.List) else [value]:
                code = self.code_of(branch)
                if code is None:
                    self.visit(branch)
                else:
                    self._enter(code, {}, None)

    # The rest --------------------------------------------------------------------------------------------------------

    def name(self, node: ast.Name) -> None:
        """A name by itself: the context goes where it cannot be seen, or a value is used."""
        if node.id in self.frame.roles and isinstance(node.ctx, ast.Load):
            self.body.is_open = True
        elif isinstance(node.ctx, ast.Load):
            found = self.frame.scope.find(node.id)
            if found is not None:
                self.flowing.use(found[0], node.id)

    def attribute(self, node: ast.Attribute) -> None:
        """An attribute: of the context it is nothing to note."""
        self._changed(node)
        if self.role(node.value) is None:
            self.visit(node.value)

    def subscript(self, node: ast.Subscript) -> None:
        """An item, which a step may change."""
        self._changed(node)
        self.visit_all([node.value, node.slice])

    def _changed(self, node: ast.Attribute | ast.Subscript) -> None:
        frame = self.frame
        if frame.step_scope is not None and not isinstance(node.ctx, ast.Load):
            self.body.mutations.extend(mutated(node, frame.scope, frame.step_scope))

    def elsewhere(self, node: ast.Nonlocal | ast.Global) -> None:
        """A step that says that it changes a variable of others."""
        frame = self.frame
        if frame.inside:
            changed = isinstance(node, ast.Global) or frame.step_scope is None
            for name in node.names:
                if changed or is_outer(name, frame.scope, frame.step_scope):
                    self.body.mutations.append(Mutation(node, name))

    def assign(self, node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> None:
        """An assignment: another name for a step, or a value that flows on."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        only = targets[0] if len(targets) == 1 else None
        if node.value is not None and isinstance(only, ast.Name):
            role = self.role(node.value)
            if role is not None:
                self.frame.roles[only.id] = role
                return
            with self.flowing.into(self.frame.scope, only.id):
                self.visit(node.value)
            return
        self.visit_all([*([] if node.value is None else [node.value]), *targets])

    def repeat(self, node: ast.AST) -> None:
        """A loop, or a comprehension, which is one."""
        with self.within(repeated=True):
            self.visit_all(list(ast.iter_child_nodes(node)))

    def raise_(self, node: ast.Raise) -> None:
        """What is raised ends the call: it decides nothing that comes after it."""
        with self.flowing.sinking():
            self.visit_all(list(ast.iter_child_nodes(node)))

    def try_(self, node: ast.Try) -> None:
        """Code around which exceptions are caught; TryStar has the same parts."""
        before = self.count
        self.visit_all(node.body)
        has_steps = self.count > before
        for handler in node.handlers:
            catches = self._catches(handler.type)
            swallows = has_steps and catches and not any(isinstance(part, ast.Raise) for part in ast.walk(handler))
            if swallows:
                self.body.swallowed.append(Swallowed(handler, handler.type))
            bare = handler.type is None or (catches and dotted(handler.type) == "BaseException")
            with self.within(dangers=(*self.frame.dangers, "bare") if bare else self.frame.dangers):
                self.visit_all(handler.body)
        self.visit_all(node.orelse)
        with self.within(dangers=(*self.frame.dangers, "finally")):
            self.visit_all(node.finalbody)

    def _catches(self, caught: ast.expr | None) -> bool:
        """Whether this catches what ends a call that is interrupted."""
        if isinstance(caught, ast.Tuple):
            return any(self._catches(part) for part in caught.elts)
        if caught is None:
            return True
        return dotted(caught) == "BaseException" or (self.frame.on_loop and self.full_name(caught) in _INTERRUPTS)

    def with_(self, node: ast.With | ast.AsyncWith) -> None:
        """A block, which may be one that suppresses exceptions."""
        before = self.count
        self.visit_all([item.context_expr for item in node.items])
        self.visit_all(node.body)
        if self.count == before:
            return
        for item in node.items:
            call = item.context_expr
            if not isinstance(call, ast.Call) or self.full_name(call.func) != "contextlib.suppress":
                continue
            if any(map(self._catches, call.args)):
                self.body.swallowed.append(Swallowed(call, None, is_handler=False))

    def skip(self, _node: ast.AST) -> None:
        """Something that runs when it is called, if it is."""


_VISITORS: Final[dict[type[ast.AST], Callable[[Walk, Any], None]]] = {
    ast.AnnAssign: Walk.assign,
    ast.Assign: Walk.assign,
    ast.AsyncFor: Walk.repeat,
    ast.AsyncFunctionDef: Walk.skip,
    ast.AsyncWith: Walk.with_,
    ast.Attribute: Walk.attribute,
    ast.Call: Walk.call,
    ast.ClassDef: Walk.skip,
    ast.Constant: Walk.skip,
    ast.DictComp: Walk.repeat,
    ast.For: Walk.repeat,
    ast.FunctionDef: Walk.skip,
    ast.GeneratorExp: Walk.repeat,
    ast.Global: Walk.elsewhere,
    ast.Lambda: Walk.skip,
    ast.ListComp: Walk.repeat,
    ast.Name: Walk.name,
    ast.NamedExpr: Walk.assign,
    ast.Nonlocal: Walk.elsewhere,
    ast.Raise: Walk.raise_,
    ast.SetComp: Walk.repeat,
    ast.Subscript: Walk.subscript,
    ast.Try: Walk.try_,
    ast.TryStar: Walk.try_,
    ast.While: Walk.repeat,
    ast.With: Walk.with_,
}
