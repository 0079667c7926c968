"""DES with keys of 8 or 16 bytes, as the bank line uses it: ECB, check values, MACs.

Keys are ``bytearray`` and stay the caller's to wipe; the expanded copy is wiped here.
"""

from binascii import hexlify
from collections.abc import Callable
from functools import partial, reduce
from struct import unpack
from typing import TypeVar, cast

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from yinyi.access.keys.software.buffers import wiped
from yinyi.business.lines.key_model import CHECK_BYTES
from yinyi.wire.iso8583.model import MacAlgorithm

BLOCK = 8
_ZEROS = bytes(BLOCK)
_ECB = ECB()
Translate = Callable[[bytes], bytes]

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
    return maker(algorithm, key)(data)


def maker(algorithm: MacAlgorithm, key: bytearray) -> Translate:
    """Makes one MAC after the other. What it holds is OpenSSL's copy of the key, which OpenSSL clears with it."""
    if algorithm == "x9.19":
        return _retail_maker(key)
    expanded = _expanded(key)
    with wiped(expanded):
        encrypt = _cipher(expanded, _ECB).encryptor().update
    return partial(_once if algorithm == "xor-3des" else _twice, encrypt)


def _once(encrypt: Translate, data: bytes) -> bytes:
    return encrypt(_folded(_padded(data)))


def _twice(encrypt: Translate, data: bytes) -> bytes:
    text = hexlify(_folded(_padded(data))).upper()
    return hexlify(encrypt(_xor(encrypt(text[:BLOCK]), text[BLOCK:]))).upper()[:BLOCK]


def _retail_maker(key: bytearray) -> Translate:
    """CBC with the left half; the last block decrypted with the right one and encrypted with the left one again."""
    halves = key[:BLOCK], key[BLOCK:]
    left, right = (_expanded(half) for half in halves)
    with wiped(*halves, left, right):
        chain, backwards = _cipher(left, CBC(_ZEROS)).encryptor().update, _cipher(left, _ECB).decryptor().update
        undo = _cipher(right, _ECB).decryptor().update if right else None
    return partial(_retail, chain, undo, backwards(_ZEROS))


def _retail(chain: Translate, undo: Translate | None, rest: bytes, data: bytes) -> bytes:
    """rest: what is encrypted to zeros, with which the chain is as it was at its beginning."""
    made = last = chain(_padded(data))[-BLOCK:]
    if undo is not None:
        # the chain adds ``last`` to the block that comes next: given twice it is gone
        made = chain(_xor(last, undo(last)))
    chain(_xor(made, rest))
    return made


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK or BLOCK * (not data))


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
