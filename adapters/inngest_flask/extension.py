"""The functions of a client as an extension, for apps that a factory makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import flask

from inngest_flask.blueprint import serve
from inngest_py import Function, Inngest


class InngestFlask:
    """Serves functions in every app that it is given, by `InngestFlask(client, app=app)` or later by `init_app(app)`.

    The arguments are those of `serve`. `INNGEST_SERVE_ORIGIN`, `INNGEST_SERVE_PATH` and `INNGEST_STREAMING` in an
    app's own configuration stand in for those that are not given, and go before the environment.
    `app.extensions["inngest"]` is a dict of the app's clients by their ids.
    """

    def __init__(
        self,
        client: Inngest,
        functions: Sequence[Function[Any]] | None = None,
        *,
        app: flask.Flask | None = None,
        path: str = "/api/inngest",
        serve_origin: str | None = None,
        serve_path: str | None = None,
        streaming: bool | None = None,
    ) -> None:
        self.client = client
        self._functions = functions
        self._path = path
        self._options: dict[str, Any] = {
            "serve_origin": serve_origin,
            "serve_path": serve_path,
            "streaming": streaming,
        }
        if app is not None:
            self.init_app(app)

    def init_app(self, app: flask.Flask) -> None:
        """Serve the functions in an app. Raises ConfigError as `serve` does."""
        config = cast("dict[str, Any]", app.config)
        options = {
            name: config.get(f"INNGEST_{name.upper()}") if given is None else given
            for name, given in self._options.items()
        }
        app.register_blueprint(serve(self.client, self._functions, path=self._path, **options))
        clients: dict[str, Inngest] = app.extensions.setdefault("inngest", {})
        clients[self.client.app_id] = self.client
