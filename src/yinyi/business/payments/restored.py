"""After a restore: who is asked about the time that was lost, what was found, and what people still have to compare."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

import msgspec
import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Row, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.payments import store
from yinyi.business.payments.channels import WINDOW
from yinyi.business.payments.errors import NothingToCompare
from yinyi.business.payments.lost_time import statement_of
from yinyi.business.payments.messages_found import GapItem, GapState, ListRestoreGap, Restore, RestoreGap, SettleGapItem
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.registry import Registry
from yinyi.kernel.clock import Clock
from yinyi.kernel.ids import payment_number_of

log = structlog.get_logger()

SCOPES = ("outpatient", "inpatient")
ONLY_THERE = "look for money that belongs to nothing here: a top-up begun then is known to nobody else"
"""Of a channel's statement: its number went with the database, and no hospital hears of a top-up."""
NOBODY_KNOWS = "no bank of a card can be asked: look for purchases, voids and refunds that nothing here tells of"
"""The same of cards."""
CARD_OR_CASHIER = "what is booked here and not in the takings was paid by a card: look for it in the cards' statements"
"""Of the windows' takings, where cards are taken."""
EVERY_S = 5.0
LOOKS_FOR = timedelta(days=7)
"""So long after a restore callbacks that concern nobody are looked into."""
POLL_S = 0.2

_EPOCHS = "SELECT epoch, since, reached_at, asked_at FROM restore_epoch ORDER BY epoch"
_ITEMS = """
SELECT epoch, source, item, state, found, since, settled_by FROM restore_gap
WHERE hospital_id = $1 ORDER BY epoch, state DESC, source, item
"""
_UNASKED = "SELECT count(*) FROM payment WHERE gap_until IS NOT NULL"
_DUE = """
SELECT EXISTS (SELECT FROM restore_epoch WHERE asked_at IS NULL AND reached_at IS NOT NULL) OR EXISTS (
  SELECT FROM payment WHERE gap_until IS NOT NULL AND (lease_epoch IS NOT NULL OR next_at <= $1))
"""
_PUT = """
INSERT INTO restore_gap (hospital_id, epoch, source, item, state, found, since, settled_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $5 = 'settled' THEN $7::timestamptz END)
ON CONFLICT (hospital_id, epoch, source, item) DO UPDATE SET state = excluded.state, found = excluded.found,
  settled_at = excluded.settled_at WHERE restore_gap.state = 'to_ask'
"""
_ASKED = "UPDATE restore_epoch SET asked_at = $2 WHERE epoch = $1"
_KNOWN = "SELECT payment_no FROM payment WHERE hospital_id = $1 AND payment_no = ANY($2::text[])"
_LOST = """
UPDATE payment SET gap_until = $3, next_at = $3, direction = $4, reason = $5
WHERE hospital_id = $1 AND payment_id = $2
"""
_FOUND = "INSERT INTO payment_event (hospital_id, payment_id, version, at, what) VALUES ($1, $2, 1, $3, $4::jsonb)"
_STRANGERS = """
SELECT DISTINCT ON (c.source, c.reference) c.source, c.reference, c.amount_fen, c.merchant,
  c.about = 'refund' OR c.outcome ->> 'type' = 'refunded_at_channel' AS refunded
FROM payment_callback c
WHERE c.hospital_id = $1 AND c.verdict = 'stranger' AND c.received_at > $2 AND NOT EXISTS (
  SELECT FROM restore_gap g
  WHERE g.hospital_id = $1 AND g.epoch = $3 AND g.source = c.source || ' callback' AND g.item = c.reference)
ORDER BY c.source, c.reference, c.received_at DESC LIMIT 100
"""
_ASK_ANEW = """
UPDATE payment SET gap_until = $3, version = version + 1,
  next_at = CASE WHEN lease_epoch IS NULL THEN $3 ELSE next_at END
WHERE hospital_id = $1 AND payment_no = $2 RETURNING true
"""
_COMPARED = """
UPDATE restore_gap SET state = 'settled', found = $5, settled_by = $6, settled_at = $7
WHERE hospital_id = $1 AND epoch = $2 AND source = $3 AND item = $4 AND state = 'to_compare' RETURNING true
"""


class LostPayment(NamedTuple):
    """What somebody outside says of a payment that may not be known here. ``version``: of its purpose's facts;
    ``found``: how it stands there; ``patient_id``: whose it is here, 0 if nobody's."""

    plan: Plan
    version: int
    obligation: tuple[str, ...]
    found: str
    patient_id: Callable[[Tx, int], Awaitable[int]]


class Orphan(NamedTuple):
    """What somebody outside says of a payment that cannot be written down again: people compare it. ``found``: how it
    stands there, and what is missing."""

    payment_no: str
    found: str


SKEW = timedelta(minutes=5)
"""So much the clock of whoever is asked and ours may be apart."""

PatientId = Callable[[Tx, int, str], Awaitable[int]]
"""One of ours by the hospital's number; 0: none."""


class FindsLost(Protocol):
    """A domain that can ask outside which payments were begun in a time. ``can_list``: the other side can be asked."""

    source: str

    @property
    def can_list(self) -> bool: ...

    async def lost(self, since: datetime, until: datetime) -> Sequence[LostPayment | Orphan]:
        """
        Raises:
            YinyiError: it does not answer.
        """
        ...


class Restored:
    """Works only in a database that was restored. One business process or several: what is found is written once."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        finders: Sequence[FindsLost],
        clock: Clock,
        zone: ZoneInfo,
        hospital_id: int,
    ) -> None:
        self._database = database
        self._registry = registry
        self._finders = finders
        self._clock = clock
        self._zone = zone
        self._hospital_id = hospital_id

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(ListRestoreGap, self.gap)
        dispatcher.changes(SettleGapItem, Change(self._compared, self._show))

    async def run(self) -> None:
        """Until cancelled; in a database that was never restored it has nothing to do."""
        while epochs := await self._epochs():
            try:
                await self.look(epochs)
            except Exception as error:  # the database or the hospital is away
                log.warning("restore.waiting", why=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def until_asked(self, within_s: float) -> bool:
        """Before the doors open: everybody was asked, whether or not he has answered. False: not within that time."""
        for _ in range(int(within_s / POLL_S)):
            if not await self._is_due():
                return True
            await asyncio.sleep(POLL_S)
        return False

    async def _is_due(self) -> bool:
        async with self._database.read() as tx:
            return await tx.fetchval(_DUE, self._clock.now())

    async def _epochs(self) -> list[Row]:
        async with self._database.read() as tx:
            return await tx.fetch(_EPOCHS)

    async def look(self, epochs: Sequence[Row]) -> None:
        """Ask about the gaps that were not asked about yet; then look at callbacks that concerned nobody."""
        for epoch in epochs:
            if epoch["asked_at"] is None and epoch["reached_at"] is not None:
                await self._ask(epoch)
        if epochs[-1]["since"] > self._clock.now() - LOOKS_FOR:
            await self._look_at_strangers(epochs[-1])

    # -- asking

    async def _ask(self, epoch: Row) -> None:
        """
        Raises:
            YinyiError: somebody does not answer; nothing is noted as asked.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            for source, item, state, why in self._to_do(epoch):
                await tx.execute(_PUT, self._hospital_id, epoch["epoch"], source, item, state, why, now)
        for finder in self._finders:
            if finder.can_list:
                found = await finder.lost(epoch["reached_at"], epoch["since"])
                await self._write_down(epoch["epoch"], finder.source, found)
        async with self._database.transaction() as tx:
            for finder in self._finders:
                if finder.can_list:
                    told = (self._hospital_id, epoch["epoch"], finder.source, "all of the gap", "settled", "asked", now)
                    await tx.execute(_PUT, *told)
            await tx.execute(_ASKED, epoch["epoch"], now)

    def _to_do(self, epoch: Row) -> list[tuple[str, str, GapState, str]]:
        """Whom to ask; and which statements people have to compare, because no channel lists its orders before."""
        asked: list[tuple[str, str, GapState, str]] = [
            (finder.source, "all of the gap", "to_ask" if finder.can_list else "to_compare", "")
            for finder in self._finders
        ]
        first = epoch["reached_at"].astimezone(self._zone).date()
        last = epoch["since"].astimezone(self._zone).date()
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        accounts = {each for scope in SCOPES for each in self._registry.merchants(scope).items()}
        for channel, merchant in sorted(accounts):
            why = NOBODY_KNOWS if channel in self._registry.cards else ONLY_THERE
            asked.extend((channel, f"{statement_of(merchant)}{day}", "to_compare", why) for day in days)
        why = CARD_OR_CASHIER if self._registry.cards else ""
        asked.extend((WINDOW, f"takings of {day}", "to_compare", why) for day in days)
        return asked

    async def _write_down(self, epoch: int, source: str, found: Sequence[LostPayment | Orphan]) -> None:
        """Those that are not known here become payments: asked about like all others, then delivered or given back.
        Those that cannot are compared by people."""
        now = self._clock.now()
        async with self._database.transaction() as tx:
            unknown = {_number(each): each for each in found}
            for row in await tx.fetch(_KNOWN, self._hospital_id, list(unknown)):
                del unknown[row["payment_no"]]
            for payment_no, each in unknown.items():
                state: GapState = "to_compare"
                if isinstance(each, LostPayment):
                    await self._open(tx, each, now)
                    state = "settled"
                await tx.execute(_PUT, self._hospital_id, epoch, source, payment_no, state, each.found, now)
                log.warning("restore.payment_found", payment_no=payment_no, found=each.found, state=state)

    async def _open(self, tx: Tx, lost: LostPayment, now: datetime) -> None:
        patient_id = await lost.patient_id(tx, self._hospital_id)
        plan = msgspec.structs.replace(lost.plan, hospital_id=self._hospital_id, patient_id=patient_id)
        on = now.astimezone(self._zone).date()
        opened = None
        for obligation in (lost.obligation, ()):  # somebody may have begun the same thing anew meanwhile
            opened = opened or await store.open_payment(
                tx, plan, purpose_version=lost.version, business_date=on, epoch=None, obligation=obligation
            )
        assert opened is not None, "without an obligation nothing is in the way"
        await tx.execute(_LOST, self._hospital_id, opened.payment_id, now, plan.direction, plan.reason)
        what = msgspec.json.encode({"found": lost.found}).decode()
        await tx.execute(_FOUND, self._hospital_id, opened.payment_id, now, what)

    async def _look_at_strangers(self, epoch: Row) -> None:
        """A callback about an order that was made in the time that was lost."""
        async with self._database.read() as tx:
            strangers = await tx.fetch(_STRANGERS, self._hospital_id, epoch["since"], epoch["epoch"])
        for row in strangers:
            await self._look_at(epoch, row)

    async def _look_at(self, epoch: Row, callback: Row) -> None:
        source, reference = f"{callback['source']} callback", callback["reference"]
        now, number = self._clock.now(), payment_number_of(reference)
        async with self._database.transaction() as tx:
            known = bool(number) and await tx.fetchval(_ASK_ANEW, self._hospital_id, number, now)
            if known:
                state, found = "settled", f"payment {number} asked about anew"
            else:
                state, found = "to_compare", _unknown(callback)
            await tx.execute(_PUT, self._hospital_id, epoch["epoch"], source, reference, state, found, now)

    # -- operations

    async def gap(self, tx: Tx, call: Call, message: ListRestoreGap) -> RestoreGap:
        items = [GapItem(**dict(row)) for row in await tx.fetch(_ITEMS, call.hospital_id)]
        restores = [Restore(**dict(row)) for row in await tx.fetch(_EPOCHS)]
        return RestoreGap(restores=restores, items=items, unasked=await tx.fetchval(_UNASKED))

    async def _show(self, tx: Tx, call: Call, subject: str) -> RestoreGap:
        return await self.gap(tx, call, ListRestoreGap())

    async def _compared(self, tx: Tx, call: Call, message: SettleGapItem, facts: None) -> str:
        told = (message.epoch, message.source, message.item, message.note, call.principal.staff_id, call.now)
        if not await tx.fetchval(_COMPARED, call.hospital_id, *told):
            raise NothingToCompare
        return f"{message.epoch}:{message.source}:{message.item}"


def _number(found: LostPayment | Orphan) -> str:
    return found.payment_no if isinstance(found, Orphan) else found.plan.payment_no


def _unknown(callback: Row) -> str:
    what = "a refund" if callback["refunded"] else "a payment, perhaps a top-up,"
    return f"{what} of {callback['amount_fen']} fen at {callback['merchant']}: unknown here, see ListSuspense"
