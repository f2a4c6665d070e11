"""The commands of the dev server: `dev`, `send` and `runs`."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from inngest_py.client import Inngest
from inngest_py.dev.model import RunStatus
from inngest_py.dev.options import DEFAULT_HOST, DEFAULT_PORT, Options
from inngest_py.dev.remote import Remote, check_there, remote_settings
from inngest_py.dev.session import Session
from inngest_py.dev.terminal import JSONLog, Log, console_on, show
from inngest_py.dev.tree import table_of, tree_of
from inngest_py.errors import InngestError
from inngest_py.settings import child_environment
from inngest_py.version import VERSION
from inngest_py.wire.codec import as_object
from inngest_py.wire.event import Event

DATABASE: Final = ".inngest/dev.db"
"""The database of `--persist` without a file."""

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
_URL = click.option(
    "--url", metavar="URL", help="The server. Default: INNGEST_* variables, then http://127.0.0.1:8288."
)


def _examples(*lines: str) -> str:
    """What click prints below the options. The control character keeps it from filling the lines up."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, package_name="inngest-py", message="inngest-py %(version)s")
def commands() -> None:
    """Durable functions for Python web apps: a local server, and a look at what it does."""


@commands.command(
    context_settings={"allow_interspersed_args": False},
    epilog=_examples(
        "inngest-py dev -- flask --app app run --debug",
        "inngest-py dev -u http://127.0.0.1:8000/api/inngest",
    ),
)
@click.option(
    "-u",
    "--sdk-url",
    "urls",
    metavar="URL",
    multiple=True,
    help="An app, such as http://127.0.0.1:5000/api/inngest. Repeatable.",
)
@click.option(
    "--port",
    "-p",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="0 takes any free port.",
)
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Another address than this machine's needs keys.")
@click.option("--no-discovery", is_flag=True, help="Do not look for apps at the usual ports.")
@click.option("--no-poll", is_flag=True, help="Do not ask apps again for changes.")
@click.option(
    "--poll-interval",
    type=click.FloatRange(min=0, min_open=True),
    default=5,
    show_default=True,
    metavar="SECONDS",
    help="How often apps are asked for changes.",
)
@click.option(
    "--retry-interval",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="A constant wait between attempts instead of the usual backoff.",
)
@click.option(
    "--tick", type=int, expose_value=False, metavar="MS", help="Accepted and not needed: work starts when it is due."
)
@click.option(
    "--persist",
    is_flag=False,
    flag_value=DATABASE,
    metavar="[FILE]",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Keep everything in a file, {DATABASE} if none is given.",
)
@click.option("--signing-key", metavar="KEY", help="Sign calls, and want signed requests, like production.")
@click.option(
    "--event-key", "event_keys", metavar="KEY", multiple=True, help="Accept events with this key only. Repeatable."
)
@click.option("--verbose", "-v", is_flag=True, help="Also show what is only of passing interest.")
@_JSON
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def dev(
    *,
    urls: tuple[str, ...],
    port: int,
    host: str,
    no_discovery: bool,
    no_poll: bool,
    poll_interval: float,
    retry_interval: float | None,
    persist: Path | None,
    signing_key: str | None,
    event_keys: tuple[str, ...],
    verbose: bool,
    as_json: bool,
    command: tuple[str, ...],
) -> None:
    """Run a dev server, and beside it COMMAND, with INNGEST_DEV set to the server's URL."""
    options = Options(
        host=host,
        port=port,
        urls=urls,
        poll=not no_poll,
        poll_interval=poll_interval,
        retry_interval=retry_interval,
        persist=persist,
        signing_key=signing_key,
        event_keys=event_keys,
    )
    _check_host(options)
    if persist is not None and persist == Path(DATABASE):
        persist.parent.mkdir(exist_ok=True)
    log = JSONLog(sys.stdout) if as_json else Log(console_on(sys.stdout), verbose=verbose)
    session = Session(options=options, log=log, environ=child_environment, command=command, discover=not no_discovery)
    with _clear_errors():
        sys.exit(asyncio.run(session.run()))


def _check_host(options: Options) -> None:
    """Whoever reaches the port could run anything that the apps can do."""
    try:
        loopback = ipaddress.ip_address(options.host).is_loopback
    except ValueError:
        loopback = options.host == "localhost"
    if not loopback and not (options.signing_key and options.event_keys):
        raise click.UsageError(
            f"--host {options.host} can be reached from other machines: add --signing-key and --event-key, "
            f"or leave it at {DEFAULT_HOST}"
        )


@commands.command(epilog=_examples("""inngest-py send order/placed --data '{"order_id": "1"}'"""))
@click.argument("name")
@click.option("--data", "-d", default="{}", metavar="JSON", help="The data of the event, a JSON object.")
@click.option("--id", "event_id", default="", metavar="ID", help="Makes sending it twice harmless.")
@click.option(
    "--ts", type=int, default=0, metavar="MS", help="When, in Unix milliseconds; later than now delays its runs."
)
@click.option("--event-key", metavar="KEY", help="Default: INNGEST_EVENT_KEY.")
@_URL
@_JSON
def send(
    *, name: str, data: str, event_id: str, ts: int, event_key: str | None, url: str | None, as_json: bool
) -> None:
    """Send an event called NAME."""
    value = _json_object(data)
    with _clear_errors():
        settings = remote_settings(url)
        check_there(settings, settings.event_api_origin)
        client = Inngest(
            app_id="inngest-py",
            is_production=not settings.dev,
            event_key=event_key,
            event_api_base_url=settings.event_api_origin,
        )
        (sent,) = client.send_sync(Event(name=name, data=value, id=event_id, ts=ts))
    click.echo(json.dumps({"ids": [sent]}) if as_json else f"sent {name}, event {sent}")


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"it is not JSON: {error}", param_hint="--data") from None
    found = as_object(value)
    if found is None:
        raise click.BadParameter(f'it must be a JSON object, such as {{"id": 1}}, not {text}', param_hint="--data")
    return found


@commands.command(epilog=_examples("inngest-py runs --status failed", "inngest-py runs 7QK3ZD"))
@click.argument("run_id", required=False)
@click.option("--status", type=click.Choice(list(RunStatus), case_sensitive=False), help="Only runs with this status.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="How many runs to list.")
@_URL
@_JSON
def runs(*, run_id: str | None, status: RunStatus | None, limit: int, url: str | None, as_json: bool) -> None:
    """List the latest runs, or show one with its steps.

    RUN_ID may be the end of an id, as the dev server's log shows it.
    """
    with _clear_errors():
        remote = Remote(remote_settings(url))
        found: Any = remote.runs(status or "", limit) if run_id is None else remote.run(run_id)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        show(console_on(sys.stdout), table_of(found) if run_id is None else tree_of(found))


def run() -> None:
    """Run the command line."""
    commands()


@contextmanager
def _clear_errors() -> Generator[None]:
    """Show what went wrong as one line, without a traceback of ours."""
    try:
        yield
    except (InngestError, ValueError, TypeError) as error:
        raise click.ClickException(str(error)) from None
