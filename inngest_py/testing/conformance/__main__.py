"""Runs conformance tests and prints the table: `python -m inngest_py.testing.conformance tests/test_mine.py`."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own: here the cases are imported already, and pytest could not make their assertions explain.
COMMAND = (sys.executable, "-m", "pytest", "-q", "-p", "inngest_py.testing.conformance.table")

sys.exit(subprocess.call([*COMMAND, *sys.argv[1:]]))
