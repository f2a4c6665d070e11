"""Signatures of requests and responses, and the bearer token (PROTOCOL 2).

Nothing here reads a clock: the time is an argument, in whole seconds since 1970.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl

from inngest_py.errors import ConfigError, InvalidJSONError, SignatureError
from inngest_py.wire.canonical import canonical
from inngest_py.wire.codec import decode

MAX_AGE: Final = 300
"""How far the time in a signature may be from ours, in seconds, in both directions (PROTOCOL 2.2)."""

MAX_CANONICALISED: Final = 64 * 1024
"""A body larger than this, in bytes, is only verified as it came, which is how servers sign it (PROTOCOL 2.2).

Its canonical form, of which a proxy that re-writes JSON leaves no more than the meaning, takes long to compute, and
whoever sends it is not known yet.
"""

_PREFIX: Final = re.compile(r"^signkey-\w+-")
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")
_USUAL: Final = re.compile(r"t=([0-9]{1,15})&s=([0-9a-f]+)")
_DIGITS: Final = re.compile(r"[0-9]{1,15}")


class SigningKey:
    """A signing key: `signkey-<env>-<hex>`, or for self-hosting the bare hex. It never shows itself.

    Raises ConfigError if what follows the prefix is not an even number of hex digits.
    """

    __slots__ = ("_begun", "_text")

    def __init__(self, text: str) -> None:
        bare = _PREFIX.sub("", text.strip())
        if not _HEX.fullmatch(bare):
            raise ConfigError("the signing key must be signkey-<env>-<hex>, or an even number of hex digits")
        self._text = bare
        self._begun = hmac.new(bare.encode(), digestmod=hashlib.sha256)

    def __repr__(self) -> str:
        """Show that there is a key, and nothing of it."""
        return "SigningKey(***)"

    def mac(self, body: bytes, timestamp: str) -> str:
        """The HMAC-SHA256 over body and timestamp, in hex."""
        mac = self._begun.copy()
        mac.update(body)
        mac.update(timestamp.encode())
        return mac.hexdigest()

    def is_written(self, text: str) -> bool:
        """Whether a text is the key without its prefix; how long that takes does not tell how much of it."""
        return hmac.compare_digest(text.encode(), self._text.encode())

    def digest(self) -> str:
        """The SHA-256 of the key's bytes, in hex: the bearer token, and the key's hash in introspection."""
        return hashlib.sha256(bytes.fromhex(self._text)).hexdigest()


def sign(key: SigningKey, body: bytes, now: int) -> str:
    """The value of `X-Inngest-Signature` for a body that goes out exactly as it is."""
    return f"t={now}&s={key.mac(body, str(now))}"


def bearer_token(key: SigningKey) -> str:
    """The token for `Authorization: Bearer` on requests to the API (PROTOCOL 2.4)."""
    return key.digest()


def verify(header: str | None, body: bytes, keys: Sequence[SigningKey], now: int) -> SigningKey:
    """Check the signature of a request, and return the key that it was made with.

    The body is tried as it came, then in its canonical form: proxies re-write JSON. Raises SignatureError.
    """
    timestamp, mac = _read(header)
    if abs(now - int(timestamp)) > MAX_AGE:
        raise SignatureError("the signature is too old, or from the future")
    for form in _forms(body):
        for key in keys:
            if hmac.compare_digest(key.mac(form, timestamp).encode(), mac):
                return key
    larger = f" (a body of more than {MAX_CANONICALISED} bytes must come as it was signed)"
    raise SignatureError(f"the signature does not match{larger if len(body) > MAX_CANONICALISED else ''}")


def _read(header: str | None) -> tuple[str, bytes]:
    if header is None:
        raise SignatureError("there is no signature")
    usual = _USUAL.fullmatch(header)
    if usual is not None:
        return usual[1], usual[2].encode()
    pairs = parse_qsl(header)
    parts = dict(pairs)
    timestamp, mac = parts.get("t", ""), parts.get("s", "")
    if not _DIGITS.fullmatch(timestamp) or not mac or len(parts) < len(pairs):
        raise SignatureError("the signature cannot be read")
    return timestamp, mac.encode(errors="surrogatepass")


def _forms(body: bytes) -> Iterator[bytes]:
    """The body as it came, then its canonical form, which is only computed when it is asked for."""
    yield body
    if body and len(body) <= MAX_CANONICALISED:
        with suppress(InvalidJSONError):
            yield canonical(decode(body))
