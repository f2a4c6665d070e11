"""What the commands say to bad input, and where they look for a server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from inngest_py.dev.commands import commands
from inngest_py.dev.commands.dev import dev
from inngest_py.dev.remote import remote_settings

NOWHERE = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("send", "a/b", "--data", "{x"), 2, "Invalid value for --data: it is not JSON: "),
        (("send", "a/b", "--data", "[1]"), 2, 'it must be a JSON object, such as {"id": 1}, not [1]'),
        (("send", "a/b", "--url", NOWHERE), 1, f"Error: nothing answers at {NOWHERE} ("),
        (("send", "a/b", "--url", NOWHERE), 1, "start a dev server with `inngest-py dev`"),
        (("send", "a/b", "--url", "localhost"), 1, '"localhost" is not an http or https URL'),
        (("runs", "--url", NOWHERE), 1, f"Error: nothing answers at {NOWHERE} ("),
        (("runs", "--status", "lost"), 2, "'lost' is not one of 'queued'"),
        (("runs", "--limit", "0"), 2, "0 is not in the range"),
        (("runs", "--export", "run.json"), 2, "--export writes one run: say which"),
        (("runs", "--logs"), 2, "--logs shows the log of one run: say which"),
        (("dev", "--port", "http"), 2, "'http' is not a valid integer"),
        (("dev", "--hots", "x"), 2, "No such option"),
        (("dev", "--host", "::"), 2, "add --signing-key and --event-key, or leave it at 127.0.0.1"),
        (("dev", "--host", "example.com"), 2, "--host example.com can be reached from other machines"),
        (("dev", "--poll-interval", "0"), 2, "0.0 is not in the range"),
        (("dev", "--retention", "7"), 2, '"7" is not a duration such as "30s" or "1h30m", nor "none"'),
        (("dev", "--poll-interval", "nan"), 2, "nan is not a number of seconds up to 31622400"),
        (("dev", "--poll-interval", "inf"), 2, "inf is not a number of seconds up to 31622400"),
        (("dev", "--retry-interval", "nan"), 2, "nan is not a number of seconds up to 31622400"),
        (("dev", "--retry-interval", "inf"), 2, "inf is not a number of seconds up to 31622400"),
        (("dev", "--retention", "99999999999999d"), 2, '"99999999999999d" is longer than 292 years'),
        (("dev", "--event-key", ""), 2, "Invalid value for '--event-key': it cannot be empty"),
        (("dev", "-u", "http://[::1"), 2, '"http://[::1" is not a URL such as'),
        (("dev", "-u", "http://127.0.0.1:99999"), 2, '"http://127.0.0.1:99999" is not a URL such as'),
        (("dev", "-u", "localhost:5000"), 2, '"localhost:5000" is not a URL such as'),
        (("dev", "--port", "0", "--persist", "/dev/null/x.db"), 1, 'the database "/dev/null/x.db" cannot be written'),
        (("dev", "--max-size", "500"), 2, '"500" is neither a size such as "500MB" or "2GB", nor "none"'),
        (("dev", "--allowed-host", "x,http://y"), 2, '"http://y" is not a name such as "dev.example.com"'),
        (("dve",), 2, "No such command 'dve'"),
    ],
)
def test_bad_input_is_said_clearly(arguments: tuple[str, ...], code: int, said: str) -> None:
    done = call(*arguments)

    assert done.exit_code == code
    assert said in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("written", "given", "names"),
    [
        ("dev.test,x.test y.test", (), ("dev.test", "x.test", "y.test")),
        ("dev.test", ("--allowed-host", "z.test"), ("z.test",)),
        ("", (), ()),
    ],
)
def test_the_names_of_a_dev_server_may_be_in_the_environment(
    written: str, given: tuple[str, ...], names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INNGEST_ALLOWED_HOSTS", written)

    assert dev.make_context("dev", list(given)).params["allowed_hosts"] == names


def test_a_page_that_is_no_inngest_server_is_said_to_be_none(
    page: Callable[[bytes], str],
) -> None:
    url = page(b"<html>hello</html>")

    done = call("runs", "--url", url)

    assert done.exit_code == 1
    assert done.stderr == f"Error: {url} answers (200), but not as an Inngest server; is the URL right?\n"


def test_every_command_shows_its_options_and_an_example() -> None:
    for name in ("dev", "send", "runs"):
        assert f"inngest-py {name}" in call(name, "--help").output.partition("Examples:")[2]


def test_the_commands_are_listed() -> None:
    listed = call("--help").output

    assert [name for name in ("dev", "send", "runs") if f"  {name} " in listed] == ["dev", "send", "runs"]


def test_the_version_is_shown() -> None:
    assert call("--version").output.startswith("inngest-py ")


def test_the_module_is_the_command_too() -> None:
    command = [sys.executable, "-m", "inngest_py", "--version"]

    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("inngest-py ")


def test_a_server_that_is_not_named_is_the_dev_server_on_this_machine() -> None:
    assert remote_settings(None).event_api_origin == "http://127.0.0.1:8288"


def test_the_variables_of_an_sdk_name_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNGEST_DEV", "http://127.0.0.1:9999")
    assert remote_settings(None).event_api_origin == "http://127.0.0.1:9999"

    monkeypatch.delenv("INNGEST_DEV")
    monkeypatch.setenv("INNGEST_EVENT_KEY", "key")
    assert remote_settings(None).event_api_origin == "https://inn.gs"


def test_a_server_that_is_named_wins_over_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNGEST_EVENT_KEY", "key")

    assert remote_settings("http://127.0.0.1:9999").api_origin == "http://127.0.0.1:9999"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(commands, arguments)
