"""What an import and an app cost, each measured in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median

IMPORT = {"inngest_py": "import inngest_py", "inngest": "import inngest"}

APP = """
import flask
app = flask.Flask("app")
client = inngest.Inngest(app_id="app", is_production=False)
function = client.create_function(fn_id="fn", trigger=inngest.TriggerEvent(event="a/b"))(lambda ctx: None)
"""

START = {
    "inngest_py": f"import inngest_flask, inngest_py as inngest{APP}"
    "app.register_blueprint(inngest_flask.serve(client))",
    "inngest": f"import inngest, inngest.flask{APP}inngest.flask.serve(app, client, [function])",
}
"""The programs of a Flask app with one function."""

TIMED = """
import time
start = time.process_time()
{program}
print(time.process_time() - start)
"""

# One app is built before, so that only what each app has of its own is counted.
MEMORY = """
import tracemalloc
from apps import starlette_app
starlette_app("{package}", 20)
tracemalloc.start()
held = [starlette_app("{package}", 20) for _ in range({apps})]
print(tracemalloc.get_traced_memory()[0] / {apps})
"""


def program_seconds(programs: dict[str, str], rounds: int) -> dict[str, float]:
    """The processor time of programs in fresh processes, in turns; the median of the rounds counts.

    There is a round more, which is not counted: it compiles what is imported.
    """
    found: dict[str, list[float]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as cache:
        for _ in range(rounds + 1):
            for name, program in programs.items():
                found[name].append(_run(TIMED.format(program=program), cache))
    return {name: median(times[1:]) for name, times in found.items()}


def app_bytes(packages: Iterable[str], apps: int) -> dict[str, float]:
    """The memory of one served app with 20 functions."""
    return {package: _run(MEMORY.format(package=package, apps=apps)) for package in packages}


def _run(program: str, cache: str | None = None) -> float:
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    if cache is not None:
        env["PYTHONPYCACHEPREFIX"] = cache
    place = Path(__file__).parent
    return float(subprocess.run([sys.executable, "-c", program], cwd=place, env=env, stdout=-1, check=True).stdout)
