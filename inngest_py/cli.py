"""The command line, `inngest-py`. It needs the extra `dev`, and says so where that is not installed."""

from __future__ import annotations

import sys

try:
    from inngest_py.dev.commands import run
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in {"aiohttp", "click", "cronsim", "rich", "starlette", "uvicorn"}:
        raise

    def run() -> None:
        """Stand in for the commands, which cannot be loaded."""
        sys.exit('The command line is an extra that is not installed: pip install "inngest-py[dev]"')


def main() -> None:
    """Run the command line."""
    run()
