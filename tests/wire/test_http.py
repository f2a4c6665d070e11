"""A request as every framework and both sides of the protocol see it."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, strategies as st

from inngest_py.wire.http import Request, Response, quoted, read_at_most


def test_the_names_of_headers_are_in_lower_case() -> None:
    request = Request.of("POST", "http://a/b", [("X-Inngest-Signature", "t=1"), ("HOST", "a")], b"x")

    assert request.headers == {"x-inngest-signature": "t=1", "host": "a"}


@pytest.mark.parametrize(
    ("url", "query"),
    [
        ("http://a/b", {}),
        ("http://a/b?", {}),
        ("http://a/b?fnId=shop-order&stepId=step", {"fnId": "shop-order", "stepId": "step"}),
        ("http://a/b?probe", {"probe": ""}),
        ("http://a/b?fnId=a%20b+c", {"fnId": "a b c"}),
        ("http://a/b?fnId=one&fnId=two", {"fnId": "two"}),
        ("http://a/b?fnId=%ff", {"fnId": "\ufffd"}),
        ("http://a/b?a=1#?b=2", {"a": "1"}),
        ("/b?a=1", {"a": "1"}),
        ("http://[/b?a=1", {"a": "1"}),
    ],
)
def test_the_query_is_decoded(url: str, query: dict[str, str]) -> None:
    assert Request("GET", url).query == query


@given(st.text())
def test_no_url_is_too_malformed_to_be_asked_for_its_query(url: str) -> None:
    assert all(isinstance(value, str) for value in Request("GET", url).query.values())


def test_a_response_may_be_nothing_but_a_status() -> None:
    assert Response(204) == Response(204, {}, b"")


@pytest.mark.parametrize(("size", "read"), [(300_000, 200_000), (200_000, 200_000), (100_000, 131_072), (0, 65_536)])
def test_a_body_is_read_in_pieces_and_one_that_is_too_large_a_little_further(size: int, read: int) -> None:
    body = BytesIO(b"x" * 200_000)

    assert len(read_at_most(size, body.read)) == read


def test_a_body_that_breaks_off_is_what_there_was_of_it() -> None:
    pieces = [b"what ", b"there was"]

    def read(_size: int) -> bytes:
        if not pieces:
            raise ConnectionResetError("the client has left")
        return pieces.pop(0)

    assert read_at_most(100, read) == b"what there was"


def test_a_path_is_written_as_it_is_in_a_url() -> None:
    assert quoted("/api/größe%20a", safe="%") == "/api/gr%C3%B6%C3%9Fe%20a"
    assert quoted("/api/50%") == "/api/50%25"
