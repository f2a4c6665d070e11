"""Reads `queries.sql`: queries by name."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def queries() -> dict[str, str]:
    """Every query by its name, without the comments."""
    _, *parts = _NAME.split(read("queries.sql"))
    return {name: _bare(text) for name, text in zip(parts[::2], parts[1::2], strict=True)}


def read(name: str) -> str:
    """A file that lies next to this one."""
    return files("inngest_py.dev.store").joinpath(name).read_text(encoding="utf-8")


def _bare(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()
