"""XSalsa20-Poly1305, the cipher of the official SDKs' encryption (PROTOCOL 20.1). The one importer of PyNaCl."""

from __future__ import annotations

try:
    from nacl.exceptions import CryptoError
    from nacl.secret import SecretBox
except ImportError as error:
    raise ImportError(
        'the encryption of the official SDKs needs PyNaCl: pip install "inngest-py[libsodium]"'
    ) from error


def seal(key: bytes, text: bytes, nonce: bytes) -> bytes:
    """Encrypt under a key of 32 bytes and a nonce of 24: gives the nonce and the ciphertext."""
    return bytes(SecretBox(key).encrypt(text, nonce))


def unseal(key: bytes, sealed: bytes) -> bytes | None:
    """Decrypt; None if the key is another one, or the text was changed."""
    try:
        return SecretBox(key).decrypt(sealed)
    except (CryptoError, ValueError):
        return None
