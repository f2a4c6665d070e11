"""The server that `send` and `runs` talk to: which one it is, and its REST API (PROTOCOL 11)."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from inngest_py.errors import InvalidJSONError, ServerError
from inngest_py.settings import Settings, read_settings
from inngest_py.transport import Transport
from inngest_py.wire import headers
from inngest_py.wire.codec import as_list, as_object, decode
from inngest_py.wire.http import Request, Response
from inngest_py.wire.signing import bearer_token

_CONNECT_TIMEOUT: Final = 5.0
_TIMEOUT: Final = 10.0
_SEARCHED: Final = 100
_ULID: Final = 26


def remote_settings(url: str | None) -> Settings:
    """The settings of an SDK; but where they name no server and no key, the dev server on this machine is meant."""
    if url is not None:
        return read_settings(is_production=False, base_url=url, api_base_url=url, event_api_base_url=url)
    found = read_settings()
    return found if found.dev or found.event_key or found.signing_keys else read_settings(is_production=False)


def check_there(settings: Settings, origin: str) -> None:
    """See at once whether a dev server is there, without the SDK's patience. Raises ServerError."""
    if not settings.dev:
        return
    parts = urlsplit(origin)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), _CONNECT_TIMEOUT).close()
    except OSError as error:
        raise ServerError(
            f"nothing answers at {origin} ({error.strerror or error}); start a dev server with `inngest-py dev`, "
            "or say with --url where one is"
        ) from None


@dataclass(frozen=True, slots=True)
class Remote:
    """The runs of a server. Every method raises ServerError for an answer that is none."""

    settings: Settings
    transport: Transport = field(default_factory=Transport)

    async def runs(self, status: str = "", limit: int = 20) -> Sequence[Mapping[str, Any]]:
        """The latest runs, newest first."""
        query = {"limit": str(limit), **({"status": status} if status else {})}
        return [
            run for each in as_list(await self._get("/v1/runs", query)) or () if (run := as_object(each)) is not None
        ]

    async def run(self, run_id: str) -> Mapping[str, Any]:
        """One run with its steps. The end of an id, as the log shows it, is enough for one of the latest."""
        found = as_object(await self._get(f"/v1/runs/{quote(await self._full(run_id), safe='')}", {"steps": "true"}))
        if found is None:
            raise ServerError(f"the server at {self.settings.api_origin} has nothing to say about run {run_id}")
        return found

    async def logged(self, run_id: str) -> Sequence[Mapping[str, Any]]:
        """What the app has logged in a run: the last thousand lines, in order. It is the dev server that keeps them."""
        found = await self._get(f"/v1/runs/{quote(run_id, safe='')}/logs", {})
        return [line for each in as_list(found) or () if (line := as_object(each)) is not None]

    async def _full(self, run_id: str) -> str:
        if len(run_id) >= _ULID:
            return run_id
        ids = [str(run.get("run_id")) for run in await self.runs(limit=_SEARCHED)]
        found = [each for each in ids if each.endswith(run_id.upper())]
        if len(found) != 1:
            many = "no run" if not found else "more than one run"
            raise ServerError(f'{many} among the latest {_SEARCHED} has an id that ends with "{run_id}"')
        return found[0]

    async def _get(self, path: str, query: Mapping[str, str]) -> Any:
        origin = self.settings.api_origin
        check_there(self.settings, origin)
        keys = self.settings.signing_keys
        sent = {headers.AUTHORIZATION: f"Bearer {bearer_token(keys[0])}"} if keys else {}
        url = f"{origin}{path}?{urlencode(query)}"
        return _data(origin, await self.transport.asend(Request("GET", url, sent, b""), _TIMEOUT))


def _data(origin: str, response: Response) -> Any:
    """What is in the envelope. Its status counts, for the real server answers 200 to everything (PROTOCOL 11)."""
    if response.status == HTTPStatus.UNAUTHORIZED:
        raise ServerError(f"the server at {origin} wants a signing key: set INNGEST_SIGNING_KEY", response.status)
    try:
        body = as_object(decode(response.body))
    except InvalidJSONError:
        body = None
    if body is None or ("data" not in body and "error" not in body):
        raise ServerError(f"{origin} answers ({response.status}), but not as an Inngest server; is the URL right?")
    if body.get("error"):
        raise ServerError(f"the server at {origin} says: {body['error']}", response.status)
    return body["data"]
