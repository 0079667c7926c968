"""The one clock. Time is a parameter everywhere else: nothing reads the system's clock but this file."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

_OFFSET = re.compile(r"([+-])(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")


FIRST_YEAR, LAST_YEAR = 1800, 2999
"""Nothing here happens before or after; a day before the first day of the calendar cannot be reckoned with at all."""


def is_in_reach(day: date) -> bool:
    """Whether a day or an instant that somebody names can be reckoned with, in any time zone."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


class Clock(Protocol):
    """Tells the instant, timezone-aware, in UTC."""

    def now(self) -> datetime: ...


@dataclass(frozen=True)
class ShiftedClock:
    """The system's clock moved by a fixed offset (``YINYI_CLOCK``), so that a demo can live at any hour."""

    offset: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


def clock_from_setting(text: str) -> ShiftedClock:
    """``""``, an offset such as ``+8h30m``, ``-2d``, ``+90s``, or an ISO instant that is "now" from here on.

    Raises:
        ValueError: the text is neither.
    """
    text = text.strip()
    if not text:
        return ShiftedClock()
    match = _OFFSET.fullmatch(text)
    if match and any(match.groups()[1:]):
        sign, days, hours, minutes, seconds = match.groups()
        shift = timedelta(
            days=int(days or 0), hours=int(hours or 0), minutes=int(minutes or 0), seconds=float(seconds or 0)
        )
        return ShiftedClock(-shift if sign == "-" else shift)
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone, for example 2026-11-23T22:00+08:00")
    return ShiftedClock(instant - datetime.now(UTC))


def offset_setting(clock: ShiftedClock) -> str:
    """The ``YINYI_CLOCK`` that gives another process the very same clock."""
    seconds = clock.offset.total_seconds()
    return f"{'-' if seconds < 0 else '+'}{abs(seconds):.6f}s" if seconds else ""
