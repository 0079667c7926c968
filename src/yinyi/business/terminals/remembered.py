"""What a process remembers for seconds, so that it need not ask again with every page."""

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Values for at most ``lasts``, at most ``limit`` of them: the oldest goes first."""

    def __init__(self, lasts: timedelta, limit: int = 4096) -> None:
        self._lasts = lasts
        self._limit = limit
        self._kept: dict[K, tuple[datetime, V]] = {}

    def get(self, key: K, now: datetime) -> V | None:
        found = self._kept.get(key)
        if found is None:
            return None
        kept_at, value = found
        if not kept_at <= now < kept_at + self._lasts:
            del self._kept[key]
            return None
        return value

    def keep(self, key: K, value: V, now: datetime) -> V:
        self._kept.pop(key, None)
        if len(self._kept) >= self._limit:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (now, value)
        return value

    def clear(self) -> None:
        self._kept.clear()
