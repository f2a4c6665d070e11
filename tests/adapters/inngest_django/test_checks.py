"""The system checks: each thing that they find, and that they find nothing where nothing is wrong."""

from __future__ import annotations

import importlib.util
import io
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import inngest_py as inngest
from harnesses import set_up_django, urlpatterns

set_up_django()

from django.conf import settings  # noqa: E402 - they are there now
from django.core.checks import CheckMessage, run_checks  # noqa: E402
from django.core.management import call_command, execute_from_command_line  # noqa: E402
from django.core.management.base import SystemCheckError  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.urls import clear_url_caches, include, path, re_path  # noqa: E402
from django.views.decorators.gzip import gzip_page  # noqa: E402

from inngest_django import checks, serve  # noqa: E402
from inngest_django.configuration import client_of_settings  # noqa: E402
from inngest_django.served import mounted  # noqa: E402

THING = inngest.TriggerEvent(event="thing/happened")
KEY = "signkey-test-0123456789abcdef0123456789abcdef"
KEPT = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}

Mount = Callable[..., None]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Makes views the project's URL configuration."""

    def mounting(*patterns: Any) -> None:
        urlpatterns[:] = patterns
        clear_url_caches()

    mounting(path("api/inngest", serve()))
    yield mounting
    mounting()


def found(*, deploy: bool = False) -> dict[str | None, CheckMessage]:
    """What the checks find, by id; nothing of Django's own, and nothing of the linter's."""
    messages = run_checks(include_deployment_checks=deploy)
    return {message.id: message for message in messages if re.match(r"inngest\.[EWI]\d", str(message.id))}


def client_with(fn_id: str, **options: Any) -> inngest.Inngest:
    client = inngest.Inngest(app_id="other", **({"is_production": False} | options))

    @client.create_function(fn_id=fn_id, trigger=THING)
    def function(_ctx: inngest.ContextSync) -> None:
        """Do nothing."""

    return client


def test_where_nothing_is_wrong_nothing_is_found(mount: Mount) -> None:
    assert found() == {}


def test_a_wrong_setting_is_an_error_with_a_hint(mount: Mount) -> None:
    with override_settings(INNGEST={"APP_ID": "shop", "STREAMING": "yes"}):
        messages = found()
        with pytest.raises(SystemCheckError, match=r"inngest\.E001"):
            call_command("check")

    assert set(messages) == {"inngest.E001"}
    assert messages["inngest.E001"].msg == 'INNGEST["STREAMING"] is of type str.'
    assert messages["inngest.E001"].hint == "It must be of type bool, or None."


def test_settings_that_describe_no_client_are_an_error(mount: Mount) -> None:
    with override_settings(INNGEST={"APP_ID": "shop", "SIGNING_KEY": "not hex"}):
        assert "signing_key" in found(deploy=True)["inngest.E002"].msg


def test_a_function_that_is_served_nowhere_is_named(mount: Mount) -> None:
    client = client_with("forgotten")
    other = client_with("served")
    client._add(other.functions[0])
    mount(path("api/inngest", serve()), path("other", serve(client, other.functions)))

    (message,) = found().values()

    assert message.msg == "The function other-forgotten is declared but served nowhere: no server can call it."
    assert message.obj is client.functions[0].handler


def test_a_project_that_serves_nothing_is_told_of_each_function(mount: Mount) -> None:
    mount()

    assert set(found()) == {"inngest.W003"}


def test_views_are_found_below_includes_and_decorators(mount: Mount) -> None:
    def other(_request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    served = gzip_page(serve())
    mount(path("", other), path("shop/", include([path("api/", include([path("inngest", served)]))])))

    assert [route for route, _served in mounted()] == ["/shop/api/inngest"]
    assert found() == {}


def test_views_are_found_at_regular_expressions(mount: Mount) -> None:
    mount(re_path(r"^v1/", include([re_path(r"^inngest$", serve())])))

    assert [route for route, _served in mounted()] == ["/v1/inngest"]


def test_missing_keys_are_found_before_a_deployment(mount: Mount) -> None:
    mount(path("api/inngest", serve()), path("other", serve(client_with("a", is_production=True, signing_key=KEY))))

    messages = found(deploy=True)

    assert messages["inngest.W006"].msg == 'The app "other" has no event key: it cannot send events.'
    assert messages["inngest.W004"].msg.startswith('The app "django-shop" is in development mode')
    assert "inngest.E005" not in messages


def test_a_missing_signing_key_is_an_error_before_a_deployment_and_no_traceback(
    mount: Mount, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inngest_django import served

    client = client_with("a", is_production=True)
    monkeypatch.setattr(served, "client_of_settings", lambda: client)

    assert "inngest.E005" in found(deploy=True)
    assert found() == {}


@pytest.mark.parametrize(
    ("database", "ids"),
    [
        ({}, set()),
        (KEPT, {"inngest.W008"}),
        ({"CONN_MAX_AGE": None}, {"inngest.W007", "inngest.W008"}),
    ],
)
def test_kept_connections_come_with_advice(
    mount: Mount, monkeypatch: pytest.MonkeyPatch, database: dict[str, Any], ids: set[str]
) -> None:
    for name, value in database.items():
        monkeypatch.setitem(settings.DATABASES["default"], name, value)

    with override_settings(ASGI_APPLICATION="shop.asgi"):
        assert set(found(deploy=True)) - {"inngest.W004"} == ids
    assert set(found(deploy=True)) - {"inngest.W004"} == ids - {"inngest.W008"}


def test_limits_of_bodies_come_with_advice(mount: Mount) -> None:
    limited = {"APP_ID": "shop", "IS_PRODUCTION": False, "MAX_BODY": 1_000_000}
    with override_settings(INNGEST=limited, MIDDLEWARE=["django.middleware.common.CommonMiddleware", "shop.Reading"]):
        messages = found(deploy=True)

    assert "1000000" in messages["inngest.W009"].msg
    assert (messages["inngest.I010"].hint or "").endswith(": shop.Reading.")
    assert {"inngest.W009", "inngest.I010"} & set(found(deploy=True)) == set()


# The linter ----------------------------------------------------------------------------------------------------------

WAITS = """
import inngest_py as inngest

client = inngest.Inngest(app_id="shop", is_production=False)


@client.create_function(fn_id="wait", trigger=inngest.TriggerEvent(event="a/b"), retries=1)
def wait(ctx):
    ctx.step.wait_for_event("wait-for-it", event="a/c")
"""


@pytest.fixture
def waiting(tmp_path: Path) -> inngest.Inngest:
    """The client of a module with a function in which the linter finds something."""
    file = tmp_path / "waiting_functions.py"
    file.write_text(WAITS)
    spec = importlib.util.spec_from_file_location("waiting_functions", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    client: inngest.Inngest = module.client
    return client


def linted() -> dict[str | None, CheckMessage]:
    with checks.asking_about_code():
        return {message.id: message for message in checks.check_code() if "waiting_functions.py" in str(message.obj)}


def test_what_the_linter_finds_is_shown_and_makes_no_check_fail(
    mount: Mount, waiting: inngest.Inngest, tmp_path: Path
) -> None:
    mount(path("api/inngest", serve(waiting)))

    with override_settings(BASE_DIR=tmp_path):
        messages = linted()

    assert {name: message.is_serious() for name, message in messages.items()} == {
        "inngest.ING005": False,
        "inngest.ING007": False,
    }
    assert messages["inngest.ING005"].msg == "step.wait_for_event waits without a timeout (error)."
    assert messages["inngest.ING005"].hint == 'say how long: timeout="7d", and handle None'
    assert str(messages["inngest.ING005"].obj).endswith("waiting_functions.py:9")


def written_by(command: Callable[[], object]) -> str:
    """What a command writes to standard error, whatever its command line was."""
    errors = io.StringIO()
    with redirect_stderr(errors), redirect_stdout(io.StringIO()):
        command()
    return errors.getvalue()


@pytest.mark.parametrize("command", ["migrate", "inngest_prune", "check"])
def test_the_output_of_other_commands_is_not_filled_with_what_the_linter_finds(
    mount: Mount, waiting: inngest.Inngest, tables: None, command: str
) -> None:
    mount(path("api/inngest", serve(waiting)))
    options = {} if command == "check" else {"skip_checks": False}  # so does the runner of tests call it

    written = written_by(lambda: call_command(command, **options))

    assert "inngest.ING" not in written
    assert "inngest.W003" in written


@pytest.mark.parametrize(
    "command",
    [
        lambda: execute_from_command_line(["manage.py", "check"]),
        lambda: execute_from_command_line(["manage.py", "check", "--no-color", "-t", "inngest_code"]),
        lambda: call_command("check", tags=["inngest_code"]),
        lambda: call_command("check", "--tag", "inngest_code", "--tag", "models"),
    ],
)
def test_what_the_linter_finds_is_shown_by_the_command_line_and_by_its_tag(
    mount: Mount, waiting: inngest.Inngest, command: Callable[[], object]
) -> None:
    mount(path("api/inngest", serve(waiting)))

    assert "inngest.ING005" in written_by(command)
    assert "inngest.ING" not in written_by(lambda: call_command("check"))


def test_the_linter_says_nothing_of_the_functions_that_this_package_declares(mount: Mount, tmp_path: Path) -> None:
    assert "tasks-default" in {function.local_id for function in client_of_settings().functions}

    with override_settings(BASE_DIR=tmp_path), checks.asking_about_code():
        assert [message.obj for message in checks.check_code() if "backend.py" in str(message.obj)] == []


def test_the_linter_reads_the_projects_configuration(mount: Mount, waiting: inngest.Inngest, tmp_path: Path) -> None:
    mount(path("api/inngest", serve(waiting)))
    (tmp_path / "pyproject.toml").write_text('[tool.inngest-py.check]\nselect = ["ING007"]\n')

    with override_settings(BASE_DIR=tmp_path):
        assert set(linted()) == {"inngest.ING007"}
