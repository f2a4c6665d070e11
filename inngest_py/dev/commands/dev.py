"""`inngest-py dev`."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

import click

from inngest_py.dev.api.visitors import name_of
from inngest_py.dev.collector import collecting_seldom
from inngest_py.dev.commands.shared import clear_errors, examples, json_option
from inngest_py.dev.discovery import is_app_url
from inngest_py.dev.duration import LONGEST, SECOND, parse_duration
from inngest_py.dev.options import DEFAULT_HOST, DEFAULT_PORT, Options
from inngest_py.dev.session import Session
from inngest_py.dev.terminal import JSONLog, Log, console_on
from inngest_py.settings import ALLOWED_HOSTS, child_environment

DATABASE: Final = ".inngest/dev.db"
"""The database of `--persist` without a file."""

_FOREVER: Final = "none"
_LONGEST: Final = LONGEST / SECOND
_BYTES: Final = {"KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}


def _age(_: click.Context, __: click.Parameter, text: str) -> timedelta | None:
    """Read `--retention`."""
    try:
        return None if text == _FOREVER else timedelta(milliseconds=parse_duration(text))
    except ValueError as error:
        raise click.BadParameter(f'{error}, nor "{_FOREVER}"') from None


def _seconds(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    """Read an interval, which may not be `nan` or `inf` either."""
    if value is not None and not value <= _LONGEST:
        raise click.BadParameter(f"{value:g} is not a number of seconds up to {_LONGEST:.0f}")
    return value


def _app_urls(_: click.Context, __: click.Parameter, urls: tuple[str, ...]) -> tuple[str, ...]:
    """Read `--sdk-url`."""
    for url in urls:
        if not is_app_url(url):
            raise click.BadParameter(f'"{url}" is not a URL such as "http://127.0.0.1:5000/api/inngest"')
    return urls


def _keys(_: click.Context, __: click.Parameter, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Read `--event-key`."""
    if "" in keys:
        raise click.BadParameter("it cannot be empty")
    return keys


def _hosts(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    """Read `--allowed-host`, or its variable, which has names with commas or spaces between them."""
    found = tuple(name for text in names for name in text.split(",") if name)
    for name in found:
        if name_of(name) != name.lower().rstrip("."):
            raise click.BadParameter(f'"{name}" is not a name such as "dev.example.com", without http:// and port')
    return found


def _size(_: click.Context, __: click.Parameter, text: str) -> int | None:
    """Read `--max-size`."""
    if text == _FOREVER:
        return None
    found = re.fullmatch(r"(\d+)([KMG]B)", text, re.ASCII)
    if found is None:
        raise click.BadParameter(f'"{text}" is neither a size such as "500MB" or "2GB", nor "{_FOREVER}"')
    return int(found[1]) * _BYTES[found[2]]


@click.command(
    context_settings={"allow_interspersed_args": False},
    epilog=examples(
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
    callback=_app_urls,
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
@click.option(
    "--allowed-host",
    "allowed_hosts",
    metavar="NAME",
    multiple=True,
    callback=_hosts,
    envvar=ALLOWED_HOSTS,
    show_envvar=True,
    help="Another name of this machine, under which the server may be called. Repeatable.",
)
@click.option("--no-discovery", is_flag=True, help="Do not look for apps at the usual ports.")
@click.option("--no-poll", is_flag=True, help="Do not ask apps again for changes.")
@click.option(
    "--poll-interval",
    type=click.FloatRange(min=0, min_open=True),
    default=5,
    show_default=True,
    metavar="SECONDS",
    callback=_seconds,
    help="How often apps are asked for changes.",
)
@click.option(
    "--retry-interval",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    callback=_seconds,
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
@click.option(
    "--retention",
    default="7d",
    show_default=True,
    metavar="AGE",
    callback=_age,
    help="How long runs are kept after their end, with their events; none keeps them forever.",
)
@click.option(
    "--max-size",
    default="500MB",
    show_default=True,
    metavar="SIZE",
    callback=_size,
    help="The oldest runs go before that when everything takes more room than this; none sets no limit.",
)
@click.option("--signing-key", metavar="KEY", help="Sign calls, and want signed requests, like production.")
@click.option(
    "--event-key",
    "event_keys",
    metavar="KEY",
    multiple=True,
    callback=_keys,
    help="Accept events with this key only. Repeatable.",
)
@click.option("--verbose", "-v", is_flag=True, help="Also show what is only of passing interest.")
@json_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def dev(
    *,
    urls: tuple[str, ...],
    port: int,
    host: str,
    allowed_hosts: tuple[str, ...],
    no_discovery: bool,
    no_poll: bool,
    poll_interval: float,
    retry_interval: float | None,
    persist: Path | None,
    retention: timedelta | None,
    max_size: int | None,
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
        retention=retention,
        max_size=max_size,
        signing_key=signing_key,
        event_keys=event_keys,
        allowed_hosts=allowed_hosts,
    )
    _check_host(options)
    if persist is not None and persist == Path(DATABASE):
        persist.parent.mkdir(exist_ok=True)
    log = JSONLog(sys.stdout) if as_json else Log(console_on(sys.stdout), verbose=verbose)
    session = Session(options=options, log=log, environ=child_environment, command=command, discover=not no_discovery)
    with clear_errors(), collecting_seldom():
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
