"""What came and belongs to nothing we know, and what is missing: two people bring it to suspense, and away from it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.model import SUSPENSE_OVER, SUSPENSE_SHORT, JournalEntry
from yinyi.business.payments.agreement import NO_PAYMENT, Saying, say
from yinyi.business.payments.channels import INSTITUTION, WINDOW
from yinyi.business.payments.errors import AlreadyBooked, MoreThanInSuspense
from yinyi.business.payments.messages_found import (
    BookSuspense,
    ListSuspense,
    Suspense,
    SuspenseEntry,
    SuspenseSaid,
    UnknownMoney,
)
from yinyi.business.payments.model import SuspenseMove
from yinyi.business.payments.postings import suspense_posting
from yinyi.business.payments.registry import Registry
from yinyi.kernel.errors import ChannelUnavailable, NotAllowed
from yinyi.kernel.money import Fen

UNKNOWN_FOR = timedelta(days=31)
SHOWN = 200
_AT_CHANNEL: tuple[SuspenseMove, ...] = ("over_found", "over_given_back", "short_found", "short_made_good")
_OUT_OF: dict[SuspenseMove, str] = {
    "over_given_back": SUSPENSE_OVER,
    "over_paid_out": SUSPENSE_OVER,
    "over_kept": SUSPENSE_OVER,
    "short_made_good": SUSPENSE_SHORT,
    "short_paid_in": SUSPENSE_SHORT,
    "short_borne": SUSPENSE_SHORT,
}

_ALONE = "SELECT pg_advisory_xact_lock(hashtext('payments.suspense'), $1)"
"""Two that leave suspense at once are looked at one after the other."""
_BOOKED = """
SELECT EXISTS (SELECT FROM payment_settlement
  WHERE hospital_id = $1 AND payment_id = 0 AND reference = $2 AND settled_at IS NOT NULL)
  OR $3 AND EXISTS (SELECT FROM payment_step
    WHERE hospital_id = $1 AND reference = $4 AND state IN ('done', 'late'))
"""
"""What was found is money of a payment where that has booked it meanwhile."""
_SAID = """
SELECT substr(reference, strpos(reference, ' ') + 1) AS item, outcome AS move, amount_fen, channel, merchant,
  proposed_by
FROM payment_settlement WHERE hospital_id = $1 AND payment_id = 0 AND settled_at IS NULL AND amount_fen > 0
ORDER BY proposed_at LIMIT $2
"""
_A_BANK = """
SELECT EXISTS (SELECT FROM institution_take WHERE hospital_id = $1 AND institution_id = $2)
  OR EXISTS (SELECT FROM taken_list_row WHERE hospital_id = $1 AND institution_id = $2)
"""
UNKNOWN = """
SELECT c.source, c.reference, coalesce(c.merchant, '') AS merchant, c.amount_fen, min(c.received_at) AS since,
  coalesce(c.about, '') = 'refund' OR c.outcome ->> 'type' = 'refunded_at_channel' AS refunded
FROM payment_callback c
WHERE c.hospital_id = $1 AND c.verdict = 'stranger' AND c.received_at > $2
  AND c.outcome ->> 'type' IN ('done', 'refunded_at_channel')
  AND NOT EXISTS (SELECT FROM payment_settlement s WHERE s.hospital_id = $1 AND s.payment_id = 0
    AND s.reference IN ('over_found ' || c.reference, 'short_found ' || c.reference) AND s.settled_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM payment_step t
    WHERE t.hospital_id = $1 AND t.reference = c.reference AND t.state IN ('done', 'late') OFFSET 0)
GROUP BY 1, 2, 3, 4, 6 ORDER BY since DESC LIMIT $3
"""
"""``OFFSET 0``: each is looked up; a join would read all steps of the hospital where the planner knows no better."""


class SuspenseDesk:
    """``ListSuspense`` and ``BookSuspense``."""

    def __init__(self, registry: Registry, zone: ZoneInfo) -> None:
        self._registry = registry
        self._zone = zone

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(ListSuspense, self.list)
        dispatcher.changes(BookSuspense, Change(self.book, self._show))

    async def list(self, tx: Tx, call: Call, message: ListSuspense) -> Suspense:
        left = await ledger.left_in_suspense(tx, call.hospital_id)
        unknown = await tx.fetch(UNKNOWN, call.hospital_id, call.now - UNKNOWN_FOR, SHOWN)
        found = await ledger.suspense(tx, call.hospital_id, SHOWN + 1, message.before)
        entries = found[:SHOWN]
        return Suspense(
            over_fen=Fen(-left.get(SUSPENSE_OVER, 0)),
            short_fen=Fen(left.get(SUSPENSE_SHORT, 0)),
            entries=[msgspec.convert(dict(row), SuspenseEntry) for row in entries],
            next_before=entries[-1]["entry_id"] if len(found) > SHOWN else 0,
            said=[SuspenseSaid(**dict(row)) for row in await tx.fetch(_SAID, call.hospital_id, SHOWN)],
            unknown=[UnknownMoney(**dict(row)) for row in unknown],
        )

    async def _show(self, tx: Tx, call: Call, subject: str) -> Suspense:
        return await self.list(tx, call, ListSuspense())

    async def book(self, tx: Tx, call: Call, message: BookSuspense, facts: None) -> str:
        """
        Raises:
            NotAllowed: money at a channel needs its name, other money has none.
            ChannelUnavailable: no such channel, or no merchant account there; a bank that has taken nothing.
            AlreadyBooked, MoreThanInSuspense.
        """
        merchant = await self._merchant(tx, call, message)
        reference = f"{message.move} {message.item}"
        await tx.execute(_ALONE, call.hospital_id)
        if await tx.fetchval(_BOOKED, call.hospital_id, reference, message.move == "over_found", message.item):
            raise AlreadyBooked
        await _check_left(tx, call, message)
        saying = Saying(
            *(NO_PAYMENT, reference, message.move, message.note, message.amount_fen, message.channel, merchant)
        )
        if await say(tx, call, message, saying):
            await ledger.post(tx, [self._entry(call, message, merchant, reference)])
        return message.item

    async def _merchant(self, tx: Tx, call: Call, message: BookSuspense) -> str:
        if bool(message.channel) != (message.move in _AT_CHANNEL):
            raise NotAllowed("money at a channel needs its name, other money has none")
        if bool(message.institution_id) != (message.channel == INSTITUTION):
            raise NotAllowed("the channel institution needs the bank's name, others have none")
        if not message.channel:
            return message.scope
        if message.channel == INSTITUTION:
            if not await tx.fetchval(_A_BANK, call.hospital_id, message.institution_id):
                raise ChannelUnavailable(f"nothing was ever taken by {message.institution_id}")
            return message.institution_id
        known = self._registry.merchants(message.scope) | {WINDOW: message.scope}
        if message.channel not in known:
            raise ChannelUnavailable(f"no merchant account for {message.scope} at {message.channel}")
        return known[message.channel]

    def _entry(self, call: Call, message: BookSuspense, merchant: str, reference: str) -> JournalEntry:
        return JournalEntry(
            hospital_id=call.hospital_id,
            source=f"suspense:{reference}",
            kind=message.move,
            business_date=call.now.astimezone(self._zone).date(),
            posted_at=call.now,
            postings=(suspense_posting(message.move, message.channel, merchant, message.scope, message.amount_fen),),
        )


async def _check_left(tx: Tx, call: Call, message: BookSuspense) -> None:
    account = _OUT_OF.get(message.move)
    if account is None:
        return
    left = await ledger.left_in_suspense(tx, call.hospital_id)
    if message.amount_fen > abs(left.get(account, 0)):
        raise MoreThanInSuspense
