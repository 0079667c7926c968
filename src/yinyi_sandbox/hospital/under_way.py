"""How many calls the hospital is at, and the most that it ever was: what it allows is looked at here."""

from types import TracebackType


class UnderWay:
    """``with under_way:`` around each call, or ``begins`` and ``ends``."""

    def __init__(self) -> None:
        self.now = self.most = self.made = 0

    def begins(self) -> None:
        self.now += 1
        self.made += 1
        self.most = max(self.most, self.now)

    def ends(self) -> None:
        self.now -= 1

    def __enter__(self) -> None:
        self.begins()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ends()
