"""The harnesses of our own adapters."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import bottle
import django
import litestar
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.urls import clear_url_caches, path
from django.urls.resolvers import URLPattern
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.routing import Route
from tornado.web import Application

import gateways
import inngest_asgi
import inngest_digitalocean
import inngest_django
import inngest_fastapi
import inngest_flask
import inngest_lambda
import inngest_starlette
import inngest_tornado
import inngest_wsgi
from inngest_py import Request
from inngest_py.testing.conformance import AsgiHost, FunctionHost, Harness, Mount, WsgiHost
from tasked import PACKAGE
from tornado_asgi import as_asgi

urlpatterns: list[URLPattern] = []
"""This module is Django's URL configuration: the routes of the app that was made last."""


@dataclass(frozen=True)
class FlaskHarness:
    """Flask, under WSGI."""

    name: str = "flask"
    framework: str = "flask"

    def host(self, *mounts: Mount) -> WsgiHost:
        app = Flask("shop")
        for mount in mounts:
            app.register_blueprint(inngest_flask.serve(mount.client, mount.functions, path=mount.path, **mount.options))
        return WsgiHost(app)


@dataclass(frozen=True)
class DjangoHarness:
    """Django, under WSGI or ASGI."""

    asgi: bool
    framework: str = "django"

    @property
    def name(self) -> str:
        return "django-asgi" if self.asgi else "django-wsgi"

    def host(self, *mounts: Mount) -> WsgiHost | AsgiHost:
        set_up_django()
        urlpatterns[:] = [
            path(mount.path.removeprefix("/"), inngest_django.serve(mount.client, mount.functions, **mount.options))
            for mount in mounts
        ]
        clear_url_caches()
        return AsgiHost(get_asgi_application()) if self.asgi else WsgiHost(get_wsgi_application())


@dataclass(frozen=True)
class StarletteHarness:
    """Starlette, or FastAPI which is one, with its own adapter or Starlette's."""

    name: str
    app: type[Starlette]
    framework: str = "starlette"
    serve: Callable[..., Route] = inngest_starlette.serve

    def host(self, *mounts: Mount) -> AsgiHost:
        routes = [self.serve(mount.client, mount.functions, path=mount.path, **mount.options) for mount in mounts]
        return AsgiHost(self.app(routes=routes))


@dataclass(frozen=True)
class AroundHarness:
    """Any app of a protocol, with ours around it."""

    name: str
    app: Callable[[], Any]
    serve: Callable[..., Any]
    hosting: Callable[[Any], AsgiHost | WsgiHost]

    @property
    def framework(self) -> str:
        return self.name

    def host(self, *mounts: Mount) -> AsgiHost | WsgiHost:
        app = self.app()
        for mount in mounts:
            app = self.serve(mount.client, mount.functions, app=app, path=mount.path, **mount.options)
        return self.hosting(app)


@dataclass(frozen=True)
class LitestarHarness:
    """Litestar, which mounts ASGI apps."""

    name: str = "litestar"
    framework: str = "asgi"

    def host(self, *mounts: Mount) -> AsgiHost:
        app = litestar.Litestar()
        for mount in mounts:
            ours = inngest_asgi.serve(mount.client, mount.functions, **mount.options)
            app.register(litestar.asgi(mount.path, is_mount=True, copy_scope=True)(ours))
        return AsgiHost(app)


@dataclass(frozen=True)
class BottleHarness:
    """Bottle, which mounts WSGI apps."""

    name: str = "bottle"
    framework: str = "wsgi"

    def host(self, *mounts: Mount) -> WsgiHost:
        app = bottle.Bottle()
        for mount in mounts:
            app.mount(mount.path, inngest_wsgi.serve(mount.client, mount.functions, **mount.options))
        return WsgiHost(app)


@dataclass(frozen=True)
class TornadoHarness:
    """Tornado."""

    name: str = "tornado"
    framework: str = "tornado"

    def host(self, *mounts: Mount) -> AsgiHost:
        rules = [
            inngest_tornado.serve(mount.client, mount.functions, path=mount.path, **mount.options) for mount in mounts
        ]
        return AsgiHost(as_asgi(Application(cast("Any", rules), log_function=lambda _handler: None)))


@dataclass(frozen=True)
class FunctionHarness:
    """A function that somebody's gateway calls with events."""

    name: str
    framework: str
    serve: Callable[..., Callable[..., Any]]
    event: Callable[[Request], gateways.Event]
    takes_bytes: bool = True

    def host(self, *mounts: Mount) -> FunctionHost:
        functions = {mount.path: self.serve(mount.client, mount.functions, **mount.options) for mount in mounts}
        return FunctionHost(gateways.asking(functions, self.event), takes_bytes=self.takes_bytes)


def on_lambda(name: str, event: Callable[[Request], gateways.Event], *, takes_bytes: bool = True) -> FunctionHarness:
    """AWS Lambda, behind one of its gateways."""
    return FunctionHarness(f"lambda-{name}", "aws-lambda", inngest_lambda.serve, event, takes_bytes)


HARNESSES: list[Harness] = [
    FlaskHarness(),
    DjangoHarness(asgi=False),
    DjangoHarness(asgi=True),
    StarletteHarness("starlette", Starlette),
    StarletteHarness("fastapi", FastAPI, "fastapi", inngest_fastapi.serve),
    AroundHarness("asgi", Starlette, inngest_asgi.serve, AsgiHost),
    LitestarHarness(),
    AroundHarness("wsgi", lambda: Flask("shop"), inngest_wsgi.serve, WsgiHost),
    BottleHarness(),
    TornadoHarness(),
    on_lambda("function-url", gateways.function_url),
    on_lambda("rest-api", gateways.rest_api, takes_bytes=False),
    on_lambda("load-balancer", gateways.load_balancer),
    on_lambda("load-balancer-several", gateways.load_balancer_of_several),
    FunctionHarness(
        "digitalocean", "digitalocean", inngest_digitalocean.serve, gateways.digitalocean, takes_bytes=False
    ),
]


def set_up_django() -> None:
    """Configure Django, once in a process."""
    if settings.configured:
        return
    folder = Path(tempfile.mkdtemp(prefix="inngest-py-django-"))
    atexit.register(shutil.rmtree, folder)
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "db.sqlite3", "ATOMIC_REQUESTS": True}
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": database},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INNGEST={"APP_ID": "django-shop", "IS_PRODUCTION": False},
        INSTALLED_APPS=["inngest_django", "orders"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.locale.LocaleMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        ROOT_URLCONF=__name__,
        SECRET_KEY="for tests only",
        TASKS={
            "default": {"BACKEND": "inngest_django.backend.InngestBackend", "OPTIONS": {"retries": 2}},
            "mail": {
                "BACKEND": "inngest_django.backend.InngestBackend",
                "QUEUES": [],
                "OPTIONS": {"retries": 0, "concurrency": 1},
            },
            "immediate": {"BACKEND": f"{PACKAGE}.backends.immediate.ImmediateBackend"},
        },
        USE_TZ=True,
    )
    django.setup()
