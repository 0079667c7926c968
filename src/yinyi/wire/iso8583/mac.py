"""The three ways in which a MAC of 8 bytes is made on these lines. What is not whole blocks is filled with zeros.

``x9.19``: retail MAC (ANSI X9.19, ISO/IEC 9797-1 algorithm 3): CBC under the left half of the key, the last block
decrypted under the right half and encrypted under the left one; with a key of 8 bytes it is X9.9.
``ecb``: all blocks XORed, written as 16 hexadecimal letters; the left eight encrypted, XORed with the right eight,
encrypted again, and the first eight hexadecimal letters of that are the MAC. ``xor-3des``: all blocks XORed and
encrypted once. A key of 16 bytes makes every encryption of the last two a triple one.
"""

from binascii import hexlify
from collections.abc import Callable
from functools import partial
from hmac import compare_digest

from yinyi.kernel.buffers import wiped
from yinyi.wire.iso8583.des import BLOCK, Key, cbc_encryptor, ecb_decryptor, ecb_encryptor
from yinyi.wire.iso8583.model import MacAlgorithm

Translate = Callable[[bytes], bytes]
_BITS = 8 * BLOCK
_LAST = (1 << _BITS) - 1
_NOTHING = "nothing to make a MAC of"


def mac(algorithm: MacAlgorithm, key: Key, data: bytes) -> bytes:
    """Of ``data``, 8 bytes. key: 8 or 16 bytes.

    Raises:
        ValueError: a key of another length, or no data: a message without bytes carries no MAC.
    """
    return maker(algorithm, key)(data)


def maker(algorithm: MacAlgorithm, key: Key) -> Translate:
    """Makes one MAC after the other under this key. What it holds of it is OpenSSL's copy. It raises a ``ValueError``
    where there is nothing to make a MAC of.

    Raises:
        ValueError: a key of another length.
    """
    if len(key) not in (BLOCK, 2 * BLOCK):
        raise ValueError("a key for MACs has 8 or 16 bytes")
    match algorithm:
        case "x9.19":
            return _retail_maker(key)
        case "ecb":
            return _twice_maker(ecb_encryptor(key).update)
        case "xor-3des":
            return _once_maker(ecb_encryptor(key).update)


def is_mac(algorithm: MacAlgorithm, key: Key, data: bytes, given: bytes) -> bool:
    """Whether ``given`` is the MAC of ``data``, found out in a time that says nothing of how much of it is right.

    Raises:
        ValueError: as ``mac``.
    """
    return compare_digest(mac(algorithm, key, data), given)


class _Chain:
    """CBC whose every text begins with zeros, and of which the last block is told: what the cipher still holds of the
    text before is taken out of the first block, so that no cipher need be made anew."""

    __slots__ = ("_encrypt", "_held")

    def __init__(self, encrypt: Translate) -> None:
        self._encrypt = encrypt
        self._held = 0

    def __call__(self, whole: bytes) -> bytes:
        size = len(whole)
        begun = int.from_bytes(whole, "big") ^ (self._held << (8 * size - _BITS))
        last = self._encrypt(begun.to_bytes(size, "big"))[-BLOCK:]
        self._held = int.from_bytes(last, "big")
        return last


def _retail_maker(key: Key) -> Translate:
    halves = [bytearray(memoryview(key)[at : at + BLOCK]) for at in range(0, len(key), BLOCK)]
    with wiped(*halves):
        chain = _Chain(cbc_encryptor(halves[0]).update)
        undo = ecb_decryptor(halves[1]).update if len(halves) > 1 else None
    return partial(_retail, chain, undo)


def _retail(chain: Translate, undo: Translate | None, data: bytes) -> bytes:
    if not data:
        raise ValueError(_NOTHING)
    last = chain(data + bytes(-len(data) % BLOCK))
    return last if undo is None else chain(undo(last))


def _once_maker(encrypt: Translate) -> Translate:
    return lambda data: encrypt(_folded(data).to_bytes(BLOCK, "big"))


def _twice_maker(encrypt: Translate) -> Translate:
    def made(data: bytes) -> bytes:
        letters = b"%016X" % _folded(data)
        left, right = encrypt(letters[:BLOCK]), letters[BLOCK:]
        both = int.from_bytes(left, "big") ^ int.from_bytes(right, "big")
        return hexlify(encrypt(both.to_bytes(BLOCK, "big")))[:BLOCK].upper()

    return made


def _folded(data: bytes) -> int:
    """All blocks, XOR: half of them upon the other half, again and again. Blocks of zeros change nothing."""
    if not data:
        raise ValueError(_NOTHING)
    blocks = 1 << ((len(data) - 1) // BLOCK).bit_length()
    number = int.from_bytes(data.ljust(blocks * BLOCK, b"\0"), "big")
    while blocks > 1:
        blocks >>= 1
        number ^= number >> (blocks * _BITS)
    return number & _LAST
