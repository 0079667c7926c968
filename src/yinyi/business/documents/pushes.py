"""What happens to papers, said to the terminal's screen: a number and a version, no data."""

from datetime import datetime
from typing import Literal

from yinyi.bus import outbox
from yinyi.bus.database import Tx
from yinyi.bus.outbox import Event


async def push(
    tx: Tx,
    hospital_id: int,
    terminal_id: str,
    what: Literal["PrintQueued", "PrintDone"],
    document_no: str,
    nth: int,
    now: datetime,
) -> None:
    """Leaves with the commit of this transaction, on ``event.terminal.<terminal_id>.<what>``."""
    subject = f"event.terminal.{terminal_id}.{what}"
    body = {"number": document_no, "version": nth}
    await outbox.add(tx, Event(hospital_id=hospital_id, subject=subject, body=body, at=now))
