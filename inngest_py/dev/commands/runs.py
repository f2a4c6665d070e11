"""`inngest-py runs`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from inngest_py.dev.commands.shared import clear_errors, examples, json_option, url_option
from inngest_py.dev.model import RunStatus
from inngest_py.dev.recorded import document_of
from inngest_py.dev.remote import Remote, remote_settings
from inngest_py.dev.terminal import console_on, show
from inngest_py.dev.tree import log_of, table_of, tree_of


@click.command(
    epilog=examples(
        "inngest-py runs --status failed", "inngest-py runs 7QK3ZD", "inngest-py runs 7QK3ZD --export run.json"
    )
)
@click.argument("run_id", required=False)
@click.option("--status", type=click.Choice(list(RunStatus), case_sensitive=False), help="Only runs with this status.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="How many runs to list.")
@click.option(
    "--export",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write RUN_ID with its steps to a file, for testing.replay; - prints it.",
)
@click.option("--logs", "with_logs", is_flag=True, help="Also show what the app has logged in RUN_ID.")
@url_option
@json_option
def runs(
    *,
    run_id: str | None,
    status: RunStatus | None,
    limit: int,
    export: Path | None,
    with_logs: bool,
    url: str | None,
    as_json: bool,
) -> None:
    """List the latest runs, or show one with its steps.

    RUN_ID may be the end of an id, as the dev server's log shows it.
    """
    if export is not None and run_id is None:
        raise click.UsageError("--export writes one run: say which, as in inngest-py runs 7QK3ZD --export run.json")
    if with_logs and run_id is None:
        raise click.UsageError("--logs shows the log of one run: say which, as in inngest-py runs 7QK3ZD --logs")
    with clear_errors():
        remote = Remote(remote_settings(url))
        asked = remote.runs(status or "", limit) if run_id is None else _one(remote, run_id, with_logs=with_logs)
        found: Any = asyncio.run(asked)
    if export is not None:
        _write(export, json.dumps(document_of(found), indent=2, ensure_ascii=False))
    elif as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        console = console_on(sys.stdout)
        show(console, table_of(found) if run_id is None else tree_of(found, whole=not console.is_terminal))
        if with_logs:
            show(console, [Text(), *log_of(found, found["logs"])])


async def _one(remote: Remote, run_id: str, *, with_logs: bool) -> Mapping[str, Any]:
    found = await remote.run(run_id)
    return {**found, "logs": await remote.logged(str(found.get("run_id")))} if with_logs else found


def _write(file: Path, text: str) -> None:
    if str(file) == "-":
        click.echo(text)
        return
    try:
        file.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f'"{file}" cannot be written: {error.strerror or error}') from None
    click.echo(f"wrote {file}")
