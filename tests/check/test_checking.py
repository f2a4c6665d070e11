"""Files that are hard to read, comments that silence, and functions that several modules are about."""

from __future__ import annotations

import os
import re

import pytest

from inngest_py.check import Configuration, check_paths

HEAD = 'import inngest_py as inngest\n\nclient = inngest.Inngest(app_id="shop")\n\n\n'
ENDLESS = HEAD + (
    '@client.create_function(fn_id="wait", trigger=inngest.TriggerEvent(event="a/b"), retries=1)\n'
    "def fn(ctx):\n"
    '    ctx.step.wait_for_event("wait-for-it", event="a/c")\n'
)


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def found(folder, *codes, **options):
    report = check_paths([folder], Configuration(root=folder, select=codes or ("ING",), **options))
    return [(os.path.relpath(finding.path, folder), finding.span.line, finding.code) for finding in report.findings]


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"x = 1\ndef broken(:\n", 2, "it is not Python: invalid syntax"),
        (b"x = '\xff\xfe inngest'\n", 1, "it is not text in UTF-8"),
        (b"# coding: no-such\n", 1, "it is not text in UTF-8: unknown encoding: no-such"),
        (b"x = 1\0\n", 1, "it is not Python: source code string cannot contain null bytes"),
        (b"x = " + b"(" * 500 + b")" * 500, 1, "it is not Python: too many nested parentheses"),
        (b"x = " + b"-" * 100_000 + b"1", 1, "it is nested too deep"),
    ],
)
def test_a_file_that_is_no_python_is_found_and_the_others_are_checked(tmp_path, data, line, said):
    (tmp_path / "broken.py").write_bytes(data)
    write(tmp_path, {"endless.py": ENDLESS})

    report = check_paths([tmp_path], Configuration(root=tmp_path, select=["ING000", "ING005"]))

    first, second = report.findings
    assert (first.code, first.span.line, second.code) == ("ING000", line, "ING005")
    assert said in first.message


def test_a_file_is_read_in_the_coding_that_it_names(tmp_path):
    (tmp_path / "shop.py").write_bytes(b"# coding: latin-1\n" + f"{ENDLESS}# \xe9t\xe9\n".encode("latin-1"))
    (tmp_path / "bom.py").write_bytes(b"\xef\xbb\xbf" + ENDLESS.encode())

    assert found(tmp_path, "ING000", "ING005") == [("bom.py", 8, "ING005"), ("shop.py", 9, "ING005")]


def test_a_huge_file_is_a_warning(tmp_path):
    (tmp_path / "huge.py").write_text("x = 1\n" * 400_000)

    (finding,) = check_paths([tmp_path], Configuration(root=tmp_path)).findings

    assert (finding.code, finding.severity.word) == ("ING000", "warning")
    assert "2,400,000 bytes" in finding.message


def test_links_that_go_in_circles_or_nowhere_end(tmp_path):
    write(tmp_path, {"shop/endless.py": ENDLESS})
    (tmp_path / "shop" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "gone.py").symlink_to(tmp_path / "nothing.py")
    (tmp_path / "self.py").symlink_to(tmp_path / "self.py")

    assert found(tmp_path, "ING000", "ING005") == [("shop/endless.py", 8, "ING005")]


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")

    assert found(tmp_path) == []


def test_what_is_not_the_projects_own_is_left_out(tmp_path):
    places = ("node_modules/a.py", ".venv/lib/a.py", "env/lib/a.py", "env/pyvenv.cfg", "legacy/deep/a.py", "gen_a.py")
    write(tmp_path, {**dict.fromkeys(places, ENDLESS), "kept/a.py": ENDLESS})

    assert found(tmp_path, "ING005", exclude=["legacy", "gen_*.py"]) == [("kept/a.py", 8, "ING005")]


# Comments ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "silenced"),
    [
        ("  # noqa: ING005", True),
        ("  # noqa", True),
        ("  # NOQA: E501, ING005 - it is a demo", True),
        ("  # noqa:ING005", True),
        ("  # noqa: ING004", False),
        ("  # noqa: E501", False),
        ("  # ING005", False),
    ],
)
def test_a_comment_at_the_line_silences_the_rules_that_it_names(tmp_path, comment, silenced):
    write(tmp_path, {"shop.py": ENDLESS.rstrip("\n") + comment + "\n"})

    assert (found(tmp_path, "ING005") == []) is silenced


def test_a_comment_in_a_string_silences_nothing(tmp_path):
    write(tmp_path, {"shop.py": ENDLESS.replace('"wait-for-it"', '"# noqa"')})

    assert found(tmp_path, "ING005") == [("shop.py", 8, "ING005")]


def test_a_comment_at_the_last_line_of_a_call_is_about_the_call(tmp_path):
    spread = ENDLESS.replace('event="a/c")', 'event="a/c",\n    )  # noqa: ING005')
    write(tmp_path, {"shop.py": spread})

    assert found(tmp_path, "ING005") == []


@pytest.mark.parametrize(("comment", "left"), [("# inngest-py: noqa\n", []), ("# inngest-py: noqa: ING004\n", [9])])
def test_a_comment_for_the_whole_file_is_about_all_of_it(tmp_path, comment, left):
    write(tmp_path, {"shop.py": comment + ENDLESS})

    assert [line for _, line, _ in found(tmp_path, "ING005")] == left


# Several modules -----------------------------------------------------------------------------------------------------

CLIENT = 'import inngest_py\n\nclient = inngest_py.Inngest(app_id="shop")\n'
FUNCTIONS = (
    "import inngest_py\nfrom .client import client\n\n"
    '@client.create_function(fn_id="one", trigger=inngest_py.TriggerEvent(event="a/b"))\ndef one(ctx): ...\n\n'
    '@client.create_function(fn_id="two", trigger=inngest_py.TriggerEvent(event="a/b"))\ndef two(ctx): ...\n'
)


@pytest.mark.parametrize(
    ("app", "left"),
    [
        ("x = 1\n", [("shop/functions.py", 4, "ING001")]),
        ("from inngest_flask import serve\nfrom shop.client import client\nb = serve(client)\n", []),
        ("from inngest_flask import serve\nfrom shop import client as c\nb = serve(c.client)\n", []),
        (
            (
                "from inngest_flask import serve\nfrom shop.client import client\nfrom shop import functions\n"
                "b = serve(client, [functions.one])\n"
            ),
            [("shop/functions.py", 7, "ING002")],
        ),
        (
            (
                "from inngest_flask import serve\nfrom shop.client import client\nfrom shop.lists import ALL\n"
                "b = serve(client, ALL)\n"
            ),
            [("shop/functions.py", 7, "ING002")],
        ),
        ("from inngest_flask import serve\nfrom shop.client import client\nb = serve(client, client.functions)\n", []),
        ("from inngest_flask import serve\nfrom shop.client import client\nb = serve(client, find())\n", []),
        ("from inngest_flask import serve\nfrom nowhere import client\nb = serve(client)\n", []),
        ("from shop.client import client\nmount(client)\n", []),
    ],
)
def test_who_is_served_is_seen_across_modules(tmp_path, app, left):
    lists = "from .functions import one\n\nALL = [one]\n"
    shop = {"shop/__init__.py": "", "shop/client.py": CLIENT, "shop/functions.py": FUNCTIONS, "shop/lists.py": lists}
    write(tmp_path, {**shop, "app.py": app})

    assert found(tmp_path, "ING001", "ING002") == left


def test_a_single_file_is_served_by_the_project_that_it_belongs_to(tmp_path):
    app = "from inngest_flask import serve\nfrom shop.client import client\nb = serve(client)\n"
    write(tmp_path, {"shop/client.py": CLIENT, "shop/functions.py": FUNCTIONS, "app.py": app})
    one = HEAD + '@client.create_function(fn_id="one", trigger=[])\ndef one(ctx): ...\n'
    write(tmp_path, {"one.py": one, "serving.py": app.replace("shop.client", "one"), "pyproject.toml": ""})

    assert found(tmp_path / "one.py", "ING001") == []

    (tmp_path / "serving.py").unlink()

    assert [code for _, _, code in found(tmp_path / "one.py", "ING001")] == ["ING001"]


def test_an_id_is_taken_by_a_function_in_another_module(tmp_path):
    more = FUNCTIONS.replace('"two"', '"three"')
    write(tmp_path, {"shop/client.py": CLIENT, "shop/functions.py": FUNCTIONS, "shop/more.py": more})

    assert found(tmp_path, "ING003") == [("shop/more.py", 4, "ING003")]


def test_modules_of_the_same_name_in_different_projects_are_not_taken_for_each_other(tmp_path):
    for project in ("one", "two"):
        shop = {f"{project}/shop/client.py": CLIENT, f"{project}/shop/functions.py": FUNCTIONS}
        write(tmp_path, shop)
    app = "from inngest_flask import serve\nfrom shop.client import client\nb = serve(client)\n"
    write(tmp_path, {"one/app.py": app})

    assert found(tmp_path, "ING001", "ING003") == [("two/shop/functions.py", 4, "ING001")]


# Tests ---------------------------------------------------------------------------------------------------------------


def test_functions_in_tests_may_be_served_nowhere_and_keys_made_up(tmp_path):
    text = ENDLESS.replace('app_id="shop"', 'app_id="shop", signing_key="signkey-test-0123456789abcdef"')
    write(tmp_path, {"tests/support.py": text, "test_shop.py": text})

    assert {code for _, _, code in found(tmp_path)} == {"ING005"}


def test_what_a_test_expects_to_fail_is_not_found(tmp_path):
    declared = '@client.create_function(fn_id="a b", trigger=[])\ndef fn(ctx): ...\n'
    inside = "with pytest.raises(ValueError):\n" + re.sub("^", "    ", declared, flags=re.MULTILINE)
    write(tmp_path, {"test_shop.py": HEAD + inside, "test_more.py": HEAD + declared})

    assert found(tmp_path, "ING003") == [("test_more.py", 6, "ING003")]


# Apps in the style of the official SDK -------------------------------------------------------------------------------

OFFICIAL = {
    "app.py": (
        "import fastapi\nimport inngest_py.fast_api\nfrom src.jobs import make_native, make_plain\n"
        "from src.jobs.client import inngest_client\n\napp = fastapi.FastAPI()\n"
        "inngest_py.fast_api.serve(app, inngest_client, [*make_native(inngest_client), *make_plain(inngest_client)])\n"
    ),
    "src/jobs/client.py": 'import inngest_py as inngest\n\ninngest_client = inngest.Inngest(app_id="example")\n',
    "src/jobs/__init__.py": (
        "import asyncio\nimport datetime\nimport time\n\nimport inngest_py as inngest\n\n\n"
        "def make_native(client: inngest.Inngest) -> list[inngest.Function]:\n"
        '    @client.create_function(fn_id="two_parts", trigger=inngest.TriggerEvent(event="app/two_parts"))\n'
        "    async def fn(ctx: inngest.Context, step: inngest.Step) -> tuple[int, ...]:\n"
        "        async def _part() -> int:\n"
        "            await asyncio.sleep(2)\n"
        "            return 1\n\n"
        '        return await step.parallel((lambda: step.run("1a", _part), lambda: step.run("1b", _part)))\n\n'
        "    return [fn]\n\n\n"
        "def make_plain(client: inngest.Inngest) -> list[inngest.Function]:\n"
        '    @client.create_function(fn_id="two_parts", trigger=inngest.TriggerEvent(event="app/two_parts"))\n'
        "    def fn(ctx: inngest.Context, step: inngest.StepSync) -> str:\n"
        '        user_id = step.run("get_user_id", lambda: 1)\n'
        '        step.run("print_user_id", lambda: print(user_id))\n'
        '        step.sleep_until("zzz", (datetime.datetime.now() + datetime.timedelta(seconds=3)))\n'
        '        return "done"\n\n'
        '    @client.create_function(fn_id="slow", trigger=inngest.TriggerEvent(event="app/slow"))\n'
        "    def slow(ctx: inngest.Context, step: inngest.StepSync) -> None:\n"
        "        time.sleep(5)\n\n"
        "    return [fn, slow]\n"
    ),
    "worker.py": (
        "import asyncio\nimport inngest_py.connect\nfrom src.jobs import make_native\n"
        "from src.jobs.client import inngest_client\n\n"
        "asyncio.run(inngest_py.connect.connect([(inngest_client, make_native(inngest_client))]).start())\n"
    ),
}


def test_apps_in_the_style_of_the_official_sdk_have_no_errors(tmp_path):
    write(tmp_path, OFFICIAL)

    report = check_paths([tmp_path], Configuration(root=tmp_path))

    assert report.findings
    assert {finding.severity.word for finding in report.findings} == {"warning"}
