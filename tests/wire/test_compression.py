"""Large bodies are made small for who allows it, and nobody else."""

from __future__ import annotations

import gzip

import pytest

from inngest_py.wire.compression import SMALLEST, accepts_gzip, compressed
from inngest_py.wire.http import Request, Response


@pytest.mark.parametrize(
    "accepted",
    ["gzip", "GZIP", "deflate, gzip", "gzip;q=0.5", "br;q=1.0, gzip ; q=0.001", "*", "identity, *;q=0.1"],
)
def test_gzip_is_allowed_by_name_or_with_a_star(accepted: str) -> None:
    assert accepts_gzip(accepted)


@pytest.mark.parametrize(
    "accepted", ["", "identity", "br, deflate", "gzip;q=0", "gzip; q=0.00", "*, gzip;q=0", "*;q=0"]
)
def test_gzip_is_not_allowed_otherwise(accepted: str) -> None:
    assert not accepts_gzip(accepted)


def test_a_large_body_is_compressed() -> None:
    response = Response(200, {"content-type": "application/json"}, b"x" * SMALLEST)

    packed = compressed(response, Request("POST", "http://a/", {"accept-encoding": "gzip"}))

    assert gzip.decompress(packed.body) == response.body
    assert packed.headers == {
        "content-type": "application/json",
        "content-encoding": "gzip",
        "vary": "accept-encoding",
    }


def test_a_small_body_is_not() -> None:
    response = Response(200, {}, b"x" * (SMALLEST - 1))

    assert compressed(response, Request("POST", "http://a/", {"accept-encoding": "gzip"})) is response


def test_nor_is_one_for_who_does_not_ask_for_it() -> None:
    response = Response(200, {}, b"x" * SMALLEST)

    assert compressed(response, Request("POST", "http://a/")) is response
