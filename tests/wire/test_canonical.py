"""Canonical JSON, with the `rfc8785` package as the oracle."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import example, given

from inngest_py.errors import InvalidJSONError
from inngest_py.wire.canonical import canonical
from inngest_py.wire.codec import JSON, decode
from json_values import FLOATS, VALUES


@given(VALUES)
@example({"\U0001f600": 1, "\ufb33": 2, "\r": 3, "1": 4, "ö": 5})  # UTF-16 sorts these unlike code points
@example(['\u0000\u001f\u007f\u2028"\\/\b\f\n\r\t', "€ß😀"])
def test_the_canonical_form_is_that_of_the_standard(value: JSON) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(FLOATS)
@example(1e21)
@example(1e20)
@example(999999999999999900000.0)
@example(0.000001)
@example(0.0000001)
@example(5e-324)
@example(1.7976931348623157e308)
@example(-0.0)
@example(295147905179352830000.0)
def test_a_number_is_written_as_ecmascript_writes_it(number: float) -> None:
    assert canonical(number) == rfc8785.dumps(number)


@given(VALUES)
def test_the_canonical_form_says_the_same_as_the_value(value: JSON) -> None:
    assert json.loads(canonical(value), parse_int=float) == value


@given(VALUES)
def test_the_canonical_form_of_the_canonical_form_is_itself(value: JSON) -> None:
    text = canonical(value)

    assert canonical(decode(text)) == text


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (9007199254740993, b"9007199254740992"),
        (12345678901234567890, b"12345678901234567000"),
        (10**30, b"1e+30"),
        (1.0, b"1"),
        (-0.0, b"0"),
    ],
)
def test_every_number_is_a_double_as_it_is_for_the_server(number: float, written: bytes) -> None:
    assert canonical(number) == written


@pytest.mark.parametrize(
    "value", [10**400, float("inf"), float("nan"), ["\ud800"], {"\udfff": 1}], ids=lambda value: repr(value)[:12]
)
def test_what_has_no_canonical_form_is_refused(value: JSON) -> None:
    with pytest.raises(InvalidJSONError, match="no canonical form"):
        canonical(value)


def test_what_is_nested_too_deeply_is_refused() -> None:
    value: JSON = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(InvalidJSONError, match="no canonical form"):
        canonical(value)
