"""Signatures: what is signed verifies, nothing else does, and nothing but SignatureError is ever raised."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from exchanges import request_of, sent_to_app
from inngest_py.errors import ConfigError, SignatureError
from inngest_py.wire import signing
from inngest_py.wire.canonical import canonical
from inngest_py.wire.signing import MAX_AGE, SigningKey, bearer_token, sign, verify
from json_values import OBJECTS

NOW = 1_795_321_923
TEXT = "0123456789abcdef0123456789abcdef"
KEY = SigningKey(TEXT)
OTHER = SigningKey("signkey-test-ffffffff")
BODY = b'{"url":"http://127.0.0.1:28401/api/inngest"}'

BODIES = st.binary(max_size=60) | OBJECTS.map(json.dumps).map(str.encode)


def swapped(data: str, index: int, letter: str) -> str:
    return data[:index] + letter + data[index + 1 :]


# What is right -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "at", "mac"),
    [
        (BODY, NOW, "044e07b9a9a42572178e97e2fdfabbfccb0fbe99ff241ff1d3b434aa91bef3c6"),
        (b"", NOW - 1, "581937e4d4c2834c6d7e787d5b7344e19dd42faf5129389ef08789e3ccbb7b6a"),
    ],
)
def test_a_signature_is_that_of_the_worked_example(body: bytes, at: int, mac: str) -> None:
    assert sign(KEY, body, at) == f"t={at}&s={mac}"


def test_the_bearer_token_is_that_of_the_worked_example() -> None:
    assert bearer_token(KEY) == "223e0a160af9da0a03e6dd2c4719c56f5d66a633cbe84e78aaa9f3735865522a"


@given(BODIES)
def test_what_is_signed_verifies(body: bytes) -> None:
    assert verify(sign(KEY, body, NOW), body, [KEY], NOW) is KEY


@given(BODIES)
def test_the_key_that_a_request_was_signed_with_is_told(body: bytes) -> None:
    assert verify(sign(OTHER, body, NOW), body, [KEY, OTHER], NOW) is OTHER


@given(OBJECTS)
def test_a_body_that_a_proxy_wrote_anew_verifies_in_its_canonical_form(value: dict[str, Any]) -> None:
    header = sign(KEY, canonical(value), NOW)

    assert verify(header, json.dumps(value, indent=2).encode(), [KEY], NOW) is KEY


def test_the_parts_of_a_signature_may_come_in_either_order() -> None:
    first, _, second = sign(KEY, BODY, NOW).partition("&")

    assert verify(f"{second}&{first}", BODY, [KEY], NOW) is KEY


@pytest.mark.parametrize("seconds", [-MAX_AGE, 0, MAX_AGE])
def test_a_signature_may_be_five_minutes_off(seconds: int) -> None:
    assert verify(sign(KEY, BODY, NOW + seconds), BODY, [KEY], NOW) is KEY


@pytest.mark.parametrize(
    "name",
    [
        "introspection_cloud_signed",
        "introspection_server_kind_mismatch",
        "sdk_error_responses",
        "signed_mode_send_event",
        "signed_mode_server_auth_failures",
        "signed_mode_sync",
        "signed_mode_two_steps",
        "signed_mode_use_api",
        "sync_in_band",
        "trust_probe_signed",
    ],
)
def test_the_signatures_of_a_real_server_verify(name: str) -> None:
    for exchange in sent_to_app(name):
        request = request_of(exchange)

        assert verify(request.headers["x-inngest-signature"], request.body, [OTHER, KEY], int(exchange["t"])) is KEY


# What is wrong -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["signed_mode_call_bad_signature", "sync_out_of_band_cloud_bad_signature"])
def test_a_signature_that_a_real_sdk_refused_is_refused(name: str) -> None:
    (exchange,) = sent_to_app(name)
    request = request_of(exchange)

    with pytest.raises(SignatureError, match="does not match"):
        verify(request.headers["x-inngest-signature"], request.body, [KEY], int(exchange["t"]))


@pytest.mark.parametrize("seconds", [-MAX_AGE - 1, MAX_AGE + 1, -NOW])
def test_a_signature_that_is_more_than_five_minutes_off_is_refused(seconds: int) -> None:
    with pytest.raises(SignatureError, match="too old, or from the future"):
        verify(sign(KEY, BODY, NOW + seconds), BODY, [KEY], NOW)


def test_a_signature_of_another_key_is_refused() -> None:
    with pytest.raises(SignatureError, match="does not match"):
        verify(sign(OTHER, BODY, NOW), BODY, [KEY], NOW)


def test_no_signature_verifies_without_a_key() -> None:
    with pytest.raises(SignatureError, match="does not match"):
        verify(sign(KEY, BODY, NOW), BODY, [], NOW)


@given(st.binary(min_size=1, max_size=60), st.data())
def test_no_byte_of_the_body_can_be_changed(body: bytes, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != body[index]))
    tampered = body[:index] + bytes([byte]) + body[index + 1 :]

    with pytest.raises(SignatureError):
        verify(sign(KEY, body, NOW), tampered, [KEY], NOW)


@given(st.integers(0, 78), st.characters(exclude_categories=["Cs"]))
def test_no_letter_of_the_signature_can_be_changed(index: int, letter: str) -> None:
    header = sign(KEY, BODY, NOW)
    tampered = swapped(header, index, letter)

    if tampered == header:
        return
    with pytest.raises(SignatureError):
        verify(tampered, BODY, [KEY], NOW)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "there is no signature"),
        ("", "cannot be read"),
        ("garbage", "cannot be read"),
        (f"s={KEY.mac(BODY, '')}", "cannot be read"),
        (f"t=&s={KEY.mac(BODY, '')}", "cannot be read"),
        (f"t=now&s={KEY.mac(BODY, 'now')}", "cannot be read"),
        (f"t=-1&s={KEY.mac(BODY, '-1')}", "cannot be read"),
        (f"t={NOW}.0&s={KEY.mac(BODY, f'{NOW}.0')}", "cannot be read"),
        (f"t={'9' * 5_000}&s=00", "cannot be read"),
        (f"t=\u0661&s={KEY.mac(BODY, chr(0x661))}", "cannot be read"),
        (f"t={NOW}", "cannot be read"),
        (f"t={NOW}&s=", "cannot be read"),
        (f"t={NOW}&s=é", "does not match"),
        (f"t={NOW}&s=\ud800", "does not match"),
        (f"t={NOW}&s={KEY.mac(BODY, str(NOW)).upper()}", "does not match"),
        (f"{sign(KEY, BODY, NOW)}, {sign(KEY, BODY, NOW)}", "cannot be read"),
        (f"s=00&{sign(KEY, BODY, NOW)}", "cannot be read"),
        (f"t={NOW - 1}&{sign(KEY, BODY, NOW)}", "cannot be read"),
    ],
    ids=lambda part: repr(part)[:30],
)
def test_a_garbled_signature_is_refused(header: str | None, reason: str) -> None:
    with pytest.raises(SignatureError, match=reason):
        verify(header, BODY, [KEY], NOW)


@given(st.text() | st.text("ts=&%0123456789abcdef;, +"), BODIES)
def test_whatever_a_header_says_nothing_but_a_signature_error_is_raised(header: str, body: bytes) -> None:
    with pytest.raises(SignatureError):
        verify(header, body, [KEY], NOW)


@pytest.mark.parametrize(
    "body",
    [b"1e999", b'["\\ud800"]', b"[" * 100_000, b"[" * 600 + b"]" * 600, b"\xff", b"1" * 400, b'{"a":1,"a":2}'],
    ids=lambda body: repr(body[:12]),
)
def test_whatever_a_body_is_nothing_but_a_signature_error_is_raised(body: bytes) -> None:
    with pytest.raises(SignatureError):
        verify(f"t={NOW}&s=00", body, [KEY], NOW)


def test_a_huge_body_is_only_verified_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    header, body = sign(KEY, b'{"a":1}', NOW), b'{"a": 1}'
    assert verify(header, body, [KEY], NOW) is KEY

    monkeypatch.setattr(signing, "MAX_CANONICALISED", len(body) - 1)

    with pytest.raises(SignatureError, match="does not match"):
        verify(header, body, [KEY], NOW)


# Keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [f"signkey-test-{TEXT}", f"signkey-prod-{TEXT}", TEXT, f" {TEXT}\n"])
def test_a_key_is_the_same_with_and_without_its_prefix(text: str) -> None:
    assert SigningKey(text).mac(BODY, "1") == KEY.mac(BODY, "1")
    assert SigningKey(text).digest() == KEY.digest()


@pytest.mark.parametrize("text", ["", "signkey-test-", "secret-word", "signkey-test-abc", "abc", f"{TEXT}zz"])
def test_a_key_that_is_not_hex_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ConfigError, match="signkey-<env>-<hex>") as caught:
        SigningKey(text)

    assert len(text) < 3 or text not in str(caught.value)


def test_a_key_never_shows_itself() -> None:
    assert f"{KEY!r} {KEY}" == "SigningKey(***) SigningKey(***)"
