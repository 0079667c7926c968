"""Numbers that leave the house: time-ordered, never used twice, and readable over the telephone."""

import re
import secrets
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

WholeNumber = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""As far as the database counts."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, so nothing is misread."""

PAYMENT_NUMBER = 22
"""Characters of a payment's number; references of its calls begin with it."""
BOOKING_SLIP, PAYMENT_SLIP = "BK", "PY"
"""Before a payment's number in the code of a slip: which of our slips it is."""
_EPOCH = slice(12, 14)
_SHORT, _SHORT_LENGTH = "346789ABCDEFGHJKMNPQRTVWXY", 7
_NOT_SAID = re.compile(r"[\s-]")


def random_text(length: int, alphabet: str = ALPHABET) -> str:
    """Each character as likely as any other: bytes that would favour the first ones are thrown away."""
    size = len(alphabet)
    fair = 256 - 256 % size
    text = ""
    while len(text) < length:
        text += "".join([alphabet[byte % size] for byte in secrets.token_bytes(length + 4) if byte < fair])
    return text[:length]


def payment_number(restore_epoch: int, at: datetime, zone: ZoneInfo) -> str:
    """22 characters: ``yymmddHHMMSS`` in hospital time, two of the restore epoch, eight random.

    The restore epoch changes with every restore from a backup, so that no number made before is made again.
    """
    local = at.astimezone(zone)
    return f"{local:%y%m%d%H%M%S}{base32(restore_epoch, 2)}{random_text(8)}"


def restore_epoch_of(payment_no: str) -> int:
    """The epoch that a payment's number carries."""
    first, second = (ALPHABET.index(digit) for digit in payment_no[_EPOCH])
    return first * 32 + second


def payment_number_of(reference: str) -> str:
    """The number of the payment that a reference of ours belongs to; empty: it is none of ours."""
    number = reference[:PAYMENT_NUMBER]
    ours = len(reference) > PAYMENT_NUMBER and number[:12].isdecimal() and all(each in ALPHABET for each in reference)
    return number if ours else ""


def ask_number() -> str:
    """The short number on slips to ask with, for example ``7Q4-8XK9``: 26⁷ of them, unique in the database."""
    return _hyphened(random_text(_SHORT_LENGTH, _SHORT))


def number_said(text: str) -> str:
    """A payment's number, or the short one, as it is kept: whoever says or types it need not know of capitals, the
    hyphen, blanks."""
    said = number_on_slip(_NOT_SAID.sub("", text).upper())
    return _hyphened(said) if len(said) == _SHORT_LENGTH else said


def _hyphened(short: str) -> str:
    return f"{short[:3]}-{short[3:]}"


def number_on_slip(code: str) -> str:
    """The payment's number in the code of a slip: behind its kind or, on older slips and those for the window, alone.
    Any other text stays as it is."""
    marked = len(code) == PAYMENT_NUMBER + len(BOOKING_SLIP) and code.startswith((BOOKING_SLIP, PAYMENT_SLIP))
    return code[len(BOOKING_SLIP) :] if marked else code


def is_ask_number(text: str) -> bool:
    """The short number, not a payment's: it alone has a hyphen."""
    return "-" in text


def base32(value: int, width: int) -> str:
    """A whole number ≥ 0 in a fixed width.

    Raises:
        ValueError: it does not fit.
    """
    text = ""
    rest = value
    for _ in range(width):
        rest, digit = divmod(rest, 32)
        text = ALPHABET[digit] + text
    if rest or value < 0:
        raise ValueError(f"{value} does not fit into {width} characters")
    return text


def token(size: int = 32) -> str:
    """An opaque secret for a credential or a session, ``size`` random bytes as URL-safe text."""
    return secrets.token_urlsafe(size)
