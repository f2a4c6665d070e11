"""Operations, as a real server accepts them."""

from __future__ import annotations

from exchanges import sent_to_app
from inngest_py.wire.codec import decode
from inngest_py.wire.failure import Failure
from inngest_py.wire.ops import Op, Opcode, encode_ops

HASHED = "1419522417cff8c6ddd205cc9882d16411490c09"


def test_a_step_that_ran_is_written_as_a_real_server_accepts_it() -> None:
    op = Op(Opcode.STEP_RUN, HASHED, "step-a", "step-a", "step-a", data=b'{"a":1}')

    assert decode(encode_ops([op])) == sent_to_app("signed_mode_two_steps")[0]["response"]["body"]


def test_a_step_without_a_result_has_none() -> None:
    op = Op(Opcode.STEP_PLANNED, HASHED, "step-a", "Step A", "step-a", index=2, opts={"parallelMode": "race"})

    assert decode(op.encode()) == {
        "op": "StepPlanned",
        "id": HASHED,
        "name": "step-a",
        "displayName": "Step A",
        "opts": {"parallelMode": "race"},
        "userland": {"id": "step-a", "index": 2},
        "data": None,
    }


def test_a_step_that_failed_says_how() -> None:
    op = Op(Opcode.STEP_ERROR, HASHED, "a", "a", "a", failure=Failure("ValueError", "no"))

    assert decode(op.encode())["error"] == {"code": "unknown", "message": "no", "name": "ValueError"}


def test_no_operation_is_an_empty_list() -> None:
    assert encode_ops([]) == b"[]"


def test_several_operations_are_one_list() -> None:
    op = Op(Opcode.SLEEP, HASHED, "1h", "nap", "nap")

    assert [entry["op"] for entry in decode(encode_ops([op, op]))] == ["Sleep", "Sleep"]
