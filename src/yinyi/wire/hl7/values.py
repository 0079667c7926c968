"""Times and numbers as fields have them (HL7 v2, chapter 2A: TS, DT, NM)."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from yinyi.wire.hl7.errors import NotRead

_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(?:(\d\d)(?:\.\d{1,4})?)?)?([+-]\d{4})?")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,10})?")


def instant(text: str, zone: tzinfo, place: str) -> datetime | None:
    """To the second, of this zone where it names none; None where it is empty.

    Raises:
        NotRead: it is no time, or only a year or a month.
    """
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        raise NotRead(place, "no time")
    *parts, offset = found.groups()
    try:
        year, month, on, hour, minute, second = (int(each or 0) for each in parts)
        local = datetime(year, month, on, hour, minute, second, tzinfo=_zone(offset) if offset else zone)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotRead(place, "no time") from None


def _zone(offset: str) -> timezone:
    minutes = int(offset[1:3]) * 60 + int(offset[3:])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def instant_text(at: datetime, zone: tzinfo) -> str:
    """``20261123093000+0800``."""
    return at.astimezone(zone).strftime("%Y%m%d%H%M%S%z")


def day(text: str, place: str) -> date | None:
    """None where it is empty.

    Raises:
        NotRead: it is no day.
    """
    if not text:
        return None
    try:
        return datetime.strptime(text[:8], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise NotRead(place, "no day") from None


def number(text: str) -> float | None:
    """None where it is none."""
    return float(text) if _NUMBER.fullmatch(text.strip()) else None
