"""What carries cards or keys does not print what it holds: not in a log, not in a traceback, not by accident."""

from typing import Any

import msgspec


class Unprinted(msgspec.Struct, frozen=True):
    """Prints its kind; who has more to say without giving anything away says it in ``__repr__``."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []
