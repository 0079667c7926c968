"""A key component on its way from the hands that type it to the store that keeps it: nobody between can read it.

X25519 with a key made for this one entry, HKDF-SHA256, AES-256-GCM: ``ephemeral public key (32) ‖ ciphertext ‖ tag``.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PUBLIC = 32
_TAG = 16
_NONCE = bytes(12)
"""Each key of this cipher is used once."""


def seal(entry_key: bytes, context: str, component: bytes | bytearray) -> bytes:
    """``entry_key``: the store's public key. ``context``: what the component is for; with another one it does not open.

    Raises:
        ValueError: this is no public key.
    """
    ours = X25519PrivateKey.generate()
    public = ours.public_key().public_bytes_raw()
    cipher = _cipher(ours.exchange(X25519PublicKey.from_public_bytes(entry_key)), public + entry_key)
    return public + cipher.encrypt(_NONCE, component, context.encode())


def unseal(private_key: X25519PrivateKey, context: str, entry: bytes) -> bytearray:
    """The component, in a buffer that can be wiped.

    Raises:
        ValueError: altered, sealed to another key, or for another purpose.
    """
    if len(entry) < _PUBLIC + _TAG:
        raise ValueError("an entry is longer than this")
    public, sealed = entry[:_PUBLIC], entry[_PUBLIC:]
    shared = private_key.exchange(X25519PublicKey.from_public_bytes(public))
    cipher = _cipher(shared, public + private_key.public_key().public_bytes_raw())
    component = bytearray(len(sealed) - _TAG)
    try:
        cipher.decrypt_into(_NONCE, sealed, context.encode(), component)
    except InvalidTag:
        raise ValueError("the entry does not open") from None
    return component


def context_of(slot: str, part: int) -> str:
    """What a component is bound to: ``bank/merchant/terminal``, first or second component."""
    return f"yinyi key component\0{slot}\0{part}"


def _cipher(shared: bytes, parties: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, b"yinyi key entry" + parties).derive(shared))
