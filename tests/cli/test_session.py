"""`inngest-py dev` with a command beside it, for real."""

from __future__ import annotations

import asyncio
import io
import json
import os
import queue
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from click.testing import CliRunner, Result

from inngest_py import Event, Inngest
from inngest_py.dev.child import Child
from inngest_py.dev.commands import commands
from inngest_py.dev.notices import EventAccepted
from inngest_py.dev.options import Options
from inngest_py.dev.session import Session, Stop
from inngest_py.dev.store.sqlite import SQLiteStore
from inngest_py.dev.terminal import JSONLog
from inngest_py.settings import child_environment

PATIENCE = 60
HERE = Path(__file__).parent
APP = (sys.executable, "-m", "uvicorn", "--no-access-log", "--port", "0", "--app-dir", str(HERE), "app:app")


class Program:
    """A running `inngest-py dev --json`, and what it prints."""

    def __init__(self, arguments: Sequence[str], cwd: Path | None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "inngest_py", "dev", "--port", "0", "--json", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self.errors: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self._lines.put)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors.append)),
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream: Any, take: Callable[[str], None]) -> None:
        with stream:
            for line in stream:
                take(line)

    def until(self, kind: str, **fields: object) -> Mapping[str, Any]:
        """The next notice of a kind, with these fields."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                notice = json.loads(self._lines.get(timeout=max(deadline - time.monotonic(), 0)))
            except queue.Empty:
                raise AssertionError(f"there was no {kind}; stderr: {''.join(self.errors)}") from None
            if notice["kind"] == kind and fields.items() <= notice.items():
                return notice

    def signal(self, number: int) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return code


@pytest.fixture(scope="module")
def start() -> Iterator[Callable[..., Program]]:
    """Starts `inngest-py dev --json` with arguments."""
    sessions = list[Program]()

    def started(*arguments: str, cwd: Path | None = None) -> Program:
        sessions.append(Program(arguments, cwd))
        return sessions[-1]

    yield started
    for session in sessions:
        if session.process.poll() is None:
            session.process.terminate()
        session.wait()


Start = Callable[..., Program]
Until = Callable[[str], Awaitable[Mapping[str, Any]]]


class Shop(NamedTuple):
    session: Program
    url: str


@pytest.fixture(scope="module")
def shop(start: Start) -> Shop:
    session = start("--", *APP)
    url = session.until("Ready")["url"]
    session.until("AppSynced")
    return Shop(session, url)


def test_an_app_is_found_wherever_it_listens_and_an_event_runs_its_function(shop: Shop) -> None:
    sent = ask("send", "order/placed", "--data", '{"kind": "good"}', "--id", "1", "--json", "--url", shop.url)

    event = shop.session.until("EventAccepted", name="order/placed")
    run = shop.session.until("RunCompleted")

    assert json.loads(sent) == {"ids": [event["event_id"]]}
    assert (run["function"], run["output"], run["steps"]) == ("shop-order", "a good order", 1)


def test_a_run_is_shown_with_its_steps_by_the_end_of_its_id(shop: Shop) -> None:
    ask("send", "order/placed", "--data", '{"kind": "red"}', "--url", shop.url)
    run_id = shop.session.until("RunCompleted")["run_id"]

    tree = ask("runs", run_id[-6:].lower(), "--url", shop.url)

    assert tree.startswith("shop-order  Completed  ")
    assert f"run {run_id}, by order/placed, " in tree
    assert "└─ look  Completed" in tree
    assert 'output  "a red order"' in tree


def test_a_run_that_failed_is_shown_with_its_error_and_the_users_traceback(shop: Shop) -> None:
    ask("send", "order/placed", "--data", '{"kind": "bad"}', "--url", shop.url)
    run_id = shop.session.until("RunFailed")["run_id"]

    tree = ask("runs", run_id, "--url", shop.url)

    assert "error   NonRetriableError: this order is bad" in tree
    assert 'app.py", line' in tree
    assert "inngest_py/steps" not in tree


def test_runs_are_listed_newest_first_and_by_status(shop: Shop) -> None:
    for kind in ("good", "bad"):
        ask("send", "order/placed", "--data", json.dumps({"kind": kind}), "--url", shop.url)
        shop.session.until("RunCompleted" if kind == "good" else "RunFailed")

    listed = json.loads(ask("runs", "--limit", "2", "--json", "--url", shop.url))
    failed = ask("runs", "--status", "failed", "--url", shop.url).splitlines()

    assert [run["status"] for run in listed] == ["Failed", "Completed"]
    assert failed[0].split() == ["run", "status", "function", "event", "started", "took"]
    assert {line.split()[1] for line in failed[1:]} == {"Failed"}


def test_a_run_that_is_not_there_is_said_to_be_missing(shop: Shop) -> None:
    done = CliRunner().invoke(commands, ["runs", "01M826G8A0000000000000000Z", "--url", shop.url])

    assert done.exit_code == 1
    assert done.stderr == (
        f"Error: the server at {shop.url} says: Unable to load function run: 01M826G8A0000000000000000Z\n"
    )


def test_ctrl_c_ends_both_with_all_that_the_command_has_started_and_that_is_no_failure(start: Start) -> None:
    session = start("--", "sh", "-c", f"{sys.executable} -c 'import time; time.sleep(60)' & echo $!; wait")
    wait_for(lambda: session.errors)

    code = session.signal(signal.SIGINT)

    assert code == 0
    wait_for(lambda: not is_alive(int(session.errors[0])))


async def test_a_command_that_takes_no_notice_is_killed_as_soon_as_somebody_is_in_a_hurry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inngest_py.dev.child.GRACE", None)
    ready, hurry = tmp_path / "ready", asyncio.Event()
    ignoring = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({str(ready)!r}, 'w')"
    child = await Child.start((sys.executable, "-c", f"{ignoring}\nwhile True: signal.pause()"), os.environ)
    await asyncio.to_thread(wait_for, ready.exists)

    stopping = asyncio.create_task(child.stop(signal.SIGTERM, hurry.wait()))
    hurry.set()
    await stopping

    assert await child.wait() == 128 + signal.SIGKILL


async def test_the_second_signal_means_hurry() -> None:
    stop = Stop()
    with stop.on_signals():
        os.kill(os.getpid(), signal.SIGINT)
        await stop.wait()
        again = asyncio.create_task(stop.again())
        os.kill(os.getpid(), signal.SIGTERM)
        await again

    assert stop.number == signal.SIGINT


def test_a_command_that_ends_by_itself_ends_the_server_with_its_exit_code(capfd: pytest.CaptureFixture[str]) -> None:
    command = (sys.executable, "-c", "import os; print(os.environ['INNGEST_DEV']); raise SystemExit(7)")

    done = dev("--port", "0", "--", *command)

    assert done.exit_code == 7
    assert capfd.readouterr().out.startswith("http://127.0.0.1:")
    (line,) = done.stdout.splitlines()
    assert line.endswith("ended by itself, with exit code 7")


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has died")


@on_linux
def test_a_server_that_is_killed_outright_leaves_no_command_behind(start: Start) -> None:
    session = start("--", sys.executable, "-c", "import os, time; os.write(2, b'%d\\n' % os.getpid()); time.sleep(60)")
    wait_for(lambda: session.errors)

    session.signal(signal.SIGKILL)

    wait_for(lambda: not is_alive(int(session.errors[0])))


@on_linux
def test_a_command_is_started_as_a_shell_would_start_it(capfd: pytest.CaptureFixture[str]) -> None:
    dev("--port", "0", "--", "sh", "-c", "grep SigIgn /proc/$$/status; echo $0 $1 done", "a", "b")

    assert capfd.readouterr().out == f"SigIgn:\t{ignored_outside_of_python():016x}\na b done\n"


def ignored_outside_of_python() -> int:
    """The signals that this process ignores, a bit for each, but for the two that Python does."""
    (mask,) = re.findall(r"SigIgn:\s*(\w+)", Path("/proc/self/status").read_text())
    return int(mask, 16) & ~(1 << signal.SIGPIPE - 1) & ~(1 << signal.SIGXFSZ - 1)


async def test_an_app_is_found_without_a_command_once_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    port, server = free_port(), free_port()
    monkeypatch.setattr("inngest_py.dev.finder.PORTS", (port,))
    async with beside(port=server, poll_interval=0.1) as until:
        await until("Ready")
        command = [str(port) if part == "0" else part for part in APP]
        app = await Child.start(command, child_environment(f"http://127.0.0.1:{server}"))
        try:
            synced = await until("AppSynced")
        finally:
            await app.stop(signal.SIGTERM)

    assert synced["url"] == f"http://127.0.0.1:{port}/api/inngest"


async def test_without_a_command_and_an_app_it_is_said_that_there_is_none_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inngest_py.dev.finder.PORTS", ())
    monkeypatch.setattr("inngest_py.dev.finder.PATIENCE", 0.0)
    async with beside(poll_interval=0.01) as until:
        said = await until("App")

    assert said["message"].startswith("no Inngest app found yet at the usual ports")


async def test_with_keys_an_app_in_production_is_served_as_there() -> None:
    key, event_key = "signkey-test-0123456789abcdef", "an-event-key"
    async with beside(*APP, signing_key=key, event_keys=(event_key,)) as until:
        url = (await until("Ready"))["url"]
        await until("AppSynced")
        settings = {"is_production": True, "base_url": url, "signing_key": key, "event_key": event_key}
        client = Inngest(app_id="other", **settings)

        await client.send(Event(name="order/placed", data={"kind": "small"}))

        assert (await until("RunCompleted"))["output"] == "a small order"


async def test_a_server_that_can_store_nothing_more_says_so_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, started = io.StringIO(), asyncio.get_running_loop().create_future()

    class Log(JSONLog):
        def start(self, url: str, options: Options) -> None:
            started.set_result(url)

    options = Options(port=0, persist=tmp_path / "state.db")
    session = Session(options=options, log=Log(log), environ=child_environment, command=())
    running = asyncio.create_task(session.run())
    url = await started

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(SQLiteStore, "flush", full)
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{url}/e/key", json={"name": "test/event"})

    assert answer.status_code == 503
    assert await asyncio.wait_for(running, PATIENCE) == 1
    assert "database or disk is full" in log.getvalue()


async def test_a_log_that_cannot_be_written_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    class Full(JSONLog):
        def notice(self, notice: Any) -> None:
            raise OSError(28, "No space left on device")

    stop = Stop()
    shown = stop.unless_broken(Full(io.StringIO()).notice)
    for _ in range(3):
        shown(EventAccepted(at=0, event_id="E1", name="test/event", internal=False, functions=()))

    assert not stop.is_set
    assert capsys.readouterr().err == "inngest-py: the log cannot be written: No space left on device\n"


async def test_an_app_that_is_reloaded_registers_what_is_new(tmp_path: Path) -> None:
    module = Path(shutil.copy(HERE / "app.py", tmp_path / "app.py"))
    reloading = [str(tmp_path) if part == str(HERE) else part for part in APP]
    async with beside(*reloading, "--reload", "--reload-dir", str(tmp_path)) as until:
        assert (await until("AppSynced"))["functions"] == ["shop-order"]

        await asyncio.to_thread(replace_in, module, 'fn_id="order"', 'fn_id="ordered"')

        synced = await until("AppSynced")
        assert (synced["functions"], synced["archived"]) == (["shop-ordered"], ["shop-order"])


async def test_a_url_that_is_given_is_asked_as_soon_as_the_command_answers_there() -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/api/inngest"

    async with beside(*(str(port) if part == "0" else part for part in APP), urls=(url,)) as until:
        assert (await until("AppSynced"))["url"] == url


async def test_a_page_that_is_no_app_is_told_apart() -> None:
    port = free_port()
    page = (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1")

    async with beside(*page, urls=(f"http://127.0.0.1:{port}/",)) as until:
        assert (await until("AppUnreachable"))["code"] == "not_an_inngest_app"


def test_a_port_in_use_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = dev("--port", str(port))

    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: port {port} is in use on 127.0.0.1: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_command_that_there_is_not_is_said_in_one_line() -> None:
    done = dev("--port", "0", "--", "no-such-command")

    assert done.exit_code == 1
    assert done.stderr == 'Error: "no-such-command" cannot be started: there is no such command\n'


def dev(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["dev", *arguments])


@asynccontextmanager
async def beside(*command: str, **options: Any) -> AsyncIterator[Until]:
    """A dev server in this process, with a command beside it; gives what waits for the next notice of a kind."""
    log = io.StringIO()
    session = Session(
        options=Options(**{"port": 0, **options}), log=JSONLog(log), environ=child_environment, command=command
    )
    running = asyncio.create_task(session.run())
    seen = 0

    async def until(kind: str) -> Mapping[str, Any]:
        nonlocal seen
        async with asyncio.timeout(PATIENCE):
            while True:
                for line in log.getvalue().splitlines()[seen:]:
                    seen += 1
                    if (notice := json.loads(line))["kind"] == kind:
                        return notice
                await asyncio.sleep(0.02)

    try:
        yield until
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        assert await running == 0


def ask(*arguments: str) -> str:
    done = CliRunner().invoke(commands, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def wait_for(look: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def replace_in(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text().replace(old, new))


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
