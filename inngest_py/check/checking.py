"""Checks files: reads them, asks the rules, and leaves out what comments and configuration say."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from inngest_py.check.configuration import Configuration
from inngest_py.check.files import files_below, is_test, project_root
from inngest_py.check.finding import Finding, Severity, Span
from inngest_py.check.model import Module
from inngest_py.check.project import Project
from inngest_py.check.reading import is_relevant, read_module
from inngest_py.check.rule import Problem, Rule
from inngest_py.check.rules import RULES, UNREADABLE
from inngest_py.check.source import Source, UnreadableError, parse, read_text
from inngest_py.dev.collector import without_collector

_EXPECTING: Final = frozenset({"raises", "assertRaises", "assertRaisesRegex", "deprecated_call", "warns"})


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, in the order of files and lines, and in how many files it was looked for."""

    findings: Sequence[Finding]
    files: int

    def worst(self) -> Severity | None:
        """The worst that was found; None if nothing was."""
        return max((finding.severity for finding in self.findings), default=None)


def check_paths(paths: Sequence[Path], configuration: Configuration) -> Report:
    """Check files, and all of Python in folders."""
    with without_collector():
        return _checked(paths, configuration)


def _checked(paths: Sequence[Path], configuration: Configuration) -> Report:
    given = {file: path for path in paths for file in files_below(path, configuration.exclude, configuration.root)}
    modules: list[Module] = []
    findings: list[Finding] = []
    for file, path in given.items():
        read = _read(file, is_test=is_test(file, path))
        if isinstance(read, Finding):
            findings.append(read)
        elif read is not None:
            modules.append(read)
    single = [path for path in paths if not path.is_dir()]
    project = Project(modules, given, context=lambda: tuple(_around(single, given)))
    findings += [finding for module in modules for finding in check_module(module, project, configuration)]
    return Report(ordered(findings, configuration), len(given))


def check_module(module: Module, project: Project, configuration: Configuration) -> Iterator[Finding]:
    """What the rules find in a module, but for what a comment there is about."""
    found = list(_found(module, project, configuration))
    expected = _expected(module.source) if found else frozenset[int]()
    yield from (finding for finding in found if finding.span.line not in expected)


def _found(module: Module, project: Project, configuration: Configuration) -> Iterator[Finding]:
    source = module.source
    for rule in RULES:
        if not configuration.applies(rule.code, source.path) or (source.is_test and not rule.in_tests):
            continue
        for problem in rule.check(module, project):
            finding = _finding(rule, problem, source)
            if not source.is_silenced(rule.code, finding.span):
                yield finding


def ordered(findings: Iterable[Finding], configuration: Configuration) -> list[Finding]:
    """The findings that count here, each once, as bad as they are here, by file and line."""
    once = {(finding.path, finding.span, finding.code, finding.message): finding for finding in findings}
    kept = [finding for finding in once.values() if configuration.applies(finding.code, Path(finding.path))]
    return sorted(
        (_rated(finding, configuration) for finding in kept),
        key=lambda finding: (finding.path, finding.span.line, finding.span.column, finding.code),
    )


def _rated(finding: Finding, configuration: Configuration) -> Finding:
    severity = configuration.severity_of(finding.code, finding.severity)
    return finding if severity is finding.severity else replace(finding, severity=severity)


def _finding(rule: Rule, problem: Problem, source: Source) -> Finding:
    span = source.span_of(problem.node)
    return Finding(
        code=rule.code,
        severity=rule.severity,
        path=source.shown,
        span=span,
        message=problem.message,
        fix=problem.fix,
        line_text=source.line(span.line),
        edits=problem.edits,
    )


# Files ---------------------------------------------------------------------------------------------------------------


def _read(file: Path, *, is_test: bool) -> Module | Finding | None:
    """A module, if there may be something to find in it; or why it cannot be read."""
    try:
        text = read_text(file)
        tree = parse(text, file)
        return read_module(Source(file, str(file), text, tree, is_test)) if is_relevant(text) else None
    except UnreadableError as error:
        return _unreadable(file, error)
    except RecursionError:
        return _unreadable(file, UnreadableError("it is nested too deep"))


def _unreadable(file: Path, error: UnreadableError) -> Finding:
    return Finding(
        code=UNREADABLE.code,
        severity=UNREADABLE.severity if error.is_broken else Severity.WARNING,
        path=str(file),
        span=Span(error.line, error.column, error.line, error.column),
        message=f"the file was not checked: {error.reason}",
        fix="correct it, or leave it out: exclude = [...] in [tool.inngest-py.check]",
    )


def _around(files: Sequence[Path], known: Iterable[Path]) -> Iterator[Module]:
    """The other modules of the projects that single files belong to: there functions may be served."""
    seen = {file.resolve() for file in known}
    for root in {root for file in files if (root := project_root(file.resolve())) is not None}:
        for file in files_below(root):
            if file.resolve() not in seen:
                read = _read(file, is_test=False)
                if isinstance(read, Module):
                    yield read


def _expected(source: Source) -> frozenset[int]:
    """The lines of a test that are there to fail: `with pytest.raises(...)`."""
    if not source.is_test:
        return frozenset()
    blocks = [node for node in ast.walk(source.tree) if isinstance(node, ast.With) and any(map(_expects, node.items))]
    return frozenset(line for block in blocks for line in range(block.lineno, (block.end_lineno or block.lineno) + 1))


def _expects(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _EXPECTING
