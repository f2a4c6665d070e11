"""Functions in unit tests, in virtual time and without a server; and, in `conformance`, what adapters are tested with.

run = testing.run(process_order, order_placed(order_id="1", total="9.99"), steps={"charge-payment": Charge(id="c1")})
assert run.status == "Completed"
assert run.steps["charge-payment"].attempts == 1
print(run.timeline())
"""

from __future__ import annotations

from inngest_py.dev.model import RunStatus, StepStatus
from inngest_py.testing.engine import Engine
from inngest_py.testing.feeding import Fed, event, signal
from inngest_py.testing.journal import LogLine
from inngest_py.testing.moments import START
from inngest_py.testing.replaying import areplay, replay
from inngest_py.testing.results import Run, StepRun, Steps
from inngest_py.testing.running import arun, run
from inngest_py.testing.serving import dev_server
from inngest_py.testing.stubs import StepCall, Stub, fails, sequence, stub, value

__all__ = [
    "Engine",
    "Fed",
    "LogLine",
    "Run",
    "RunStatus",
    "START",
    "StepCall",
    "StepRun",
    "StepStatus",
    "Steps",
    "Stub",
    "areplay",
    "arun",
    "dev_server",
    "event",
    "fails",
    "replay",
    "run",
    "sequence",
    "signal",
    "stub",
    "value",
]
