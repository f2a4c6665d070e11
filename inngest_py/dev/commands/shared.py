"""What several commands have in common."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import click

from inngest_py.errors import InngestError

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
url_option = click.option(
    "--url", metavar="URL", help="The server. Default: INNGEST_* variables, then http://127.0.0.1:8288."
)


def examples(*lines: str) -> str:
    """What click prints below the options. The control character keeps it from filling the lines up."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


@contextmanager
def clear_errors() -> Generator[None]:
    """Show what went wrong as one line, without a traceback of ours."""
    try:
        yield
    except (InngestError, ValueError, TypeError) as error:
        raise click.ClickException(str(error)) from None
