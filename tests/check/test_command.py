"""`inngest-py check`: what it prints, in each format, how it ends, and what it puts right."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from inngest_py.check.reports import page
from inngest_py.check.rules import RULES
from inngest_py.dev.commands import commands

HEAD = 'import inngest_py as inngest\n\nclient = inngest.Inngest(app_id="shop")\n\n\n'
WAITS = HEAD + (
    '@client.create_function(fn_id="wait", trigger=inngest.TriggerEvent(event="a/b"), retries=1)\n'
    "def fn(ctx):\n"
    '    ctx.step.wait_for_event("wait-for-it", event="a/c")\n'
)


@pytest.fixture
def check(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(commands, ["check", *arguments])


def write(text, name="shop.py"):
    Path(name).write_bytes(text.encode())


def configure(text):
    write(f"[tool.inngest-py.check]\n{textwrap.dedent(text)}", "pyproject.toml")


# Formats -------------------------------------------------------------------------------------------------------------


def test_text_says_where_what_and_what_to_do(check):
    write(WAITS)

    done = check("--select", "ING005")

    assert done.exit_code == 1
    assert done.output == (
        "shop.py:8:5: ING005 error: step.wait_for_event waits without a timeout\n"
        '    ctx.step.wait_for_event("wait-for-it", event="a/c")\n'
        '    fix: say how long: timeout="7d", and handle None\n'
        "found in 1 file: 1 error\n"
    )


def test_findings_are_counted_by_how_bad_they_are(check):
    write(WAITS + WAITS)

    done = check("--select", "ING005")

    assert done.output.endswith("found in 1 file: 2 errors\n")


def test_nothing_is_said_to_be_nothing(check):
    write("x = 1\n")

    done = check()

    assert (done.exit_code, done.output) == (0, "nothing found in 1 file\n")


def test_json_has_everything_that_is_known(check):
    write(WAITS)

    said = json.loads(check("--select", "ING005,ING007", "--format", "json").output)

    assert said["counts"] == {"warning": 1, "error": 1, "critical": 0}
    assert said["files"] == 1
    assert said["findings"][1] == {
        "code": "ING005",
        "severity": "error",
        "path": "shop.py",
        "line": 8,
        "column": 5,
        "end_line": 8,
        "end_column": 56,
        "message": "step.wait_for_event waits without a timeout",
        "fix": 'say how long: timeout="7d", and handle None',
        "fixable": False,
        "source": 'ctx.step.wait_for_event("wait-for-it", event="a/c")',
    }


def test_githubs_annotations_are_escaped(check):
    write(WAITS, "100%, a:b.py")
    write(WAITS.replace("wait_for_event(", "wait_for_event(\n        "), "spread.py")

    lines = check("--select", "ING005", "--format", "github", "100%, a:b.py", "spread.py").output.splitlines()

    assert lines[0] == (
        "::error file=100%25%2C a%3Ab.py,line=8,endLine=8,col=5,endColumn=56,title=ING005 error::"
        'step.wait_for_event waits without a timeout%0Asay how long: timeout="7d", and handle None'
    )
    assert lines[1].startswith("::error file=spread.py,line=8,endLine=9,title=ING005 error::")


def test_githubs_annotations_of_nothing_are_nothing(check):
    write("x = 1\n")

    assert check("--format", "github").output == ""


def test_sarif_has_the_rules_with_their_pages_and_the_findings(check):
    write(WAITS, "a shop.py")

    log = json.loads(check("--select", "ING005", "--format", "sarif").output)

    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    (result,) = run["results"]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    assert rules[5]["help"]["markdown"] == page("ING005")
    assert (result["ruleId"], rules[result["ruleIndex"]]["id"], result["level"]) == ("ING005", "ING005", "error")
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20shop.py"},
        "region": {"startLine": 8, "startColumn": 5, "endLine": 8, "endColumn": 56},
    }


def test_columns_count_characters(check):
    write(WAITS.replace("    ctx.step", '    "é€𝄞"; ctx.step'))

    (found,) = json.loads(check("--select", "ING005", "--format", "json").output)["findings"]

    assert (found["column"], found["end_column"]) == (12, 63)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_is_explained_by_its_page(check, rule):
    done = check("--explain", rule.code.lower())

    assert done.output == f"{page(rule.code)}\n"


# How it ends ---------------------------------------------------------------------------------------------------------

WARNED = WAITS.replace('event="a/c")', 'event="a/c", timeout="1d")')
KEY = 'import inngest_py\n\nclient = inngest_py.Inngest(app_id="shop", event_key="abc")\n'


@pytest.mark.parametrize(
    ("text", "fail_on", "code"),
    [
        (WARNED, None, 0),
        (WARNED, "warning", 1),
        (WAITS, None, 1),
        (WAITS, "critical", 0),
        (KEY, "critical", 1),
        ("x = 1\n", "warning", 0),
    ],
)
def test_the_exit_code_goes_by_the_severity(check, text, fail_on, code):
    write(text)
    options = [] if fail_on is None else ["--fail-on", fail_on]

    done = check("--ignore", "ING001", *options)

    assert done.exit_code == code


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nowhere.py",), 2, 'there is no file or folder "nowhere.py"; an app is written as module:app'),
        (("no_such_module:app",), 1, "Error: no_such_module:app cannot be imported: No module named 'no_such_module'"),
        (("json:nothing",), 1, "Error: json:nothing cannot be imported: module 'json' has no attribute 'nothing'"),
        (("--explain", "ING999"), 2, "there is no rule 'ING999'; there are ING000 to ING018"),
        (("--select", "XYZ"), 1, 'there is no rule "XYZ": write a code such as "ING005", or "ING" for all of them'),
    ],
)
def test_bad_input_is_said_clearly(check, arguments, code, said):
    done = check(*arguments)

    assert done.exit_code == code
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_what_declares_no_functions_is_no_app():
    command = [sys.executable, "-m", "inngest_py", "check", "json:dumps"]  # a process in which there is no client

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == "Error: json:dumps declares no functions: name a client, or an app that serves one\n"


@pytest.mark.parametrize(
    ("text", "said"), [("app = 1 / 0", "ZeroDivisionError: division by zero"), ("raise SystemExit(3)", "SystemExit: 3")]
)
def test_an_app_that_cannot_be_imported_is_named_with_the_place(check, tmp_path, monkeypatch, text, said):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "breaking", raising=False)
    write(f"import json\n{text}\n", "breaking.py")

    done = check("breaking:app")

    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line == f"Error: breaking:app cannot be imported: {said} ({Path('breaking.py').resolve()}:2)"


# Configuration -------------------------------------------------------------------------------------------------------


def codes(done):
    return [finding["code"] for finding in json.loads(done.output)["findings"]]


@pytest.mark.parametrize(
    ("table", "left"),
    [
        ("", ["ING001", "ING007", "ING005"]),
        ('select = ["ING005"]', ["ING005"]),
        ('ignore = ["ING005", "ING007"]', ["ING001"]),
        ('exclude = ["shop.py"]', []),
        ('exclude = ["sh*"]', []),
        ('per-file-ignores = { "sh*.py" = ["ING001"], "other.py" = ["ING"] }', ["ING007", "ING005"]),
        ('select = ["ING00"]\nignore = ["ING001"]', ["ING007", "ING005"]),
    ],
)
def test_the_project_says_which_rules_apply_where(check, table, left):
    write(WAITS)
    configure(table)

    assert codes(check("--format", "json")) == left


def test_an_option_goes_before_what_the_project_says(check):
    write(WAITS)
    configure('select = ["ING007"]\nfail-on = "warning"')

    assert check().exit_code == 1
    assert check("--fail-on", "error").exit_code == 0
    assert codes(check("--select", "ING005", "--format", "json")) == ["ING005"]


def test_the_project_says_how_bad_things_are(check):
    write(WAITS)
    configure('[tool.inngest-py.check.severity]\nING = "error"\nING007 = "critical"')

    found = json.loads(check("--format", "json").output)["findings"]

    assert [(finding["code"], finding["severity"]) for finding in found] == [
        ("ING001", "error"),
        ("ING007", "critical"),
        ("ING005", "error"),
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("selects = []", "[tool.inngest-py.check] has no field selects"),
        ('ignore = ["E501"]', 'there is no rule "E501"'),
        ('fail-on = "never"', "must be one of warning, error, critical"),
        ('root = "/"', "[tool.inngest-py.check] has no field root"),
        ("select = [", "cannot be read: "),
    ],
)
def test_configuration_that_cannot_work_is_refused_by_name(check, table, said):
    configure(table)

    done = check()

    assert done.exit_code == 1
    assert said in done.stderr
    assert "pyproject.toml" in done.stderr


# Fixes ---------------------------------------------------------------------------------------------------------------

FIXES = [
    (
        '@client.create_function(fn_id="a", trigger=[])\ndef one(ctx): ...\n',
        '@client.create_function(fn_id="a", retries=4, trigger=[])\ndef one(ctx): ...\n',
    ),
    (
        '@client.create_function(\n    fn_id="a",\n    trigger=[],\n)\ndef one(ctx): ...\n',
        '@client.create_function(\n    fn_id="a",\n    retries=4,\n    trigger=[],\n)\ndef one(ctx): ...\n',
    ),
    (
        "@client.create_function(trigger=[], retries=1)\ndef send_mail(ctx): ...\n",
        '@client.create_function(fn_id="send-mail", trigger=[], retries=1)\ndef send_mail(ctx): ...\n',
    ),
    (
        '@client.create_function(fn_id="Send the mail!", trigger=[], retries=1)\ndef one(ctx): ...\n',
        '@client.create_function(fn_id="send-the-mail", trigger=[], retries=1)\ndef one(ctx): ...\n',
    ),
    (
        (
            '@client.create_function(fn_id="a", trigger=[], retries=1)\ndef one(ctx):\n    try:\n'
            '        ctx.step.run("work-hard", print)\n    except:  # whatever\n        pass\n'
            '    try:\n        ctx.step.run("work-hard", print)\n    except BaseException as é:\n        pass\n'
        ),
        (
            '@client.create_function(fn_id="a", trigger=[], retries=1)\ndef one(ctx):\n    try:\n'
            '        ctx.step.run("work-hard", print)\n    except Exception:  # whatever\n        pass\n'
            '    try:\n        ctx.step.run("work-hard", print)\n    except Exception as é:\n        pass\n'
        ),
    ),
    (
        (
            'import asyncio, time\n@client.create_function(fn_id="a", trigger=[], retries=1)\nasync def one(ctx):\n'
            '    "é"; time.sleep(1)\n'
        ),
        (
            'import asyncio, time\n@client.create_function(fn_id="a", trigger=[], retries=1)\nasync def one(ctx):\n'
            '    "é"; await asyncio.sleep(1)\n'
        ),
    ),
    (
        "@client.create_function(trigger=[])\ndef send_mail(ctx): ...\n",
        '@client.create_function(fn_id="send-mail", retries=4, trigger=[])\ndef send_mail(ctx): ...\n',
    ),
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("before", "after"), FIXES)
def test_what_can_be_put_right_safely_is(check, before, after, newline):
    write((HEAD + before).replace("\n", newline))

    check("--fix", "--ignore", "ING001")

    assert Path("shop.py").read_bytes().decode() == (HEAD + after).replace("\n", newline)


def test_what_is_put_right_is_not_reported(check):
    write(HEAD + FIXES[0][0])

    first = check("--ignore", "ING001")
    done = check("--fix", "--ignore", "ING001")

    assert "; --fix puts 1 right\n" in first.output
    assert done.output == "nothing found in 1 file\n"


def test_a_fix_keeps_the_coding_of_a_file(check, tmp_path):
    text = f"# coding: latin-1\n{HEAD}x = 'é'\n{FIXES[0][0]}"
    (tmp_path / "shop.py").write_bytes(text.encode("latin-1"))

    check("--fix")

    assert "retries=4" in (tmp_path / "shop.py").read_bytes().decode("latin-1")


def test_without_fix_no_file_is_touched(check, tmp_path):
    write(HEAD + FIXES[0][0])
    before = (tmp_path / "shop.py").stat().st_mtime_ns

    check()

    assert (tmp_path / "shop.py").stat().st_mtime_ns == before


def test_what_is_silenced_is_not_fixed(check, tmp_path):
    text = HEAD + FIXES[0][0].replace("trigger=[])", "trigger=[])  # noqa: ING009")
    write(text)

    check("--fix")

    assert (tmp_path / "shop.py").read_text() == text


def test_every_fix_of_the_corpus_is_python_and_leaves_nothing_to_fix(check, tmp_path, pytestconfig):
    for file in sorted((pytestconfig.rootpath / "tests" / "check" / "corpus").glob("*/*.py")):
        write(file.read_text(), f"{file.parent.name}_{file.name}")

    check("--fix")

    assert [finding for finding in json.loads(check("--format", "json").output)["findings"] if finding["fixable"]] == []
    for file in tmp_path.glob("*.py"):
        ast.parse(file.read_text())


# Apps ----------------------------------------------------------------------------------------------------------------

APP = """
import inngest_py as inngest
from inngest_starlette import serve

client = inngest.Inngest(app_id="{app_id}", is_production=False)
OPTIONS = {{"retries": 3, "concurrency": 2}}


def declare(name):
    @client.create_function(fn_id=name, trigger=inngest.TriggerEvent(event=f"payment/{{name}}"), **dict(OPTIONS))
    def fn(ctx):
        ctx.step.wait_for_event("wait-for-it", event="a/c")

    return fn


functions = [declare("one"), declare("two")]
route = {route}
"""


@pytest.fixture
def app_id(request):
    return f"app_{abs(hash(request.node.name))}"


@pytest.fixture
def app(check, app_id, tmp_path):
    """Check an app in a module of its own, whose clients are gone when the next test looks for clients."""

    def in_app(route, target="route"):
        write(APP.format(route=route, app_id=app_id), f"{app_id}.py")
        return check(f"{app_id}:{target}", "--format", "json")

    yield in_app
    sys.modules.pop(app_id, None)
    sys.path.remove(str(tmp_path))


def test_an_app_is_checked_by_what_it_has_declared(app):
    said = json.loads(app("serve(client)", "client").output)

    assert said["files"] == 1
    assert [(finding["code"], finding["line"]) for finding in said["findings"]] == [
        ("ING007", 10),
        ("ING007", 10),
        ("ING010", 10),
        ("ING010", 10),
        ("ING005", 12),
    ]


@pytest.mark.parametrize(
    ("route", "left"),
    [
        ("serve(client)", []),
        ("serve(client, functions[:1])", [("ING002", "two")]),
        ("print", [("ING001", "one")]),
    ],
)
def test_an_app_is_asked_what_it_serves(app, app_id, route, left):
    found = json.loads(app(route).output)["findings"]

    served = re.compile(rf'the function "{app_id}-(\w+)" is served nowhere')
    ours = [(finding["code"], served.match(finding["message"])) for finding in found]
    assert [(code, match[1]) for code, match in ours if match] == left
