"""Whether a hospital's procedures are what the mapping file says, looked up in its database and without calling any."""

from collections.abc import Iterable, Mapping, Set

import asyncpg

from yinyi.access.hospital.procedures import mapping
from yinyi.access.hospital.trades.names import Names
from yinyi.access.hospital.trades.trade import Column, Kind, Trade

_TEXT, _INT = ("text", "varchar", "bpchar", "name"), ("int2", "int4", "int8")
_NAIVE = "timestamp"
_TYPES: Mapping[Kind, tuple[str, ...]] = {
    "text": _TEXT,
    "int": (*_INT, "numeric"),
    "bool": ("bool",),
    "date": ("date",),
    "instant": ("timestamptz",),
    "number": ("float4", "float8", "numeric"),
    "texts": tuple(f"{name}[]" for name in _TEXT),
    "ints": tuple(f"{name}[]" for name in _INT),
}


async def misfits(connection: asyncpg.Connection, names: Names, trades: Iterable[Trade]) -> list[str]:
    """A sentence for each trade that cannot be called like this.

    Raises:
        OSError, asyncpg.InterfaceError: the line broke.
    """
    asked = [trade for trade in trades if names[trade.name].name]
    return [why for trade in asked if (why := await _misfit(connection, names, trade))]


async def _misfit(connection: asyncpg.Connection, names: Names, trade: Trade) -> str:
    far = names[trade.name]
    try:
        statement = await connection.prepare(mapping.query(far))
    except asyncpg.PostgresError as error:
        return f"{trade.name}: {error}"
    had = {one.name for one in trade.answers if far.columns[one.name]}
    asked = [one.name for one in statement.get_parameters()[: len(far.asks)]]
    formed = [one for one, form in zip(far.asks, far.written, strict=True) if form]
    answered = [one.type.name for one in statement.get_attributes()]
    sides = (
        (far.asks, asked, {one.name for one in formed}),
        ([one for one in far.answers if one.name in had], answered, far.formed.keys()),
    )
    return "; ".join(why for columns, types, formed in sides if (why := _other_kinds(trade, columns, types, formed)))


def _other_kinds(trade: Trade, columns: Iterable[Column], types: list[str], formed: Set[str]) -> str:
    pairs = zip(columns, types, strict=True)
    other = [f"{one.name} is {found}, not {one.kind}" for one, found in pairs if not _fits(one, found, formed)]
    return f"{trade.name}: {', '.join(other)}" if other else ""


def _fits(column: Column, found: str, formed: Set[str]) -> bool:
    """A time with a form has no zone of its own."""
    return found == _NAIVE if column.kind == "instant" and column.name in formed else found in _TYPES[column.kind]
