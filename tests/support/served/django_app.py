"""A Django project for a real server, of either kind."""

from __future__ import annotations

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.urls import path

from inngest_django import serve
from served.functions import client

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="for tests only")

urlpatterns = [path("api/inngest", serve(client)), path("streamed", serve(client, streaming=True))]
wsgi = get_wsgi_application()
asgi = get_asgi_application()
