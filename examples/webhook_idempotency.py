"""A webhook that is delivered twice and booked once. Served by Flask.

    inngest-py dev -- python examples/webhook_idempotency.py
    inngest-py send payment/received --data '{"payment_id": "p1", "account": "rent", "cents": 90000}'

Who sends webhooks sends them again when the answer is slow or lost. Three things keep a payment from being booked
twice, each for a case that the others do not see:

1. the event's id is the id of the delivery: the same delivery, sent again, is the same event;
2. the function's idempotency is the payment: another delivery about it starts no second run (for 24 hours);
3. the step's booking has the payment as its key: a step whose result was lost runs again, and books nothing new.
"""

import hashlib
import hmac
import os

import flask
from pydantic import BaseModel

import inngest_py as inngest
from inngest_flask import serve

client = inngest.Inngest(app_id="payments")
secret = os.environ.get("BANK_WEBHOOK_SECRET", "only for development").encode()


class PaymentReceived(BaseModel):
    payment_id: str
    account: str
    cents: int


payment_received = inngest.EventType("payment/received", PaymentReceived)


def set_aside(ctx: inngest.ContextSync) -> None:
    """Run when a payment could not be booked: money that came in is never forgotten."""
    run_id, payment = ctx.event.data["run_id"], ctx.event.data["event"]["data"]
    ctx.step.run("set-aside", keep, run_id, f"{payment}: {ctx.error}")


@client.create_function(
    fn_id="book-payment",
    trigger=payment_received,
    idempotency="event.data.payment_id",
    concurrency=inngest.Concurrency(limit=1, key="event.data.account"),  # one booking at a time on each account
    on_failure=set_aside,
)
def book_payment(ctx: inngest.ContextSync[PaymentReceived]) -> int:
    payment = ctx.event.data
    balance = ctx.step.run("book", book, payment.account, payment.cents, key=payment.payment_id)
    ctx.step.run("send-receipt", print, f"{payment.cents} cents for {payment.account}: the balance is {balance}")
    return balance


# What follows stands in for the ledger: tables whose keys are unique.

accounts = {"rent"}
ledger: dict[str, tuple[str, int]] = {}
unbooked: dict[str, str] = {}


def book(account: str, cents: int, *, key: str) -> int:
    """Book once for each key, and give the balance."""
    if account not in accounts:
        raise inngest.NonRetriableError(f"there is no account {account}")
    ledger.setdefault(key, (account, cents))
    return sum(amount for owner, amount in ledger.values() if owner == account)


def keep(run_id: str, reason: str) -> None:
    unbooked[run_id] = reason


app = flask.Flask(__name__)
app.register_blueprint(serve(client))


@app.post("/webhooks/bank")
def bank_webhook() -> tuple[str, int]:
    """Check who is calling, note the event, and answer at once. All the work is done in the function."""
    expected = hmac.new(secret, flask.request.get_data(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, flask.request.headers.get("x-bank-signature", "")):
        flask.abort(401)
    delivery = flask.request.headers["x-bank-delivery"]
    client.send_sync(payment_received.create(flask.request.get_json(), id=f"bank/{delivery}"))
    return "", 202


if __name__ == "__main__":
    app.run(port=5000)
