"""What a hospital calls our trades, their parameters and columns: rules with exceptions, from a file of its own.

trades = "his.{snake}"                  # the rule for every name: {snake} {camel} {Pascal} {UPPER}
parameters = "p_{snake}"
columns = "{snake}"
outs = ["ret_code", "ret_msg"]          # columns that come back in parameters of that name, where a trade has them

[names]                                 # another name for one of ours, wherever it stands
patient_no = "病人编号"

[forms]                                 # what is not of our kinds: see ``forms.py``
days = "%Y%m%d"

[given]                                 # parameters that are none of ours: what stands there in every call
"操作员" = "ZZ01"

[codes.sex_code]                        # the hospital's code = ours, wherever a column of this name stands
M = "1"

[trade.query_patient]
is = "dbo.sp_patient"                   # another name; "" says that the hospital has no such trade
parameters = { doc_no = "ZJHM" }
columns = { phone = "" }                # "" says that the hospital has no such column
fixed = { phone = "" }                  # what stands there instead; without it: nothing
outs = ["patient_no"]                   # besides those above
given = { "院区" = "1" }                 # likewise
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from yinyi.access.hospital.trades.forms import Form, Forms
from yinyi.access.hospital.trades.trade import Column, Row, Trade

Scalar = str | int | float | bool


class TradeWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The exceptions of one trade."""

    name: str | None = msgspec.field(default=None, name="is")
    parameters: dict[str, str] = {}
    columns: dict[str, str] = {}
    fixed: dict[str, Scalar] = {}
    outs: list[str] = []
    given: dict[str, Scalar] = {}


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping file."""

    trades: str = "{snake}"
    parameters: str = "{snake}"
    columns: str = "{snake}"
    outs: list[str] = []
    names: dict[str, str] = {}
    forms: Forms = Forms()
    given: dict[str, Scalar] = {}
    codes: dict[str, dict[str, str]] = {}
    trade: dict[str, TradeWords] = {}


class FarTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade in the hospital's words. ``name``: "" says that it has none. ``parameters``: in the order of ours, then
    those that are ``given``. ``columns``: the hospital's name of each of ours, "" where it has none. ``outs``: the ones
    of ours that come in parameters. ``sent``, ``read``: codes of a parameter and of a column, ours to theirs and theirs
    to ours. ``written``, ``formed``: their forms. ``asks``, ``answers``: ours, of the hospital's kinds. ``is_plain``:
    its rows are ours as they come; ``is_told_plainly``: what it is told goes as it is."""

    name: str
    parameters: tuple[str, ...]
    columns: dict[str, str]
    outs: frozenset[str]
    given: tuple[Scalar, ...]
    sent: tuple[Mapping[str, str] | None, ...]
    read: Mapping[str, Mapping[str, str]]
    written: tuple[Form | None, ...]
    formed: Mapping[str, Form]
    asks: tuple[Column, ...]
    answers: tuple[Column, ...]
    fixed: Mapping[str, Any]
    is_plain: bool
    is_told_plainly: bool

    def values(self, values: Sequence[Any]) -> list[Any]:
        """Ours in the hospital's codes and forms, and what is given.

        Raises:
            ValueError: the hospital has no form for one.
        """
        if self.is_told_plainly:
            return list(values)
        coded = zip(values, self.sent, self.written, strict=True)
        told = [_told(value if codes is None else codes.get(value, value), form) for value, codes, form in coded]
        return [*told, *self.given]

    def row(self, found: Row) -> Row:
        """One that answers, in our codes and forms, with what stands for the columns that the hospital has not.
        ``found``: under our names.

        Raises:
            ValueError: what stands in a column has not the hospital's form.
        """
        if self.is_plain:
            return found
        said: dict[str, Any] = {
            name: found[name] if far else self.fixed.get(name) for name, far in self.columns.items()
        }
        for name, form in self.formed.items():
            said[name] = _told(said[name], form)
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
    wrong += [f"no column {name} for names" for name in words.names if name not in columns]
    wrong += [f"no column {name} for outs" for name in words.outs if name not in columns]
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
        ("column", trade.answers, words.outs),
    ):
        known = {column.name for column in ours}
        yield from (f"{trade.name} has no {what} {name}" for name in given if name not in known)
    yield from (f"{trade.name} has {name} both fixed and named" for name in words.fixed if words.columns.get(name))


def _far(trade: Trade, words: Words) -> FarTrade:
    special = words.trade.get(trade.name, TradeWords())
    fixed = special.fixed
    named = words.names | dict.fromkeys(fixed, "") | special.columns
    asked = words.names | special.parameters
    given = words.given | special.given
    back = {name: {ours: theirs for theirs, ours in codes.items()} for name, codes in words.codes.items()}
    columns = {one.name: named.get(one.name, _ruled(words.columns, one.name)) for one in trade.answers}
    read = {one.name: words.codes[one.name] for one in trade.answers if one.name in words.codes}
    formed = {one.name: form for one in trade.answers if columns[one.name] and (form := words.forms.reads(one))}
    parameters = tuple(asked.get(one.name, _ruled(words.parameters, one.name)) for one in trade.parameters)
    sent = tuple(back.get(one.name) for one in trade.parameters)
    written = tuple(words.forms.writes(one) for one in trade.parameters)
    return FarTrade(
        name=_ruled(words.trades, trade.name) if special.name is None else special.name,
        parameters=(*parameters, *given),
        columns=columns,
        outs=frozenset(name for name in (*words.outs, *special.outs) if columns.get(name)),
        given=tuple(given.values()),
        sent=sent,
        read=read,
        written=written,
        formed=formed,
        asks=tuple(Column(one.name, words.forms.kind(one)) for one in trade.parameters),
        answers=tuple(Column(one.name, words.forms.kind(one)) for one in trade.answers),
        fixed=fixed,
        is_plain=not read and not formed and all(columns.values()),
        is_told_plainly=not any((*sent, *written, *given)),
    )


def _told(value: Any, form: Form | None) -> Any:
    return value if value is None or form is None else form(value)


def _ruled(rule: str, name: str) -> str:
    pascal = "".join(part.capitalize() for part in name.split("_"))
    camel = pascal[:1].lower() + pascal[1:]
    try:
        return rule.format(snake=name, camel=camel, Pascal=pascal, UPPER=name.upper())
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"the mapping file does not fit: no such rule for names: {rule}") from error
