"""The main job, for real: a dev server, a web app on a real web server, and an order that goes through it.

python examples/demo.py [flask | django | starlette]
"""

import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
INNGEST = [sys.executable, "-m", "inngest_py"]
SERVERS = {
    "flask": "gunicorn --threads 4 --bind 127.0.0.1:{port} examples.demo_flask:app",
    "django": "gunicorn --threads 4 --bind 127.0.0.1:{port} examples.demo_django:app",
    "starlette": "uvicorn --no-access-log --port {port} examples.demo_starlette:app",
}
STEPS = {
    "load-order": "StepRun",
    "check-inventory": "StepRun",
    "validate-payment": "StepRun",
    "charge-card": "StepRun",
    "let-it-settle": "Sleep",
    "wait-for-approval": "WaitForEvent",
    "ship": "InvokeFunction",
}
RUNS = {"demo-process-order": "Completed", "demo-ship-order": "Completed"}
RESULT = {
    "order_id": "1",
    "in_stock": True,
    "payment": "29.90 authorized",
    "charge": "charged 29.90 at attempt 2",
    "approved_by": "ann",
    "tracking": "PARCEL-book-pen",
}
PATIENCE = 60


def main() -> None:
    framework = sys.argv[1] if len(sys.argv) > 1 else "flask"
    if framework not in SERVERS:
        sys.exit(f'there is no demo for "{framework}": choose {", ".join(SERVERS)}')
    url = f"http://127.0.0.1:{free_port()}"
    command = SERVERS[framework].format(port=free_port())
    say("a dev server, and the app beside it", f"inngest-py dev --port {url.rpartition(':')[2]} -- {command}")
    server = start_server(url, command)
    try:
        place_an_order(url, server)
        stop(server)
    finally:
        clean_up(server)
    say(f"all of it happened, on {framework}")


def place_an_order(url: str, server: subprocess.Popen[bytes]) -> None:
    wait_for("the app to register", server, lambda: get(url, "/v1/apps"))

    say("an order is placed")
    inngest("send", "order/placed", "--data", '{"order_id": "1"}', "--url", url)
    run_id = wait_for("a run", server, lambda: get(url, "/v1/runs"))[0]["run_id"]
    wait_for("the run to wait for an approval", server, lambda: "wait-for-approval" in steps_of(get_run(url, run_id)))

    say("it is approved")
    inngest("send", "order/approved", "--data", '{"order_id": "1", "by": "ann"}', "--url", url)
    wait_for("the run to end", server, lambda: get_run(url, run_id)["ended_at"])

    say("what the server has stored")
    inngest("runs", run_id, "--url", url)
    check(get_run(url, run_id), get(url, "/v1/runs"))


def check(run: Mapping[str, Any], runs: Sequence[Mapping[str, Any]]) -> None:
    steps = steps_of(run)
    first, second = steps["check-inventory"], steps["validate-payment"]
    expect("the steps", {name: step["op"] for name, step in steps.items()}, STEPS)
    expect("the status of every step", {step["status"] for step in steps.values()}, {"Completed"})
    if max(first["started_at"], second["started_at"]) > min(first["ended_at"], second["ended_at"]):
        sys.exit("the demo failed: check-inventory and validate-payment did not run side by side")
    expect("the attempts of the step that failed", steps["charge-card"]["attempts"], 2)
    expect("the runs", {each["function"]: each["status"] for each in runs}, RUNS)
    expect("the result", run["output"], RESULT)


def expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        sys.exit(f"the demo failed: {what} should be {expected!r}, but is {found!r}")


def start_server(url: str, command: str) -> subprocess.Popen[bytes]:
    port = url.rpartition(":")[2]
    app = [sys.executable, "-m", *shlex.split(command)]
    # Without a terminal to type at: Ctrl-C reaches the app through the dev server, not twice.
    return subprocess.Popen([*INNGEST, "dev", "--port", port, "--", *app], cwd=ROOT, stdin=subprocess.DEVNULL)


def stop(server: subprocess.Popen[bytes]) -> None:
    say("Ctrl-C")
    server.send_signal(signal.SIGINT)
    expect("the exit code of the dev server", server.wait(PATIENCE), 0)


def clean_up(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.terminate()
        server.wait(PATIENCE)


def wait_for(what: str, server: subprocess.Popen[bytes], look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"the demo failed: the dev server ended with exit code {server.returncode}")
        try:
            if found := look():
                return found
        except httpx.TransportError:
            pass  # the server is still starting
        time.sleep(0.05)
    sys.exit(f"the demo failed: waited {PATIENCE} s for {what}")


def get(url: str, path: str) -> Any:
    return httpx.get(url + path, trust_env=False).raise_for_status().json()["data"]


def get_run(url: str, run_id: str) -> Mapping[str, Any]:
    return get(url, f"/v1/runs/{run_id}?steps=true")


def steps_of(run: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    return {step["name"]: step for step in run["steps"]}


def inngest(*arguments: str) -> None:
    print(f"    $ {shlex.join(['inngest-py', *arguments])}", flush=True)
    if subprocess.run([*INNGEST, *arguments], cwd=ROOT, check=False).returncode:
        sys.exit("the demo failed: that command should have worked")


def say(what: str, command: str = "") -> None:
    print(f"\n==> {what}" + (f"\n    $ {command}" if command else ""), flush=True)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
