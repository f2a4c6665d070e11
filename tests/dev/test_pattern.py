"""Regular expressions match what they match elsewhere, and never take long."""

from __future__ import annotations

import re

import pytest

from inngest_py.dev.expression import compile_expression
from inngest_py.dev.expression.pattern import TooMuchError, compile_pattern
from inngest_py.dev.expression.pattern_syntax import PatternError

TEXTS = [
    "",
    "a",
    "b",
    "ab",
    "aab",
    "abc",
    "A",
    "a b",
    "a.b",
    "a\nb",
    "x1",
    "é",
    "É",
    "-",
    "]",
    "^",
    "aaaa",
    "2024-01-31",
]
PATTERNS = r"""
a
^a$
^(?:a|b)+$
^a*b?$
^a{2}
^a{2,3}b
^a{3,}$
a{0}b
a+?b
^(a|ab)(c|bc)$
^.$
^[^a]$
^[a-c]+$
[]a]
[\^\-]
[a\d]$
^\w\d$
\bb\b
\Ba
a\.b
^\D+$
a\sb
(?i)^a$
(?i)^é$
(?i)^[^a]$
(?s)a.b
a.b
(?m)^b$
(?i:A)b
(?P<name>a)
^\d{4}-\d{2}-\d{2}$
\x61b
()
|a
^((a*)*)*b$
\Aab
x*
"""
REFUSED = [
    ("(", '")" is missing, at character 2'),
    (")", '")" closes nothing, at character 1'),
    ("*a", "there is nothing to repeat, at character 1"),
    ("a**", "cannot be repeated again"),
    ("[a", "it ends too early, at character 3"),
    ("[b-a]", "the range ends before it begins"),
    ("a\\", "it ends too early"),
    (r"(a)\1", "there are no backreferences, at character 5"),
    (r"\y", r'"\y" is not known'),
    ("(?=a)", "there are no lookarounds"),
    ("(?<!a)", "there are no lookarounds"),
    ("a{1001}", '"{1001}" is no number of times up to 1000'),
    ("a{2,1}", '"{2,1}" is no number of times'),
    ("((a{100}){100}){100}", "it is too large"),
    ("(((){1000}){1000}){1000}", "it is too large"),
    ("[[:nothing:]]", '"[:nothing:]" is not known'),
    (r"\x{110000}", "there is no such character"),
    ("(" * 5000 + ")" * 5000, "it is nested too deeply"),
]


@pytest.mark.parametrize("pattern", PATTERNS.strip().splitlines())
def test_it_matches_what_the_standard_library_matches(pattern):
    reference = re.compile(pattern)

    assert [text for text in TEXTS if compile_pattern(pattern).search(text)] == [
        text for text in TEXTS if reference.search(text)
    ]


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (r"^\pL$", "é", "1"),
        (r"^\p{Lu}$", "É", "é"),
        (r"^\PL$", "1", "é"),
        (r"^\p{^L}$", "1", "é"),
        ("^[[:alpha:]_]+$", "a_b", "a1"),
        ("^[[:^digit:]]$", "a", "1"),
        (r"^\d$", "1", "٣"),
        (r"^\W$", "é", "a"),
        ("^a{,2}$", "a{,2}", "a"),
        ("a$", "ba", "a\n"),
        (r"a\z", "ba", "a\n"),
    ],
)
def test_it_has_what_re2_has_and_the_standard_library_has_not(pattern, matching, other):
    assert compile_pattern(pattern).search(matching)
    assert not compile_pattern(pattern).search(other)


@pytest.mark.parametrize(("pattern", "why"), REFUSED)
def test_what_is_no_pattern_is_refused_with_the_place(pattern, why):
    with pytest.raises(PatternError, match=re.escape(why)):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^a*a*a*a*a*$", "^(a?){30}a{30}$"])
def test_no_pattern_tries_one_way_after_the_other(pattern):
    assert not compile_pattern(pattern).search("a" * 1000 + "!")


def test_what_would_take_too_long_has_no_answer():
    with pytest.raises(TooMuchError):
        compile_pattern("a{1000}b").search("a" * 10_000)

    assert compile_expression("!matches(event.s, 'a{1000}b')").value({"event": {"s": "a" * 10_000}}, 0) is None
    assert compile_expression("matches('a', event.s)").value({"event": {"s": "("}}, 0) is None
