"""The command line, `inngest-py`. It needs the extra `dev`, and says so where that is not installed."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

_EXTRA: Final = frozenset({"click", "cronsim", "httptools", "rich", "starlette", "uvicorn"})
_INTERRUPTED: Final = 130


def main() -> None:
    """Run the command line."""
    try:
        import_module("inngest_py.dev.commands").run()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        sys.exit('The command line is an extra that is not installed: pip install "inngest-py[dev]"')
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
