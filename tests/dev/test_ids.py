"""Ids are drawn in order, and the same from the same seed."""

from __future__ import annotations

from inngest_py.dev.ids import Ids
from inngest_py.wire.ulid import ulid_time

NOW = 1_767_225_600_000


def test_ulids_of_one_millisecond_sort_in_the_order_in_which_they_were_drawn():
    ids = Ids(b"seed")

    drawn = [ids.ulid(NOW) for _ in range(1000)]

    assert drawn == sorted(set(drawn))
    assert {ulid_time(one) for one in drawn} == {NOW}


def test_a_ulid_of_another_time_says_nothing_of_the_one_before():
    ids = Ids(b"seed")

    first, second = ids.ulid(NOW), ids.ulid(NOW + 1)

    assert ulid_time(second) == NOW + 1
    assert first[10:18] != second[10:18]


def test_the_same_seed_draws_the_same():
    one, other = Ids(b"seed"), Ids(b"seed")

    assert [one.ulid(NOW), one.job(), one.uuid(), one.fraction()] == [
        other.ulid(NOW),
        other.job(),
        other.uuid(),
        other.fraction(),
    ]
