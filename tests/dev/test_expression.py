"""Expressions match what they match on the real server, and mistakes are named with their place."""

from __future__ import annotations

import base64

import cel
import pytest

from inngest_py.dev.expression import EVENT, EVENT_AND_ASYNC, compile_expression
from inngest_py.errors import ConfigError

NOW = 1_767_225_600_000
DATA = {
    "n": 5.0,
    "ns": "5",
    "s": "hello",
    "S": "Hi",
    "list": [1.0, 2.0, 3.0],
    "a": {},
    "t": True,
    "f": False,
    "nul": None,
    "b": base64.b64encode(b"hello").decode(),
    "j": '{"k":1}',
    "d": "2025-01-01T00:00:00Z",
}
VARIABLES = {
    "event": {"name": "x/y", "id": "i1", "ts": 1767225600000.0, "v": "2", "user": {"id": 7.0}, "data": DATA},
    "async": {"data": {"n": 5.0}},
}

MATCHES = """
event.data.missing == null
event.data.nul == null
event.data.missing != 'x'
event.data.missing < 1
event.data.n > 3 || event.data.missing > 3
event.data.n == 5
event.data.n == 5.0
event.data.n in [4,5]
string(event.data.n) == '5'
type(event.data.n) == double
int(event.data.ns) == 5
double(event.data.ns) == 5.0
has(event.data.a)
!has(event.data.missing)
'n' in event.data
event.data.list.exists(x, x == 2)
event.data.list.all(x, x > 0)
event.data.list.exists_one(x, x == 2)
event.data.list.map(x, x * 2.0) == [2,4,6]
event.data.list.filter(x, x > 1).size() == 2
size(event.data.list) == 3
event.data.s.size() == 5
event.data.list[0] == 1
event.data.list == [1,2,3]
event.data.s.contains('ell')
event.data.s.startsWith('he')
event.data.s.endsWith("lo")
event.data.s.matches('^h.*o$')
event.data.s + '!' == 'hello!'
event.data.s > 'a'
!event.data.f
event.data.t ? true : false
event.user.id == 7
event.name == 'x/y'
event.ts == 1767225600000
event.id == 'i1'
event.v == '2'
event.data['n'] == 5
lowercase(event.data.S) == 'hi'
uppercase(event.data.s) == 'HELLO'
b64decode(event.data.b) == 'hello'
json_parse(event.data.j).k == 1
date(event.data.d) < now()
now_minus('1h') < now()
now_plus('1h') > now()
timestamp('2026-01-01T00:00:00Z') == now()
timestamp(event.data.d).getFullYear() == 2025
duration('90s') < duration('2m')
event.data.n == async.data.n
1 + 2 * 3 == 7
-7 / 2 == -3 && -7 % 2 == -1
{'a': 1}.a == 1
"""

DOES_NOT_MATCH = """
event.data.missing
event.data.missing != null
event.data.missing == true
event.data.missing > 1
event.data.a.b.c == 1
event.data.n == '5'
event.data.n + 1 == 6
event.data.n % 2 == 1
event.data.n / 2 == 2.5
event.data.s
event.data.n
''
event.data.n > 'a'
'x' in event.data
'x' in event.data.s
event.data.list[9] == 1
!event.data.n
1 / 0 == 1
event.data.t == 1
event.data.missing && true
lowercase(event.data.n) == '5'
json_parse(event.data.s) == 1
"""

REFUSED = {
    "event.data.s.upperAscii()": (13, 'no function "upperAscii"'),
    "event.data.s.split('l') == []": (13, 'no function "split"'),
    "foo.bar == 1": (1, '"foo" is not known'),
    "event.data.n ==": (16, "it ends too early"),
    "event.data.n == 'a": (17, "cannot stand here"),
    "(event.data.n": (14, 'expected ")"'),
    "event.data.n event": (14, '"event" was not expected'),
    "event.": (7, "a name must follow the dot"),
    "size()": (1, "takes 1 arguments, not 0"),
    "has(event)": (1, "has() takes one path"),
    "event.data.list.exists(1, true)": (16, "takes a variable and an expression"),
    "in [1]": (1, "needs something on its left"),
    "$": (1, "cannot stand here"),
    "event.data.s.matches('h(')": (22, '")" is missing'),
    "event.data.s.matches('(h)\\\\1')": (22, "there are no backreferences, at character 5"),
    "matches(event.data.s, '(?=h)')": (23, "there are no lookarounds"),
}


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.parametrize("text", lines(MATCHES))
def test_it_matches(text):
    assert compile_expression(text).matches(VARIABLES, NOW)


@pytest.mark.parametrize("text", lines(DOES_NOT_MATCH))
def test_it_does_not_match_and_is_no_error(text):
    assert not compile_expression(text).matches(VARIABLES, NOW)


@pytest.mark.parametrize("text", REFUSED)
def test_a_mistake_is_named_with_its_place(text):
    place, why = REFUSED[text]

    with pytest.raises(ConfigError) as caught:
        compile_expression(text)

    assert f"position {place}:" in str(caught.value)
    assert why in str(caught.value)


def test_a_trigger_knows_no_async():
    with pytest.raises(ConfigError, match="async"):
        compile_expression("async.data.a == 1", EVENT)


@pytest.mark.parametrize("text", ["event.data.n + 1 == 2", "size(event.data.s) == 1", "event.data.s.size() == 1"])
def test_a_condition_for_cancelling_only_compares(text):
    with pytest.raises(ConfigError, match="only comparisons"):
        compile_expression(text, EVENT_AND_ASYNC, plain=True)


def test_comparisons_may_cancel():
    text = "event.data.n == async.data.n && !(event.data.s in ['a', 'b']) || event.data.n > 3"

    assert compile_expression(text, EVENT_AND_ASYNC, plain=True).matches(VARIABLES, NOW)


def test_nesting_without_end_is_refused():
    with pytest.raises(ConfigError, match="nested too deeply"):
        compile_expression("(" * 5000 + "1" + ")" * 5000)


def answer_of_a_maintained_library(text: str) -> object:
    try:
        return cel.evaluate(text, VARIABLES)
    except (ValueError, TypeError, RuntimeError, KeyError, OverflowError):
        return None


ANSWERS = {text: answer_of_a_maintained_library(text) for text in lines(MATCHES)}
ANSWERED = [text for text, answer in ANSWERS.items() if answer is not None and "missing" not in text]


@pytest.mark.parametrize("text", ANSWERED)
def test_a_maintained_library_agrees_where_it_has_an_answer(text):
    assert ANSWERS[text] is compile_expression(text).matches(VARIABLES, NOW)


def test_a_maintained_library_has_many_answers():
    assert len(ANSWERED) > 20
