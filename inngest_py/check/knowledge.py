"""What calls do, by their names: which read a clock, ask chance, use the network, write, or block the loop."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Final


class Effect(Enum):
    """What a call does besides giving a value."""

    CLOCK = "reads the clock"
    CHANCE = "is different each time"
    NETWORK = "calls another service"
    WRITE = "writes"


_CLOCKS: Final = frozenset(
    {
        "arrow.now",
        "arrow.utcnow",
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "django.utils.timezone.localdate",
        "django.utils.timezone.localtime",
        "django.utils.timezone.now",
        "pendulum.now",
        "pendulum.today",
        "time.monotonic",
        "time.monotonic_ns",
        "time.perf_counter",
        "time.perf_counter_ns",
        "time.process_time",
        "time.time",
        "time.time_ns",
    }
)
_CHANCES: Final = frozenset(
    {"nanoid.generate", "os.getpid", "os.urandom", "random.Random", "ulid.ULID", "ulid.new", "uuid.getnode"}
    | {f"uuid.uuid{version}" for version in (1, 4, 6, 7, 8)}
)
_CHANCE_MODULES: Final = ("random.", "secrets.", "numpy.random.")
_FIXED: Final = ("random.Random()", "random.seed", "secrets.compare_digest", "numpy.random.default_rng()")

_HTTP: Final = ("requests", "httpx", "niquests", "aiohttp", "urllib3", "curl_cffi.requests", "httplib2")
_VERBS: Final = frozenset({"delete", "get", "head", "options", "patch", "post", "put", "request", "send", "stream"})
_SERVICES: Final = (
    "aioboto3",
    "aiobotocore",
    "anthropic",
    "azure",
    "boto3",
    "botocore",
    "braintree",
    "cohere",
    "elasticsearch",
    "google.cloud",
    "google.genai",
    "groq",
    "kafka",
    "mistralai",
    "openai",
    "opensearchpy",
    "paramiko",
    "pika",
    "replicate",
    "resend",
    "sendgrid",
    "slack_sdk",
    "smtplib",
    "stripe",
    "twilio",
)
_ACTIONS: Final = frozenset(
    {"cancel", "capture", "confirm", "create", "delete", "list", "modify", "pay", "refund", "retrieve", "run"}
    | {"search", "send", "update"}
)
_NEUTRAL: Final = frozenset({"aclose", "close", "connect", "copy", "resource", "client", "with_options"})
_NETWORK: Final = frozenset(
    {
        "django.core.mail.EmailMessage().send",
        "django.core.mail.EmailMultiAlternatives().send",
        "django.core.mail.mail_admins",
        "django.core.mail.mail_managers",
        "django.core.mail.send_mail",
        "django.core.mail.send_mass_mail",
        "socket.create_connection",
        "urllib.request.urlopen",
        "urllib.request.urlretrieve",
        "websockets.connect",
    }
)

_WRITES: Final = frozenset(
    {
        f"os.{name}"
        for name in ("makedirs", "mkdir", "popen", "remove", "rename", "replace", "rmdir", "system", "unlink")
    }
    | {f"shutil.{name}" for name in ("copy", "copy2", "copyfile", "copytree", "move", "rmtree")}
    | {f"subprocess.{name}" for name in ("Popen", "call", "check_call", "check_output", "getoutput", "run")}
    | {"asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"}
)
_MANAGERS: Final = frozenset(
    prefix + name
    for prefix in ("", "a")
    for name in ("bulk_create", "bulk_update", "create", "delete", "get_or_create", "update", "update_or_create")
)
_DATABASES: Final = ("session", "db", "cursor", "conn", "connection", "engine", "database", "collection")
_SHORT: Final = frozenset({"cur", "tx", "con"})
_DRIVERS: Final = (
    "MySQLdb",
    "aiosqlite",
    "asyncpg",
    "flask_sqlalchemy",
    "peewee",
    "psycopg",
    "psycopg2",
    "pymongo",
    "pymysql",
    "sqlalchemy",
    "sqlite3",
    "sqlmodel",
)
_REDIS: Final = frozenset(
    {"decr", "delete", "expire", "hset", "incr", "incrby", "lpush", "publish", "rpush", "sadd", "set", "setex", "setnx"}
    | {"xadd", "zadd"}
)
_STATEMENTS: Final = frozenset(
    {"add", "add_all", "bulk_save_objects", "bulk_write", "commit", "copy_from", "delete", "delete_many", "delete_one"}
    | {"execute", "executemany", "executescript", "flush", "insert", "insert_many", "insert_one", "merge"}
    | {"replace_one", "update_many", "update_one"}
)
_QUERY: Final = re.compile(r"\s*(?:select|show|explain|pragma|with)\b", re.IGNORECASE)
_BLOCKING: Final = frozenset(
    {
        "MySQLdb.connect",
        "os.popen",
        "os.system",
        "psycopg.connect",
        "psycopg2.connect",
        "pymysql.connect",
        "socket.create_connection",
        "sqlite3.connect",
        "subprocess.call",
        "subprocess.check_call",
        "subprocess.check_output",
        "subprocess.getoutput",
        "subprocess.run",
        "time.sleep",
        "urllib.request.urlopen",
        "urllib.request.urlretrieve",
    }
)
_BLOCKING_HTTP: Final = ("requests", "niquests", "urllib3", "httplib2", "curl_cffi.requests")
_BLOCKING_CLIENTS: Final = ("httpx.Client()", "openai.OpenAI()", "anthropic.Anthropic()", "groq.Groq()")
_BLOCKING_SERVICES: Final = ("boto3", "paramiko", "pika", "smtplib", "twilio")


def effect_of(name: str, call: ast.Call) -> Effect | None:
    """What a call does. `name` is its full name, or "" where that is not known and only its looks can tell."""
    if name:
        found = _by_name(name, call)
        if found is not None:
            return found
    return Effect.WRITE if _writes(name, call) else None


def _by_name(name: str, call: ast.Call) -> Effect | None:
    if name in _CLOCKS:
        return Effect.CLOCK
    if _is_chance(name) and not (name == "random.Random" and call.args):
        return Effect.CHANCE
    if is_network(name):
        return Effect.NETWORK
    return Effect.WRITE if name in _WRITES else None


def _is_chance(name: str) -> bool:
    if name in _CHANCES:
        return True
    last = name.rpartition(".")[2]
    return name.startswith(_CHANCE_MODULES) and not name.startswith(_FIXED) and last[:1].islower()


def is_network(name: str) -> bool:
    """Whether a call of this full name goes to another service."""
    if name in _NETWORK:
        return True
    last = name.rpartition(".")[2]
    if _is_of(name, _HTTP):
        return last in _VERBS
    if not _is_of(name, _SERVICES) or not last.islower() or last in _NEUTRAL:
        return False
    return "()." in name or last in _ACTIONS


def is_blocking(name: str) -> bool:
    """Whether a call of this full name keeps its thread, and with it a loop, from doing anything else."""
    if name in _BLOCKING:
        return True
    if not is_network(name):
        return False
    top_level = name.count(".") == 1 and name.startswith("httpx.") and not name.startswith("httpx.AsyncClient")
    return (
        top_level
        or name.startswith((*_BLOCKING_CLIENTS, "django.core.mail."))
        or _is_of(name, (*_BLOCKING_HTTP, *_BLOCKING_SERVICES))
    )


def _is_of(name: str, packages: tuple[str, ...]) -> bool:
    return name.startswith(packages) and any(name.startswith(f"{package}.") for package in packages)


# What only looks can tell ---------------------------------------------------------------------------------------------


def _writes(name: str, call: ast.Call) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute):
        return isinstance(function, ast.Name) and function.id == "open" and not name and _opens_for_writing(call)
    method = function.attr
    if method in {"write_text", "write_bytes", "apply_async"}:
        return True
    if method in {"save", "asave", "delete", "adelete"} and not call.args:
        return not name or "()" in name
    owners = list(_attributes(function.value))
    if method in _MANAGERS and ("objects" in owners or "_default_manager" in owners):
        return True
    if "()." in name and _is_of(name, ("redis",)):
        return method in _REDIS
    return method in _STATEMENTS and _is_database(name, owners) and not _is_query(call)


def _opens_for_writing(call: ast.Call) -> bool:
    given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and bool(set(str(mode.value)) & set("wax+")) for mode in given)


def _attributes(node: ast.expr) -> Iterator[str]:
    """The names in a chain of attributes and calls, from the last to the first."""
    while True:
        match node:
            case ast.Attribute(value=value, attr=attribute):
                yield attribute
                node = value
            case ast.Call(func=function):
                node = function
            case ast.Name(id=name):
                yield name
                return
            case _:
                return


def _is_database(name: str, owners: Sequence[str]) -> bool:
    if "()." in name and _is_of(name, _DRIVERS):
        return True
    return bool(owners) and (owners[0] in _SHORT or owners[0].lower().endswith(_DATABASES))


def _is_query(call: ast.Call) -> bool:
    """Whether what is executed only reads, as far as it can be seen: a statement with a name may be of either kind."""
    match call.args[:1]:
        case (
            [ast.Constant(value=str(text))]
            | [ast.Call(func=ast.Name(id="text"), args=[ast.Constant(value=str(text)), *_])]
            | [ast.JoinedStr(values=[ast.Constant(value=str(text)), *_])]
        ):
            return _QUERY.match(text) is not None
        case [ast.Call() as statement]:
            return "select" in list(_attributes(statement))
        case [ast.Name() | ast.Attribute()]:
            return isinstance(call.func, ast.Attribute) and call.func.attr == "execute"
        case _:
            return False
