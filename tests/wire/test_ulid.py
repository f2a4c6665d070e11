"""ULIDs, as a real server makes them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, strategies as st

from exchanges import sent_to_server
from inngest_py.wire.ulid import read_seed, seed, seeded_ulid, ulid, ulid_time

TIMES = st.integers(0, 2**48 - 1)
ENTROPY = st.binary(min_size=10, max_size=10)


def test_a_seed_gives_the_ids_that_a_real_server_gave() -> None:
    seeded = [
        exchange
        for exchange in sent_to_server("event_api_cases")
        if read_seed(exchange["headers"].get("X-Inngest-Event-Id-Seed", "")) is not None
    ]
    assert len(seeded) == 3

    for exchange in seeded:
        found = read_seed(exchange["headers"]["X-Inngest-Event-Id-Seed"])
        assert found is not None

        ids = exchange["response"]["body"]["ids"]
        assert ids == [seeded_ulid(*found, number) for number in range(1, len(ids) + 1)]


@given(TIMES, ENTROPY)
def test_a_ulid_tells_its_time(time: int, entropy: bytes) -> None:
    text = ulid(time, entropy)

    assert len(text) == 26
    assert ulid_time(text) == time


@given(TIMES, TIMES, ENTROPY, ENTROPY)
def test_ulids_sort_by_their_time(first: int, second: int, entropy: bytes, other: bytes) -> None:
    earlier, later = sorted((first, second))

    assert earlier == later or ulid(earlier, entropy) < ulid(later, other)


@pytest.mark.parametrize("text", ["", "01HF7YAT3V60RK4CSM6MV3EE1", "01HF7YAT3V60RK4CSM6MV3EE1U"])
def test_what_is_no_ulid_tells_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a ULID|substring not found"):
        ulid_time(text)


@given(TIMES, ENTROPY)
def test_a_seed_is_read_back(time: int, entropy: bytes) -> None:
    assert read_seed(seed(time, entropy)) == (time, entropy)


@given(TIMES, ENTROPY)
def test_the_events_of_a_send_have_ids_of_their_own(time: int, entropy: bytes) -> None:
    assert len({seeded_ulid(time, entropy, number) for number in range(1, 100)}) == 99


def test_the_low_bits_of_a_seed_wrap_around() -> None:
    assert seeded_ulid(0, b"\xff" * 10, 1) == ulid(0, b"\xff" * 6 + b"\0" * 4)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "garbage",
        "1700000000123,",
        "1700000000123,!!!!",
        "x,MDEyMzQ1Njc4OQ==",
        "-1,MDEyMzQ1Njc4OQ==",
        "1,MDEy",
        "1,é",
    ],
)
def test_a_malformed_seed_is_ignored(value: str) -> None:
    assert read_seed(value) is None


@given(st.text() | ENTROPY.map(base64.b64encode).map(bytes.decode))
def test_whatever_a_seed_says_it_is_read_or_ignored(value: str) -> None:
    found = read_seed(value)

    assert found is None or len(found[1]) == 10
