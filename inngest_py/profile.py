"""What an app says about itself: where it is, which functions it has, how it is configured (PROTOCOL 3, 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from inngest_py.client import Inngest
from inngest_py.errors import RequestError
from inngest_py.function import Function
from inngest_py.settings import Settings, check_url
from inngest_py.wire.codec import decode_object
from inngest_py.wire.http import Request
from inngest_py.wire.inspection import Inspection
from inngest_py.wire.registration import in_band, out_of_band


class Profile:
    """An app, as it is told. `serve_origin` and `serve_path` say where it is, where requests do not.

    Raises ConfigError if the origin is not one of http or https.
    """

    def __init__(self, client: Inngest, framework: str, serve_origin: str | None, serve_path: str | None) -> None:
        settings = client.settings
        self.framework: Final = framework
        self._client: Final = client
        self._settings: Final[Settings] = settings
        self._serve_origin: Final = _origin_of(serve_origin or settings.serve_origin)
        self._serve_path: Final = serve_path or settings.serve_path

    def in_band(self, url: str, functions: Iterable[Function[Any]], *, signed: bool) -> bytes:
        """The answer to a server that asks for the functions; who signs is told more."""
        listed = [function.to_json(url) for function in functions]
        return in_band(
            app_id=self._client.app_id,
            app_url=url,
            framework=self.framework,
            functions=listed,
            app_version=self._client.app_version,
            platform=self._settings.platform,
            env=self._settings.env,
            inspection=self.inspection(len(listed), signed=signed),
        )

    def out_of_band(self, url: str, functions: Iterable[Function[Any]]) -> bytes:
        """The request that registers the functions; a dev server is told what typed events look like."""
        listed = tuple(functions)
        return out_of_band(
            app_id=self._client.app_id,
            app_url=url,
            framework=self.framework,
            functions=[function.to_json(url) for function in listed],
            app_version=self._client.app_version,
            platform=self._settings.platform,
            event_types=_described(listed) if self._settings.dev else (),
        )

    def inspection(self, function_count: int, *, signed: bool) -> Mapping[str, Any]:
        """What is configured: little to anybody in development, more to who signs (PROTOCOL 4.1)."""
        settings = self._settings
        found = Inspection(
            api_origin=settings.api_origin,
            app_id=self._client.app_id,
            dev=settings.dev,
            env=settings.env,
            event_api_origin=settings.event_api_origin,
            event_key=settings.event_key,
            framework=self.framework,
            function_count=function_count,
            serve_origin=self._serve_origin,
            serve_path=self._serve_path,
            signing_key=settings.signing_key,
            signing_key_fallback=settings.signing_key_fallback,
        )
        return found.authenticated() if signed else found.public()

    def url(self, request: Request, *, signed: bool) -> str:
        """Where the server finds this app.

        In production it never comes from the Host header, which anybody can set: only from `serve_origin`, or from a
        signed body. Raises RequestError if nothing says it.
        """
        parts = _split(decode_object(request.body).get("url") if signed else request.url)
        origin = self._serve_origin
        if origin is None and (signed or self._settings.dev) and parts.scheme in {"http", "https"} and parts.netloc:
            origin = f"{parts.scheme}://{parts.netloc}"
        if origin is None:
            raise RequestError(
                "a sync that is not signed, or names no URL, cannot say where this app is: set INNGEST_SERVE_ORIGIN or "
                "serve(serve_origin=...) to its public origin, as in https://example.com"
            )
        return f"{origin}/{(self._serve_path or parts.path).removeprefix('/')}"


def _described(functions: Iterable[Function[Any]]) -> Iterable[bytes]:
    """The typed events of functions, each once; a name comes twice if two models describe it."""
    types = chain.from_iterable(function.event_types for function in functions)
    return dict.fromkeys(each.described for each in types if each.described)


def _origin_of(url: str | None) -> str | None:
    """The origin in a URL. Raises ConfigError if it is not one of http or https."""
    parts = None if url is None else urlsplit(check_url("serve_origin", url))
    return None if parts is None else f"{parts.scheme}://{parts.netloc}"


def _split(url: object) -> SplitResult:
    """The parts of a URL. Raises RequestError if it is none."""
    text = url if isinstance(url, str) else ""
    try:
        text.encode()
        return urlsplit(text)
    except ValueError as error:
        raise RequestError(f"a URL that cannot be read: {error}") from None
