"""Values as JSON has them, of the kinds that our columns are."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from yinyi.access.hospital.trades.figures import decimal, whole
from yinyi.access.hospital.trades.trade import Kind
from yinyi.wire.beijing_time import BEIJING


def _str(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text")
    return value


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("no number")
    return whole(value)


def _texts(values: Any) -> list[str]:
    return [_str(one) for one in _every(values)]


def _ints(values: Any) -> list[int]:
    return [_int(one) for one in _every(values)]


def _every(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise ValueError("no list")
    return cast(list[Any], values)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("no number")
    return float(decimal(value))


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def _date(value: Any) -> date | None:
    """None: only a month or a year is known. An instant's day is the hospital's."""
    text = _str(value)
    if "T" in text:
        return _instant(text).astimezone(BEIJING).date()
    return date.fromisoformat(text) if len(text) == len("2026-01-01") else None


def _instant(value: Any) -> datetime:
    at = datetime.fromisoformat(_str(value))
    if at.tzinfo is None:
        raise ValueError("no time zone")
    return at


OF_KIND: Mapping[Kind, Any] = {
    "text": _str,
    "int": _int,
    "bool": _bool,
    "date": _date,
    "instant": _instant,
    "number": _number,
    "texts": _texts,
    "ints": _ints,
}
EMPTY: Mapping[Kind, Any] = {"text": "", "bool": False, "texts": [], "ints": []}
"""Stands in a list where nothing is told."""
