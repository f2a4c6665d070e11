"""`python -m inngest_py` is `inngest-py`."""

from inngest_py.cli import main

main()
