"""Every contract of import-linter in pyproject.toml bites, and a tree that keeps them all passes."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
NAMES = {contract["id"]: contract["name"] for contract in CONTRACTS}

FLOORS = (
    ("version",),
    ("errors",),
    ("wire",),
    ("config",),
    ("function",),
    ("engine",),
    ("runtime",),
    ("steps",),
    ("middleware", "transport", "settings"),
    ("performer",),
    ("ai", "flows", "streaming"),
    ("client", "handler", "profile"),
    ("asgi", "wsgi"),
    ("connect",),
    ("dev",),
    ("testing",),
    ("check", "cli"),
    ("__main__",),
)
PURE_FLOORS = ("errors", "wire", "config", "function", "engine", "dev.decide", "dev.limits", "dev.model")
IMPURE = ("asyncio", "threading", "socket", "sqlite3", "httpx", "os", "logging", "random", "time", "secrets")
PACKAGES = ("wire", "config", "engine", "steps", "middleware", "flows", "dev", "dev.limits", "dev.store")
INNER = ("wire.http", "wire.ops", "engine.plan", "steps.aio")
INNER_MIDDLEWARE = tuple(
    f"middleware.{name}" for name in ("encryption", "libsodium", "logging", "opentelemetry", "sentry")
)
INNER_DEV = (
    "dev.api",
    "dev.decide",
    "dev.exchange",
    "dev.executor",
    "dev.limits.throttle",
    "dev.model",
    "dev.server",
    "dev.store.sqlite",
)
ADAPTERS = tuple(sorted(path.parent.name for path in (ROOT / "adapters").glob("*/__init__.py")))
MODULES = [f"inngest_py.{name}" for floor in FLOORS for name in floor]
MODULES += [f"inngest_py.{name}" for name in (*PACKAGES, *INNER, *INNER_MIDDLEWARE, *INNER_DEV)]

ALLOWED = [
    "inngest_py.transport -> httpx",
    "inngest_py.settings -> os",
    "inngest_py.steps.aio -> asyncio",
    "inngest_py.middleware.encryption -> cryptography",
    "inngest_py.middleware.libsodium -> nacl.secret",
    "inngest_py.middleware.opentelemetry -> opentelemetry",
    "inngest_py.middleware.sentry -> sentry_sdk",
    "inngest_py.handler -> inngest_py.client",
    "inngest_py.dev.exchange -> httptools",
    "inngest_py.dev.server -> starlette.applications",
    "inngest_py.dev.store.sqlite -> sqlite3",
    "inngest_py.dev.store.sqlite -> inngest_py.dev.model",
    "inngest_py.dev.decide -> inngest_py.dev.limits.throttle",
    "inngest_py.cli -> inngest_py.check",
    "inngest_py.cli -> inngest_py.dev.server",
    "inngest_flask -> flask",
    "inngest_flask -> inngest_py",
    "inngest_flask -> inngest_py.handler",
    "inngest_django -> django.http",
    "inngest_starlette -> starlette.routing",
    "inngest_starlette -> inngest_py.asgi",
    "inngest_flask -> inngest_py.wsgi",
    "inngest_django -> inngest_py.wire.http",
]
ALLOWED += [
    f"inngest_py.{above} -> inngest_py.{below}"
    for lower, higher in pairwise(FLOORS)
    for above in higher
    for below in lower
    if above not in {"dev", "__main__"}
]

FORBIDDEN = {
    "floors": [
        f"inngest_py.{below} -> inngest_py.{above}"
        for lower, higher in pairwise(FLOORS)
        for below in lower
        for above in higher
    ],
    "pure": [f"inngest_py.{floor} -> {module}" for floor in PURE_FLOORS for module in IMPURE],
    "http-library": [
        "inngest_py.client -> httpx",
        "inngest_py.handler -> aiohttp",
        "inngest_py.dev.server -> httpx",
        "inngest_py.dev.executor -> httptools",
        "inngest_flask -> requests",
    ],
    "sqlite": ["inngest_py.dev.executor -> sqlite3", "inngest_py.client -> sqlite3", "inngest_django -> sqlite3"],
    "middleware-libraries": [
        "inngest_py.wire.ops -> cryptography",
        "inngest_py.client -> sentry_sdk",
        "inngest_py.middleware.encryption -> nacl",
        "inngest_py.middleware.libsodium -> cryptography",
        "inngest_py.middleware.logging -> opentelemetry",
        "inngest_py.middleware.sentry -> structlog",
        "inngest_flask -> boto3",
        "inngest_starlette -> botocore",
    ],
    "frameworks": [
        *(f"inngest_py.handler -> {name}" for name in ("flask", "django.http", "fastapi", "asgiref", *ADAPTERS)),
        "inngest_py.dev.server -> fastapi",
        "inngest_py.dev.server -> inngest_starlette",
    ],
    "extras": [
        *(f"inngest_py.handler -> {name}" for name in ("starlette", "uvicorn", "click", "rich", "cronsim")),
        "inngest_py.check -> click",
        "inngest_py.cli -> starlette",
    ],
    "two-sides": ["inngest_py.handler -> inngest_py.dev.api", "inngest_py.client -> inngest_py.dev"],
    "other-side": ["inngest_py.dev.executor -> inngest_py.engine.plan", "inngest_py.dev.api -> inngest_py.steps"],
    "adapters-apart": ["inngest_flask -> inngest_django", "inngest_django -> inngest_starlette"],
    "adapters-public": [
        "inngest_flask -> inngest_py.client",
        "inngest_django -> inngest_py.wire.ops",
        "inngest_starlette -> inngest_py.engine.plan",
    ],
    "flask-only": ["inngest_flask -> django", "inngest_flask -> starlette"],
    "django-only": ["inngest_django -> flask", "inngest_django -> werkzeug", "inngest_django -> starlette"],
    "fastapi-only": ["inngest_fastapi -> flask", "inngest_fastapi -> django"],
    "tornado-only": ["inngest_tornado -> starlette", "inngest_tornado -> flask"],
    "no-framework": [
        "inngest_lambda -> django",
        "inngest_digitalocean -> flask",
        "inngest_asgi -> starlette",
        "inngest_wsgi -> werkzeug",
    ],
    "starlette-only": ["inngest_starlette -> fastapi", "inngest_starlette -> flask"],
}


def test_a_tree_that_keeps_every_contract_passes(tmp_path: Path) -> None:
    build_house(tmp_path, ALLOWED)

    code, report = lint_imports(tmp_path)

    assert code == 0, report
    assert all(f"{name} KEPT" in report for name in NAMES.values())


def test_every_contract_is_shown_to_bite() -> None:
    assert {*FORBIDDEN, "circles"} == set(NAMES)


@pytest.mark.parametrize("contract", FORBIDDEN)
def test_a_broken_contract_is_reported_with_every_import_that_breaks_it(contract: str, tmp_path: Path) -> None:
    violations = FORBIDDEN[contract]
    build_house(tmp_path, violations)

    code, report = lint_imports(tmp_path, contract)

    assert code == 1, report
    assert f"{NAMES[contract]} BROKEN" in report
    assert [line for line in violations if not shows(report, line)] == []


def test_a_circle_on_one_floor_is_reported(tmp_path: Path) -> None:
    build_house(tmp_path, ["inngest_py.client -> inngest_py.handler", "inngest_py.handler -> inngest_py.client"])

    code, report = lint_imports(tmp_path, "circles")

    assert code == 1, report
    assert f"{NAMES['circles']} BROKEN" in report


def test_a_module_on_no_floor_is_reported(tmp_path: Path) -> None:
    build_house(tmp_path, [])
    (tmp_path / "inngest_py" / "utils.py").touch()

    code, report = lint_imports(tmp_path, "floors")

    assert code == 1
    assert "inngest_py.utils" in report


def test_an_indirect_import_of_an_upper_floor_is_reported(tmp_path: Path) -> None:
    build_house(tmp_path, ["inngest_py -> inngest_py.client", "inngest_py.wire.ops -> inngest_py"])

    code, report = lint_imports(tmp_path, "floors")

    assert code == 1
    assert "inngest_py.wire is not allowed to import inngest_py.client" in report


def build_house(root: Path, imports: list[str]) -> None:
    """Write a tree of empty modules like ours, with nothing but these imports, and our own contracts over it."""
    files = {module: root / module_path(module) for module in ("inngest_py", *MODULES, *ADAPTERS)}
    for file in files.values():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    for line in imports:
        importer, imported = line.split(" -> ")
        with files[importer].open("a") as module:
            module.write(f"import {imported}\n")
    (root / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())


def module_path(module: str) -> Path:
    folder = Path("adapters" if module in ADAPTERS else "", *module.split("."))
    is_package = module in ("inngest_py", *ADAPTERS) or module.removeprefix("inngest_py.") in PACKAGES
    return folder / "__init__.py" if is_package else folder.with_suffix(".py")


def lint_imports(root: Path, *contracts: str) -> tuple[int, str]:
    """Run lint-imports in `root` and return its exit code and its report, each sentence of it on one line."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    options = ["--no-cache", "--no-logo", *(part for contract in contracts for part in ("--contract", contract))]
    paths = {"PYTHONPATH": f"{root}{os.pathsep}{root / 'adapters'}", "COLUMNS": "1000"}
    done = subprocess.run(
        [*command, *options], cwd=root, env=os.environ | paths, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def shows(report: str, line: str) -> bool:
    """Whether the report lists the import. Of what is not ours it lists the outermost package."""
    importer, imported = line.split(" -> ")
    shown = imported if imported.startswith("inngest_") else imported.split(".")[0]
    return f"- {importer} -> {shown} (l." in " ".join(report.split())
