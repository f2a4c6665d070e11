"""The rules, in the order of their codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inngest_py.check.finding import Severity
from inngest_py.check.rule import Rule
from inngest_py.check.rules import (
    blocking,
    concurrency,
    duration,
    function_id,
    keys,
    money,
    mutation,
    outside,
    payload,
    placement,
    retries,
    sending,
    step_id,
    stepless,
    unregistered,
    unserved,
    untyped,
    wait,
)

UNREADABLE: Final = Rule("ING000", Severity.ERROR, "A file cannot be read", lambda _module, _project: iter(()))
"""What is found where there is nothing that rules could look at."""

RULES: Final[Sequence[Rule]] = (
    UNREADABLE,
    unserved.RULE,
    unregistered.RULE,
    function_id.RULE,
    step_id.RULE,
    wait.RULE,
    concurrency.RULE,
    untyped.RULE,
    duration.RULE,
    retries.RULE,
    money.RULE,
    outside.RULE,
    stepless.RULE,
    placement.RULE,
    payload.RULE,
    mutation.RULE,
    blocking.RULE,
    sending.RULE,
    keys.RULE,
)
