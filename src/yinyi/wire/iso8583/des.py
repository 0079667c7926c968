"""DES and triple DES as the lines of banks still use them (ISO/IEC 18033-3). A key is 8, 16 or 24 bytes.

Nothing of a key is kept between calls, and what is made of it within one is wiped; a ``bytearray`` stays its caller's
to wipe. OpenSSL clears its own copy when a cipher is freed: whoever holds one holds a key that can be used.
"""

from typing import TypeVar, cast

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, modes

from yinyi.kernel.buffers import wiped

BLOCK = 8
Key = bytes | bytearray
_ZERO = bytes(BLOCK)
_ECB = modes.ECB()

M = TypeVar("M", modes.CBC, modes.ECB)


def ecb_encryptor(key: Key) -> CipherContext:
    """Encrypts block after block, for as long as its caller holds it.

    Raises:
        ValueError: a key of another length. The text never quotes it.
    """
    expanded = _expanded(key)
    with wiped(expanded):
        return _cipher(expanded, _ECB).encryptor()


def ecb_decryptor(key: Key) -> CipherContext:
    """Decrypts block after block, for as long as its caller holds it.

    Raises:
        ValueError: a key of another length.
    """
    expanded = _expanded(key)
    with wiped(expanded):
        return _cipher(expanded, _ECB).decryptor()


def cbc_encryptor(key: Key, iv: bytes = _ZERO) -> CipherContext:
    """Encrypts block after block, each one XORed with what came of the one before.

    Raises:
        ValueError: a key of another length.
    """
    expanded = _expanded(key)
    with wiped(expanded):
        return _cipher(expanded, modes.CBC(iv)).encryptor()


def encrypt_ecb(key: Key, data: Key) -> bytes:
    """
    Raises:
        ValueError: a key of another length, or not whole blocks.
    """
    return ecb_encryptor(key).update(_whole(data))


def decrypt_ecb(key: Key, data: bytes) -> bytes:
    """
    Raises:
        ValueError: a key of another length, or not whole blocks.
    """
    return ecb_decryptor(key).update(_whole(data))


def decrypt_key(key: Key, delivered: bytes) -> bytearray:
    """A key that came under another one, in a buffer that can be wiped.

    Raises:
        ValueError: a key of another length, or not whole blocks.
    """
    clear = bytearray(len(delivered))
    room = bytearray(len(delivered) + BLOCK - 1)
    with wiped(room):
        ecb_decryptor(key).update_into(_whole(delivered), room)
        memoryview(clear)[:] = memoryview(room)[: len(clear)]
    return clear


def encrypt_cbc(key: Key, data: bytes, iv: bytes = _ZERO) -> bytes:
    """
    Raises:
        ValueError: a key of another length, or not whole blocks.
    """
    return cbc_encryptor(key, iv).update(_whole(data))


def decrypt_cbc(key: Key, data: bytes, iv: bytes = _ZERO) -> bytes:
    """
    Raises:
        ValueError: a key of another length, or not whole blocks.
    """
    expanded = _expanded(key)
    with wiped(expanded):
        return _cipher(expanded, modes.CBC(iv)).decryptor().update(_whole(data))


def check_value(key: Key, size: int = 4) -> bytes:
    """The first bytes of eight zero bytes encrypted: tells whether a key is the right one, and nothing else of it.

    Raises:
        ValueError: a key of another length.
    """
    return encrypt_ecb(key, _ZERO)[:size]


def xor(left: bytes, right: bytes) -> bytes:
    """Of two texts of one length."""
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")


def _cipher(expanded: bytearray, mode: M) -> "Cipher[M]":
    """The library takes any buffer, and says ``bytes``."""
    return Cipher(TripleDES(cast("bytes", expanded)), mode)


def _expanded(key: Key) -> bytearray:
    """Three keys of DES in one: the first one, or all, again until there are three. No copy but this one is made."""
    match len(key):
        case 8:
            return bytearray().join((key, key, key))
        case 16:
            return bytearray().join((key, memoryview(key)[:BLOCK]))
        case 24:
            return bytearray(key)
        case _:
            raise ValueError("a key of DES has 8, 16 or 24 bytes")


def _whole(data: Key) -> Key:
    if len(data) % BLOCK:
        raise ValueError("not whole blocks of 8 bytes")
    return data
