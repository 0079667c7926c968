"""Times as Chinese payment systems write them: Beijing's, to the second, without a zone."""

from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
_FORM = "%Y-%m-%d %H:%M:%S"


def write(instant: datetime) -> str:
    """``2026-11-23 10:00:00``."""
    return instant.astimezone(BEIJING).strftime(_FORM)


def read(text: str) -> datetime:
    """
    Raises:
        ValueError: it is not such a time.
    """
    return datetime.strptime(text, _FORM).replace(tzinfo=BEIJING)
