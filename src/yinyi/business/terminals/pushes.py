"""What happens at a terminal, said on ``event.terminal.<terminal_id>.<What>``: a number and a version, no data."""

from datetime import datetime
from typing import Literal

from yinyi.bus import outbox
from yinyi.bus.database import Tx
from yinyi.bus.outbox import Event

What = Literal[
    "LineUp",  # number: the terminal, version: the epoch of its line
    "LineDown",
    "DeviceChanged",  # number: the device
    "CardLaid",  # number: the terminal, version: grows
    "CardRemoved",
    "CodeScanned",
    "CardAsked",  # number: the request, version: grows; the agent's line looks for it
    "CardTerminalChanged",  # number: the terminal, version: grows
    "StaffCalled",  # number: the call
    "StaffComing",
    "PrintQueued",  # number: the test print; papers say it themselves
    "PrintDone",
    "RestartAsked",  # number: the terminal; its agent begins anew
    "LockChanged",  # number: the terminal
    "ProfileChanged",  # number: the terminal
    "NameChanged",  # number: the terminal; it or the hospital is called otherwise, or it stands elsewhere
]


async def push(
    tx: Tx, hospital_id: int, terminal_id: str, what: What, number: str, version: int, now: datetime
) -> None:
    """Leaves with the commit of this transaction."""
    subject = f"event.terminal.{terminal_id}.{what}"
    body = {"number": number, "version": version}
    await outbox.add(tx, Event(hospital_id=hospital_id, subject=subject, body=body, at=now))
