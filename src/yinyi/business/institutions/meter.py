"""How often an institution asks: counted here, added up with what other processes have counted once a second.

A process does not know what the others have let through since they last told, so that a limit may be passed by one
second's requests of each; that spares a statement and a lock for each request.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from yinyi.bus.database import Database
from yinyi.business.institutions import store
from yinyi.business.institutions.model import Institution
from yinyi.kernel.errors import AskedTooOften

TOLD_EVERY = timedelta(seconds=1)
MINUTES_KEPT = timedelta(hours=1)


@dataclass
class _Count:
    """minute, day: as of the last time that all were added up. fresh: counted here since."""

    minute_at: datetime
    day_at: datetime
    told_at: datetime
    minute: int = 0
    day: int = 0
    fresh: int = 0


class Meter:
    """Of all institutions that ask this process."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone
        self._counts: dict[str, _Count] = {}

    async def admit(self, institution: Institution, now: datetime) -> None:
        """One more request.

        Raises:
            AskedTooOften: it would be more than was agreed for a minute or for a day; it is not counted.
        """
        count = await self._current(institution, now)
        for span, known, agreed in (
            ("minute", count.minute, institution.per_minute),
            ("day", count.day, institution.per_day),
        ):
            if known + count.fresh >= agreed:
                raise AskedTooOften(f"per_{span}: {agreed}")
        count.fresh += 1

    async def _current(self, institution: Institution, now: datetime) -> _Count:
        minute_at, day_at = now.replace(second=0, microsecond=0), day_began(now, self._zone)
        count = self._counts.get(institution.institution_id)
        if count is not None and count.minute_at == minute_at:
            if now - count.told_at >= TOLD_EVERY:
                await self._tell(institution, count, now)
            return count
        if count is not None and count.fresh:
            await self._tell(institution, count, now)
        fresh = _Count(minute_at, day_at, now)
        self._counts[institution.institution_id] = fresh
        await self._tell(institution, fresh, now)
        return fresh

    async def _tell(self, institution: Institution, count: _Count, now: datetime) -> None:
        said, count.fresh, count.told_at = count.fresh, 0, now
        count.minute, count.day = count.minute + said, count.day + said
        try:
            async with self._database.read() as tx:
                spans = (count.minute_at, count.day_at, said, now - MINUTES_KEPT)
                count.minute, count.day = await store.count(tx, institution, *spans)
        except BaseException:
            count.minute, count.day, count.fresh = count.minute - said, count.day - said, count.fresh + said
            raise


def day_began(now: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which this day of the hospital's began."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
