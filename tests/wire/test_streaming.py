"""A reply in its envelope is the reply that it was."""

from __future__ import annotations

import pytest

from inngest_py.dev.reply import read_reply
from inngest_py.wire.codec import decode
from inngest_py.wire.http import Response
from inngest_py.wire.streaming import KEEP_ALIVE, STATUS, envelope

SDK = {"x-inngest-sdk": "inngest_py:v1", "x-inngest-req-version": "2"}


def test_an_envelope_has_the_status_the_headers_and_the_body_as_text() -> None:
    found = decode(envelope(Response(206, SDK, '[{"é":1.0}]'.encode())))

    assert found == {"status": 206, "headers": SDK, "body": '[{"é":1.0}]'}


@pytest.mark.parametrize(
    "reply",
    [
        Response(200, SDK, b"null"),
        Response(200, SDK, '"a text with \\"quotes\\" and é🐍"'.encode()),
        Response(200, SDK, b'{"a":[1,2.5,null]}'),
        Response(206, SDK, b'[{"op":"StepRun","id":"a","data":{"b":1}}]'),
        Response(206, {**SDK, "x-inngest-no-retry": "true"}, b'[{"op":"StepFailed","id":"a","error":{"name":"E"}}]'),
        Response(500, {**SDK, "retry-after": "30"}, b'{"name":"ValueError","message":"no"}'),
        Response(500, {**SDK, "x-inngest-no-retry": "true"}, b'{"name":"ValueError","message":"no"}'),
    ],
)
def test_a_server_reads_a_streamed_reply_as_it_reads_another(reply: Response) -> None:
    streamed = Response(STATUS, {"content-type": "application/json"}, KEEP_ALIVE * 3 + envelope(reply))

    assert read_reply(streamed, now=0) == read_reply(reply, now=0)
