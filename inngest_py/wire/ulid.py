"""ULIDs: 48 bits of milliseconds, 80 bits of entropy, in 26 characters that sort by time."""

from __future__ import annotations

import base64
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_ENTROPY_BYTES: Final = 10
_LENGTH: Final = 26
_LOW: Final = 0xFFFF_FFFF


def ulid(milliseconds: int, entropy: bytes) -> str:
    """Write a ULID from a Unix time in milliseconds and ten bytes of entropy."""
    number = milliseconds << 80 | int.from_bytes(entropy, "big")
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(5 * (_LENGTH - 2), -1, -10)])


def ulid_time(text: str) -> int:
    """The Unix time in milliseconds that a ULID carries. Raises ValueError if it is none."""
    if len(text) != _LENGTH:
        raise ValueError(f"{text!r} is not a ULID: it has {len(text)} characters instead of {_LENGTH}")
    number = 0
    for letter in text:
        number = number << 5 | _ALPHABET.index(letter)
    return number >> 80


def seed(milliseconds: int, entropy: bytes) -> str:
    """The value of `x-inngest-event-id-seed`, which makes a repeated send harmless (PROTOCOL 10.1)."""
    return f"{milliseconds},{base64.b64encode(entropy).decode()}"


def read_seed(value: str) -> tuple[int, bytes] | None:
    """Read a seed back as its time and entropy, or None if it is malformed, which is to be ignored."""
    time, _, encoded = value.partition(",")
    try:
        milliseconds, entropy = int(time), base64.b64decode(encoded, validate=True)
    except ValueError:
        return None
    return (milliseconds, entropy) if milliseconds >= 0 and len(entropy) == _ENTROPY_BYTES else None


def seeded_ulid(milliseconds: int, entropy: bytes, number: int) -> str:
    """The id of event `number`, counted from 1, of a send with this seed: the low 32 bits are increased by it."""
    low = int.from_bytes(entropy[-4:], "big") + number & _LOW
    return ulid(milliseconds, entropy[:-4] + low.to_bytes(4, "big"))
