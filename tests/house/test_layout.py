"""The lists that must stay complete, and the sizes that must stay small."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import inngest_py

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ADAPTERS = sorted(path for path in (ROOT / "adapters").iterdir() if path.is_dir() and path.name != "__pycache__")
MODULES = sorted((*(ROOT / "inngest_py").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")))

LONGEST_MODULE = 400
FEWER_IGNORES_THAN = 10


def test_every_adapter_is_packaged_checked_and_measured() -> None:
    names = {adapter.name for adapter in ADAPTERS}

    packages = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(packages) == {"inngest_py", *(f"adapters/{name}" for name in names)}
    assert set(PYPROJECT["tool"]["importlinter"]["root_packages"]) == {"inngest_py", *names}
    assert set(PYPROJECT["tool"]["coverage"]["run"]["source_pkgs"]) == {"inngest_py", *names}


def test_every_adapter_is_in_every_contract_that_is_about_adapters() -> None:
    names = {adapter.name for adapter in ADAPTERS}
    contracts = {contract["id"]: contract for contract in PYPROJECT["tool"]["importlinter"]["contracts"]}
    about_one = {name for name in contracts if name.endswith("-only")} | {"no-framework"}

    for contract in (contract for name, contract in contracts.items() if name not in about_one):
        lists = [contract.get(key, []) for key in ("source_modules", "forbidden_modules", "modules")]
        named = names & {name for listed in lists for name in listed}
        assert named in (set(), names), contract["id"]
    assert sorted(name for each in about_one for name in contracts[each]["source_modules"]) == sorted(names)


@pytest.mark.parametrize("package", [ROOT / "inngest_py", *ADAPTERS], ids=lambda path: path.name)
def test_every_package_says_that_it_is_typed(package: Path) -> None:
    assert (package / "__init__.py").is_file()
    assert (package / "py.typed").is_file()


@pytest.mark.parametrize("folder", ["adapters", "benchmarks", "examples", "tests"])
def test_a_folder_that_is_no_package_does_not_pretend_to_be_one(folder: str) -> None:
    holds_packages = folder in {"adapters", "examples"}
    found = list((ROOT / folder).glob("__init__.py" if holds_packages else "**/__init__.py"))

    assert found == []


def test_the_list_of_public_names_is_sorted_and_has_no_name_twice() -> None:
    assert list(inngest_py.__all__) == sorted(set(inngest_py.__all__))


def test_every_public_name_is_there() -> None:
    assert [name for name in inngest_py.__all__ if not hasattr(inngest_py, name)] == []


def test_every_public_name_comes_from_where_a_type_checker_believes() -> None:
    tree = ast.parse((ROOT / "inngest_py" / "__init__.py").read_text())
    checked = next(node for node in tree.body if isinstance(node, ast.If)).body

    homes = {name.name: node.module for node in checked if isinstance(node, ast.ImportFrom) for name in node.names}

    assert {**homes, "ai": "inngest_py.ai"} == inngest_py._HOMES
    assert {*homes, "__version__"} == set(inngest_py.__all__)
    assert dir(inngest_py) == inngest_py.__all__


def test_a_name_that_is_not_there_is_said_to_be_missing() -> None:
    missing = "Functions"

    with pytest.raises(AttributeError, match="module 'inngest_py' has no attribute 'Functions'"):
        getattr(inngest_py, missing)


def test_the_import_itself_loads_next_to_nothing() -> None:
    program = "import sys, inngest_py; print(sorted({*sys.modules} & {'asyncio', 'httpx', 'logging', 'pydantic_core'}))"

    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"


@pytest.mark.parametrize("adapter", [adapter.name for adapter in ADAPTERS])
def test_an_adapter_exports_serve_first_of_all(adapter: str) -> None:
    module = importlib.import_module(adapter)

    assert "serve" in module.__all__
    assert list(module.__all__) == sorted(set(module.__all__))
    made_when_asked_for = {"client"} if "__getattr__" in vars(module) else set()
    assert set(module.__all__) <= {*vars(module), *made_when_asked_for}


def test_no_module_has_two_subjects() -> None:
    lengths = {module.relative_to(ROOT).as_posix(): len(module.read_text().splitlines()) for module in MODULES}

    assert {module: length for module, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_a_checker_is_hardly_ever_told_to_look_away() -> None:
    look_away = re.compile(r"#\s*(?:type:\s*ignore|pyright:|mypy:|noqa|ruff:\s*noqa|pragma:\s*no cover)")
    lines = [
        f"{module.relative_to(ROOT)}:{number} {line.strip()}"
        for module in MODULES
        for number, line in enumerate(module.read_text().splitlines(), start=1)
        if look_away.search(line)
    ]

    assert len(lines) < FEWER_IGNORES_THAN, "\n".join(lines)


def test_the_version_is_written_in_one_place() -> None:
    assert "version" in PYPROJECT["project"]["dynamic"]
    assert PYPROJECT["tool"]["hatch"]["version"]["path"] == "inngest_py/version.py"


def test_the_core_needs_two_libraries() -> None:
    names = [re.split(r"\W", requirement)[0] for requirement in PYPROJECT["project"]["dependencies"]]

    assert names == ["httpx", "pydantic"]


def test_the_extra_all_has_all_the_others() -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]

    (everything,) = extras["all"]
    assert set(re.findall(r"\w+", everything.removeprefix("inngest-py"))) == set(extras) - {"all"}
