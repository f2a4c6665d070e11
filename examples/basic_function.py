"""The smallest useful app: a typed event, and a plain function with two steps. Served by Flask.

    inngest-py dev -- python examples/basic_function.py
    curl -X POST localhost:5000/users -H 'content-type: application/json' -d '{"email": "ada@example.com"}'

The second command is what a browser would do. To send the event without the app:

    inngest-py send user/signed-up --data '{"user_id": "u1", "email": "ada@example.com"}'
"""

from uuid import uuid4

import flask
from pydantic import BaseModel

import inngest_py as inngest
from inngest_flask import serve

client = inngest.Inngest(app_id="basic")


class SignedUp(BaseModel):
    user_id: str
    email: str


class Profile(BaseModel):
    user_id: str
    display_name: str


signed_up = inngest.EventType("user/signed-up", SignedUp)


@client.create_function(fn_id="welcome", trigger=signed_up, retries=3)
def welcome(ctx: inngest.ContextSync[SignedUp]) -> str:
    """Set a new user up. Each step runs until it succeeds, at most four times, and never again after that."""
    user = ctx.event.data
    profile = ctx.step.run("create-profile", create_profile, user)
    ctx.step.run("send-welcome", send_mail, user.email, f"Welcome, {profile.display_name}!")
    return profile.display_name


def create_profile(user: SignedUp) -> Profile:
    """Stand in for an insert that may safely be made twice."""
    return Profile(user_id=user.user_id, display_name=user.email.partition("@")[0].title())


def send_mail(to: str, subject: str) -> None:
    """Stand in for a mail service."""
    print(f"mail to {to}: {subject}")


app = flask.Flask(__name__)
app.register_blueprint(serve(client))


@app.post("/users")
def create_user() -> tuple[dict[str, str], int]:
    """Answer at once: the rest of the work happens in the function above."""
    user = SignedUp(user_id=uuid4().hex, email=flask.request.get_json()["email"])
    client.send_sync(signed_up(user))
    return {"user_id": user.user_id}, 202


if __name__ == "__main__":
    app.run(port=5000)
