"""The README, taken apart: its snippets, its commands, its tables, its map."""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


@dataclass(frozen=True)
class Snippet:
    """A block of code, with the headings above it and the line of the file where it begins."""

    language: str
    section: str
    heading: str
    line: int
    code: str
    page: Path = README


def snippets(language: str, page: Path = README) -> list[Snippet]:
    """The blocks of a language in a page, in order."""
    found, section, heading, block = [], "", "", None
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        if block is not None and line != "```":
            block[2].append(line)
        elif block is not None:
            found.append(Snippet(block[0], section, heading, block[1], "\n".join(block[2]) + "\n", page))
            block = None
        elif line.startswith("```"):
            block = (line[3:], number + 1, list[str]())
        elif line.startswith("#"):
            heading = line.lstrip("# ")
            section = heading if line.startswith("## ") else section
    return [snippet for snippet in found if snippet.language == language]


def run(name: str, *blocks: Snippet) -> ModuleType:
    """Run blocks one after the other in one module."""
    module = ModuleType(name)
    sys.modules[name] = module
    for block in blocks:
        # As many empty lines as come before it: then a traceback shows the page's own line.
        exec(compile("\n" * (block.line - 1) + block.code, block.page, "exec"), vars(module))  # noqa: S102 - that is the test
    return module


def commands(program: str, text: str) -> list[list[str]]:
    """The lines that begin with a program, as the words that a shell would make of them."""
    lines = [line.strip() for line in text.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith(f"{program} ")]


def table(first: str) -> list[list[str]]:
    """The rows of the table whose first heading is this, without the headings."""
    lines = README.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def mentioned(pattern: str) -> set[str]:
    """All that the pattern finds in the README."""
    return set(re.findall(pattern, README.read_text()))


def house_map() -> dict[str, list[str]]:
    """The map: each folder on the left, and what is listed in it, in order."""
    (block,) = snippets("text")
    folders: dict[str, list[str]] = {}
    folder = ""
    for line in block.code.splitlines():
        name = line.split()[0]
        if line.startswith(" "):
            folders[folder].append(name)
        else:
            folder = name
            folders[folder] = []
    return folders
