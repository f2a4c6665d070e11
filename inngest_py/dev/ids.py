"""Where ids and chance come from: a seed, and a count of what was drawn from it. The same seed draws the same."""

from __future__ import annotations

import hashlib
from typing import Final

from inngest_py.wire.ulid import ulid

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_ULID_BYTES: Final = 10
_ULID_MASK: Final = (1 << 8 * _ULID_BYTES) - 1
_STEP_BYTES: Final = 4
_WORD: Final = 8


class Ids:
    """Draws ids. The server seeds it with entropy once per life, a test with a constant."""

    __slots__ = ("_count", "_moment", "_number", "_seed")

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._count = 0
        self._moment = -1
        self._number = 0

    def ulid(self, now: int) -> str:
        """A new ULID of this time. Those of one millisecond sort in the order in which they were drawn."""
        if now != self._moment:
            self._moment, self._number = now, int.from_bytes(self._draw(_ULID_BYTES), "big")
        else:
            self._number += 1 + int.from_bytes(self._draw(_STEP_BYTES), "big")
        return ulid(now, (self._number & _ULID_MASK).to_bytes(_ULID_BYTES, "big"))

    def job(self) -> str:
        """A new id of a job, such as `1hjpdan7epbii`."""
        number, text = int.from_bytes(self._draw(_WORD), "big"), ""
        while number:
            number, digit = divmod(number, 36)
            text = _DIGITS[digit] + text
        return text or "0"

    def uuid(self) -> str:
        """A new UUID."""
        text = self._draw(16).hex()
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def fraction(self) -> float:
        """A number from 0 up to but not including 1."""
        return int.from_bytes(self._draw(6), "big") / (1 << 48)

    def _draw(self, size: int) -> bytes:
        self._count += 1
        return hashlib.blake2b(self._count.to_bytes(_WORD, "big"), key=self._seed, digest_size=size).digest()
