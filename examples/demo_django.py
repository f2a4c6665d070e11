"""gunicorn examples.demo_django:app"""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

from examples.demo_shop import client
from inngest_django import serve

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="only for the demo")

urlpatterns = [path("api/inngest", serve(client))]
app = get_wsgi_application()
