"""JSON as it is shown: indented, coloured, cut short."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from inngest_py.dev.ui.views.values import MOST_SHOWN, human_size, plainly, shown


def test_json_is_indented_and_its_parts_are_told_apart():
    found = shown('{"a":[1,"x",true],"ü":null}', "/all")

    assert found.text == '{\n  "a": [\n    1,\n    "x",\n    true\n  ],\n  "ü": null\n}'
    assert [piece for piece in found.pieces if piece[0]] == [
        ("key", '"a"'),
        ("number", "1"),
        ("text", '"x"'),
        ("word", "true"),
        ("key", '"ü"'),
        ("word", "null"),
    ]
    assert (found.cut, found.size) == (
        False,
        "27 bytes".replace("27", str(len('{"a":[1,"x",true],"ü":null}'.encode()))),
    )


@pytest.mark.parametrize(
    "text", [json.dumps("x" * 5_000), json.dumps(list(range(500))), json.dumps("x" * 4_000_000), "\n" * 200]
)
def test_what_is_long_is_cut_short(text):
    found = shown(text, "/all")

    assert found.cut
    assert len(found.text) <= MOST_SHOWN
    assert found.text.count("\n") <= 120


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_nothing_is_lost_or_added(text):
    try:
        whole = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        whole = text

    found = shown(text, "/all")

    assert found.text == whole or (found.cut and whole.startswith(found.text))


def test_what_is_nested_too_deeply_to_be_indented_is_shown_as_it_is():
    assert shown("[" * 1_500, "/all").text == "[" * 1_500


def test_a_traceback_is_shown_as_it_is():
    assert plainly('File "x", line 1', "/all").pieces == (("", 'File "x", line 1'),)


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 KB"), (4_194_304, "4.2 MB"), (10**12, "1000.0 GB")],
)
def test_sizes_are_said_as_people_say_them(size, said):
    assert human_size(size) == said
