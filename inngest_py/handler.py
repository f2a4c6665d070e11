"""The handler: a Request in, a Response out. Frameworks are adapters around it.

Nothing of a request is believed before its signature is verified (PROTOCOL 2.2), and nothing that a request contains
makes it answer with anything but a documented reply.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, cast

from inngest_py.client import Inngest
from inngest_py.engine.drive import adrive, drive
from inngest_py.engine.effects import Flow
from inngest_py.engine.run import Reply
from inngest_py.errors import (
    BodyTooLargeError,
    ConfigError,
    FunctionNotFoundError,
    LengthRequiredError,
    MethodNotAllowedError,
    RequestError,
    ServerError,
    ServerKindError,
    SignatureError,
)
from inngest_py.flows.calls import log_reply, run_call
from inngest_py.flows.registration import register
from inngest_py.flows.state import fetch_state
from inngest_py.function import Function, by_id
from inngest_py.performer import Performer, Timed
from inngest_py.profile import Profile
from inngest_py.runtime import Guarded, LoopCaller, ThreadCaller, Threads, run_on_loop
from inngest_py.settings import Settings, check_url
from inngest_py.streaming import Stream
from inngest_py.wire import headers
from inngest_py.wire.call import read_call
from inngest_py.wire.codec import encodable, encode
from inngest_py.wire.compression import compressed
from inngest_py.wire.http import Request, Response, read_at_most
from inngest_py.wire.signing import SigningKey, sign, verify
from inngest_py.wire.streaming import STATUS as STREAMED

IN_BAND: Final = "in_band"
OUT_OF_BAND: Final = "out_of_band"
KEEP_ALIVE: Final = 3.0
"""How long a streamed reply says nothing, in seconds, where nothing else is said."""

MAX_BODY: Final = 64 * 1024 * 1024
"""How many bytes of a body are read where nothing else is said. What a server sends is well under that."""

METHODS: Final = ("GET", "POST", "PUT")
"""The methods that Inngest servers use."""


class Handler:
    """Answers the requests of an Inngest server for the functions of a client.

    `functions` are those to serve, all that the client has declared if none are given. `serve_origin` and
    `serve_path` say where the server finds this app, if that is not where its requests arrive. `in_thread` calls a
    plain function from a coroutine, `on_loop` runs an async one for plain code: a framework may have ways of its own.
    `streaming` has calls answered at once, with a sign of life every `keep_alive` seconds until the reply is there;
    a plain function then runs in a thread of its own, with the context variables of the request and what `carry`
    adds: it gets that thread's work, and gives the work to do instead. `max_body` is how many bytes a body may
    have. `clock` gives the Unix time in seconds. Raises ConfigError for an app that cannot be served, and says why.
    """

    def __init__(
        self,
        client: Inngest,
        functions: Sequence[Function[Any]] | None = None,
        *,
        framework: str,
        serve_origin: str | None = None,
        serve_path: str | None = None,
        in_thread: ThreadCaller | None = None,
        on_loop: LoopCaller = run_on_loop,
        streaming: bool | None = None,
        keep_alive: float | None = None,
        carry: Callable[[Callable[[], None]], Callable[[], None]] = lambda work: work,
        max_body: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not isinstance(client, Inngest):
            raise ConfigError(f"serve takes a client first, Inngest(...), not {client!r}")
        if max_body is not None and (not isinstance(cast("object", max_body), int) or max_body < 1):
            raise ConfigError(f"max_body={max_body!r} is no number of bytes: leave it out, for 64 MiB")
        settings = client.settings
        if not settings.dev and settings.signing_key is None:
            raise ConfigError(
                f'app "{client.app_id}" is in production mode and has no signing key, so it could not tell an Inngest '
                "server from anybody else: set INNGEST_SIGNING_KEY, or INNGEST_DEV=1 for local development"
            )
        self._client: Final = client
        self._settings: Final = settings
        self._profile: Final = Profile(client, framework, serve_origin, serve_path)
        self._clock: Final = clock
        self._given: Final = functions
        self._known: Sequence[Function[Any]] = ()
        self._found: Mapping[str, Function[Any]] = by_id(() if functions is None else functions)
        self._usual_headers: Final = {
            headers.CONTENT_TYPE: headers.JSON,
            headers.EXPECTED_SERVER_KIND: settings.server_kind,
            headers.FRAMEWORK: framework,
            headers.REQ_VERSION: headers.REQUEST_VERSION,
            headers.SDK: headers.SDK_VERSION,
            headers.SDK_HANDLED: "true",
            headers.USER_AGENT: headers.SDK_VERSION,
        }
        if settings.platform is not None:
            self._usual_headers[headers.PLATFORM] = settings.platform
        self._performer: Final = Performer(client.transport, _threads(in_thread, settings), on_loop)
        self._streaming: Final = settings.streams(streaming)
        self._keep_alive: Final = KEEP_ALIVE if keep_alive is None else keep_alive
        self._carry: Final = carry
        self.max_body: Final = MAX_BODY if max_body is None else max_body

    def handle(self, request: Request) -> Response:
        """Answer a request in plain code; an async function runs on the background loop."""
        timed = Timed(self._performer)
        return compressed(timed.stamp(drive(self._answer(request), timed.perform)), request)

    async def ahandle(self, request: Request) -> Response:
        """Answer a request in a coroutine; a plain function runs in a thread."""
        timed = Timed(self._performer)
        return compressed(timed.stamp(await adrive(self._answer(request), timed.aperform)), request)

    def register(self, url: str) -> Mapping[str, Any]:
        """Register the functions with the Inngest server, as a step of a deployment: the app need not be up.

        `url` is where the server finds the app, as in `"https://example.com/api/inngest"`. It goes before
        `serve_origin` and `serve_path`, and nothing is asked of who calls: the request is signed with the app's own
        key. Gives the server's answer, such as `{"ok": True, "modified": False}`. Raises ConfigError if the URL is
        none of http or https, and ServerError if the server cannot be reached or does not take the app (PROTOCOL 3.1).
        """
        return drive(self._register(check_url("register", url), None), self._performer.perform)

    def read_body(self, read: Callable[[int], bytes]) -> bytes:
        """Read a body in pieces, for an adapter: all of it, or of one that is too large no more than shows that."""
        return read_at_most(self.max_body, read)

    # Every request -----------------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Flow[Response]:
        """Answer who is admitted: nobody is told more than that before, and no stream begins."""
        try:
            self._check_kind(request)
            self._check_size(request)
            key = self._admit(request)
        except SignatureError as error:
            self._client.logger.warning("inngest: a %s request was refused: %s", request.method, error)
            return _unauthorized()
        except ServerKindError as error:
            return self._refuse(error) if request.method == "PUT" else self._reply(HTTPStatus.FORBIDDEN, b"{}")
        except RequestError as error:
            return self._refuse(error)
        except Exception as error:
            return self._fail(request, error)
        if self._streaming and _is_call(request):
            return self._stream(lambda: self._answer_admitted(request, key))
        return (yield from self._answer_admitted(request, key))

    def _answer_admitted(self, request: Request, key: SigningKey | None) -> Flow[Response]:
        try:
            return (yield from self._dispatch(request, key))
        except (RequestError, ServerError) as error:
            return self._refuse(error, key)
        except Exception as error:
            return self._fail(request, error, key)

    def _check_size(self, request: Request) -> None:
        if len(request.body) > self.max_body:
            raise BodyTooLargeError(f"the body has more than {self.max_body} bytes")
        if request.method == "POST" and not request.body and headers.TRANSFER_ENCODING in request.headers:
            raise LengthRequiredError(
                "nothing of the body has arrived: it came in chunks, which not every web server reads, such as that of "
                "manage.py runserver. Have what is before the app send a Content-Length, or use another web server"
            )

    def _check_kind(self, request: Request) -> None:
        """Raise what a request is refused with whoever signed it: a method or a server that is none of ours."""
        if request.method not in METHODS:
            raise MethodNotAllowedError(f"{request.method} is not a method of the Inngest protocol")
        if request.method == "POST":
            return
        theirs, ours = request.headers.get(headers.SERVER_KIND), self._settings.server_kind
        if theirs not in {None, ours}:
            raise ServerKindError(f"Sync rejected since it's from a {_named(theirs)} but expected {_named(ours)}")

    def _admit(self, request: Request) -> SigningKey | None:
        """The key that a request was signed with, or None where none is asked for (PROTOCOL 2.7).

        What shows the functions in the reply needs a signature wherever there is a key; what only has them registered
        may come from anybody, unless the app forbids it. Raises SignatureError.
        """
        settings, sync, in_reply = self._settings, request.method == "PUT", _is_in_band(request)
        if settings.dev and not (in_reply and settings.signing_keys):
            return None
        try:
            return verify(request.headers.get(headers.SIGNATURE), request.body, settings.signing_keys, self._now())
        except SignatureError:
            if sync and not in_reply and settings.allow_unsigned_sync:
                return None
            raise

    def _dispatch(self, request: Request, key: SigningKey | None) -> Flow[Response]:
        match request.method:
            case "POST" if _is_call(request):
                return (yield from self._call(request, key))
            case "POST":
                return self._probe(request, key)
            case "PUT":
                return (yield from self._sync(request, key))
            case _:
                return self._inspect(key)

    def _now(self) -> int:
        return int(self._clock())

    # The four kinds ----------------------------------------------------------------------------------------------

    def _probe(self, request: Request, key: SigningKey | None) -> Response:
        """Prove that both sides hold the same key (PROTOCOL 4.2)."""
        kind = request.query["probe"]
        if kind != "trust":
            raise RequestError(f'there is no probe "{kind}": the one there is, is "trust"')
        return self._reply(HTTPStatus.OK, b"null", key)

    def _call(self, request: Request, key: SigningKey | None) -> Flow[Response]:
        """Run a function (PROTOCOL 5)."""
        call = read_call(request.query, request.body)
        function = self._find(call.function_id)
        call = yield from fetch_state(self._settings, call)
        with self._client.logs.of(call, request):
            reply = yield from run_call(self._client, function, call, request, self._clock)
        log_reply(self._client.logger, function, call.run_id, reply)
        return self._answer_call(reply, key)

    def _answer_call(self, reply: Reply, key: SigningKey | None) -> Response:
        found: dict[str, str] = {}
        if reply.no_retry:
            found[headers.NO_RETRY] = "true"
        if reply.retry_after is not None:
            found[headers.RETRY_AFTER] = reply.retry_after
        return self._reply(reply.status, reply.body, key, found)

    def _inspect(self, key: SigningKey | None) -> Response:
        """Show what is configured: little to anybody in development, more to who signs (PROTOCOL 4.1)."""
        shown = self._profile.inspection(len(self.served()), signed=key is not None)
        return self._reply(HTTPStatus.OK, encode(shown), key)

    def _sync(self, request: Request, key: SigningKey | None) -> Flow[Response]:
        """Register the app: in the reply itself, or by a request to the API (PROTOCOL 3)."""
        url = self._profile.url(request, signed=key is not None)
        if _is_in_band(request):
            body = self._profile.in_band(url, self.served().values(), signed=key is not None)
            return self._reply(HTTPStatus.OK, body, key, {headers.SYNC_KIND: IN_BAND})
        try:
            answer = yield from self._register(url, request.query.get("deployId"))
        except ServerError as error:
            self._client.logger.warning("inngest: app %s was not registered: %s", self._client.app_id, error)
            raise
        return self._reply(HTTPStatus.OK, encode(answer), key, {headers.SYNC_KIND: OUT_OF_BAND})

    def _register(self, url: str, deploy_id: str | None) -> Flow[Mapping[str, Any]]:
        body = self._profile.out_of_band(url, self.served().values())
        return (yield from register(self._settings, self._profile.framework, deploy_id, body))

    # Functions ---------------------------------------------------------------------------------------------------

    def served(self) -> Mapping[str, Function[Any]]:
        """The functions by id. Those of the client may still be declared after the handler was made."""
        functions = self._client.functions if self._given is None else self._known
        if functions is not self._known:
            self._found, self._known = by_id(functions), functions
        return self._found

    def _find(self, function_id: str) -> Function[Any]:
        found = self.served().get(function_id)
        if found is None:
            raise FunctionNotFoundError(f"function {function_id} not found: is it among those given to serve()?")
        return found

    # Replies -----------------------------------------------------------------------------------------------------

    def _refuse(self, error: RequestError | ServerError, key: SigningKey | None = None) -> Response:
        """Answer with an error of ours: what happened, and no stack."""
        status, code, allow = HTTPStatus.INTERNAL_SERVER_ERROR, "server_error", {}
        if isinstance(error, RequestError):
            status, code = error.status, error.code
        if isinstance(error, MethodNotAllowedError):
            allow = {"allow": ", ".join(METHODS)}
        body = {"code": code, "message": encodable(str(error)), "name": type(error).__name__}
        return self._reply(status, encode(body), key, allow)

    def _fail(self, request: Request, error: Exception, key: SigningKey | None = None) -> Response:
        """Answer with an error that we did not foresee: what it is only the log says."""
        self._client.logger.error("inngest: a %s request could not be answered", request.method, exc_info=error)
        body = {"code": "internal_error", "message": "the SDK failed; its log says why", "name": "InternalError"}
        return self._reply(HTTPStatus.INTERNAL_SERVER_ERROR, encode(body), key)

    def _stream(self, answer: Callable[[], Flow[Response]]) -> Response:
        """Answer at once, and have the answer itself follow (PROTOCOL 5.5). No proxy should keep the bytes back."""
        stream = Stream(answer, self._performer, self._keep_alive, self._carry)
        return replace(self._reply(STREAMED, b"", more={headers.BUFFERING: "no"}), chunks=stream)

    def _reply(
        self, status: HTTPStatus, body: bytes, key: SigningKey | None = None, more: Mapping[str, str] | None = None
    ) -> Response:
        found = self._usual_headers.copy()
        if more:
            found.update(more)
        if key is not None:
            found[headers.SIGNATURE] = sign(key, body, self._now())
        return Response(status, found, body)


def _unauthorized() -> Response:
    """The same for every way in which a signature can be wrong, and nothing about who we are (PROTOCOL 2.6)."""
    found = {headers.CONTENT_TYPE: headers.JSON, headers.SDK_HANDLED: "true"}
    return Response(HTTPStatus.UNAUTHORIZED, found, b'{"message":"Unauthorized"}')


def _threads(in_thread: ThreadCaller | None, settings: Settings) -> ThreadCaller:
    return Threads(settings.threads) if in_thread is None else Guarded(in_thread)


def _is_call(request: Request) -> bool:
    return request.method == "POST" and "probe" not in request.query


def _is_in_band(request: Request) -> bool:
    return request.method == "PUT" and request.headers.get(headers.SYNC_KIND, "").lower() == IN_BAND


def _named(kind: str | None) -> str:
    return {"dev": "Dev Server", "cloud": "Cloud"}.get(kind or "", "server of an unknown kind")
