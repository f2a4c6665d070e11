"""`inngest-py send`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import click

from inngest_py.client import Inngest
from inngest_py.dev.commands.shared import clear_errors, examples, json_option, url_option
from inngest_py.dev.remote import check_there, remote_settings
from inngest_py.wire.codec import as_object
from inngest_py.wire.event import Event


@click.command(epilog=examples("""inngest-py send order/placed --data '{"order_id": "1"}'"""))
@click.argument("name")
@click.option("--data", "-d", default="{}", metavar="JSON", help="The data of the event, a JSON object.")
@click.option("--id", "event_id", default="", metavar="ID", help="Makes sending it twice harmless.")
@click.option(
    "--ts", type=int, default=0, metavar="MS", help="When, in Unix milliseconds; later than now delays its runs."
)
@click.option("--event-key", metavar="KEY", help="Default: INNGEST_EVENT_KEY.")
@url_option
@json_option
def send(
    *, name: str, data: str, event_id: str, ts: int, event_key: str | None, url: str | None, as_json: bool
) -> None:
    """Send an event called NAME."""
    value = _json_object(data)
    with clear_errors():
        settings = remote_settings(url)
        check_there(settings, settings.event_api_origin)
        client = Inngest(
            app_id="inngest-py",
            is_production=not settings.dev,
            event_key=event_key,
            event_api_base_url=settings.event_api_origin,
        )
        (sent,) = asyncio.run(client.send(Event(name=name, data=value, id=event_id, ts=ts)))
    click.echo(json.dumps({"ids": [sent]}) if as_json else f"sent {name}, event {sent}")


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"it is not JSON: {error}", param_hint="--data") from None
    found = as_object(value)
    if found is None:
        raise click.BadParameter(f'it must be a JSON object, such as {{"id": 1}}, not {text}', param_hint="--data")
    return found
