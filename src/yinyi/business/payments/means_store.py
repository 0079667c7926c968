"""Statements on what connectors of payments are called."""

from datetime import datetime

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.payments.means import MeansBook
from yinyi.kernel.means import MeansWords

REMEMBER = """
INSERT INTO payment_means (hospital_id, tender, name, name_en, icon, told_at)
SELECT $1, each.*, $6 FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS each(tender, name, name_en, icon)
ON CONFLICT (hospital_id, tender) DO UPDATE
SET name = excluded.name, name_en = excluded.name_en, icon = excluded.icon, told_at = excluded.told_at
"""

_ALL = """
SELECT tender, name, name_en, icon FROM payment_means WHERE hospital_id = $1 ORDER BY tender
"""


async def remember(tx: Tx, hospital_id: int, book: MeansBook, now: datetime) -> None:
    """What is connected is kept for the day on which it is connected no more; what was before is known again."""
    if words := book.connected():
        rows = [(each.tender, each.name, each.name_en, each.icon) for each in words]
        tenders, names, names_en, icons = (list(column) for column in zip(*rows, strict=True))
        await tx.execute(REMEMBER, hospital_id, tenders, names, names_en, icons, now)
    book.knows_again(msgspec.convert(dict(row), MeansWords) for row in await tx.fetch(_ALL, hospital_id))
