"""Runs as a person reads them are cut to a line; what is not for a person's screen is whole."""

from __future__ import annotations

from inngest_py.dev.tree import log_of, table_of, tree_of

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


def test_a_line_of_the_log_says_when_it_came_and_a_traceback_stays_whole():
    run = {**RUN, "started_at": "2026-01-01T00:00:00Z"}
    paid = {"at": "2026-01-01T00:00:01.500Z", "level": "INFO", "message": "paid\x1b[31m"}
    refused = {"at": "2026-01-01T00:01:00Z", "level": "ERROR", "message": f"refused\nTraceback:\n  {LONG}"}

    lines = [line.plain for line in log_of(run, [paid, refused])]

    assert lines[0].startswith(" +1.5 s  info   paid")
    assert "\x1b" not in lines[0]
    assert lines[1:] == ["+1m 00s  error  refused", f"{' ' * 16}Traceback:", f"{' ' * 16}  {LONG}"]
    assert [line.plain for line in log_of(run, [])] == ["no lines"]
