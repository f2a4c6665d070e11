"""Encrypted values in their envelopes, and the places in events, steps and errors where they may be (PROTOCOL 20).

Nothing here knows a cipher, and nothing that is given is changed: what has another content is a new object.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from inngest_py.errors import InngestError, InvalidJSONError
from inngest_py.wire.codec import as_list, as_object, decode, encode
from inngest_py.wire.event import RESERVED_PREFIX, Event
from inngest_py.wire.failure import Failure

MARK: Final = "__ENCRYPTED__"
STRATEGY: Final = "__STRATEGY__"
KEY: Final = "__KEY__"
DATA: Final = "data"
OWN: Final = frozenset({MARK, STRATEGY, KEY, DATA})
"""The fields of an envelope. Others stand beside them where the whole data of an event is in one."""

_AS_TEXT: Final = f'{{"{MARK}":true'


class DecryptionError(InngestError):
    """Something is encrypted in a way or with a key that is not known here.

    It is retried like any error: another instance, or a deployment with the right key, can read it.
    """


class Cipher(Protocol):
    """Puts values into envelopes, and takes them out."""

    def seal(self, text: bytes) -> dict[str, Any]:
        """The envelope for a value, given as JSON text."""
        ...

    def open(self, envelope: Mapping[str, Any]) -> bytes:
        """The value in an envelope, as JSON text. Raises DecryptionError."""
        ...


def is_envelope(value: object) -> bool:
    """Whether a value is encrypted, by whatever SDK."""
    fields = as_object(value)
    return fields is not None and fields.get(MARK) is True and isinstance(fields.get(DATA), str)


def sealed(value: object, cipher: Cipher) -> Any:
    """A value in an envelope; null stays null. What looks like an envelope already is a value like others."""
    return sealed_text(encode(value), cipher)


def sealed_text(text: bytes, cipher: Cipher) -> Any:
    """The same for a value that is JSON text already."""
    return None if text == b"null" else cipher.seal(text)


def opened(value: Any, cipher: Cipher) -> Any:
    """What is in an envelope; anything else as it is."""
    if not is_envelope(value):
        return value
    text = cipher.open(value)
    try:
        return decode(text)
    except InvalidJSONError:
        raise DecryptionError("what was encrypted is not JSON") from None


# Events ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields of an event's data are encrypted: those named, or all together except those that stay plain."""

    named: Collection[str] = ()
    whole: bool = False
    plain: Collection[str] = ()

    def sealed(self, data: object, cipher: Cipher) -> dict[str, Any]:
        """The data of an event, or of an invoked function, with what is secret in envelopes."""
        fields = as_object(data) or as_object(decode(encode(data))) or {}
        if not self.whole:
            return {key: sealed(part, cipher) if key in self.named else part for key, part in fields.items()}
        secret = {key: part for key, part in fields.items() if key not in self.plain}
        return {key: part for key, part in fields.items() if key in self.plain} | cipher.seal(encode(secret))


def opened_event(event: Event[dict[str, Any]], cipher: Cipher) -> Event[dict[str, Any]]:
    """An event in plain text: the same one, if nothing of it is encrypted."""
    data = opened_data(event.name, event.data, cipher)
    return event if data is event.data else replace(event, data=data)


def opened_data(name: str, data: dict[str, Any], cipher: Cipher) -> dict[str, Any]:
    """The data of an event in plain text, also where the server has put something beside an envelope."""
    if is_envelope(data):
        inside = as_object(opened(data, cipher))
        if inside is None:
            raise DecryptionError("the encrypted data of an event is not a JSON object")
        data = {key: part for key, part in data.items() if key not in OWN} | inside
    found = {key: opened(part, cipher) for key, part in data.items() if is_envelope(part)}
    if name.lower().startswith(RESERVED_PREFIX):
        found = _about_a_run(data, cipher) | found
    return data | found if found else data


def _about_a_run(data: Mapping[str, Any], cipher: Cipher) -> dict[str, Any]:
    """What the server's own events say of a run: the events that started it, and what it failed with (PROTOCOL 15)."""
    readers: Mapping[str, Callable[[Any, Cipher], Any]] = {
        "event": opened_body,
        "events": lambda events, cipher: [opened_body(event, cipher) for event in as_list(events) or ()],
        "error": opened_error,
        "result": opened_error,
    }
    return {key: read(data[key], cipher) for key, read in readers.items() if data.get(key) is not None}


def opened_body(body: Any, cipher: Cipher) -> Any:
    """An event as it stands in a memo or in another event, in plain text."""
    fields = as_object(body)
    data = None if fields is None else as_object(fields.get(DATA))
    if fields is None or data is None:
        return body
    return fields | {DATA: opened_data(str(fields.get("name", "")), data, cipher)}


def opened_all(values: Sequence[Any], cipher: Cipher) -> list[Any]:
    """Each of several values in plain text."""
    return [opened(value, cipher) for value in values]


# Errors ------------------------------------------------------------------------------------------------------------


def sealed_failure(failure: Failure, cipher: Cipher) -> Failure:
    """An error of which only the name can be read; message and stack are envelopes, as JSON text."""
    cause = None if failure.cause is None else sealed_failure(failure.cause, cipher)
    message, stack = _sealed_text(failure.message, cipher), _sealed_text(failure.stack, cipher)
    return replace(failure, message=message, stack=stack, cause=cause)


def opened_error(body: Any, cipher: Cipher) -> Any:
    """An error as the server keeps it, in plain text. A text that cannot be read stays as it is: it is no result."""
    fields = as_object(body)
    if fields is None or is_envelope(fields):
        return body
    return {key: _opened_text(part, cipher) for key, part in fields.items()}


def _sealed_text(text: str, cipher: Cipher) -> str:
    return encode(cipher.seal(encode(text))).decode() if text else text


def _opened_text(value: Any, cipher: Cipher) -> Any:
    if not isinstance(value, str):
        return opened_error(value, cipher)
    if not value.startswith(_AS_TEXT):
        return value
    try:
        return opened(decode(value.encode()), cipher)
    except InngestError:
        return value
