"""The bank's day: Beijing's date, or a later one since somebody has ended the day before its time."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from yinyi.kernel.clock import Clock
from yinyi.wire.beijing_time import BEIJING
from yinyi_sandbox.bank.store import Store

_SECOND = timedelta(seconds=1)


class Moment(NamedTuple):
    """A second, as messages write it. day: the bank's (ISO). settled_on: the same, MMDD. on_day, at_time: Beijing's,
    MMDD and hhmmss."""

    begun_at: datetime
    over_at: datetime
    day: str
    settled_on: str
    on_day: str
    at_time: str


class Days:
    """Tells the time at the bank."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._store = store
        self._least = store.fact("day")
        self._moment = self._written(clock.now())

    def now(self) -> datetime:
        """In UTC."""
        return self._clock.now()

    def moment(self, at: datetime | None = None) -> Moment:
        """Now, or just now; written once a second, because every message says it."""
        now = at or self._clock.now()
        if not self._moment.begun_at <= now < self._moment.over_at:
            self._moment = self._written(now)
        return self._moment

    def today(self) -> str:
        """An ISO date: that of the next settlement between banks."""
        return self.moment().day

    def on_day(self, at: float) -> str:
        """What answers had in field 13 then: Beijing's, MMDD. at: seconds since 1970."""
        return f"{datetime.fromtimestamp(at, BEIJING):%m%d}"

    def cut_over(self) -> str:
        """Ends the day; who signed on today has to do it again. Returns the new one."""
        self._least = (date.fromisoformat(self.today()) + timedelta(days=1)).isoformat()
        self._store.put_fact("day", self._least)
        self._moment = self._written(self._clock.now())
        return self._least

    def _written(self, now: datetime) -> Moment:
        here = now.astimezone(BEIJING)
        day = max(here.date().isoformat(), self._least)
        begun_at = now.replace(microsecond=0)
        return Moment(
            begun_at=begun_at,
            over_at=begun_at + _SECOND,
            day=day,
            settled_on=day[5:].replace("-", ""),
            on_day=f"{here:%m%d}",
            at_time=f"{here:%H%M%S}",
        )
