"""Expressions: the mistakes that can be seen without a compiler."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from inngest_py.config.expression import check_expression
from inngest_py.errors import ConfigError


@pytest.mark.parametrize(
    "text",
    [
        "event.data.order_id",
        "event.data.total > 100 && event.data.country == 'NL'",
        "size(event.data.items[0]['a]b']) > 0",
        """event.data.note == "it's (not) closed" """,
        r"event.data.path == 'C:\\temp\'s'",
        "event.data.tags in ['a', 'b']",
        "{'a': [1, 2]}.a.exists(x, x > 1)",
    ],
)
def test_an_expression_is_taken_as_it_is(text: str) -> None:
    assert check_expression(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "an expression cannot be empty"),
        (" \n", "an expression cannot be empty"),
        ("size(event.data.x", "leaves a ( open"),
        ("event.data['x'", "leaves a [ open"),
        ("event.data. >", 'wrong at 12: ">" has nothing before it'),
        ("event.data.x +", 'nothing follows "+"'),
        ("foo.bar == 1", 'there is no "foo"'),
        ("event.data.a event.data.b", 'wrong at 13: "event" follows "a" with nothing between'),
        ("event.data.x # y", 'wrong at 13: "#" means nothing'),
        ("event.data.f(1 +)", 'nothing follows "+"'),
        ("event.data.x == 'abc", "a ' is left open"),
        ("event.data.x == 'abc\\'", "a ' is left open"),
        ("event.data.x)", 'wrong at 12: ")" closes what was never opened'),
        ("([event.data.x)]", 'wrong at 14: ")" closes what was never opened'),
    ],
)
def test_a_mistake_in_an_expression_is_named(text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_expression(text)

    assert reason in str(caught.value)


@given(st.text() | st.text("ab.()[]{}'\"\\ "))
def test_whatever_is_written_is_taken_or_refused(text: str) -> None:
    try:
        assert check_expression(text) == text
    except ConfigError as error:
        assert "expression" in str(error)  # noqa: PT017 - either will do
