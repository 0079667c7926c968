"""The three ways in which a MAC of 8 bytes is made on these lines. What is not whole blocks is filled with zeros.

``x9.19``: retail MAC (ANSI X9.19, ISO/IEC 9797-1 algorithm 3): CBC under the left half of the key, the last block
decrypted under the right half and encrypted under the left one; with a key of 8 bytes it is X9.9.
``ecb``: all blocks XORed, written as 16 hexadecimal letters; the left eight encrypted, XORed with the right eight,
encrypted again, and the first eight hexadecimal letters of that are the MAC. ``xor-3des``: all blocks XORed and
encrypted once. A key of 16 bytes makes every encryption of the last two a triple one.
"""

from binascii import hexlify
from collections.abc import Callable
from functools import partial, reduce
from hmac import compare_digest
from struct import unpack

from yinyi.wire.iso8583.des import BLOCK, cbc_encryptor, decrypt_ecb, ecb_encryptor, xor
from yinyi.wire.iso8583.model import MacAlgorithm

Encrypt = Callable[[bytes], bytes]


def mac(algorithm: MacAlgorithm, key: bytes, data: bytes) -> bytes:
    """Of ``data``, 8 bytes. key: 8 or 16 bytes.

    Raises:
        ValueError: a key of another length, or no data: a message without bytes carries no MAC.
    """
    return maker(algorithm, key)(data)


def maker(algorithm: MacAlgorithm, key: bytes) -> Callable[[bytes], bytes]:
    """Makes one MAC after the other under this key, which it knows for as long as its caller holds it. It raises a
    ``ValueError`` where there is nothing to make a MAC of.

    Raises:
        ValueError: a key of another length.
    """
    if len(key) not in (8, 16):
        raise ValueError("a key for MACs has 8 or 16 bytes")
    if algorithm == "x9.19":
        return partial(_retail, key)
    return partial(_twice if algorithm == "ecb" else _once, ecb_encryptor(key).update)


def is_mac(algorithm: MacAlgorithm, key: bytes, data: bytes, given: bytes) -> bool:
    """Whether ``given`` is the MAC of ``data``, found out in a time that says nothing of how much of it is right.

    Raises:
        ValueError: as ``mac``.
    """
    return compare_digest(mac(algorithm, key, data), given)


def _whole(data: bytes) -> bytes:
    if not data:
        raise ValueError("nothing to make a MAC of")
    return data + bytes(-len(data) % BLOCK)


def _folded(data: bytes) -> bytes:
    data = _whole(data)
    return reduce(int.__xor__, unpack(f">{len(data) // BLOCK}Q", data)).to_bytes(BLOCK, "big")


def _retail(key: bytes, data: bytes) -> bytes:
    encrypt = cbc_encryptor(key[:8]).update
    last = encrypt(_whole(data))[-BLOCK:]
    if len(key) == 8:
        return last
    # the chain adds ``last`` to the block that comes next: given twice it is gone, and the cipher need not be made anew
    return encrypt(xor(last, decrypt_ecb(key[8:], last)))


def _once(encrypt: Encrypt, data: bytes) -> bytes:
    return encrypt(_folded(data))


def _twice(encrypt: Encrypt, data: bytes) -> bytes:
    letters = hexlify(_folded(data)).upper()
    return hexlify(encrypt(xor(encrypt(letters[:8]), letters[8:])))[:8].upper()
