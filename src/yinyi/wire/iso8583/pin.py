"""PIN blocks, ISO 9564-1 format 0: with the card number in them, or without, as field 53 says.

The platform carries blocks that a PIN pad has encrypted. What makes and reads them in the clear is for virtual devices
and the sandbox.
"""

from collections.abc import Callable

from yinyi.wire.iso8583.des import BLOCK, encrypt_ecb, xor
from yinyi.wire.iso8583.elements import is_digits
from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.model import Message

_LEAST, _MOST = 4, 12


def pan_of(message: Message) -> str:
    """The card number: field 2, or what stands before the separator in track 2; empty when there is neither."""
    return message.text(2) or message.text(35).partition("=")[0]


def pan_part(pan: str) -> bytes:
    """What of a card number goes into the block: the last twelve digits before its check digit, zeros before them.

    Raises:
        FieldError: it is not a card number.
    """
    if not 2 <= len(pan) <= 19 or not is_digits(pan):
        raise FieldError(2, "not a card number")
    return bytes.fromhex(pan[-13:-1].zfill(16))


def pin_block(pin: str, pan: str | None) -> bytes:
    """The clear block. ``pan`` None: the form without a card number.

    Raises:
        FieldError: the PIN is not 4 to 12 digits, or the card number is none.
    """
    if not _LEAST <= len(pin) <= _MOST or not is_digits(pin):
        raise FieldError(52, "a PIN has 4 to 12 digits")
    block = bytes.fromhex(f"0{len(pin):X}{pin}".ljust(2 * BLOCK, "F"))
    return block if pan is None else xor(block, pan_part(pan))


def encrypt_pin_block(key: bytes, pin: str, pan: str | None) -> bytes:
    """The block under a PIN key (PIK), as it goes into field 52.

    Raises:
        FieldError: as ``pin_block``.
        ValueError: a key of another length.
    """
    return encrypt_ecb(key, pin_block(pin, pan))


def read_pin_block(decrypt: Callable[[bytes], bytes], encrypted: bytes, pan: str | None) -> str:
    """The PIN that a block holds: for the sandbox's bank. decrypt: with the PIN key, ``ecb_decryptor``'s.

    Raises:
        FieldError: not a block of this form under this key with this card number.
    """
    if len(encrypted) != BLOCK:
        raise FieldError(52, "not 8 bytes")
    block = decrypt(encrypted)
    letters = (block if pan is None else xor(block, pan_part(pan))).hex().upper()
    length = int(letters[1], 16)
    pin, filling = letters[2 : 2 + length], letters[2 + length :]
    if letters[0] != "0" or not _LEAST <= length <= _MOST or not is_digits(pin) or filling.strip("F"):
        raise FieldError(52, "no PIN block under this key")
    return pin
