"""Encryption of what an Inngest server stores: values in events, results of steps and functions, errors.

The strategy of its own is AES-256-GCM, with a random nonce of 96 bits for each value. The key comes from a passphrase
by scrypt (N=2^15, r=8, p=1), with a fixed salt so that every instance has the same, and the envelope names the key:

    {"__ENCRYPTED__": true, "__STRATEGY__": "inngest-py/aes-256-gcm", "__KEY__": "<id of the key>", "data": "<base64>"}

The official SDKs' envelope (XSalsa20-Poly1305, PROTOCOL 20.1) is read and, if wanted, written, with the extra
`[libsodium]`; that of their oldest versions (20.2) is read. The one importer of `cryptography`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import importlib
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from inngest_py.errors import ConfigError, InvalidJSONError, NonRetriableError
from inngest_py.middleware.base import (
    CallInput,
    ErrorReport,
    MemoOutput,
    Middleware,
    MiddlewareFactory,
    StepInfo,
    StepMemos,
    TransformOutputResult,
)
from inngest_py.middleware.envelopes import (
    DATA,
    KEY,
    MARK,
    OWN,
    STRATEGY,
    DecryptionError,
    Fields,
    opened,
    opened_all,
    opened_body,
    opened_error,
    opened_event,
    sealed,
    sealed_failure,
    sealed_text,
)
from inngest_py.wire.codec import as_object, decode
from inngest_py.wire.ops import Opcode

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
    from cryptography.hazmat.primitives.padding import PKCS7
except ImportError as error:
    raise ImportError('encryption needs cryptography: pip install "inngest-py[encryption]"') from error

if TYPE_CHECKING:
    from inngest_py.client import Inngest
    from inngest_py.function import Function
    from inngest_py.wire.event import Event

__all__ = [
    "DEFAULT_EVENT_FIELD",
    "DamagedDataError",
    "DecryptionError",
    "EncryptionMiddleware",
    "Keyring",
    "SecretKey",
    "Strategy",
]

DEFAULT_EVENT_FIELD: Final = "encrypted"
"""The field of an event's data that is encrypted if none is named, as in the official SDKs."""

_SALT: Final = b"inngest-py/aes-256-gcm/v1"
_KEY_SIZE: Final = 32
_ID_SIZE: Final = 8
_NONCE_SIZE: Final = 12
_SODIUM_NONCE_SIZE: Final = 24
_V0_PREFIX: Final = b"Salted__"


class Strategy(StrEnum):
    """How values are encrypted. The value is the strategy's name in the envelope."""

    AES_256_GCM = "inngest-py/aes-256-gcm"
    """Our own, with the id of the key in the envelope."""
    LIBSODIUM = "inngest/libsodium"
    """That of the official SDKs, for fleets in which they read what we write."""


class DamagedDataError(DecryptionError, NonRetriableError):
    """Something encrypted with a key that is known was changed, or cut off. No retry helps."""


# Keys --------------------------------------------------------------------------------------------------------------


class SecretKey:
    """A passphrase, or 32 bytes, and what each strategy derives from it, when it is first needed."""

    def __init__(self, secret: str | bytes) -> None:
        self._secret = secret if isinstance(secret, str) else _raw(secret)
        if not self._secret.strip():
            raise ConfigError("encryption: the key is empty")

    def __repr__(self) -> str:
        """Show nothing."""
        return "<SecretKey>"

    @property
    def id(self) -> str:
        """What the envelope calls this key; it says nothing of the key itself."""
        return self._derived[_KEY_SIZE:].hex()

    @cached_property
    def aes(self) -> AESGCM:
        """The cipher of our own strategy."""
        return AESGCM(self._derived[:_KEY_SIZE])

    @cached_property
    def _derived(self) -> bytes:
        if isinstance(self._secret, bytes):
            return self._secret + hashlib.blake2b(_SALT, key=self._secret, digest_size=_ID_SIZE).digest()
        return Scrypt(salt=_SALT, length=_KEY_SIZE + _ID_SIZE, n=2**15, r=8, p=1).derive(self._secret.encode())

    @cached_property
    def sodium(self) -> Sequence[bytes]:
        """The keys of the official strategy: one, or two where the passphrase has spaces around it, which JS drops."""
        if isinstance(self._secret, bytes):
            return [self._secret]
        return [hashlib.blake2b(text, digest_size=_KEY_SIZE).digest() for text in self.passphrases]

    @property
    def passphrases(self) -> Sequence[bytes]:
        """The passphrase as the official SDKs read it: as it is in Python, without spaces around it in JS."""
        if isinstance(self._secret, bytes):
            return []
        return list(dict.fromkeys([self._secret.encode(), self._secret.strip().encode()]))


def _raw(secret: object) -> bytes:
    """A key without a passphrase: 32 bytes, or 64 hexadecimal digits as the official SDK takes them."""
    if isinstance(secret, bytes) and len(secret) == _KEY_SIZE:
        return secret
    try:
        if isinstance(secret, bytes) and len(secret) == 2 * _KEY_SIZE:
            return bytes.fromhex(secret.decode("ascii"))
    except ValueError:
        pass
    raise ConfigError("encryption: a key is a passphrase (str), or 32 bytes, raw or as 64 hexadecimal digits")


class Keyring:
    """The keys of an app: the first one encrypts, all of them decrypt."""

    def __init__(self, secrets: Iterable[str | bytes], strategy: Strategy = Strategy.AES_256_GCM) -> None:
        self._keys = [SecretKey(secret) for secret in secrets]
        self._strategy = strategy
        if strategy is Strategy.LIBSODIUM:
            _libsodium()

    def seal(self, text: bytes) -> dict[str, Any]:
        """The envelope for a value, given as JSON text."""
        key = self._keys[0]
        if self._strategy is Strategy.LIBSODIUM:
            sealed = _libsodium().seal(key.sodium[0], text, secrets.token_bytes(_SODIUM_NONCE_SIZE))
            return {MARK: True, STRATEGY: self._strategy.value, DATA: base64.b64encode(sealed).decode()}
        nonce = secrets.token_bytes(_NONCE_SIZE)
        sealed = nonce + key.aes.encrypt(nonce, text, _bound_to(key.id))
        return {MARK: True, STRATEGY: self._strategy.value, KEY: key.id, DATA: base64.b64encode(sealed).decode()}

    def open(self, envelope: Mapping[str, Any]) -> bytes:
        """The value in an envelope, as JSON text. Raises DecryptionError."""
        try:
            data = base64.b64decode(envelope[DATA], validate=True)
        except (binascii.Error, ValueError):
            raise DamagedDataError("encrypted data is damaged: it is not base64") from None
        match envelope.get(STRATEGY):
            case Strategy.AES_256_GCM.value:
                return self._open_own(envelope.get(KEY), data)
            case Strategy.LIBSODIUM.value:
                return _found(self._try_sodium(data))
            case None:
                return _found(self._try_v0(data))
            case other:
                raise DecryptionError(f"data is encrypted with the strategy {other!r:.60}, which is not known here")

    def _open_own(self, key_id: object, data: bytes) -> bytes:
        key = next((key for key in self._keys if key.id == key_id), None)
        if key is None:
            known = ", ".join(key.id for key in self._keys)
            raise DecryptionError(
                f"data is encrypted with the key {key_id!r:.40}, and the keys here are {known}: give the passphrase of "
                "that key to fallback_decryption_keys"
            )
        try:
            return key.aes.decrypt(data[:_NONCE_SIZE], data[_NONCE_SIZE:], _bound_to(key.id))
        except (InvalidTag, ValueError):
            raise DamagedDataError(f"data that is encrypted with the key {key.id} was changed, or cut off") from None

    def _try_sodium(self, data: bytes) -> Iterator[bytes | None]:
        unseal = _libsodium().unseal
        return (unseal(secret, data) for key in self._keys for secret in key.sodium)

    def _try_v0(self, data: bytes) -> Iterator[bytes | None]:
        return (_open_v0(passphrase, data) for key in self._keys for passphrase in key.passphrases)


def _libsodium() -> Any:
    return importlib.import_module("inngest_py.middleware.libsodium")


def _bound_to(key_id: str) -> bytes:
    return f"{Strategy.AES_256_GCM}:{key_id}".encode()


def _found(texts: Iterator[bytes | None]) -> bytes:
    """The first text that could be decrypted: where the envelope names no key, all of them are tried."""
    for text in texts:
        if text is not None:
            return text
    raise DecryptionError(
        "data is encrypted in the official SDKs' way, and no key here fits: give the right passphrase to "
        "fallback_decryption_keys"
    )


def _open_v0(passphrase: bytes, data: bytes) -> bytes | None:
    """Decrypt what the official JS SDK wrote before 1.0: AES-256-CBC, and MD5 for the key (PROTOCOL 20.2)."""
    salt, text = data[8:16], data[16:]
    if not data.startswith(_V0_PREFIX) or not text or len(text) % 16:
        return None
    derived = block = b""
    while len(derived) < _KEY_SIZE + 16:
        block = hashlib.md5(block + passphrase + salt, usedforsecurity=False).digest()
        derived += block
    decryptor = Cipher(algorithms.AES(derived[:_KEY_SIZE]), modes.CBC(derived[_KEY_SIZE:])).decryptor()
    unpadder = PKCS7(128).unpadder()
    try:
        plain = unpadder.update(decryptor.update(text) + decryptor.finalize()) + unpadder.finalize()
        decode(plain)
    except (ValueError, InvalidJSONError):
        return None
    return plain


# The middleware ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Settings:
    keyring: Keyring
    fields: Fields
    decrypt_only: bool
    errors: bool


class EncryptionMiddleware(Middleware):
    """Encrypts what goes to the server, and decrypts what comes from it. Make it with `factory`.

    What is encrypted: the chosen fields of events and of invoked functions' data, the results of steps and functions,
    the arguments that the UI shows; error messages and stacks if wanted. Null stays null. What the server acts upon
    stays plain: names, ids, expressions, the requests of `step.fetch` and `step.ai.infer`, and signals.

    Give it to the client: events that a function sends meet the client's middleware, and not the function's own.
    """

    def __init__(self, client: Inngest, raw_request: object, settings: _Settings) -> None:
        super().__init__(client, raw_request)
        self._settings: Final = settings
        self._keyring: Final = settings.keyring

    @classmethod
    def factory(
        cls,
        secret_key: str | bytes,
        *,
        fallback_decryption_keys: Sequence[str | bytes] = (),
        decrypt_only: bool = False,
        event_encryption_field: str | Sequence[str] = DEFAULT_EVENT_FIELD,
        whole_event_data: bool = False,
        plain_event_fields: Sequence[str] = (),
        errors: bool = False,
        strategy: Strategy = Strategy.AES_256_GCM,
    ) -> MiddlewareFactory:
        """Make what `Inngest(middleware=[...])` wants.

        `secret_key` encrypts; it and the `fallback_decryption_keys` decrypt, whatever the strategy. Each is a
        passphrase, or 32 bytes. To change the key, give the new one as a fallback everywhere, then exchange the two,
        then drop the old one when no run is left that needs it; change it also before it has encrypted 2^32 values.

        `event_encryption_field` names the fields of events that are encrypted; with `whole_event_data` it is all of
        them but the `plain_event_fields`, which expressions can still see. `errors` encrypts messages and stacks.
        With `decrypt_only` nothing is encrypted. Raises ConfigError.
        """
        named = [event_encryption_field] if isinstance(event_encryption_field, str) else event_encryption_field
        taken = OWN & set(plain_event_fields)
        if taken:
            raise ConfigError(f"encryption: plain_event_fields has {sorted(taken)}, which the envelope itself needs")
        if isinstance(fallback_decryption_keys, (str, bytes)):
            raise ConfigError("encryption: fallback_decryption_keys is a list of keys")
        settings = _Settings(
            Keyring([secret_key, *fallback_decryption_keys], Strategy(strategy)),
            Fields(named, whole_event_data, plain_event_fields),
            decrypt_only,
            errors,
        )
        return lambda client, raw_request: cls(client, raw_request, settings)

    # What comes from the server

    def transform_input(self, ctx: CallInput, function: Function[Any], steps: StepMemos) -> None:
        """Decrypt the events, and arguments that were edited."""
        keyring = self._keyring
        ctx.event = opened_event(ctx.event, keyring)
        ctx.events = [opened_event(event, keyring) for event in ctx.events]
        for edited in steps.edited_inputs():
            edited.args = opened_all(edited.args, keyring)

    def transform_memo(self, step: StepInfo, memo: MemoOutput) -> None:
        """Decrypt the result of a step, when it is met."""
        keyring = self._keyring
        if memo.error is not None:
            memo.error = opened_error(memo.error, keyring)
        match step.op:
            case Opcode.STEP_PLANNED | Opcode.INVOKE_FUNCTION:
                memo.data = opened(memo.data, keyring)
            case Opcode.WAIT_FOR_EVENT:
                memo.data = opened_body(memo.data, keyring)
            case _:
                pass

    # What goes to the server

    def before_send_events(self, events: list[Event[Any]]) -> None:
        """Encrypt what is secret in events."""
        if not self._settings.decrypt_only:
            fields, keyring = self._settings.fields, self._keyring
            events[:] = [replace(event, data=fields.sealed(event.data, keyring)) for event in events]

    def transform_step(self, step: StepInfo) -> None:
        """Encrypt what the server is told of a step: an invoked function's data, and arguments for people to see."""
        if self._settings.decrypt_only:
            return
        payload = as_object(step.opts.get("payload"))
        if step.op is Opcode.INVOKE_FUNCTION and payload is not None:
            data = self._settings.fields.sealed(payload.get(DATA), self._keyring)
            step.opts = step.opts | {"payload": payload | {DATA: data}}
        elif step.op is Opcode.STEP_PLANNED and "input" in step.opts:
            step.opts = step.opts | {"input": [sealed(arg, self._keyring) for arg in step.opts["input"]]}

    def transform_output(self, result: TransformOutputResult) -> None:
        """Encrypt what a step or the function returned."""
        if result.has_output() and not self._settings.decrypt_only:
            result.output = sealed_text(result.to_json(), self._keyring)

    def transform_error(self, report: ErrorReport) -> None:
        """Encrypt what an attempt failed with."""
        if self._settings.errors and not self._settings.decrypt_only:
            report.failure = sealed_failure(report.failure, self._keyring)
