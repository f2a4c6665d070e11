"""Letters over two weeks, in a function that reads from top to bottom and sleeps in between.

    inngest-py dev -- python examples/drip_campaign.py
    inngest-py send trial/started --data '{"user_id": "u1", "email": "ada@example.com"}'
    inngest-py send trial/ended --data '{"user_id": "u1"}'

Served by Starlette; the function is a plain one, which runs in a thread and never blocks the server. While it sleeps
it is nowhere: no thread, no request, no memory, and a deployment or a crash does not wake it. The third command
cancels the run wherever it is.
"""

from datetime import UTC, datetime, timedelta

import uvicorn
from pydantic import BaseModel
from starlette.applications import Starlette

import inngest_py as inngest
from inngest_starlette import serve

client = inngest.Inngest(app_id="campaign")


class TrialStarted(BaseModel):
    user_id: str
    email: str


trial_started = inngest.EventType("trial/started", TrialStarted)


@client.create_function(
    fn_id="trial-letters",
    trigger=trial_started,
    singleton=inngest.Singleton(mode="skip", key="event.data.user_id"),  # one series at a time for each user
    cancel=inngest.Cancel(event="trial/ended", if_exp="event.data.user_id == async.data.user_id"),
)
def trial_letters(ctx: inngest.ContextSync[TrialStarted]) -> list[str]:
    user = ctx.event.data
    letters = ["welcome"]
    ctx.step.run("send-welcome", send_letter, user.email, "welcome", key=f"{ctx.run_id}/welcome")

    ctx.step.sleep("first-day", "1d")
    # A decision that depends on the world belongs in a step: on replay it is remembered, not taken again.
    active = ctx.step.run("is-active", is_active, user.user_id)
    second = "tips" if active else "getting-started"
    letters.append(second)
    ctx.step.run("send-second", send_letter, user.email, second, key=f"{ctx.run_id}/second")

    started = datetime.fromtimestamp(ctx.event.ts / 1000, UTC)
    ctx.step.sleep_until("last-day-but-one", started + timedelta(days=13))
    if not ctx.step.run("has-paid", has_paid, user.user_id):
        letters.append("last-chance")
        ctx.step.run("send-last-chance", send_letter, user.email, "last-chance", key=f"{ctx.run_id}/last-chance")
    return letters


# What follows stands in for the product's database and for its mail service.

active_users: set[str] = set()
customers: set[str] = set()
sent: dict[str, tuple[str, str]] = {}


def is_active(user_id: str) -> bool:
    return user_id in active_users


def has_paid(user_id: str) -> bool:
    return user_id in customers


def send_letter(to: str, letter: str, *, key: str) -> None:
    """Send once for each idempotency key, as mail services do."""
    sent.setdefault(key, (to, letter))


app = Starlette(routes=[serve(client)])

if __name__ == "__main__":
    uvicorn.run(app, port=8000)
