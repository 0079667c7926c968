"""What people have done to a payment stands in its plan and in the books at once."""

from datetime import datetime
from zoneinfo import ZoneInfo

from yinyi.bus.database import Tx
from yinyi.business.ledger.store import post
from yinyi.business.payments import signals
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.postings import entries


async def keep(tx: Tx, before: Plan, after: Plan, zone: ZoneInfo, now: datetime) -> None:
    """Steps and entries of a locked plan; the signal that raises its version follows. ``zone``: of the business date.

    Raises:
        BalanceTooLow: a patient's account has less than these entries take off it.
    """
    await signals.put_steps(tx, before, after, now)
    await post(tx, entries(before, after.at_version(before.version + 1), now.astimezone(zone).date(), now))
