"""The commands of `inngest-py`. Each is loaded when it is called for: `send` need not wait for a server to load."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click
from typing_extensions import override

from inngest_py.version import VERSION

_PLACES: Final[Mapping[str, str]] = {
    "dev": "inngest_py.dev.commands.dev",
    "send": "inngest_py.dev.commands.send",
    "runs": "inngest_py.dev.commands.runs",
    "check": "inngest_py.check.command",
}


class Commands(click.Group):
    """A group that finds each command in a module, under the command's own name."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands."""
        return list(_PLACES)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None if there is none of this name."""
        if cmd_name not in _PLACES:
            return None
        found: click.Command = getattr(import_module(_PLACES[cmd_name]), cmd_name)
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, package_name="inngest-py", message="inngest-py %(version)s")
def commands() -> None:
    """Durable functions for Python web apps: a local server, a look at what it does, and a linter."""


def run() -> None:
    """Run the command line."""
    commands(prog_name="inngest-py")
