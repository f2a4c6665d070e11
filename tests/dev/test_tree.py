"""Runs as a person reads them are cut to a line; what is not for a person's screen is whole."""

from __future__ import annotations

from inngest_py.dev.tree import table_of, tree_of

LONG = "x" * 300
STEP = {"id": "h", "name": "look", "op": "StepRun", "status": "Completed", "attempts": 1, "duration_ms": 5}
RUN = {
    "run_id": "01M826G8A1B2C3D4E5F6G7H8J9",
    "status": "Completed",
    "function": f"shop-{LONG}",
    "event_name": "order/placed",
    "steps": [{**STEP, "output": LONG}, {**STEP, "name": "act", "output": {"a": 1}}],
    "output": LONG,
}


def test_the_result_of_a_step_is_cut_for_a_screen():
    first, second = (line.plain for line in tree_of(RUN)[2:4])

    assert first.startswith("├─ look  Completed")
    assert first.endswith('"' + "x" * 98 + "…")
    assert second.startswith("└─ act   Completed")
    assert second.endswith('{"a": 1}')


def test_the_result_of_a_step_is_whole_for_a_file():
    assert tree_of(RUN, whole=True)[2].plain.endswith(f'  "{LONG}"')


def test_no_column_of_the_table_is_cut():
    (_, line) = table_of([RUN])

    assert f"shop-{LONG}" in line.plain
