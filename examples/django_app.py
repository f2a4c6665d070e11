"""Django: a newsletter that is only sent to who confirms, in one file. The same view serves WSGI and ASGI.

inngest-py dev -- python examples/django_app.py runserver
curl -X POST localhost:8000/subscribe -d email=ada@example.com
curl -X POST localhost:8000/confirm -d email=ada@example.com

In a project of your own the settings are in settings.py, and `serve(client)` is one line of urls.py.
"""

import sys

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.mail import send_mail
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from pydantic import BaseModel

import inngest_py as inngest
from inngest_django import serve

CONSOLE = "django.core.mail.backends.console.EmailBackend"
MAIL = {"MAILERS": {"default": {"BACKEND": CONSOLE}}} if django.VERSION >= (6, 1) else {"EMAIL_BACKEND": CONSOLE}

settings.configure(
    ALLOWED_HOSTS=["*"],
    DEBUG=True,
    DEFAULT_FROM_EMAIL="news@example.com",
    ROOT_URLCONF=__name__,
    SECRET_KEY="not-a-secret",
    **MAIL,
)

client = inngest.Inngest(app_id="django-news")


class Subscriber(BaseModel):
    email: str


subscribed = inngest.EventType("newsletter/subscribed", Subscriber)
confirmed = inngest.EventType("newsletter/confirmed", Subscriber)


@client.create_function(fn_id="subscribe", trigger=subscribed)
def subscribe(ctx: inngest.ContextSync[Subscriber]) -> str:
    email = ctx.event.data.email
    ctx.step.run("ask", mail, email, "Please confirm that you want our news")
    answer = ctx.step.wait_for_event(
        "wait-for-answer", event=confirmed, timeout="2d", if_exp="event.data.email == async.data.email"
    )
    if answer is None:
        return "forgotten"
    ctx.step.run("welcome", mail, email, "Welcome!")
    return "subscribed"


def mail(to: str, subject: str) -> int:
    return send_mail(subject, subject, None, [to])


def start(request: HttpRequest) -> JsonResponse:
    client.send_sync(subscribed(email=request.POST["email"]))
    return JsonResponse({"next": "confirm"}, status=202)


def confirm(request: HttpRequest) -> JsonResponse:
    client.send_sync(confirmed(email=request.POST["email"]))
    return JsonResponse({}, status=202)


urlpatterns = [
    path("api/inngest", serve(client)),
    path("subscribe", start),
    path("confirm", confirm),
]
wsgi = get_wsgi_application()
asgi = get_asgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
