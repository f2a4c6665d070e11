"""Findings for people, for programs, for GitHub's annotations, and in SARIF 2.1.0 for what shows code scanning."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from inngest_py.check.checking import Report
from inngest_py.check.finding import Finding, Severity
from inngest_py.check.rules import RULES
from inngest_py.version import VERSION

_SARIF: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {Severity.WARNING: "warning", Severity.ERROR: "error", Severity.CRITICAL: "error"}


def text(report: Report) -> str:
    """The findings with their lines and with what to do, and a sum."""
    return "\n".join([*(line for finding in report.findings for line in _lines(finding)), _sum(report)])


def _lines(finding: Finding) -> Iterator[str]:
    place = f"{finding.path}:{finding.span.line}:{finding.span.column}"
    yield f"{place}: {finding.code} {finding.severity.word}: {finding.message}"
    if finding.line_text:
        yield f"    {finding.line_text}"
    if finding.fix:
        yield f"    {'--fix' if finding.edits else 'fix'}: {finding.fix}"


def _sum(report: Report) -> str:
    files = f"{report.files} file{'' if report.files == 1 else 's'}"
    if not report.findings:
        return f"nothing found in {files}"
    counts = Counter(finding.severity for finding in report.findings)
    parts = [_counted(severity, counts[severity]) for severity in sorted(counts, reverse=True)]
    fixable = sum(1 for finding in report.findings if finding.edits)
    more = f"; --fix puts {fixable} right" if fixable else ""
    return f"found in {files}: {', '.join(parts)}{more}"


def _counted(severity: Severity, count: int) -> str:
    many = count > 1 and severity is not Severity.CRITICAL  # which is no noun
    return f"{count} {severity.word}{'s' if many else ''}"


def as_json(report: Report) -> str:
    """One object: the findings, how many of each severity, and the number of files."""
    counts = Counter(finding.severity.word for finding in report.findings)
    body = {
        "findings": [finding.to_json() for finding in report.findings],
        "counts": {severity.word: counts[severity.word] for severity in Severity},
        "files": report.files,
    }
    return json.dumps(body, indent=2, ensure_ascii=False)


def github(report: Report) -> str:
    """Workflow commands, which GitHub shows at the lines of a pull request."""
    return "\n".join(_command(finding) for finding in report.findings)


def _command(finding: Finding) -> str:
    span = finding.span
    properties = {
        "file": PurePath(finding.path).as_posix(),
        "line": span.line,
        "endLine": span.end_line,
        "col": span.column,
        "endColumn": span.end_column,
        "title": f"{finding.code} {finding.severity.word}",
    }
    if span.line != span.end_line:  # columns are only shown within one line
        del properties["col"], properties["endColumn"]
    said = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in properties.items())
    message = f"{finding.message}\n{finding.fix}" if finding.fix else finding.message
    return f"::{_LEVELS[finding.severity]} {said}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def sarif(report: Report) -> str:
    """A log with one run, and in it every rule with its page."""
    driver = {"name": "inngest-py check", "semanticVersion": VERSION, "rules": [_rule(rule.code) for rule in RULES]}
    numbers = {rule.code: number for number, rule in enumerate(RULES)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, numbers[finding.code]) for finding in report.findings],
    }
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(code: str) -> dict[str, Any]:
    rule = next(rule for rule in RULES if rule.code == code)
    markdown = page(code)
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "help": {"text": markdown, "markdown": markdown},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"problem.severity": _LEVELS[rule.severity], "severity": rule.severity.word},
    }


def _result(finding: Finding, number: int) -> dict[str, Any]:
    span = finding.span
    uri = quote(PurePath(finding.path).as_posix())
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": number,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. Fix: {finding.fix}" if finding.fix else finding.message},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}],
        "properties": {"severity": finding.severity.word},
    }


def page(code: str) -> str:
    """The page about a rule, in Markdown."""
    return (resources.files("inngest_py.check") / "pages" / f"{code}.md").read_text(encoding="utf-8")


FORMATS: Final[Mapping[str, Callable[[Report], str]]] = {
    "text": text,
    "json": as_json,
    "github": github,
    "sarif": sarif,
}
"""The ways to write a report, by the name of each."""
