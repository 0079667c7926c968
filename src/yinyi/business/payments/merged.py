"""Money of a patient whom the hospital had under two numbers: from the account of the one to the account of the other,
an entry of the ledger each time."""

from datetime import date, datetime
from typing import NamedTuple

from yinyi.bus.database import Tx
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.model import JournalEntry, Posting
from yinyi.kernel.money import Fen

MERGED = "merged"
"""Kind of journal entries: two accounts were one patient's."""


class Move(NamedTuple):
    """From one account to another. source: what nothing else is booked as."""

    hospital_id: int
    source: str
    from_account: str
    to_account: str
    amount_fen: Fen


async def move(tx: Tx, moved: Move, on: date, now: datetime) -> None:
    """
    Raises:
        BalanceTooLow: there is not so much any more.
    """
    posting = Posting(debit_account=moved.from_account, credit_account=moved.to_account, amount_fen=moved.amount_fen)
    entry = JournalEntry(
        hospital_id=moved.hospital_id,
        source=moved.source,
        kind=MERGED,
        business_date=on,
        posted_at=now,
        postings=(posting,),
    )
    await ledger.post(tx, [entry])
