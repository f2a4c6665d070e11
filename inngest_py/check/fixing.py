"""Puts right what can be put right without a person."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable
from pathlib import Path

from inngest_py.check.editing import applied
from inngest_py.check.finding import Edit, Finding


def fix_files(findings: Iterable[Finding]) -> int:
    """Apply the edits of findings to their files; say how many files have changed.

    A file that would be no Python any more is left as it is. Of two edits in the same place one waits: check again.
    """
    edits: dict[str, list[Edit]] = {}
    for finding in findings:
        if finding.edits:
            edits.setdefault(finding.path, []).extend(finding.edits)
    return sum(_fix(Path(path), wanted) for path, wanted in edits.items())


def _fix(path: Path, edits: Iterable[Edit]) -> bool:
    data = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    before = data.decode(encoding)
    after = applied(before, edits)
    try:
        ast.parse(after)
    except SyntaxError:
        return False
    path.write_bytes(after.encode(encoding))
    return after != before
