"""DES and triple DES as the lines of banks still use them (ISO/IEC 18033-3). A key is 8, 16 or 24 bytes.

Nothing of a key is kept between calls: a cipher that outlives its call would be a clear key that nobody wipes. What
OpenSSL and Python copy within a call is out of reach, as it is for every program in Python.
"""

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, modes

BLOCK = 8
_ZERO = bytes(BLOCK)
_ECB = modes.ECB()


def ecb_encryptor(key: bytes) -> CipherContext:
    """Encrypts block after block, for as long as its caller holds it.

    Raises:
        ValueError: a key of another length. The text never quotes it.
    """
    return Cipher(TripleDES(_three(key)), _ECB).encryptor()


def ecb_decryptor(key: bytes) -> CipherContext:
    """Decrypts block after block, for as long as its caller holds it.

    Raises:
        ValueError: a key of another length.
    """
    return Cipher(TripleDES(_three(key)), _ECB).decryptor()


def cbc_encryptor(key: bytes, iv: bytes = _ZERO) -> CipherContext:
    """Encrypts block after block, each one XORed with what came of the one before.

    Raises:
        ValueError: a key of another length.
    """
    return Cipher(TripleDES(_three(key)), modes.CBC(iv)).encryptor()


def encrypt_ecb(key: bytes, data: bytes) -> bytes:
    """
    Raises:
        ValueError: a key of another length, or not whole blocks.
    """
    return ecb_encryptor(key).update(_whole(data))


def decrypt_ecb(key: bytes, data: bytes) -> bytes:
    """
    Raises:
        ValueError: a key of another length, or not whole blocks.
    """
    return ecb_decryptor(key).update(_whole(data))


def encrypt_cbc(key: bytes, data: bytes, iv: bytes = _ZERO) -> bytes:
    """
    Raises:
        ValueError: a key of another length, or not whole blocks.
    """
    return cbc_encryptor(key, iv).update(_whole(data))


def decrypt_cbc(key: bytes, data: bytes, iv: bytes = _ZERO) -> bytes:
    """
    Raises:
        ValueError: a key of another length, or not whole blocks.
    """
    return Cipher(TripleDES(_three(key)), modes.CBC(iv)).decryptor().update(_whole(data))


def check_value(key: bytes, size: int = 4) -> bytes:
    """The first bytes of eight zero bytes encrypted: tells whether a key is the right one, and nothing else of it.

    Raises:
        ValueError: a key of another length.
    """
    return encrypt_ecb(key, _ZERO)[:size]


def xor(left: bytes, right: bytes) -> bytes:
    """Of two texts of one length."""
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")


def _three(key: bytes) -> bytes:
    if len(key) == 16:
        return key + key[:8]
    if len(key) == 8:
        return key * 3
    if len(key) == 24:
        return key
    raise ValueError("a key of DES has 8, 16 or 24 bytes")


def _whole(data: bytes) -> bytes:
    if len(data) % BLOCK:
        raise ValueError("not whole blocks of 8 bytes")
    return data
