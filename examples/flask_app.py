"""Flask: an invoice is made and mailed, and the app context is there in every step.

inngest-py dev -- flask --app examples/flask_app.py run --debug
curl -X POST localhost:5000/orders/o1/invoice -d email=ada@example.com

The function's own way to start is an event:

inngest-py send invoice/requested --data '{"order_id": "o1", "email": "ada@example.com"}'
"""

import flask
from pydantic import BaseModel

import inngest_py as inngest
from inngest_flask import serve

client = inngest.Inngest(app_id="flask-shop")


class InvoiceRequested(BaseModel):
    order_id: str
    email: str


invoice_requested = inngest.EventType("invoice/requested", InvoiceRequested)


@client.create_function(fn_id="send-invoice", trigger=invoice_requested, idempotency="event.data.order_id")
def send_invoice(ctx: inngest.ContextSync[InvoiceRequested]) -> str:
    order = ctx.event.data
    number = ctx.step.run("write-invoice", write_invoice, order.order_id)
    ctx.step.run("mail-invoice", mail, order.email, f"invoice {number}")
    ctx.step.sleep("term-of-payment", "14d")
    ctx.step.run("mail-reminder", mail, order.email, f"invoice {number} is due")
    return number


def write_invoice(order_id: str) -> str:
    return f"{flask.current_app.config['INVOICE_PREFIX']}-{order_id}"


def mail(to: str, subject: str) -> None:
    flask.current_app.logger.info("mail to %s: %s", to, subject)


app = flask.Flask(__name__)
app.config["INVOICE_PREFIX"] = "2026"
app.register_blueprint(serve(client))


@app.post("/orders/<order_id>/invoice")
def request_invoice(order_id: str):
    client.send_sync(invoice_requested(order_id=order_id, email=flask.request.form["email"]))
    return {"order_id": order_id}, 202
