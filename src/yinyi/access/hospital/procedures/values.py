"""Values as drivers bring them, in our kinds."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from yinyi.access.hospital.trades.figures import whole
from yinyi.access.hospital.trades.trade import Kind, Row


def plain(kind: Kind, value: Any) -> Any:
    """
    Raises:
        ValueError: it is none of this kind.
    """
    if value is None:
        return None
    try:
        return _READ[kind](value)
    except (KeyError, TypeError, ArithmeticError, UnicodeDecodeError) as error:
        raise ValueError(f"{type(value).__name__} is no {kind}") from error


def with_whole(rows: Sequence[Row], columns: Sequence[str]) -> Sequence[Row]:
    """Numbers with a fraction that have none, as whole ones.

    Raises:
        ValueError: one has a fraction.
    """
    if not any(isinstance(row[name], Decimal) for row in rows for name in columns):
        return rows
    return [{**cast(Mapping[str, Any], row), **{name: plain("int", row[name]) for name in columns}} for row in rows]


def _text(value: Any) -> str:
    """Fixed columns are filled up with blanks."""
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8").rstrip(" ")
    return (value if isinstance(value, str) else str(value)).rstrip(" ")


def _bool(value: Any) -> bool:
    bits = int.from_bytes(value) if isinstance(value, bytes) else int(value)
    if bits not in (0, 1):
        raise ValueError(f"neither true nor false: {value}")
    return bits == 1


def _number(value: Any) -> Any:
    """A decimal stays one: it may be money."""
    return value if isinstance(value, Decimal) else float(value)


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if not isinstance(value, date):
        raise TypeError
    return value


def _instant(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError
    return value


_READ: Mapping[Kind, Callable[[Any], Any]] = {
    "text": _text,
    "int": whole,
    "bool": _bool,
    "number": _number,
    "date": _date,
    "instant": _instant,
}
