"""A table of the cases that adapters passed, printed when pytest ends.

It is a plugin: `pytest -p inngest_py.testing.conformance.table`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pytest

ADAPTER: Final = "inngest_adapter"
"""The property by which a case says which adapter it was about."""

SIGNS: Final = {"failed": "F", "skipped": "-", "passed": "+"}
"""How a case is shown that failed, was skipped or passed for an adapter; of its variations, the worst first."""

Case = tuple[str, int, str]
"""A case: its file and its line, by which cases are sorted, and its sentence."""

Cells = Mapping[tuple[Case, str], str]
"""What became of each case for each adapter."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, if any adapter was tried."""
    cells = cells_of(terminalreporter)
    if cells:
        terminalreporter.section("conformance")
        for line in lines_of(cells):
            terminalreporter.write_line(line)


def cells_of(reporter: pytest.TerminalReporter) -> Cells:
    """What was reported of adapters."""
    found: dict[tuple[Case, str], str] = {}
    for outcome in reversed(SIGNS):
        for report in reporter.getreports(outcome):
            adapter = dict(report.user_properties).get(ADAPTER)
            if isinstance(adapter, str):
                found[case_of(report), adapter] = SIGNS[outcome]
    return found


def case_of(report: pytest.TestReport) -> Case:
    """The case that a report is about, whatever its variation."""
    file, line, name = report.location
    sentence = name.partition("[")[0].rpartition(".")[2].removeprefix("test_").replace("_", " ")
    return file, line or 0, sentence


def lines_of(cells: Cells) -> Iterator[str]:
    """The table: a line for each case, a column for each adapter, and below it what the columns are."""
    cases = sorted({case for case, _ in cells})
    adapters = sorted({adapter for _, adapter in cells})
    width = max(len(sentence) for _, _, sentence in cases)
    numbers = [str(number) for number in range(1, len(adapters) + 1)]
    yield " " * width + columns(numbers)
    for case in cases:
        yield f"{case[-1]:{width}}" + columns([cells.get((case, adapter), "") for adapter in adapters])
    yield ""
    yield ", ".join(f"{number} {adapter}" for number, adapter in zip(numbers, adapters, strict=True))
    yield f"{len(cases)} cases: + passed, - does not apply (pytest -rs says why), F failed"


def columns(texts: Sequence[str]) -> str:
    """Short texts, each in its column."""
    return "".join(f"{text:>4}" for text in texts)
