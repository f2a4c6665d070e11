"""`inngest-py runs`."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import click

from inngest_py.dev.commands.shared import clear_errors, examples, json_option, url_option
from inngest_py.dev.model import RunStatus
from inngest_py.dev.remote import Remote, remote_settings
from inngest_py.dev.terminal import console_on, show
from inngest_py.dev.tree import table_of, tree_of


@click.command(epilog=examples("inngest-py runs --status failed", "inngest-py runs 7QK3ZD"))
@click.argument("run_id", required=False)
@click.option("--status", type=click.Choice(list(RunStatus), case_sensitive=False), help="Only runs with this status.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="How many runs to list.")
@url_option
@json_option
def runs(*, run_id: str | None, status: RunStatus | None, limit: int, url: str | None, as_json: bool) -> None:
    """List the latest runs, or show one with its steps.

    RUN_ID may be the end of an id, as the dev server's log shows it.
    """
    with clear_errors():
        remote = Remote(remote_settings(url))
        asked = remote.runs(status or "", limit) if run_id is None else remote.run(run_id)
        found: Any = asyncio.run(asked)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        console = console_on(sys.stdout)
        show(console, table_of(found) if run_id is None else tree_of(found, whole=not console.is_terminal))
