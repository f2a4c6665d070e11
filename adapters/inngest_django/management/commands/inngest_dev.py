"""`manage.py inngest_dev`: a dev server with `manage.py runserver` beside it, in one command."""

from __future__ import annotations

import runpy
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from itertools import filterfalse
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import autoreload

from inngest_django.served import is_pattern, mounted


class Command(BaseCommand):
    """Starts `inngest-py dev -- python manage.py runserver`, and tells it where the functions are."""

    help = "Starts an Inngest dev server, and this project's runserver beside it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be given: to runserver its address, to the dev server what it is asked for most."""
        parser.add_argument("addrport", nargs="?", default="8000", help="where runserver listens: [ADDRESS:]PORT")
        parser.add_argument("--port", help="where the dev server listens, 8288 if not given")
        parser.add_argument("--allowed-host", action="append", metavar="NAME", help="another name of the dev server")
        parser.add_argument("--persist", nargs="?", const="", metavar="FILE", help="keep everything in a file")
        parser.add_argument("--retry-interval", metavar="SECONDS", help="a constant wait between attempts")
        parser.add_argument("--json", action="store_true", help="print JSON, a line for each thing that happens")
        parser.add_argument("--noreload", action="store_true", help="runserver does not look for changes")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Start both, and end with the exit code of the dev server."""
        paths = [path for path, _served in mounted()]
        for path in filter(is_pattern, paths):
            self.stderr.write(f"{path} is a pattern and no path: tell the dev server of one that fits")
        arguments = ["dev", *_of_the_server(options, filterfalse(is_pattern, paths)), "--", *_runserver(options)]
        sys.argv[1:] = arguments
        runpy.run_module("inngest_py", run_name="__main__", alter_sys=True)


def _of_the_server(options: dict[str, Any], paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        yield from ("--sdk-url", f"http://{_reachable(options['addrport'])}{path}")
    for name in ("port", "retry_interval"):
        if options[name] is not None:
            yield from (f"--{name.replace('_', '-')}", options[name])
    for name in options["allowed_host"] or ():
        yield from ("--allowed-host", name)
    if options["json"]:
        yield "--json"
    if options["persist"] is not None:
        yield from ("--persist", options["persist"]) if options["persist"] else ("--persist",)


def _reachable(addrport: str) -> str:
    """The address at which a server that listens there is found from here."""
    address, _, port = addrport.rpartition(":")
    return f"{address if address.strip('0.') else '127.0.0.1'}:{port}"


def _runserver(options: dict[str, Any]) -> Iterator[str]:
    """The command line that this command was started with, up to its name, and `runserver` from there."""
    own = autoreload.get_child_arguments()
    yield from own[: len(own) - len(sys.argv[1:])]
    yield from ("runserver", options["addrport"])
    for name in ("settings", "pythonpath"):
        if options.get(name):
            yield f"--{name}={options[name]}"
    if options["noreload"]:
        yield "--noreload"
