"""What documents ask of those who know what there is to print, and where."""

from datetime import datetime
from typing import Protocol

import msgspec

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.documents.model import SlipData
from yinyi.kernel.money import Fen


class SlipFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How a payment stands, as a slip tells it.

    slip: in the patient's language. ``terminal``, ``printed_at`` and ``copy`` are filled in when it is printed.
    title: what it is for in a few words, for lists.
    tells: the state that the slip tells of, for example ``fulfilled``: one paper is made for each (payment, kind of
        slip, ``tells``), and printed again when asked for again.
    """

    slip: SlipData
    tells: str
    patient_id: int
    title: str
    amount_fen: Fen


class SlipSource(Protocol):
    """Who knows what a payment was for."""

    async def slip(self, tx: Tx, call: Call, payment_no: str) -> SlipFacts:
        """
        Raises:
            NothingToPrint: not yet, or no such payment.
            NotYours: it is another patient's.
        """
        ...

    async def is_theirs(self, tx: Tx, call: Call, payment_no: str) -> bool:
        """Whether this payment is of whoever is here; where only a form or a slip is, whether it is of that one."""
        ...


class WhoIsHere(Protocol):
    """Who knows which patients stand at a terminal."""

    async def __call__(self, tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> list[int]: ...


class TerminalNames(Protocol):
    """Who knows what terminals are called on papers."""

    async def terminal_name(self, tx: Tx, hospital_id: int, terminal_id: str, language: str, now: datetime) -> str: ...
