"""Field 48 of a batch settlement (0500: totals of both sides) and of the upload after it (0320: transactions)."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from yinyi.wire.iso8583.elements import is_digits
from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.private_fields import numbered
from yinyi.wire.iso8583.unprinted import Unprinted

Result = Literal["0", "1", "2", "3"]
"""0 asked · 1 balanced · 2 not balanced · 3 the host cannot say."""

DETAILS_AT_ONCE = 8
_SIDE, _DETAIL, _PAN = 31, 40, 20


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """Totals of one kind of cards. Debits: purchases and completions; credits: refunds and voids."""

    debit_fen: int = 0
    debits: int = 0
    credit_fen: int = 0
    credits: int = 0
    result: Result = "0"


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Of a batch, cards of the country and foreign ones apart."""

    domestic: Side
    foreign: Side = Side()


class Detail(Unprinted, frozen=True, kw_only=True):
    """One transaction of an upload. card_class: two digits. Prints its trace number only."""

    card_class: str
    trace_no: int
    pan: str
    amount_fen: int

    def __repr__(self) -> str:
        return f"Detail(trace_no={self.trace_no})"


def pack_totals(totals: Totals) -> str:
    """62 digits.

    Raises:
        FieldError: an amount or a count that does not fit.
    """
    return _side_digits(totals.domestic) + _side_digits(totals.foreign)


def unpack_totals(value: str) -> Totals:
    """
    Raises:
        FieldError: not 62 digits, or a result that is none.
    """
    if len(value) != 2 * _SIDE or not is_digits(value):
        raise FieldError(48, "not 62 digits of totals")
    return Totals(domestic=_side(value[:_SIDE]), foreign=_side(value[_SIDE:]))


def pack_details(details: Sequence[Detail]) -> str:
    """Their count in two digits, then 40 digits each, card numbers filled with zeros on the left.

    Raises:
        FieldError: more than eight, or one that does not fit.
    """
    if len(details) > DETAILS_AT_ONCE:
        raise FieldError(48, f"more than {DETAILS_AT_ONCE} transactions at once")
    return f"{len(details):02}" + "".join(map(_detail_digits, details))


def unpack_details(value: str) -> tuple[Detail, ...]:
    """
    Raises:
        FieldError: not as many transactions as it says, or more than eight.
    """
    count = int(value[:2]) if len(value) >= 2 and is_digits(value) else DETAILS_AT_ONCE + 1
    if count > DETAILS_AT_ONCE or len(value) != 2 + count * _DETAIL:
        raise FieldError(48, "not transactions of 40 digits")
    return tuple(_detail(value[at : at + _DETAIL]) for at in range(2, len(value), _DETAIL))


def pack_upload_total(count: int) -> str:
    """How many transactions were uploaded, in four digits.

    Raises:
        FieldError: more than 9999.
    """
    return numbered(48, count, 4)


def unpack_upload_total(value: str) -> int:
    """
    Raises:
        FieldError: not four digits.
    """
    if len(value) != 4 or not is_digits(value):
        raise FieldError(48, "not a count of four digits")
    return int(value)


def _side_digits(side: Side) -> str:
    debit = numbered(48, side.debit_fen, 12) + numbered(48, side.debits, 3)
    credit = numbered(48, side.credit_fen, 12) + numbered(48, side.credits, 3)
    return f"{debit}{credit}{side.result}"


def _side(value: str) -> Side:
    results: dict[str, Result] = {"0": "0", "1": "1", "2": "2", "3": "3"}
    result = results.get(value[30])
    if result is None:
        raise FieldError(48, "a result of settlement that is none")
    return Side(
        debit_fen=int(value[:12]),
        debits=int(value[12:15]),
        credit_fen=int(value[15:27]),
        credits=int(value[27:30]),
        result=result,
    )


def _detail_digits(detail: Detail) -> str:
    if len(detail.card_class) != 2 or len(detail.pan) > 19 or not is_digits(detail.card_class + detail.pan):
        raise FieldError(48, "not a card")
    trace_no, amount = numbered(48, detail.trace_no, 6), numbered(48, detail.amount_fen, 12)
    return f"{detail.card_class}{trace_no}{detail.pan:0>{_PAN}}{amount}"


def _detail(value: str) -> Detail:
    return Detail(
        card_class=value[:2], trace_no=int(value[2:8]), pan=value[8:28].lstrip("0"), amount_fen=int(value[28:])
    )
