"""The conformance suite is for everybody's adapters: it finds what is wrong with one, and prints what it tried."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ADAPTER = """
import pytest
from flask import Flask
from inngest_flask import serve
from inngest_py.testing.conformance import Conformance, Mount, WsgiHost


class Harness:
    framework = "flask"

    def __init__(self, name, meddle):
        self.name = name
        self._meddle = meddle

    def host(self, *mounts: Mount) -> WsgiHost:
        app = Flask("mine")
        for mount in mounts:
            app.register_blueprint(serve(mount.client, mount.functions, path=mount.path, **mount.options))

        def meddled(environ, start_response):
            self._meddle(environ)
            return app(environ, start_response)

        return WsgiHost(meddled)


def believe_proxies(environ):
    environ["HTTP_HOST"] = environ.get("HTTP_X_FORWARDED_HOST", environ["HTTP_HOST"])


HARNESSES = [Harness("sound", lambda environ: None), Harness("credulous", believe_proxies)]


class TestMine(Conformance):
    @pytest.fixture(params=HARNESSES, ids=lambda harness: harness.name)
    def harness(self, request):
        return request.param
"""
CASES = "test_what_a_proxy_says_is_not_believed_unasked or test_an_async_function_ends_when or test_the_trust_probe"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("mine")
    (folder / "test_mine.py").write_text(ADAPTER)
    command = [sys.executable, "-m", "inngest_py.testing.conformance", "-k", CASES, "-p", "no:cacheprovider", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    return done.stdout


def test_the_table_says_what_became_of_each_case(output: str) -> None:
    rows = dict(re.findall(r"^(\w[a-z ]+?) *((?: {3}[-+F])+)$", output, re.MULTILINE))

    assert {case: cells.split() for case, cells in rows.items()} == {
        "the trust probe is answered in kind": ["+", "+"],
        "what a proxy says is not believed unasked": ["F", "+"],
        "an async function ends when the client leaves": ["-", "-"],
    }
    assert "1 credulous, 2 sound" in output


def test_a_case_that_fails_explains_itself(output: str) -> None:
    assert "E         + http://elsewhere.example/api/inngest" in output
    assert Path(__file__).name not in output
