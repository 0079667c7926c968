"""What terminals ask of the papers that wait for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from yinyi.bus.database import Tx


class QueuedPaper(Protocol):
    """A paper with the bytes for the printer: ESC/POS for a receipt, PDF for a sheet."""

    @property
    def job_id(self) -> str: ...

    @property
    def kind(self) -> Literal["receipt", "sheet"]: ...

    @property
    def data(self) -> bytes: ...


class PrintQueue(Protocol):
    """Papers on their way to terminals."""

    async def take(self, hospital_id: int, terminal_id: str, now: datetime) -> Sequence[QueuedPaper]:
        """The oldest papers that were not reported yet, few enough for one reply. Asked outside any transaction."""
        ...

    async def report(self, tx: Tx, hospital_id: int, terminal_id: str, job_id: str, reason: str, now: datetime) -> None:
        """What became of a paper, once and for all; ``reason`` empty: it came out. A second report changes nothing."""
        ...
