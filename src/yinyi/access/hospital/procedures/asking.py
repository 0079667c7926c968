"""One trade over one line, in whatever thread: what is asked, what the answer is in our kinds, what an error means."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from yinyi.access.hospital.procedures.driver import Driver, Fate, Heard, Line, NothingLeft, Parameter, Signature
from yinyi.access.hospital.procedures.values import plain
from yinyi.access.hospital.trades.failures import CallFailed, NotReached, Rejected, Unanswered
from yinyi.access.hospital.trades.names import FarTrade, Names
from yinyi.access.hospital.trades.trade import Column, Row, Trade

_SIGNATURE_AGE_S = 60.0
"""A hospital that changes a procedure while we run is believed that late; until then calls by position may go wrong."""


class Asking:
    """``atomic``: the hospital's procedures neither commit nor roll back by themselves, so what we roll back has not
    happened."""

    def __init__(
        self, driver: Driver, names: Names, atomic: bool, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        """``seconds`` counts on steadily from wherever."""
        self._driver, self._names, self._atomic, self._seconds = driver, names, atomic, seconds
        self._signatures: dict[str, tuple[float, Signature]] = {}

    def ask(self, line: Line, trade: Trade, told: Sequence[Any]) -> list[Row]:
        """The rows, committed. A line that is of no use afterwards is closed.

        Raises:
            NotReached, Unanswered, Rejected
        """
        far = self._names[trade.name]
        signature = self._signature(line, far.name)
        if signature is None:
            raise Rejected(f"{trade.name}: no {far.name} that we may call")
        if wrong := misfits(far, signature):
            raise Rejected(f"{trade.name}: {'; '.join(wrong)}")
        given = {name.casefold(): value for name, value in zip(far.parameters, told, strict=True)}
        named = {one.name: given[one.name.casefold()] for one in signature if one.name.casefold() in given}
        try:
            heard = line.call(far.name, signature, named)
        except NothingLeft as error:
            line.close()
            raise NotReached(f"the line broke: {error}"[:200]) from error
        except Exception as error:
            raise self._judged(line, error) from error
        try:
            line.commit()
        except Exception as error:
            line.close()
            raise Unanswered(f"{type(error).__name__} in committing") from error
        try:
            return rows_of(heard, far)
        except ValueError as error:
            raise Unanswered(f"{trade.name}: {error}"[:200]) from error

    def misfits(self, line: Line, trades: Iterable[Trade]) -> list[str]:
        """A sentence for each trade that cannot be called like this.

        Raises:
            Exception: the line broke.
        """
        return [why for trade in trades if (why := self._misfit(line, trade))]

    def _misfit(self, line: Line, trade: Trade) -> str:
        far = self._names[trade.name]
        if not far.name:
            return ""
        signature = line.signature(far.name)
        if signature is None:
            return f"{trade.name}: there is no procedure {far.name} that we may call"
        wrong = misfits(far, signature)
        wrong += _other_kinds(far, signature, self._driver)
        return f"{trade.name}: {'; '.join(wrong)}" if wrong else ""

    def _signature(self, line: Line, procedure: str) -> Signature | None:
        """
        Raises:
            NotReached: the line broke, and the call was still here.
        """
        read_at, kept = self._signatures.get(procedure, (0.0, None))
        if kept is not None and self._seconds() - read_at < _SIGNATURE_AGE_S:
            return kept
        try:
            found = line.signature(procedure)
        except Exception as error:
            line.close()
            raise NotReached(f"no answer about {procedure}: {type(error).__name__}") from error
        if found is not None:
            self._signatures[procedure] = self._seconds(), found
        return found

    def _judged(self, line: Line, error: Exception) -> CallFailed:
        fate = self._driver.fate(error)
        detail = f"{type(error).__name__} {error}"[:200]
        if fate == "lost":
            line.close()
        else:
            fate = self._undone(line, fate)
        if fate == "lost" or not self._atomic:
            return Unanswered(detail)
        return NotReached(detail) if fate == "undone" else Rejected(detail)

    def _undone(self, line: Line, fate: Fate) -> Fate:
        """What is known after rolling back, which may go wrong as well."""
        try:
            line.undo()
        except Exception:
            line.close()
            return "lost"
        return fate


def rows_of(heard: Heard, far: FarTrade) -> list[Row]:
    """In our names, kinds, codes and forms. Columns that come in parameters stand in the first row, which is there if
    only they are.

    Raises:
        ValueError: a column is not there, or holds what is none of its kind.
    """
    outs = _folded(heard.outs)
    inner = [one for one in far.answers if far.columns[one.name] and one.name not in far.outs]
    first = {one.name: _found(outs, far, one) for one in far.answers if one.name in far.outs}
    rows: list[dict[str, Any]] = []
    for row in heard.rows:
        folded = _folded(row)
        rows.append(first | {one.name: _found(folded, far, one) for one in inner})
    if first and not rows:
        rows.append(first | dict.fromkeys(one.name for one in inner))
    return [far.row(row) for row in rows]


def misfits(far: FarTrade, signature: Signature) -> list[str]:
    """Of what we would say or hear, what the procedure has no parameter for; and what it wants and nobody says."""
    told = {one.name.casefold() for one in signature if one.way in ("in", "inout")}
    said = {one.name.casefold() for one in signature if one.way in ("out", "inout")}
    given = {name.casefold() for name in far.parameters}
    unheard = [name for name in far.parameters if name.casefold() not in told]
    unheard += [name for one in sorted(far.outs) if (name := far.columns[one]).casefold() not in said]
    unsaid = [one.name for one in signature if one.needed and one.name.casefold() not in given]
    return [f"{far.name} has no parameter {name}" for name in unheard] + [
        f"{far.name} wants {name} and nobody says it" for name in unsaid
    ]


def _other_kinds(far: FarTrade, signature: Signature, driver: Driver) -> Iterator[str]:
    named = {one.name.casefold(): one for one in signature}
    sides = [*zip(far.parameters, far.asks, strict=False)]
    sides += [(far.columns[one.name], one) for one in far.answers if one.name in far.outs]
    for name, column in sides:
        parameter = named.get(name.casefold())
        if parameter is not None and not _fits(parameter, column, driver):
            yield f"{name} is {parameter.type}, not {column.kind}"


def _fits(parameter: Parameter, column: Column, driver: Driver) -> bool:
    return parameter.type in driver.types.get(column.kind, ())


def _folded(row: Mapping[str, Any]) -> dict[str, Any]:
    """Databases are of several minds about capitals."""
    return {name.casefold(): value for name, value in row.items()}


def _found(row: Mapping[str, Any], far: FarTrade, column: Column) -> Any:
    name = far.columns[column.name]
    if name.casefold() not in row:
        raise ValueError(f"no column {name} in the answer of {far.name}")
    return plain(column.kind, row[name.casefold()])
