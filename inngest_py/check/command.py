"""`inngest-py check`."""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from inngest_py.check.checking import Report, check_paths
from inngest_py.check.configuration import Configuration, read_configuration
from inngest_py.check.finding import SEVERITIES
from inngest_py.check.fixing import fix_files
from inngest_py.check.live import by_file, check_functions
from inngest_py.check.reports import FORMATS, page
from inngest_py.check.rules import RULES
from inngest_py.client import Inngest
from inngest_py.dev.commands.shared import clear_errors, examples
from inngest_py.function import Function
from inngest_py.handler import Handler

T = TypeVar("T")

_ROUNDS: Final = 5


@click.command(
    epilog=examples("inngest-py check", "inngest-py check shop.main:app", "inngest-py check --explain ING005")
)
@click.argument("targets", nargs=-1, metavar="[PATH | MODULE:APP]...")
@click.option("--fix", is_flag=True, help="Put right what can be put right safely.")
@click.option(
    "--format", "style", type=click.Choice(list(FORMATS)), default="text", show_default=True, help="How to say it."
)
@click.option(
    "--fail-on",
    type=click.Choice(list(SEVERITIES)),
    help="The least severity that makes the exit code 1. Default: error, or what pyproject.toml says.",
)
@click.option("--select", metavar="CODES", help="Only these rules, separated by commas.")
@click.option("--ignore", metavar="CODES", help="Not these rules.")
@click.option("--explain", metavar="CODE", help="Show the page about a rule, and do nothing else.")
def check(
    *,
    targets: Sequence[str],
    fix: bool,
    style: str,
    fail_on: str | None,
    select: str | None,
    ignore: str | None,
    explain: str | None,
) -> None:
    """Find mistakes in functions that hurt in production.

    Checks files, folders, or what an app declares; this folder if nothing is given.
    """
    with clear_errors():
        if explain is not None:
            click.echo(_page(explain))
            return
        configuration = _configuration(targets, {"fail_on": fail_on, "select": select, "ignore": ignore})
        report = _report(targets or ("."), configuration)
        if fix:
            report = _fixed(targets or ("."), configuration, report)
    said = FORMATS[style](report)
    if said:
        click.echo(said)
    worst = report.worst()
    sys.exit(1 if worst is not None and worst >= configuration.fail_on else 0)


def _page(code: str) -> str:
    known = [rule.code for rule in RULES]
    if code.upper() not in known:
        raise click.BadParameter(
            f"there is no rule {code!r}; there are {known[0]} to {known[-1]}", param_hint="--explain"
        )
    return page(code.upper())


def _configuration(targets: Sequence[str], options: dict[str, str | None]) -> Configuration:
    """What the project says, and what the options say before it."""
    near = next((Path(target) for target in targets if Path(target).exists()), Path.cwd())
    said = read_configuration(near.resolve())
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    for name in ("select", "ignore"):
        if name in given:
            given[name] = tuple(code.strip().upper() for code in given[name].split(",") if code.strip())
    return Configuration(**{name: getattr(said, name) for name in Configuration.model_fields} | given)


def _report(targets: Sequence[str], configuration: Configuration) -> Report:
    paths = [Path(target) for target in targets if Path(target).exists()]
    apps = [target for target in targets if not Path(target).exists()]
    reports = [check_paths(paths, configuration)] if paths else []
    reports += [_in_app(app, configuration) for app in apps]
    return Report([finding for report in reports for finding in report.findings], sum(part.files for part in reports))


def _fixed(targets: Sequence[str], configuration: Configuration, report: Report) -> Report:
    """The report after everything is put right that can be."""
    for _ in range(_ROUNDS):
        if not fix_files(report.findings):
            break
        report = _report(targets, configuration)
    return report


def _in_app(target: str, configuration: Configuration) -> Report:
    functions, served = declared_by(_app(target))
    if not functions:
        raise click.ClickException(f"{target} declares no functions: name a client, or an app that serves one")
    return Report(check_functions(functions, configuration, served=served), len(by_file(functions)))


def _app(target: str) -> object:
    """The object that `module:name` stands for."""
    module, colon, name = target.partition(":")
    if not colon or not module or not name:
        raise click.BadParameter(f'there is no file or folder "{target}"; an app is written as module:app')
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise click.ClickException(f"{target} cannot be imported: {error}") from None
    except (Exception, SystemExit) as error:
        raise click.ClickException(f"{target} cannot be imported: {_raised(error)}") from None
    return found


def _raised(error: BaseException) -> str:
    """An error of the app's own, and where in its files it was raised."""
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{''.join(traceback.format_exception_only(error)).strip()} ({last.filename}:{last.lineno})"


def declared_by(app: object) -> tuple[Sequence[Function[Any]], set[str] | None]:
    """The functions of an app, and the ids of those that it serves.

    For a client they are its own, and nobody asks who serves them. A framework's app does not know its clients, so all
    that live in this process are taken for its own.
    """
    if isinstance(app, Inngest):
        return app.functions, None
    functions = [function for client in _alive(Inngest) for function in client.functions]
    return functions, {function_id for handler in _alive(Handler) for function_id in handler.served()}


def _alive(kind: type[T]) -> list[T]:
    """The objects of a class in this process. A proxy is not asked what it stands for: it may not know that yet."""
    return [thing for thing in gc.get_objects() if issubclass(type(thing), kind)]
