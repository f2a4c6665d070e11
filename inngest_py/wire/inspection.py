"""Introspection: what an app shows of itself (PROTOCOL 4.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from inngest_py.version import VERSION
from inngest_py.wire.registration import CAPABILITIES, LANGUAGE
from inngest_py.wire.signing import SigningKey

SCHEMA: Final = "2024-05-24"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What there is to show; the keys themselves never are, and their hashes only to who has proved to know one."""

    api_origin: str
    app_id: str
    dev: bool
    env: str | None
    event_api_origin: str
    event_key: str | None
    framework: str
    function_count: int
    serve_origin: str | None
    serve_path: str | None
    signing_key: SigningKey | None
    signing_key_fallback: SigningKey | None

    def public(self) -> Mapping[str, Any]:
        """The shape for anybody: no identity, no hash."""
        return {
            "schema_version": SCHEMA,
            "function_count": self.function_count,
            "has_event_key": self.event_key is not None,
            "has_signing_key": self.signing_key is not None,
            "has_signing_key_fallback": self.signing_key_fallback is not None,
            "mode": "dev" if self.dev else "cloud",
        }

    def authenticated(self) -> Mapping[str, Any]:
        """The shape for a server whose request was signed."""
        return {
            **self.public(),
            "api_origin": self.api_origin,
            "app_id": self.app_id,
            "authentication_succeeded": True,
            "capabilities": CAPABILITIES,
            "env": self.env,
            "event_api_origin": self.event_api_origin,
            "event_key_hash": None if self.event_key is None else hashlib.sha256(self.event_key.encode()).hexdigest(),
            "framework": self.framework,
            "sdk_language": LANGUAGE,
            "sdk_version": VERSION,
            "serve_origin": self.serve_origin,
            "serve_path": self.serve_path,
            "signing_key_fallback_hash": _hash(self.signing_key_fallback),
            "signing_key_hash": _hash(self.signing_key),
        }


def _hash(key: SigningKey | None) -> str | None:
    return None if key is None else key.digest()
