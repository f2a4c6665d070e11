"""What apps say of their events: what is kept of it, and which of it an event goes by."""

from __future__ import annotations

import json

import hypothesis
import pytest
from hypothesis import strategies

from inngest_py.dev.event_types.registered import MAX_NAME, MOST, read_event_types, schemas_of
from inngest_py.dev.model import App
from inngest_py.wire.registration import LARGEST_SCHEMA

ORDER = {"properties": {"z": {"type": "string"}, "a": {"type": "integer"}}}
ANY_JSON = strategies.recursive(
    strategies.none() | strategies.integers() | strategies.text(max_size=4),
    lambda part: strategies.lists(part) | strategies.dictionaries(strategies.sampled_from(["name", "schema"]), part),
)


def app(*event_types, **fields):
    return App(id="app", url="http://app.test", event_types=read_event_types(list(event_types)), **fields)


def entry(name, schema):
    return {"name": name, "schema": schema}


def test_a_name_with_a_schema_is_kept_in_the_order_of_its_fields():
    assert read_event_types([entry("order/placed", ORDER)]) == json.dumps(
        [entry("order/placed", ORDER)], separators=(",", ":")
    )


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        {"name": "a", "schema": ORDER},
        ["a"],
        [entry("", ORDER)],
        [entry("a", {})],
        [entry("a", True)],
        [entry(5, ORDER)],
        [entry("a" * (MAX_NAME + 1), ORDER)],
        [entry("a", {"description": "x" * LARGEST_SCHEMA})],
        [entry("a", {"const": 10**400})],
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_description_of_an_event_is_left_out(value):
    assert read_event_types(value) == "[]"


@hypothesis.given(ANY_JSON)
def test_whatever_comes_what_is_kept_is_names_with_schemas(value):
    for each in json.loads(read_event_types(value)):
        assert each.keys() == {"name", "schema"}
        assert each["name"]
        assert each["schema"]


def test_an_app_may_not_fill_the_memory():
    large = [entry(f"e{number}", {"description": "x" * (LARGEST_SCHEMA - 100)}) for number in range(20)]

    kept = read_event_types([*large, entry("small", ORDER)])

    assert len(kept) <= MOST + 1_000
    assert json.loads(kept)[-1]["name"] == "small"


def test_each_app_has_its_own_schema_of_an_event():
    other = {"type": "object", "title": "Other"}
    apps = [app(entry("a", ORDER), entry("b", other)), app(entry("a", ORDER), entry("a", other))]

    assert schemas_of(apps, "a") == [ORDER, other]
    assert schemas_of(apps, "b") == [other]
    assert schemas_of(apps, "c") == []


def test_a_wildcard_speaks_for_the_events_that_its_app_does_not_name():
    wild, named = {"title": "Wild"}, {"title": "Named"}
    made = app(entry("user/*", wild), entry("user/new", named))

    assert schemas_of([made], "user/new") == [named]
    assert schemas_of([made], "user/old") == [wild]
    assert schemas_of([made], "user/*") == [wild]


def test_an_app_that_is_gone_says_nothing():
    assert schemas_of([app(entry("a", ORDER), archived_at=1)], "a") == []
