"""DES with keys of 8 or 16 bytes, as the bank line uses it: ECB, check values, MACs.

Keys are ``bytearray`` and stay the caller's to wipe; the expanded copy is wiped here.
"""

from functools import reduce
from struct import unpack
from typing import TypeVar, cast

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from yinyi.access.keys.software.buffers import wiped
from yinyi.business.lines.key_model import CHECK_BYTES
from yinyi.wire.iso8583.model import MacAlgorithm

BLOCK = 8
_ECB = ECB()

M = TypeVar("M", CBC, ECB)


def encrypt(key: bytearray, data: bytes) -> bytes:
    """ECB; a single-length key is DES, a double-length one EDE."""
    expanded = _expanded(key)
    with wiped(expanded):
        encryptor = _cipher(expanded, _ECB).encryptor()
        return encryptor.update(data) + encryptor.finalize()


def decrypt(key: bytearray, data: bytes) -> bytearray:
    """ECB, into a buffer that can be wiped: keys are delivered so."""
    expanded, buffer = _expanded(key), bytearray(len(data) + BLOCK - 1)
    with wiped(expanded, buffer):
        decryptor = _cipher(expanded, _ECB).decryptor()
        clear = decryptor.update_into(data, buffer)
        decryptor.finalize()
        return buffer[:clear]


def check_value(key: bytearray) -> bytes:
    return encrypt(key, bytes(BLOCK))[:CHECK_BYTES]


def mac(algorithm: MacAlgorithm, key: bytearray, data: bytes) -> bytes:
    """8 bytes; of ``ecb`` 8 ASCII characters. ``data`` is filled up with zero bytes to whole blocks."""
    padded = data + bytes(-len(data) % BLOCK or BLOCK * (not data))
    if algorithm == "x9.19":
        return _retail(key, padded)
    folded, expanded = _folded(padded), _expanded(key)
    with wiped(expanded):
        encrypted = _cipher(expanded, _ECB).encryptor().update
        if algorithm == "xor-3des":
            return encrypted(folded)
        text = folded.hex().upper().encode()
        return encrypted(_xor(encrypted(text[:BLOCK]), text[BLOCK:])).hex().upper()[:BLOCK].encode()


def _retail(key: bytearray, padded: bytes) -> bytes:
    """CBC with the left half; the last block decrypted with the right one and encrypted with the left one again."""
    left, right = key[:BLOCK], key[BLOCK:]
    expanded = _expanded(left)
    with wiped(left, right, expanded):
        encrypted = _cipher(expanded, CBC(bytes(BLOCK))).encryptor().update
        last = encrypted(padded)[-BLOCK:]
        # the chain adds ``last`` to the block that comes next: given twice it is gone
        return encrypted(_xor(last, decrypt(right, last))) if right else last


def _cipher(expanded: bytearray, mode: M) -> "Cipher[M]":
    """The library takes any buffer, and says ``bytes``."""
    return Cipher(TripleDES(cast("bytes", expanded)), mode)


def _expanded(key: bytearray) -> bytearray:
    return key * 3 if len(key) == BLOCK else key + key[:BLOCK]


def _folded(padded: bytes) -> bytes:
    """All blocks, XOR."""
    return reduce(int.__xor__, unpack(f">{len(padded) // BLOCK}Q", padded)).to_bytes(BLOCK)


def _xor(one: bytes, other: bytes | bytearray) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(BLOCK)
