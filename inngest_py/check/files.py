"""Which files are checked: all of Python below a folder, but for what is not the project's own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

_SKIPPED: Final = frozenset(
    {"__pycache__", "build", "dist", "node_modules", "site-packages", "venv"}
    | {".bzr", ".direnv", ".eggs", ".git", ".hg", ".mypy_cache", ".nox", ".pytest_cache", ".ruff_cache", ".svn"}
    | {".tox", ".venv"}
)
_TESTS: Final = frozenset({"test", "tests", "testing"})
_ROOTS: Final = ("pyproject.toml", ".git", "setup.py", "setup.cfg", "manage.py")


def files_below(path: Path, exclude: Sequence[str] = (), root: Path | None = None) -> Iterator[Path]:
    """The file itself, or every file of Python in the folder, in order, each once, whatever links lead to it.

    What to leave out is seen from `root`, the folder itself if none is given.
    """
    if not path.is_dir():
        yield path
        return
    yield from _below(path, exclude, set(), root or path)


def _below(folder: Path, exclude: Sequence[str], seen: set[tuple[int, int]], root: Path) -> Iterator[Path]:
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    if (status.st_dev, status.st_ino) in seen:
        return
    seen.add((status.st_dev, status.st_ino))
    for entry in entries:
        found = Path(entry.path)
        if _is_excluded(found, exclude, root):
            continue
        if _is_folder(entry):
            if entry.name not in _SKIPPED and not (found / "pyvenv.cfg").exists():
                yield from _below(found, exclude, seen, root)
        elif entry.name.endswith(".py") and _is_file(entry):
            yield found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()  # neither a pipe, which would be waited for, nor a link that leads nowhere
    except OSError:
        return False


def _is_excluded(path: Path, exclude: Sequence[str], root: Path) -> bool:
    return any(matches(path, pattern, root) for pattern in exclude)


def matches(path: Path, pattern: str, root: Path) -> bool:
    """Whether a path, seen from a folder, is what a pattern says, or below it; `*` stands for any characters."""
    whole, folder = path.absolute(), root.absolute()
    seen = (whole.relative_to(folder) if whole.is_relative_to(folder) else whole).as_posix()
    pattern = pattern.rstrip("/")
    return any(fnmatch(part, pattern) for part in (seen, path.name)) or fnmatch(seen, f"{pattern}/*")


def is_test(path: Path, given: Path) -> bool:
    """Whether a file belongs to tests, going by its name and by the folders from the given path down."""
    if path.name.startswith("test_") or path.name.endswith("_test.py") or path.name == "conftest.py":
        return True
    folders = path.relative_to(given).parent.parts if path.is_relative_to(given) and path != given else ()
    return bool(_TESTS & {*folders, given.name})


def project_root(path: Path) -> Path | None:
    """The folder of the project that a file belongs to; None if nothing tells."""
    folder = path if path.is_dir() else path.parent
    for candidate in (folder, *folder.parents):
        if any((candidate / name).exists() for name in _ROOTS):
            return candidate
    return None
