"""Large results of steps in a store of your own; the server keeps a placeholder.

A placeholder is that of the official Python SDK, with the fields of the driver beside its two marks:

    {"__REMOTE_STATE__": true, "__STRATEGY__": "inngest/s3", "bucket": "b", "key": "inngest/remote_state/<run>/<name>"}

Nothing is ever deleted: a run may need its results until it has ended, so let the store drop what is older than that
(in S3, a lifecycle rule).
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from inngest_py.errors import ConfigError, InngestError
from inngest_py.middleware.base import (
    CallInput,
    MemoOutput,
    Middleware,
    MiddlewareFactory,
    StepInfo,
    StepMemos,
    TransformOutputResult,
)
from inngest_py.wire.codec import as_object, decode
from inngest_py.wire.ops import Opcode

if TYPE_CHECKING:
    from inngest_py.client import Inngest
    from inngest_py.function import Function

MARK: Final = "__REMOTE_STATE__"
STRATEGY: Final = "__STRATEGY__"
THRESHOLD: Final = 256 * 1024
"""From how many bytes of JSON on a result is stored elsewhere, if nothing else is said."""

_KEY: Final = re.compile(r"inngest/remote_state/[\w-]+/[\w-]+", re.ASCII)
_UNSAFE: Final = re.compile(r"[^\w-]", re.ASCII)


class StoreError(InngestError):
    """A stored result cannot be read: it is not there, or is kept by a driver that is not known here."""


class Driver(Protocol):
    """A store. Both methods are plain, may block and are called in a thread where there is a loop to hold up."""

    strategy: str
    """What placeholders call this kind of store."""

    def save(self, key: str, data: bytes) -> Mapping[str, Any]:
        """Store bytes, and give what a placeholder needs to find them again."""
        ...

    def load(self, placeholder: Mapping[str, Any]) -> bytes:
        """Give the bytes back. Raises StoreError if the placeholder is not one of this store's own."""
        ...


def checked_key(placeholder: Mapping[str, Any]) -> str:
    """The key in a placeholder. Raises StoreError for one that leads out of where results are."""
    key = placeholder.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise StoreError(f"the placeholder of a stored result has the key {key!r:.100}, which is none of ours")
    return key


class FileDriver:
    """Results as files below a directory, which all instances of the app have to share."""

    strategy = "inngest-py/file"

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self._directory: Final = Path(directory)

    def save(self, key: str, data: bytes) -> Mapping[str, Any]:
        """Write a file, all of it or none."""
        path = self._directory / key
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return {"key": key}

    def load(self, placeholder: Mapping[str, Any]) -> bytes:
        """Read a file."""
        path = self._directory / checked_key(placeholder)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise StoreError(f"a stored result is not there any more: {path}") from None


class S3Client(Protocol):
    """What is needed of a client of boto3."""

    @property
    def put_object(self) -> Callable[..., Any]:
        """Stores an object."""
        ...

    @property
    def get_object(self) -> Callable[..., Any]:
        """Reads an object."""
        ...


class S3Driver:
    """Results as objects in a bucket of S3, or of what speaks its protocol.

    `client` is `boto3.client("s3", ...)`; without one it is made when it is first needed, as boto3 finds its settings.
    """

    strategy = "inngest/s3"

    def __init__(self, *, bucket: str, client: S3Client | None = None) -> None:
        self._bucket: Final = bucket
        self._given = client

    def _client(self) -> S3Client:
        if self._given is None:
            try:
                boto3 = importlib.import_module("boto3")
            except ImportError as error:
                raise ImportError('storing results in S3 needs boto3: pip install "inngest-py[s3]"') from error
            self._given = boto3.client("s3")
        return self._given

    def save(self, key: str, data: bytes) -> Mapping[str, Any]:
        """Put an object."""
        self._client().put_object(Bucket=self._bucket, Key=key, Body=data)
        return {"bucket": self._bucket, "key": key}

    def load(self, placeholder: Mapping[str, Any]) -> bytes:
        """Get an object, from this driver's bucket and no other."""
        bucket = placeholder.get("bucket")
        if bucket != self._bucket:
            raise StoreError(f"a stored result is in the bucket {bucket!r:.100}, and the driver's is {self._bucket!r}")
        found: bytes = self._client().get_object(Bucket=self._bucket, Key=checked_key(placeholder))["Body"].read()
        return found


class OffloadMiddleware(Middleware):
    """Stores results of steps that are large, and reads them when the function meets them. Make it with `factory`.

    With encryption, put this one first and the encryption after it, and the store has only what is encrypted; the
    other way round the store has plain text, and the placeholder is encrypted.
    """

    def __init__(
        self, client: Inngest, raw_request: object, drivers: Sequence[Driver], threshold: int = THRESHOLD
    ) -> None:
        super().__init__(client, raw_request)
        self._drivers: Final = drivers
        self._threshold: Final = threshold
        self._run_id = ""

    @classmethod
    def factory(
        cls, driver: Driver, *, fallback_drivers: Sequence[Driver] = (), threshold: int = THRESHOLD
    ) -> MiddlewareFactory:
        """Make what `Inngest(middleware=[...])` wants.

        `driver` stores results of `threshold` bytes and more, and reads them; `fallback_drivers` read what was stored
        before there was another driver. Raises ConfigError for a negative threshold.
        """
        if threshold < 0:
            raise ConfigError(f"offload: threshold={threshold} must be a number of bytes, from 0")
        drivers = (driver, *fallback_drivers)
        return lambda client, raw_request: cls(client, raw_request, drivers, threshold)

    def transform_input(self, ctx: CallInput, function: Function[Any], steps: StepMemos) -> None:
        """Note whose results they are."""
        self._run_id = ctx.run_id

    def transform_output(self, result: TransformOutputResult) -> Any:
        """Store a large result. One that looks like a placeholder is stored too, so that it is not taken for one."""
        if result.step is None or not result.has_output():
            return None
        data = result.to_json()
        if len(data) < self._threshold and MARK.encode() not in data:
            return None
        return _off_loop(lambda: self._save(result, data))

    def _save(self, result: TransformOutputResult, data: bytes) -> None:
        """Store it under a name that is the same if the step runs again and has the same result."""
        name = hashlib.sha256(data).hexdigest()[:32]
        driver = self._drivers[0]
        found = driver.save(f"inngest/remote_state/{_UNSAFE.sub('_', self._run_id)}/{name}", data)
        result.output = {MARK: True, STRATEGY: driver.strategy, **found}

    def transform_memo(self, step: StepInfo, memo: MemoOutput) -> Any:
        """Read a stored result. Only what ran here was stored here: a placeholder from elsewhere is not followed."""
        placeholder = as_object(memo.data)
        if step.op is not Opcode.STEP_PLANNED or placeholder is None or placeholder.get(MARK) is not True:
            return None
        return _off_loop(lambda: self._load(placeholder, memo))

    def _load(self, placeholder: Mapping[str, Any], memo: MemoOutput) -> None:
        strategy = placeholder.get(STRATEGY)
        driver = next((driver for driver in self._drivers if driver.strategy == strategy), None)
        if driver is None:
            raise StoreError(
                f"a result is stored by the strategy {strategy!r:.100}: give its driver to fallback_drivers"
            )
        memo.data = decode(driver.load(placeholder))


def _off_loop(call: Callable[[], None]) -> Any:
    """Call it here, or in a thread where that would hold up a loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return call()
    return asyncio.to_thread(call)
