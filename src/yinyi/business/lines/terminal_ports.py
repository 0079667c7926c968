"""What the bank line asks of terminals."""

from typing import Protocol

from yinyi.bus.database import Tx


class Terminals(Protocol):
    """Which terminals there are."""

    async def is_in_service(self, tx: Tx, hospital_id: int, terminal_id: str) -> bool:
        """On record, and not retired."""
        ...

    async def retired(self, tx: Tx, hospital_id: int) -> list[str]:
        """The ids of those that were taken away for good."""
        ...
