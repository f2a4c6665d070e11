"""What an app shows of itself, and to whom."""

from __future__ import annotations

from dataclasses import replace

from exchanges import sent_to_app
from inngest_py.wire.inspection import Inspection
from inngest_py.wire.signing import SigningKey

INSPECTION = Inspection(
    api_origin="http://127.0.0.1:28402",
    app_id="capsig",
    dev=False,
    env=None,
    event_api_origin="http://127.0.0.1:28402",
    event_key="evkey0123456789",
    framework="fast_api",
    function_count=7,
    serve_origin="http://127.0.0.1:28401",
    serve_path=None,
    signing_key=SigningKey("signkey-test-0123456789abcdef0123456789abcdef"),
    signing_key_fallback=None,
)


def test_who_signs_is_shown_what_a_real_sdk_shows() -> None:
    shown = dict(INSPECTION.authenticated())
    real = dict(sent_to_app("introspection_cloud_signed")[0]["response"]["body"])

    assert shown.pop("sdk_version") != real.pop("sdk_version")
    assert shown == real


def test_anybody_is_shown_what_a_real_sdk_shows() -> None:
    app = replace(INSPECTION, dev=True, event_key=None, signing_key=None, function_count=33)

    assert app.public() == sent_to_app("introspection_dev")[0]["response"]["body"]


def test_anybody_is_shown_no_hash_and_no_identity() -> None:
    assert set(INSPECTION.public()) == {
        "schema_version",
        "function_count",
        "has_event_key",
        "has_signing_key",
        "has_signing_key_fallback",
        "mode",
    }


def test_an_app_without_keys_has_no_hashes() -> None:
    shown = replace(INSPECTION, event_key=None, signing_key=None).authenticated()

    assert (shown["event_key_hash"], shown["signing_key_hash"]) == (None, None)


def test_the_fallback_key_has_a_hash_of_its_own() -> None:
    shown = replace(INSPECTION, signing_key_fallback=SigningKey("ff")).authenticated()

    assert shown["has_signing_key_fallback"] is True
    assert shown["signing_key_fallback_hash"] not in {None, shown["signing_key_hash"]}


def test_a_key_is_never_in_what_is_shown() -> None:
    shown = str({**INSPECTION.authenticated(), "repr": repr(INSPECTION)})

    assert "0123456789abcdef0123456789abcdef" not in shown
