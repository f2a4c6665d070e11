"""A schedule that fans out: every weekday at nine, one event for each reader, and one run for each event. In Django.

    inngest-py dev -- python examples/scheduled_digest.py
    inngest-py send digest/requested

The second command is for those who will not wait until nine.
"""

import sys
from datetime import UTC, date, datetime

from django.conf import settings
from django.core.management import execute_from_command_line
from django.urls import path
from pydantic import BaseModel

import inngest_py as inngest
from inngest_django import serve

if not settings.configured:  # a project has this in its settings.py
    settings.configure(DEBUG=True, ROOT_URLCONF=__name__, SECRET_KEY="only for development")

client = inngest.Inngest(app_id="digest")


class DigestDue(BaseModel):
    email: str
    day: date


digest_due = inngest.EventType("digest/due", DigestDue)


@client.create_function(
    fn_id="daily-digest",
    trigger=[
        inngest.TriggerCron(cron="0 9 * * 1-5", timezone="Europe/Paris", jitter="1m"),
        inngest.TriggerEvent(event="digest/requested"),
    ],
)
def daily_digest(ctx: inngest.ContextSync) -> int:
    """Find the readers, and hand each of them to a run of its own: they fail and are retried one by one."""
    # The day of the event, not of the clock: a retry after midnight still makes the same digest.
    day = datetime.fromtimestamp(ctx.event.ts / 1000, UTC).date()
    readers = ctx.step.run("find-readers", find_readers)
    due = [digest_due.create({"email": email, "day": day}, id=f"digest/{day}/{email}") for email in readers]
    return len(ctx.step.send_event("fan-out", due))


@client.create_function(
    fn_id="send-digest",
    trigger=digest_due,
    throttle=inngest.Throttle(limit=100, period="1m"),  # what the mail service allows; the others wait, none is lost
    concurrency=5,
    timeouts=inngest.Timeouts(start="12h"),  # yesterday's news are not worth sending
)
def send_digest(ctx: inngest.ContextSync[DigestDue]) -> str:
    reader = ctx.event.data
    news = ctx.step.run("collect-news", collect_news, reader.email, reader.day)
    if not news:
        return "nothing new"
    ctx.step.run("send-mail", send_mail, reader.email, news, key=f"{ctx.run_id}/send-mail")
    return f"{len(news)} items"


# What follows stands in for the models and for the mail service.

subscriptions = {"ada@example.com": ["Engines", "Looms"], "grace@example.com": ["Compilers"], "new@example.com": []}
sent: dict[str, tuple[str, list[str]]] = {}


def find_readers() -> list[str]:
    return sorted(subscriptions)


def collect_news(email: str, day: date) -> list[str]:
    return [f"{day:%d %B}: {topic}" for topic in subscriptions[email]]


def send_mail(to: str, news: list[str], *, key: str) -> None:
    """Send once for each idempotency key, as mail services do."""
    sent.setdefault(key, (to, news))


urlpatterns = [path("api/inngest", serve(client))]

if __name__ == "__main__":
    execute_from_command_line(["manage.py", "runserver", "--noreload", *sys.argv[1:]])  # on port 8000, if none is said
