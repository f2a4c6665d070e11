"""What the contracts of import-linter cannot say, read from the syntax tree: clocks, environment, public names."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "inngest_py"
ADAPTERS = ROOT / "adapters"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

PURE_FLOORS = next(contract["source_modules"] for contract in CONTRACTS if contract["id"] == "pure")
CLOCKS_AND_CHANCE = {
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "os.urandom",
    "random",
    "secrets",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.perf_counter_ns",
    "time.sleep",
    "time.time",
    "time.time_ns",
    "uuid.uuid1",
    "uuid.uuid4",
}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv", "os.unsetenv"}
HTTP_OF_THE_STANDARD_LIBRARY = {"http.client", "urllib.request"}
FRAMEWORK: dict[str, set[str]] = {
    "inngest_asgi": set(),
    "inngest_digitalocean": set(),
    "inngest_django": {"asgiref", "django", "django_tasks"},
    "inngest_fastapi": {"fastapi", "starlette"},
    "inngest_flask": {"flask"},
    "inngest_lambda": set(),
    "inngest_starlette": {"starlette"},
    "inngest_tornado": {"tornado"},
    "inngest_wsgi": set(),
}
PUBLIC = {
    "inngest_py",
    "inngest_py.asgi",
    "inngest_py.check",
    "inngest_py.handler",
    "inngest_py.middleware",
    "inngest_py.wire.http",
    "inngest_py.wsgi",
}


@pytest.mark.parametrize("floor", PURE_FLOORS)
def test_a_pure_floor_reads_neither_clock_nor_chance_nor_environment(floor: str) -> None:
    modules = list(modules_of(ROOT.joinpath(*floor.split("."))))

    found = [use for module in modules for use in uses(module, CLOCKS_AND_CHANCE | ENVIRONMENT)]

    assert modules
    assert found == []


def test_the_environment_is_read_in_settings_only() -> None:
    others = [module for module in (*modules_of(LIBRARY), *modules_of(ADAPTERS)) if module != LIBRARY / "settings.py"]

    assert [use for module in others for use in uses(module, ENVIRONMENT)] == []


def test_the_http_client_of_the_standard_library_is_used_nowhere() -> None:
    modules = (*modules_of(LIBRARY), *modules_of(ADAPTERS))

    assert [use for module in modules for use in uses(module, HTTP_OF_THE_STANDARD_LIBRARY)] == []


def test_what_every_adapter_may_import_is_known() -> None:
    assert set(FRAMEWORK) == {path.parent.name for path in ADAPTERS.glob("*/__init__.py")}


@pytest.mark.parametrize("adapter", FRAMEWORK)
def test_an_adapter_imports_its_framework_the_standard_library_and_public_names(adapter: str) -> None:
    modules = list(modules_of(ADAPTERS / adapter))

    found = {name for module in modules for name in imported_modules(tree_of(module))}

    assert modules
    assert {name for name in found if not is_allowed(name, adapter)} == set()


@pytest.mark.parametrize(
    ("code", "used"),
    [
        ("import time\ntime.time()", "time.time"),
        ("import time as t\nt.monotonic()", "time.monotonic"),
        ("from time import time\ntime()", "time.time"),
        ("from time import time_ns as now\nnow()", "time.time_ns"),
        ("import datetime\ndatetime.datetime.now(datetime.UTC)", "datetime.datetime.now"),
        ("import datetime as dt\nclock = dt.datetime.utcnow", "datetime.datetime.utcnow"),
        ("from datetime import datetime, UTC\ndatetime.now(UTC)", "datetime.datetime.now"),
        ("from datetime import date\ndate.today()", "datetime.date.today"),
        ("import uuid\nuuid.uuid4()", "uuid.uuid4"),
        ("def f():\n    from uuid import uuid4\n    return uuid4()", "uuid.uuid4"),
        ("import random\nrandom.random()", "random"),
        ("from random import Random", "random"),
        ("import os\nos.environ['HOME']", "os.environ"),
        ("from os import environ\nenviron.get('HOME')", "os.environ"),
        ("import os\nos.getenv('HOME')", "os.getenv"),
    ],
)
def test_a_reading_of_clock_chance_or_environment_is_found(code: str, used: str, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(code)

    assert any(use.endswith(f" {used}") for use in uses(module, CLOCKS_AND_CHANCE | ENVIRONMENT))


@pytest.mark.parametrize(
    "code",
    [
        "import datetime\ndatetime.timedelta(hours=1)",
        "from datetime import datetime\ndatetime.fromtimestamp(0)",
        "def plan(now):\n    return now.time()",
        "def wait(time):\n    return time.time",
        "import os.path\nos.path.join('a', 'b')",
    ],
)
def test_what_only_looks_like_it_is_not(code: str, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(code)

    assert list(uses(module, CLOCKS_AND_CHANCE | ENVIRONMENT)) == []


@pytest.mark.parametrize(
    ("code", "imported"),
    [
        ("from inngest_py.wire import ops", "inngest_py.wire.ops"),
        ("import inngest_py.client", "inngest_py.client"),
        ("from inngest_py import engine", "inngest_py.engine"),
        ("import django", "django"),
        ("def f():\n    import fastapi", "fastapi"),
    ],
)
def test_what_the_flask_adapter_must_not_import_is_found(code: str, imported: str) -> None:
    found = {name for name in imported_modules(ast.parse(code)) if not is_allowed(name, "inngest_flask")}

    assert imported in found


def modules_of(place: Path) -> Iterator[Path]:
    """The one module, or all modules of the package or folder."""
    module = place.with_suffix(".py")
    yield from [module] if module.exists() else sorted(place.rglob("*.py"))


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(), filename=str(module))


def uses(module: Path, banned: set[str]) -> Iterator[str]:
    """Every place at which a banned name is imported or used, by whatever name it goes there."""
    tree = tree_of(module)
    names = dict(bindings(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found = {full for _, full in bound_by(node)}
        elif isinstance(node, ast.Attribute):
            found = {full_name(node, names)}
        else:
            continue
        for name in sorted(banned & {prefix for full in found for prefix in prefixes(full)}):
            yield f"{module.name}:{node.lineno} {name}"


def bindings(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from bound_by(node)


def bound_by(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """The local names that an import makes, each with its full name."""
    if isinstance(node, ast.ImportFrom):
        yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        return
    for alias in node.names:
        outermost = alias.name.split(".")[0]
        yield (alias.asname, alias.name) if alias.asname else (outermost, outermost)


def full_name(node: ast.expr, names: dict[str, str]) -> str:
    """The full dotted name of an expression like `dt.datetime.now`, or "" if it does not begin with an import."""
    match node:
        case ast.Name(id=name):
            return names.get(name, "")
        case ast.Attribute(value=value, attr=attribute):
            owner = full_name(value, names)
            return f"{owner}.{attribute}" if owner else ""
        case _:
            return ""


def prefixes(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[: end + 1]) for end in range(len(parts)))


def imported_modules(tree: ast.Module) -> Iterator[str]:
    """Every module that is imported; of `from package import name` both, where the name is a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield module
            yield from (full for _, full in bound_by(node) if is_module(full))


def is_module(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return place.is_dir() or place.with_suffix(".py").exists()


def is_allowed(module: str, adapter: str) -> bool:
    outermost, *_ = module.split(".")
    own = outermost in FRAMEWORK[adapter] or outermost == adapter
    return own or outermost in sys.stdlib_module_names or module in PUBLIC
