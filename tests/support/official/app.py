"""An app made with the official Python SDK, run as a program: app.py <framework> <port> <dev server>."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import django.conf
import django.core.wsgi
import flask
import inngest
import inngest.django
import inngest.fast_api
import inngest.flask
import uvicorn
from fastapi import FastAPI
from werkzeug.serving import make_server

from official import native, plain

urlpatterns: list[Any] = []
"""This module is Django's URL configuration."""


def serve_flask(client: inngest.Inngest, port: int) -> None:
    app = flask.Flask(__name__)
    inngest.flask.serve(app, client, plain.functions(client))
    serve_wsgi(app, port)


def serve_django(client: inngest.Inngest, port: int) -> None:
    django.conf.settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="for tests only")
    urlpatterns.append(inngest.django.serve(client, plain.functions(client)))
    serve_wsgi(django.core.wsgi.get_wsgi_application(), port)


def serve_fastapi(client: inngest.Inngest, port: int, **options: Any) -> None:
    app = FastAPI()
    inngest.fast_api.serve(app, client, native.functions(client), **options)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


def serve_streamed(client: inngest.Inngest, port: int) -> None:
    serve_fastapi(client, port, streaming=inngest.Streaming.FORCE)


def serve_wsgi(app: Any, port: int) -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    make_server("127.0.0.1", port, app, threaded=True).serve_forever()


SERVE: dict[str, Callable[[inngest.Inngest, int], None]] = {
    "django": serve_django,
    "fastapi": serve_fastapi,
    "fastapi, streamed": serve_streamed,
    "flask": serve_flask,
}

if __name__ == "__main__":
    framework, port, server = sys.argv[1:]
    SERVE[framework](
        inngest.Inngest(
            app_id="official",
            api_base_url=server,
            event_api_base_url=server,
            is_production=False,
            logger=logging.getLogger("official"),
        ),
        int(port),
    )
