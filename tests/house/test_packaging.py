"""The wheel and the sdist hold everything, and the wheel works with nothing but its core dependencies around it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
VERSION = importlib.metadata.version("inngest-py")
ADAPTERS = sorted(path.parent for path in (ROOT / "adapters").glob("*/__init__.py"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")))))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(next(SdistBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("sdist")))))


@pytest.fixture(scope="module")
def core_only(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The places to import from after `pip install inngest-py` without any extra."""
    unpacked = tmp_path_factory.mktemp("unpacked")
    shutil.unpack_archive(wheel, unpacked, "zip")
    dependencies = tmp_path_factory.mktemp("dependencies")
    for name in core_dependencies():
        link_distribution(name, dependencies)
    return [unpacked, dependencies]


def test_the_wheel_holds_every_file_of_every_package_and_nothing_else(wheel: Path) -> None:
    expected = {
        file.relative_to(package.parent).as_posix()
        for package in (ROOT / "inngest_py", *ADAPTERS)
        for file in files_of(package)
    }

    names = set(zipfile.ZipFile(wheel).namelist())
    info = f"inngest_py-{VERSION}.dist-info/"

    assert {name for name in names if not name.startswith(info)} == expected
    assert {"inngest_flask/__init__.py", "inngest_django/__init__.py", "inngest_starlette/__init__.py"} <= names
    assert {info + name for name in ("METADATA", "entry_points.txt", "licenses/LICENSE")} <= names


def test_the_wheel_names_its_command_licence_and_extras(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = f"inngest_py-{VERSION}.dist-info/"
        metadata = archive.read(info + "METADATA").decode()
        entry_points = archive.read(info + "entry_points.txt").decode()

    assert "inngest-py = inngest_py.cli:main" in entry_points
    assert "License-Expression: Apache-2.0" in metadata
    assert set(re.findall(r"^Provides-Extra: (\S+)", metadata, re.MULTILINE)) == {
        "all", "dev", "django", "encryption", "fastapi", "flask", "libsodium", "opentelemetry", "s3",
        "sentry", "starlette", "tornado"
    }  # fmt: skip


def test_the_sdist_holds_the_whole_project(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    folders = ("inngest_py", "adapters", "tests", "examples", "benchmarks", ".ci")
    expected = {file.relative_to(ROOT).as_posix() for folder in folders for file in files_of(ROOT / folder)}
    expected |= {"pyproject.toml", "README.md", "LICENSE", "Makefile", "PKG-INFO"}
    assert expected <= names


def test_the_wheel_imports_with_no_extra_installed_and_without_loading_the_http_library(core_only: list[Path]) -> None:
    code = "import inngest_py, sys; print(inngest_py.__file__, 'httpx' in sys.modules)"

    done = run_python(code, core_only)

    assert done.stdout.split() == [str(core_only[0] / "inngest_py" / "__init__.py"), "False"], done.stderr


@pytest.mark.parametrize("framework", ["flask", "django", "starlette", "fastapi", "tornado"])
def test_an_adapter_without_its_framework_names_the_framework(framework: str, core_only: list[Path]) -> None:
    done = run_python(f"import inngest_{framework}", core_only)

    assert done.returncode == 1
    assert re.search(rf"^(?:ImportError|ModuleNotFoundError): .*\b{framework}\b", done.stderr, re.MULTILINE)


def test_the_command_without_the_extra_for_it_says_what_to_install(core_only: list[Path]) -> None:
    done = run_python("import inngest_py.cli; inngest_py.cli.main()", core_only)

    assert done.returncode != 0
    assert "inngest-py[dev]" in done.stderr
    assert "Traceback" not in done.stderr


def core_dependencies() -> set[str]:
    """The distributions that a plain install brings, found by following what each of them requires."""
    found: set[str] = set()
    waiting = ["inngest-py"]
    while waiting:
        for text in importlib.metadata.requires(waiting.pop()) or ():
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            if name not in found and applies_without_extras(requirement):
                found.add(name)
                waiting.append(name)
    return found


def applies_without_extras(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def link_distribution(name: str, folder: Path) -> None:
    distribution = importlib.metadata.distribution(name)
    outermost = {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}
    for part in outermost - {"__pycache__"}:
        (folder / part).symlink_to(str(distribution.locate_file(part)))


def run_python(code: str, paths: list[Path]) -> subprocess.CompletedProcess[str]:
    """Run code that sees the standard library and these paths: -S leaves out site-packages, -P where we are."""
    environment = {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-S", "-P", "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def files_of(folder: Path) -> Iterator[Path]:
    yield from (
        file
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyc"
    )
