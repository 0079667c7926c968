"""The bank's day: Beijing's date, or a later one since somebody has ended the day before its time."""

from datetime import date, datetime, timedelta

from yinyi.kernel.clock import Clock
from yinyi.wire.beijing_time import BEIJING
from yinyi_sandbox.bank.store import Store


class Days:
    """Tells the time at the bank."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._store = store
        self._least = store.fact("day")

    def now(self) -> datetime:
        """In Beijing."""
        return self._clock.now().astimezone(BEIJING)

    def today(self) -> str:
        """An ISO date: that of the next settlement between banks."""
        return max(self.now().date().isoformat(), self._least)

    def cut_over(self) -> str:
        """Ends the day; who signed on today has to do it again. Returns the new one."""
        self._least = (date.fromisoformat(self.today()) + timedelta(days=1)).isoformat()
        self._store.put_fact("day", self._least)
        return self._least
