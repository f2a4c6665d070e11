"""How it is said that something does not hold."""

from __future__ import annotations

from typing import NoReturn


class BrokenError(Exception):
    """Something does not hold. `rule` says in general what should."""

    def __init__(self, rule: str, detail: object) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule


def broken(rule: str, detail: object) -> NoReturn:
    """Say that a rule is broken, and by what."""
    raise BrokenError(rule, detail)
