"""What the README says is so: its snippets run, its commands exist, its lists are complete."""

from __future__ import annotations

import inspect
import logging
import re
import sys
import tomllib

import click
import pytest
from django.test import Client as DjangoClient, override_settings

import inngest_django
import inngest_flask
import inngest_py
import inngest_starlette
from asgi import ask
from event_api import EventApi
from harnesses import set_up_django
from inngest_django.configuration import KNOWN, problems_of
from inngest_py import testing
from inngest_py.check import Configuration, check_paths, read_configuration
from inngest_py.check.rules import RULES
from inngest_py.client import FunctionOptions
from inngest_py.dev.commands import commands as command_line
from played import play
from readme import README, ROOT, commands, house_map, mentioned, run, snippets, table

CONTEXT = click.Context(command_line)
COMMANDS = {name: command_line.get_command(CONTEXT, name) for name in command_line.list_commands(CONTEXT)}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
SHELL = "\n".join(block.code for block in snippets("sh"))
DOCSTRINGS = "\n".join(path.read_text().split('"""')[1] for path in sorted((ROOT / "examples").glob("*.py")))
FRAMEWORKS = {block.heading: block for block in snippets("python") if block.section == "Twenty lines"}
DJANGO = [block for block in snippets("python") if block.section == "Django"]
GUIDE = [block for block in snippets("python") if block.section not in {"Twenty lines", "Django"}]


@pytest.fixture(scope="module")
def event_api():
    with EventApi() as api:
        yield api


@pytest.fixture(autouse=True)
def _development(monkeypatch, event_api, caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")
    monkeypatch.setenv("INNGEST_DEV", event_api.url)
    event_api.events.clear()
    yield
    for name in [name for name in sys.modules if name.startswith("readme_")]:
        del sys.modules[name]


# The frameworks ------------------------------------------------------------------------------------------------------


def ask_flask(module, method, path):
    return module.app.test_client().open(path, method=method)


def ask_django(module, method, path):
    with override_settings(ROOT_URLCONF=module):
        return DjangoClient().generic(method, path)


def ask_asgi(module, method, path):
    return ask(module.app, method, path)


ASKS = {"Flask": ask_flask, "Django": ask_django, "Starlette": ask_asgi, "FastAPI": ask_asgi}


@pytest.fixture(params=ASKS)
def framework(request):
    """The module that a framework's snippet makes, and a way to ask its app."""
    set_up_django()
    return run(f"readme_{request.param.lower()}", FRAMEWORKS[request.param]), ASKS[request.param]


def test_there_is_a_snippet_for_each_framework():
    assert list(FRAMEWORKS) == list(ASKS)


def test_the_snippet_of_a_framework_has_about_twenty_lines():
    lengths = {name: sum(1 for line in block.code.splitlines() if line) for name, block in FRAMEWORKS.items()}

    assert {name: length for name, length in lengths.items() if length > 22} == {}


def test_a_frameworks_snippet_serves_its_function(framework):
    module, ask_app = framework

    answer = ask_app(module, "GET", "/api/inngest")

    assert answer.status_code == 200
    body = answer.json if isinstance(answer.json, dict) else answer.json()
    assert body["function_count"] == 1


def test_the_function_of_a_frameworks_snippet_runs_to_its_end(framework, capsys):
    module, _ = framework

    order = play(module.client, "process-order", event={"name": "order/placed", "data": {"order_id": "1"}})

    assert order.status == "completed"
    assert order.output == "receipt for order 1"
    assert [op["op"] for op in order.ops] == ["StepRun", "Sleep", "StepRun"]
    assert capsys.readouterr().out == "receipt for order 1\n"


def test_the_app_of_a_frameworks_snippet_sends_the_event(framework, event_api):
    module, ask_app = framework

    answer = ask_app(module, "POST", "/orders/1")

    assert answer.status_code == 202
    assert [(sent["name"], sent["data"]) for sent in event_api.events] == [("order/placed", {"order_id": "1"})]


# Django --------------------------------------------------------------------------------------------------------------


def test_the_django_project_of_the_readme_serves_the_function_that_it_declares():
    set_up_django()
    module = run("readme_project", *DJANGO)

    with override_settings(ROOT_URLCONF=module):
        answer = DjangoClient().get("/api/inngest").json()

    assert module.pack_order in module.client.functions
    assert answer["function_count"] == len([part for function in module.client.functions for part in function.parts()])
    assert list(problems_of(module.INNGEST)) == []


def test_the_table_of_djangos_settings_has_every_setting():
    listed = re.findall(r"`(\w+)`", " ".join(row[0] for row in table("in `INNGEST`")))

    assert sorted(listed) == sorted(KNOWN)


def test_every_command_of_django_is_named():
    folder = ROOT / "adapters" / "inngest_django" / "management" / "commands"

    assert mentioned(r"manage\.py (inngest_\w+)") == {path.stem for path in folder.glob("inngest_*.py")}


# The guide -----------------------------------------------------------------------------------------------------------

ENDS = {
    ("bill", "9.90"): "charge for R1/charge-card",
    ("compare", "9.90"): "4",
    ("compare-plainly", "9.90"): "5",
    ("charge-or-ask", "9.90"): "asked",
    ("charge-or-ask", "600"): "asked",
    ("charge-or-ask", "2000"): "asked",
}


@pytest.fixture
def guide():
    return run("readme_guide", *GUIDE)


@pytest.mark.parametrize(("fn_id", "total"), ENDS)
def test_a_function_of_the_guide_runs_to_its_end(guide, fn_id, total):
    event = {"name": "order/placed", "data": {"order_id": "1", "total": total}}

    assert play(guide.client, fn_id, event=event).output == ENDS[fn_id, total]


def test_every_function_of_the_guide_is_run_here(guide):
    assert {function.local_id for function in guide.client.functions} == {fn_id for fn_id, _ in ENDS}


def test_the_guide_sends_its_event(guide, event_api):
    assert event_api.events[0]["name"] == "order/placed"
    assert event_api.events[0]["data"] == {"order_id": "1", "total": "9.90"}


def test_the_guides_errors_say_what_the_guide_says(guide):
    event = {"name": "order/placed", "data": {"order_id": "1", "total": "600"}}
    refused = play(guide.client, "charge-or-ask", event=event)
    final = play(guide.client, "charge-or-ask", event=event | {"data": {"order_id": "1", "total": "2000"}})

    assert [reply.headers.get("retry-after") for reply in refused.replies[:3]] == ["30", "30", "30"]
    assert [op["op"] for op in final.ops] == ["StepFailed", "StepRun"]


def test_the_guides_failure_handler_runs(guide, capsys):
    data = {"run_id": "R1", "error": {"name": "ValueError", "message": "no"}, "event": {"name": "order/placed"}}

    failed = play(guide.client, "charge-or-ask-failure", event={"name": "inngest/function.failed", "data": data})

    assert failed.status == "completed"
    assert "run R1 failed: ValueError: no" in capsys.readouterr().out


def test_the_guides_tests_pass(guide):
    tests = [value for name, value in vars(guide).items() if name.startswith("test_")]

    assert [test() for test in tests] == [None]


def test_the_guides_timeline_is_the_one_that_is_printed(guide):
    charge = testing.fails(2, ConnectionError(), then=guide.Charge(id="c1", amount="9.90"))
    event = guide.order_placed(order_id="1", total="9.90")

    run = testing.run(guide.bill, event, steps={"charge-card": charge})

    (shown,) = [block.code for block in snippets("console") if block.heading == "Tests"]
    assert shown == f"{run.timeline()}\n"


# Commands ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", commands("inngest-py", SHELL + DOCSTRINGS), ids=" ".join)
def test_a_command_line_is_understood(words):
    command = COMMANDS[words[1]]

    assert command is not None
    command.make_context(words[1], words[2:])


def test_an_example_that_is_started_by_its_docstring_is_that_example():
    for path in sorted((ROOT / "examples").glob("*.py")):
        for words in commands("inngest-py dev", path.read_text().split('"""')[1]):
            assert any(path.stem in word for word in words)


def test_every_command_that_is_named_exists():
    named = mentioned(r"`inngest-py (\w+)")

    assert named <= set(COMMANDS)
    assert set(COMMANDS) <= named | {words[1] for words in commands("inngest-py", SHELL)}


def test_every_option_that_is_named_exists():
    options = {
        name
        for command in COMMANDS.values()
        for option in (command.params if command else ())
        if isinstance(option, click.Option)
        for name in option.opts
    }

    assert mentioned(r"`(--[\w-]+)`") <= options


def test_every_make_target_that_is_named_exists_and_has_what_it_starts():
    named = {words[1] for words in commands("make", SHELL)} | mentioned(r"`make (\w+)")

    assert {"demo", "test"} <= named
    for target in named:
        recipe = re.search(rf"^{target}:.*\n\t(.*)$", MAKEFILE, re.MULTILINE)
        assert recipe is not None
        for script in re.findall(r"\w+/\w+\.py", recipe[1]):
            assert (ROOT / script).is_file(), f"make {target} starts {script}"


def test_every_extra_that_is_installed_exists():
    extras = {extra for found in mentioned(r'"(?:inngest-py|\.)\[([\w,]+)\]"') for extra in found.split(",")}

    assert extras
    assert extras <= set(PYPROJECT["project"]["optional-dependencies"])


# Tables --------------------------------------------------------------------------------------------------------------


def test_the_table_of_variables_has_every_variable_that_is_read_and_no_other():
    read = set(re.findall(r"INNGEST_[A-Z_]+", (ROOT / "inngest_py" / "settings.py").read_text()))

    assert {row[0].strip("`") for row in table("variable")} == read
    assert mentioned(r"INNGEST_[A-Z_]+") == read


def test_the_table_of_variables_names_arguments_that_exist():
    arguments = {row[1].strip("`") for row in table("variable")} - {"-"}
    ours = {name for name in arguments if not name.startswith("serve(")}
    served = {name.removeprefix("serve(").removesuffix("=)") for name in arguments - ours}

    assert ours <= set(inspect.signature(inngest_py.Inngest).parameters)
    for adapter in (inngest_django, inngest_flask, inngest_starlette):
        assert served <= set(inspect.signature(adapter.serve).parameters)


def test_the_table_of_steps_has_every_step():
    listed = re.findall(r"ctx\.((?:step|group)\.\w+)\(", " ".join(row[0] for row in table("step")))
    step = [name for name, value in vars(inngest_py.StepSync).items() if not name.startswith("_") and callable(value)]
    group = [name for name in vars(inngest_py.GroupSync) if not name.startswith("_")]

    assert listed == [f"step.{name}" for name in step] + [f"group.{name}" for name in group]


PUBLIC = {name: getattr(inngest_py, name) for name in inngest_py.__all__}


def test_the_table_of_flow_control_has_every_option_and_its_examples_work():
    found = set()
    for row in table("option"):
        for example in re.findall(r"`([^`]+)`", row[0]):
            option, _, value = example.partition("=") if re.match(r"\w+=", example) else ("", "", example)
            eval(value, PUBLIC)  # noqa: S307 - ours
            found |= {option} - {""}

    assert found == set(FunctionOptions.__annotations__) - {
        "checkpointing",
        "middleware",
        "name",
        "on_failure",
        "retries",
    }


def test_the_table_of_the_dev_servers_options_has_every_option():
    listed = [re.findall(r"`(-[\w-]+)", row[0]) for row in table("`inngest-py dev`")]

    command = COMMANDS["dev"]
    assert command is not None
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert sorted(map(sorted, listed)) == sorted(sorted(option.opts) for option in options)


def test_the_table_of_the_linters_options_has_every_option():
    command = COMMANDS["check"]
    assert command is not None
    options = {name for option in command.params if isinstance(option, click.Option) for name in option.opts}

    assert {row[0].strip("`").split()[0] for row in table("`inngest-py check`")} == options


def test_the_table_of_rules_has_every_rule_with_its_page():
    rows = [(rule.code, rule.severity.word, rule.title) for rule in RULES]

    listed = [(re.sub(r"\[(\w+)\]\(inngest_py/check/pages/\1\.md\)", r"\1", row[0]), *row[1:]) for row in table("code")]

    assert listed == rows


def test_the_linters_configuration_that_is_shown_is_one(tmp_path):
    (block,) = [block.code for block in snippets("toml") if block.section == "The linter"]
    (tmp_path / "pyproject.toml").write_text(block)

    read_configuration(tmp_path)


@pytest.mark.parametrize("blocks", [*([block] for block in FRAMEWORKS.values()), GUIDE])
def test_the_linter_finds_no_error_in_what_is_shown(blocks, tmp_path):
    (tmp_path / "shop.py").write_text("\n".join(block.code for block in blocks))

    found = check_paths([tmp_path], Configuration(root=tmp_path, ignore=["ING001"])).findings

    assert [finding for finding in found if finding.severity.word != "warning"] == []


def test_the_table_of_examples_has_every_example():
    listed = {row[0].partition("`")[2].partition("`")[0] for row in table("file")}

    there = {path.name for path in (ROOT / "examples").glob("*.py") if not path.stem.startswith("demo")}
    assert listed == there | {f"{path.parent.name}/" for path in (ROOT / "examples").glob("*/manage.py")}


def test_the_table_of_other_frameworks_has_every_adapter_that_has_no_snippet() -> None:
    listed = [row[0].strip("`") for row in table("`from ... import serve`")]
    imported = {name for block in FRAMEWORKS.values() for name in re.findall(r"from (inngest_\w+) import", block.code)}

    assert {*listed} | imported == {path.parent.name for path in (ROOT / "adapters").glob("*/__init__.py")}
    assert not {*listed} & (imported - {"inngest_py"})


# The map -------------------------------------------------------------------------------------------------------------


def test_the_map_of_the_house_has_every_module_and_no_other():
    there = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / "inngest_py").iterdir()
        if (path.is_dir() and any(path.glob("*.py"))) or (path.suffix == ".py" and path.name != "__init__.py")
    }

    assert sorted(house_map()["inngest_py/"]) == sorted(there)


def test_the_map_of_the_house_has_every_adapter():
    there = [f"{path.name}/" for path in (ROOT / "adapters").iterdir() if (path / "__init__.py").is_file()]

    assert sorted(house_map()["adapters/"]) == sorted(there)


def test_the_map_of_the_house_names_folders_that_are_there():
    assert [folder for folder in house_map() if not (ROOT / folder).is_dir()] == []


def test_the_map_goes_from_the_roof_down():
    contract = next(item for item in PYPROJECT["tool"]["importlinter"]["contracts"] if item["id"] == "floors")
    floors = {name: number for number, layer in enumerate(contract["layers"]) for name in re.findall(r"\w+", layer)}

    names = [name.removesuffix("/").removesuffix(".py") for name in house_map()["inngest_py/"]]
    numbers = [floors[name] for name in names if name in floors]
    assert numbers == sorted(numbers)


# The rest ------------------------------------------------------------------------------------------------------------


def test_every_link_leads_somewhere():
    links = mentioned(r"\]\(([^)]+)\)")

    assert [link for link in links if "://" not in link and not (ROOT / link).is_file()] == []


def test_every_file_that_is_named_is_there():
    assert [name for name in mentioned(r"`((?:examples|tests)/[\w/.]+)`") if not (ROOT / name).exists()] == []


def test_the_lines_are_no_longer_than_those_of_the_code():
    too_long = [line for line in README.read_text().splitlines() if len(line) > 120 and not line.startswith("|")]

    assert too_long == []


def test_the_changelog_is_about_this_version():
    newest = re.search(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert newest is not None
    assert newest[1] == inngest_py.__version__
