"""What an answer has to be before anything of it is believed."""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import msgspec

from yinyi.access.hospital.trades.figures import MOST
from yinyi.access.hospital.trades.trade import Column, Row, Trade
from yinyi.kernel.clock import is_in_reach

S = TypeVar("S", bound=msgspec.Struct)

MOST_FEN = 10**13
"""Nobody owes a hospital a hundred thousand million yuan."""
_MOST_DECIMALS = 12
_MAY_TAKE_BACK = frozenset({"query_invoice_lines", "query_stay_items", "query_stay_days", "query_stay_categories"})
"""Lists in which a line below nothing takes another one back."""
Fits = Callable[[Any], bool]


class NotBelieved(ValueError):
    """The answer says what cannot be."""


class Bounds:
    """Of the values of every trade, looked up once."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[tuple[str, Fits], ...]] = {}

    def broken(self, trade: Trade, rows: Iterable[Row]) -> str:
        """The column of a row that cannot be: an amount below nothing or beyond belief, a number that no database
        counts to, a day out of reach; "": none."""
        bounds = self._of.get(trade.name)
        if bounds is None:
            each = ((one.name, _fits(trade, one)) for one in trade.answers)
            bounds = self._of[trade.name] = tuple((name, fits) for name, fits in each if fits is not None)
        for row in rows:
            for name, fits in bounds:
                if (value := row[name]) is not None and not fits(value):
                    return name
        return ""


def believed(found: S) -> S:
    """All of it of the kinds that it should be. A text that is nothing is empty: there are databases that know no
    other empty text.

    Raises:
        NotBelieved: something else is not there, or is of another kind.
    """
    said = msgspec.structs.asdict(found)
    for name in _texts(type(found)):
        if said[name] is None:
            said[name] = ""
    try:
        return msgspec.convert(said, type(found))
    except msgspec.ValidationError as error:
        raise NotBelieved(str(error)) from error


def each_once(found: list[S], key: Callable[[S], object]) -> list[S]:
    """``key``: what tells them apart.

    Raises:
        NotBelieved: two of them say that they are the same, or one does not say which it is.
    """
    keys = {key(one) for one in found}
    if "" in keys:
        raise NotBelieved("one without its number")
    if len(keys) < len(found):
        raise NotBelieved("the same twice")
    return found


@cache
def _texts(model: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(model) if field.type is str)


def _fits(trade: Trade, column: Column) -> Fits | None:
    if column.name in _OF_ITS_OWN:
        return _OF_ITS_OWN[column.name]
    if column.name.endswith("_fen"):
        return _is_balance if trade.name in _MAY_TAKE_BACK else _is_amount
    match column.kind:
        case "int":
            return _is_counted
        case "date":
            return _is_day
        case "instant":
            return _is_instant
        case "number":
            return _is_number
        case _:
            return None


def _is_amount(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value <= MOST_FEN


def _is_balance(value: Any) -> bool:
    return isinstance(value, int) and -MOST_FEN <= value <= MOST_FEN


def _is_counted(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < MOST


def _is_signed(value: Any) -> bool:
    return isinstance(value, int) and -MOST < value < MOST


def _is_short(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value <= _MOST_DECIMALS


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and is_in_reach(value)


def _is_instant(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None and is_in_reach(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and math.isfinite(value)


_OF_ITS_OWN: Mapping[str, Fits] = {
    "left_fen": _is_balance,
    "floor_no": _is_signed,
    "quantity": _is_signed,
    "decimals": _is_short,
}
