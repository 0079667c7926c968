"""How a hospital writes what is not of our kinds: dates as digits, times without a zone, Y and N, yuan, lists."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from yinyi.access.hospital.trades.figures import decimal, whole
from yinyi.access.hospital.trades.trade import Column, Kind

Form = Callable[[Any], Any]
"""Of one value that is there. Raises ValueError where it is none."""


class Forms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    days, instants: as ``strftime`` has it ("%Y%m%d"); "": the hospital's columns are dates and times.
    zone: of times that have none ("Asia/Shanghai"); "": they have one.
    yes, no: texts that stand for true and false.
    money: "yuan" where whatever ends in _fen is a number of yuan.
    between: what stands between the values of a list that is one text.
    """

    days: str = ""
    instants: str = ""
    zone: str = ""
    yes: str = ""
    no: str = ""
    money: Literal["fen", "yuan"] = "fen"
    between: str = ""

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: no such zone, times without any, or only one of the two words.
        """
        if bool(self.yes) != bool(self.no):
            raise ValueError("yes and no belong together")
        if self.instants and not self.zone and "%z" not in self.instants:
            raise ValueError("instants are times of some zone")
        try:
            self.clock()
        except (ZoneInfoNotFoundError, OSError) as error:
            raise ValueError(f"no such zone: {self.zone}") from error

    def clock(self) -> ZoneInfo | None:
        return ZoneInfo(self.zone) if self.zone else None

    def kind(self, column: Column) -> Kind:
        """Of the hospital's column in place of ours."""
        if self._is_yuan(column):
            return "number"
        return "text" if self._as_text(column.kind) else column.kind

    def writes(self, column: Column) -> Form | None:
        """Makes theirs of ours; None: it goes as it is."""
        if self._is_yuan(column):
            return _yuan
        if column.kind == "date" and self.days:
            return lambda day: day.strftime(self.days)
        if column.kind == "instant" and (self.instants or self.zone):
            return self._instant_out
        if column.kind == "bool" and self.yes:
            return lambda said: self.yes if said else self.no
        return self._joined if self._as_text(column.kind) else None

    def reads(self, column: Column) -> Form | None:
        """Makes ours of theirs; None: it comes as it is."""
        if self._is_yuan(column):
            return _fen
        if column.kind == "date" and self.days:
            return self._day_in
        if column.kind == "instant" and (self.instants or self.zone):
            return self._instant_in
        if column.kind == "bool" and self.yes:
            return self._truth_in
        if not self._as_text(column.kind):
            return None
        return self._ints if column.kind == "ints" else self._texts

    def _is_yuan(self, column: Column) -> bool:
        return self.money == "yuan" and column.name.endswith("_fen")

    def _as_text(self, kind: Kind) -> bool:
        texts = {"date": self.days, "instant": self.instants, "bool": self.yes}
        return bool(texts.get(kind) or (kind in ("texts", "ints") and self.between))

    def _day_in(self, text: str) -> date | None:
        return _read(text, self.days, UTC).date() if text.strip() else None

    def _instant_out(self, at: datetime) -> Any:
        local = at.astimezone(self.clock() or UTC)
        if self.instants:
            return local.strftime(self.instants)
        return local.replace(tzinfo=None)

    def _instant_in(self, said: Any) -> datetime | None:
        if self.instants and not said.strip():
            return None
        at: datetime = _read(said, self.instants, self.clock()) if self.instants else said
        if at.tzinfo is None and self.zone:
            at = at.replace(tzinfo=self.clock())
        if at.tzinfo is None:
            raise ValueError(f"no time zone: {str(said)[:40]!r}")
        return at

    def _truth_in(self, text: str) -> bool:
        if text.strip() not in (self.yes, self.no):
            raise ValueError(f"neither yes nor no: {text[:20]!r}")
        return text.strip() == self.yes

    def _joined(self, values: Sequence[Any]) -> str:
        texts = [str(value) for value in values]
        if not texts or any(self.between in text for text in texts):
            raise ValueError("a list that cannot be told in one text")
        return self.between.join(texts)

    def _texts(self, text: str) -> list[str]:
        return text.split(self.between) if text else []

    def _ints(self, text: str) -> list[int]:
        return [whole(one) for one in self._texts(text)]


def _read(text: str, form: str, zone: tzinfo | None) -> datetime:
    if "%z" in form:
        return datetime.strptime(text.strip(), form).astimezone(UTC)
    return datetime.strptime(text.strip(), form).replace(tzinfo=zone)


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)


def _fen(yuan: Any) -> int:
    """A number with a fraction that is no whole fen is a mistake, and nothing that may be rounded."""
    fen = decimal(yuan).scaleb(2)
    if fen != int(fen):
        raise ValueError(f"no whole fen: {yuan}")
    return int(fen)
