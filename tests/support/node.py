"""Programs for Node.js, with the packages that they need: installed on first use, and then kept."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

OLDEST = 20
_OFFLINE = re.compile(
    r"\b(EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|ETIMEDOUT|ENOTCACHED)\b"
)


def node() -> str:
    """The path of `node`. The test is skipped where there is none that is new enough."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        pytest.skip("there is no node, or no npm")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST:
        pytest.skip(f"node {version} is too old for the JavaScript SDK: {OLDEST} is needed")
    return found


def installed(source: Path, cache: Path) -> Path:
    """A copy of a folder with the packages that its lock file names; they are installed once.

    The test is skipped where no registry can be reached.
    """
    lock = (source / "package-lock.json").read_text()
    folder = cache / hashlib.sha256(lock.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # several workers of pytest-xdist may come here at the same time
        for file in source.iterdir():
            if not (folder / file.name).exists() or (folder / file.name).read_bytes() != file.read_bytes():
                shutil.copy(file, folder)
        if not (folder / "node_modules" / ".package-lock.json").exists():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if offline := _OFFLINE.search(done.stderr):
        pytest.skip(f"npm reaches no registry: {offline[0]}")
    assert done.returncode == 0, done.stderr
