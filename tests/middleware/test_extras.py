"""Each middleware needs its own library and no other, and says which extra brings it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
LIBRARIES = ("boto3", "cryptography", "nacl", "opentelemetry", "sentry_sdk", "structlog")
NEEDS = {
    "encryption": ("encryption", "cryptography"),
    "libsodium": ("libsodium", "nacl"),
    "opentelemetry": ("opentelemetry", "opentelemetry"),
    "sentry": ("sentry", "sentry_sdk"),
    "logging": (None, None),
    "offload": (None, None),
}


def python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    return done.stdout + done.stderr


@pytest.mark.parametrize("module", NEEDS)
def test_a_middleware_imports_without_the_libraries_of_the_others(module):
    others = [library for library in LIBRARIES if library != NEEDS[module][1]]
    hide = f"import sys; sys.modules.update(dict.fromkeys({others}))"

    assert python(f"{hide}; import inngest_py.middleware.{module}; print('imported')") == "imported\n"


@pytest.mark.parametrize("module", [module for module, (extra, _) in NEEDS.items() if extra])
def test_without_its_library_a_middleware_names_the_extra(module):
    extra, library = NEEDS[module]

    said = python(f"import sys; sys.modules['{library}'] = None; import inngest_py.middleware.{module}")

    assert f'pip install "inngest-py[{extra}]"' in said
    assert extra in EXTRAS


def test_without_boto3_the_driver_for_s3_names_the_extra():
    said = python(
        "import sys; sys.modules['boto3'] = None\n"
        "from inngest_py.middleware.offload import S3Driver\n"
        "S3Driver(bucket='b').save('inngest/remote_state/R/k', b'1')"
    )

    assert 'pip install "inngest-py[s3]"' in said
    assert "s3" in EXTRAS


def test_the_library_itself_imports_none_of_them():
    program = f"import sys, inngest_py; print([name for name in {LIBRARIES} if name in sys.modules])"

    assert python(program) == "[]\n"
