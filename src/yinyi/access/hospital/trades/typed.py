"""Rows whose values are JSON, or as plain as JSON's, as rows of a trade."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from yinyi.access.hospital.trades.failures import Unanswered
from yinyi.access.hospital.trades.trade import Kind, Row, Trade

_TYPES: dict[Kind, Any] = {
    "text": str,
    "int": int,
    "bool": bool,
    "date": date,
    "instant": datetime,
    "number": float,
    "texts": list[str],
    "ints": list[int],
}


def typed(trade: Trade, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Dates and instants are read from ISO 8601; an instant has a time zone.

    Raises:
        Unanswered: a column is not there, or of another kind: nothing of the answer is believed.
    """
    try:
        return [{each.name: _read(each.kind, row[each.name]) for each in trade.answers} for row in rows]
    except KeyError as error:
        raise Unanswered(f"an answer to {trade.name} without {error}") from error
    except (msgspec.ValidationError, ValueError) as error:
        raise Unanswered(f"an answer to {trade.name} that cannot be understood: {error}"[:200]) from error


def _read(kind: Kind, value: object) -> Any:
    read = msgspec.convert(value, _TYPES[kind] | None)
    if isinstance(read, datetime) and read.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return read
