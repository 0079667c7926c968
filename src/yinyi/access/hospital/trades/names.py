"""What a hospital calls our trades, their parameters and columns: rules with exceptions, from a file of its own.

trades = "his.{snake}"                  # the rule for every name: {snake} {camel} {Pascal} {UPPER}
parameters = "p_{snake}"
columns = "{snake}"

[codes.sex_code]                        # the hospital's code = ours, wherever a column of this name stands
M = "1"

[trade.query_patient]
is = "dbo.sp_patient"                   # another name; "" says that the hospital has no such trade
parameters = { doc_no = "ZJHM" }
columns = { phone = "" }                # "" says that the hospital has no such column
fixed = { phone = "" }                  # what stands there instead; without it: nothing
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from yinyi.access.hospital.trades.trade import Row, Trade


class TradeWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The exceptions of one trade."""

    name: str | None = msgspec.field(default=None, name="is")
    parameters: dict[str, str] = {}
    columns: dict[str, str] = {}
    fixed: dict[str, str | int | float | bool] = {}


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping file."""

    trades: str = "{snake}"
    parameters: str = "{snake}"
    columns: str = "{snake}"
    codes: dict[str, dict[str, str]] = {}
    trade: dict[str, TradeWords] = {}


class FarTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade in the hospital's words. ``name``: "" says that it has none. ``parameters``: in the order of ours.
    ``columns``: the hospital's name of each of ours, "" where it has none. ``sent``, ``read``: codes of a parameter and
    of a column, ours to theirs and theirs to ours. ``is_plain``: its rows are ours as they come."""

    name: str
    parameters: tuple[str, ...]
    columns: dict[str, str]
    sent: tuple[Mapping[str, str] | None, ...]
    read: Mapping[str, Mapping[str, str]]
    fixed: Mapping[str, Any]
    is_plain: bool

    def values(self, values: Sequence[Any]) -> list[Any]:
        """Ours in the hospital's codes."""
        coded = zip(values, self.sent, strict=True)
        return [value if codes is None else codes.get(value, value) for value, codes in coded]

    def row(self, found: Row) -> Row:
        """One that answers, in our codes and with what stands for the columns that the hospital has not.
        ``found``: under our names."""
        if self.is_plain:
            return found
        said: dict[str, Any] = {
            name: found[name] if far else self.fixed.get(name) for name, far in self.columns.items()
        }
        for name, codes in self.read.items():
            said[name] = codes.get(said[name], said[name])
        return said


Names = Mapping[str, FarTrade]
"""By our names."""


def load_names(path: Path | None, usual: Words, trades: Iterable[Trade]) -> Names:
    """``path`` None: as usual.

    Raises:
        ValueError: the file cannot be read, or names what is none of ours; the sentence says what.
    """
    if path is None:
        return names_of(usual, trades)
    try:
        words = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Words)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"the mapping file {path.name} cannot be read: {error}") from error
    return names_of(words, trades)


def names_of(words: Words, trades: Iterable[Trade]) -> Names:
    """
    Raises:
        ValueError: see ``load_names``.
    """
    known = {trade.name: trade for trade in trades}
    wrong = [f"no trade {name}" for name in words.trade if name not in known]
    columns = {column.name for trade in known.values() for column in (*trade.parameters, *trade.answers)}
    wrong += [f"no column {name} for codes" for name in words.codes if name not in columns]
    for name, exceptions in words.trade.items():
        wrong += _wrong(known[name], exceptions) if name in known else []
    if wrong:
        raise ValueError("the mapping file does not fit: " + "; ".join(sorted(wrong)))
    return {name: _far(trade, words) for name, trade in known.items()}


def _wrong(trade: Trade, words: TradeWords) -> Iterator[str]:
    for what, ours, given in (
        ("parameter", trade.parameters, words.parameters),
        ("column", trade.answers, words.columns),
        ("column", trade.answers, words.fixed),
    ):
        known = {column.name for column in ours}
        yield from (f"{trade.name} has no {what} {name}" for name in given if name not in known)
    yield from (f"{trade.name} has {name} both fixed and named" for name in words.fixed if words.columns.get(name))


def _far(trade: Trade, words: Words) -> FarTrade:
    special = words.trade.get(trade.name, TradeWords())
    fixed = special.fixed
    named = dict.fromkeys(fixed, "") | special.columns
    back = {name: {ours: theirs for theirs, ours in codes.items()} for name, codes in words.codes.items()}
    columns = {one.name: named.get(one.name, _ruled(words.columns, one.name)) for one in trade.answers}
    read = {one.name: words.codes[one.name] for one in trade.answers if one.name in words.codes}
    return FarTrade(
        name=_ruled(words.trades, trade.name) if special.name is None else special.name,
        parameters=tuple(
            special.parameters.get(one.name, _ruled(words.parameters, one.name)) for one in trade.parameters
        ),
        columns=columns,
        sent=tuple(back.get(one.name) for one in trade.parameters),
        read=read,
        fixed=fixed,
        is_plain=not read and all(columns.values()),
    )


def _ruled(rule: str, name: str) -> str:
    pascal = "".join(part.capitalize() for part in name.split("_"))
    camel = pascal[:1].lower() + pascal[1:]
    try:
        return rule.format(snake=name, camel=camel, Pascal=pascal, UPPER=name.upper())
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"the mapping file does not fit: no such rule for names: {rule}") from error
