"""Sub-fields of 53, 54, 60, 61, 63 and 90. Numbers of batches and traces are whole numbers, 0 to 999999. What
recurs from message to message is read once.

``pack`` gives the value of the field; ``unpack_…`` reads it and raises ``FieldError`` for what is none.
"""

from functools import lru_cache
from typing import Literal

import msgspec

from yinyi.wire.iso8583.elements import is_digits
from yinyi.wire.iso8583.errors import FieldError


class De53(msgspec.Struct, frozen=True, kw_only=True):
    """How the PIN block is made. with_pan: the card number is in it. is_double: under a key of 16 bytes."""

    with_pan: bool = True
    is_double: bool = True

    def pack(self) -> str:
        return f"{'2' if self.with_pan else '1'}{'6' if self.is_double else '0'}".ljust(16, "0")


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """One amount of field 54. amount_type: 02 is available. currency: ISO 4217, in digits. A debt is below zero."""

    account_type: str = "00"
    amount_type: str = "02"
    currency: str = "156"
    amount_fen: int

    def pack(self) -> str:
        sign = "D" if self.amount_fen < 0 else "C"
        amount = numbered(54, abs(self.amount_fen), 12)
        return f"{self.account_type}{self.amount_type}{self.currency}{sign}{amount}"


class De60(msgspec.Struct, frozen=True, kw_only=True):
    """60.1 kind of transaction · 60.2 batch · 60.3 network management code · 60.4 what the terminal reads (2 stripe,
    5 chip) · 60.5 why a chip was not read. What is empty at the end is not written; ``more``: digits after 60.5."""

    kind: str
    batch_no: int
    network_code: str = ""
    reads: str = ""
    fallback: str = ""
    more: str = ""

    def pack(self) -> str:
        return f"{self.kind}{numbered(60, self.batch_no, 6)}{self.network_code}{self.reads}{self.fallback}{self.more}"


DAY_UNKNOWN = "0000"
"""In 61.3: nobody has said of which day the original is."""


class De61(msgspec.Struct, frozen=True, kw_only=True):
    """The original: 61.1 batch · 61.2 trace · 61.3 its date, MMDD, 0000 unknown · 61.4, 61.5 how and by whom it was
    authorised. What is empty at the end is not written."""

    batch_no: int
    trace_no: int
    month_day: str = ""
    authorised_how: str = ""
    authorised_by: str = ""

    def pack(self) -> str:
        numbers = numbered(61, self.batch_no, 6) + numbered(61, self.trace_no, 6)
        return f"{numbers}{self.month_day}{self.authorised_how}{self.authorised_by}"


class De63(msgspec.Struct, frozen=True, kw_only=True):
    """63.1 the operator in a request, the card organisation in an answer (three characters) · 63.2 what it says."""

    code: str
    text: str = ""

    def pack(self) -> str:
        return f"{self.code:<3}{self.text}"


class De90(msgspec.Struct, frozen=True, kw_only=True):
    """The original of a reversal. transmitted: MMDDhhmmss. Institutions are filled with zeros on the left."""

    mti: str
    trace_no: int
    transmitted: str
    acquirer: str = ""
    forwarder: str = ""

    def pack(self) -> str:
        institutions = f"{self.acquirer:0>11}{self.forwarder:0>11}"
        return f"{self.mti}{numbered(90, self.trace_no, 6)}{self.transmitted}{institutions}"


@lru_cache(maxsize=16)
def unpack_53(value: str) -> De53:
    if len(value) != 16 or value[:1] not in ("1", "2") or value[1:2] not in ("0", "6") or value[2:].strip("0"):
        raise FieldError(53, "no security information of this line")
    return De53(with_pan=value[0] == "2", is_double=value[1] == "6")


def unpack_54(value: str) -> tuple[Balance, ...]:
    if len(value) % 20:
        raise FieldError(54, "not amounts of 20 characters")
    return tuple(_balance(value[at : at + 20]) for at in range(0, len(value), 20))


@lru_cache(maxsize=1_024)
def unpack_60(value: str) -> De60:
    _cut_at(60, value, (8, 11, 12, 13, 14, 15, 16, 17))
    return De60(
        kind=value[:2],
        batch_no=int(value[2:8]),
        network_code=value[8:11],
        reads=value[11:12],
        fallback=value[12:13],
        more=value[13:],
    )


def unpack_61(value: str) -> De61:
    _cut_at(61, value, (12, 16, 18, *range(19, 30)))
    return De61(
        batch_no=int(value[:6]),
        trace_no=int(value[6:12]),
        month_day=value[12:16],
        authorised_how=value[16:18],
        authorised_by=value[18:],
    )


def unpack_63(value: str) -> De63:
    return De63(code=value[:3], text=value[3:])


def unpack_90(value: str) -> De90:
    _cut_at(90, value, (42,))
    return De90(
        mti=value[:4],
        trace_no=int(value[4:10]),
        transmitted=value[10:20],
        acquirer=value[20:31].lstrip("0"),
        forwarder=value[31:].lstrip("0"),
    )


def numbered(field: int, number: int, width: int) -> str:
    """The number in so many digits.

    Raises:
        FieldError: it has more, or is below zero.
    """
    if not 0 <= number < 10**width:
        raise FieldError(field, f"a number does not fit into {width} digits")
    return f"{number:0{width}}"


def _balance(value: str) -> Balance:
    sign: Literal["C", "D"] | None = "C" if value[7] == "C" else "D" if value[7] == "D" else None
    if sign is None or not is_digits(value[:7] + value[8:]):
        raise FieldError(54, "not an amount")
    amount_fen = int(value[8:])
    return Balance(
        account_type=value[:2],
        amount_type=value[2:4],
        currency=value[4:7],
        amount_fen=-amount_fen if sign == "D" else amount_fen,
    )


def _cut_at(field: int, value: str, lengths: tuple[int, ...]) -> None:
    if len(value) not in lengths or not is_digits(value):
        raise FieldError(field, "its parts are not as they have to be")
