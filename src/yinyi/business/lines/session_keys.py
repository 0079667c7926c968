"""Keys of a session, as the database holds them: wrapped."""

from collections.abc import Sequence
from datetime import datetime

from yinyi.bus.database import Tx
from yinyi.business.lines.key_model import HeldKey, KeySlot
from yinyi.business.lines.line_means import LineMeans

_TMK = """
SELECT master_key_id, wrapped, check_value FROM line_key
WHERE hospital_id = $1 AND acquirer = $2 AND merchant_no = $3 AND terminal_no = $4 AND purpose = 'tmk'
"""
_KEEP = """
INSERT INTO line_key (hospital_id, acquirer, merchant_no, terminal_no, purpose, master_key_id, wrapped, check_value,
  loaded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (hospital_id, acquirer, merchant_no, terminal_no, purpose) DO UPDATE SET
  master_key_id = excluded.master_key_id, wrapped = excluded.wrapped, check_value = excluded.check_value,
  loaded_at = excluded.loaded_at
"""


async def tmk_of(means: LineMeans, slot: KeySlot) -> HeldKey | None:
    """The key under which this session's working keys come; None: nobody has loaded it."""
    async with means.database.read() as tx:
        row = await tx.fetchrow(_TMK, means.hospital_id, *slot)
    if row is None:
        return None
    return HeldKey("tmk", row["master_key_id"], row["wrapped"], row["check_value"])


async def keep_working_keys(tx: Tx, hospital_id: int, slot: KeySlot, keys: Sequence[HeldKey], now: datetime) -> None:
    """Those of this day; the ones before are forgotten."""
    for key in keys:
        await tx.execute(_KEEP, hospital_id, *slot, key.purpose, key.master_key_id, key.wrapped, key.check_value, now)
