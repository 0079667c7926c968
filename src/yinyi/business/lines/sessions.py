"""POS sessions: what payments and people ask of them.

A session is claimed in the database under an epoch that grows with every claim; while it lasts nobody else says
anything in it, and whoever was believed dead and comes back can write nothing. Two sessions never wait for each other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
import structlog

from yinyi.bus.database import Row
from yinyi.business.lines import session_store as store
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.line_means import LineMeans
from yinyi.business.lines.session_model import (
    Approved,
    Batch,
    Card,
    Declined,
    Desk,
    LineAnswer,
    MessageKind,
    MessageNo,
    MessageState,
    NeverSent,
    Original,
    PinKey,
    Standing,
)
from yinyi.business.lines.session_ports import Acquirer
from yinyi.business.lines.session_store import Saying
from yinyi.business.lines.session_work import SIGNED_OFF, Send, SessionWork, original_of
from yinyi.business.lines.settlement import settle, settle_left
from yinyi.kernel.money import Fen

log = structlog.get_logger()

BUSY = NeverSent(detail="somebody else is using this session")
NOT_OPEN = NeverSent(detail="this batch is not open any more")
NOT_HERE = Declined(code="", reason="not_refundable")
"""What is to be given back was not approved here, or its batch is settled."""
CARD_FORGOTTEN = Declined(
    code="", reason="not_refundable", detail="its card is forgotten: it has to be given back in another way"
)
"""A message that gives back names the card, and this one's data are deleted already."""

_NEW = ("purchase", "balance")
"""What is not said in a session that is signed off; money still goes back there."""

_approved = msgspec.json.Decoder(Approved)
_declined = msgspec.json.Decoder(Declined)


class PosSessions:
    """Of one hospital. What the bank may take a minute for goes on in here; ``standing`` tells what became of it."""

    def __init__(self, means: LineMeans) -> None:
        self._means = means
        self._late: set[asyncio.Task[None]] = set()
        for acquirer in means.acquirers.values():
            acquirer.hear_late(self._hear_late)

    async def choose(self, terminal_id: str, acquirer: str, scope: str) -> int | None:
        """The session of this terminal for this scope (门诊, 住院): never another one's."""
        async with self._means.database.read() as tx:
            return await store.chosen(tx, self._means.hospital_id, terminal_id, acquirer, scope)

    @property
    def acquirers(self) -> Mapping[str, Acquirer]:
        """The lines that this process has, by name."""
        return self._means.acquirers

    @property
    def zone(self) -> ZoneInfo:
        """Of the acquirers' calendar."""
        return self._means.zone

    async def shown(self, session_id: int) -> tuple[PosSession, str]:
        """Its slot, and the merchant's name as payers read it."""
        async with self._means.database.read() as tx:
            return await store.shown(tx, self._means.hospital_id, session_id)

    async def pin_key(self, acquirer: str, session_id: int) -> PinKey | LineAnswer:
        """Make the session ready, reversals and sign-on included, before a PIN is asked for: what the pad encrypts it
        with. A batch that is full is settled, where nobody has done so before."""
        bank = self._means.acquirers[acquirer]
        work = await self._claim(bank, session_id)
        if work is None:
            return BUSY
        if work.row.signed_off:
            problem = await work.reverse_doubts() or SIGNED_OFF
            await work.release()
            return problem
        if await work.has_room() is not None:
            await settle(self._means, bank, work)
            await work.release()
            if (work := await self._claim(bank, session_id)) is None:
                return BUSY
        problem = await work.make_ready() or await work.has_room()
        await work.release()
        return problem or work.row.pin_key or NeverSent(detail="this session has no PIN key")

    async def echo(self, acquirer: str, session_id: int) -> LineAnswer:
        """Is the bank there?"""
        return await self._manage(acquirer, session_id, SessionWork.echo)

    async def purchase(self, acquirer: str, session_id: int, reference: str, amount_fen: Fen, card: Card) -> LineAnswer:
        """Take money from a card. ``reference``: ours, never used twice."""
        bank = self._means.acquirers[acquirer]
        saying = Saying(
            kind="purchase",
            reference=reference,
            amount_fen=amount_fen,
            card_masked=card.masked,
            card=self._means.vault.seal(card, with_chip_data=True),
        )

        async def send(desk: Desk) -> LineAnswer:
            return await bank.purchase(desk, amount_fen, card)

        return await self._transact(bank, session_id, saying, send, card)

    async def balance(self, acquirer: str, session_id: int, card: Card) -> LineAnswer:
        """What the account of a card has (公共卡余额查询): ``Approved.amount_fen``."""
        bank = self._means.acquirers[acquirer]
        saying = Saying(kind="balance", card_masked=card.masked)
        return await self._transact(bank, session_id, saying, partial(_balance, bank, card), card)

    async def void(self, acquirer: str, reference: str, of_reference: str) -> LineAnswer:
        """Cancel a purchase of the open batch, whole (消费撤销)."""
        row = await self._approved(of_reference)
        if row is None or not row["is_open_batch"]:
            return NOT_HERE
        original = original_of(self._means, row)
        if not original.card.pan:
            return CARD_FORGOTTEN
        bank = self._means.acquirers[acquirer]
        saying = self._back("void", reference, of_reference, original.amount_fen, original.card)
        return await self._transact(bank, row["session_id"], saying, partial(_voided, bank, original), original.card)

    async def refund(self, acquirer: str, reference: str, of_reference: str, amount_fen: Fen) -> LineAnswer:
        """Give back (a part of) a purchase (退货). Without an answer it can neither be asked about nor reversed. What
        was declined may be sent again."""
        row = await self._approved(of_reference)
        if row is None:
            return NOT_HERE
        original = original_of(self._means, row)
        if not original.card.pan:
            return CARD_FORGOTTEN
        async with self._means.database.read() as tx:
            await store.goes_again(tx, self._means.hospital_id, reference)
        bank = self._means.acquirers[acquirer]
        saying = self._back("refund", reference, of_reference, amount_fen, original.card)
        return await self._transact(
            bank, row["session_id"], saying, partial(_refunded, bank, original, amount_fen), original.card
        )

    async def standing(self, reference: str) -> Standing | None:
        """What is on record; None: nothing ever left under this reference."""
        async with self._means.database.read() as tx:
            row = await store.by_reference(tx, self._means.hospital_id, reference)
        return None if row is None else self._standing(row)

    async def reverse(self, reference: str, *, at_once: bool = False) -> MessageState | None:
        """See to it that what is in doubt is reversed (冲正); how it stands then. What is certain stays as it is. It
        goes no more often than the acquirer wants, unless somebody wants it ``at_once``."""
        async with self._means.database.read() as tx:
            row = await store.by_reference(tx, self._means.hospital_id, reference)
        if row is None:
            return None
        found = self._standing(row)
        if found.under_way or found.state not in ("sent", "in_doubt", "stuck"):
            return found.state
        bank = self._means.acquirers[row["acquirer"]]
        if not at_once and self._is_too_soon(bank, row):
            return found.state
        work = await self._claim(bank, row["session_id"])
        if work is not None:
            if found.state == "stuck":
                await work.reverse_again(row)
            else:
                await work.reverse_doubts()
            await work.release()
        after = await self.standing(reference)
        return after.state if after else None

    def _is_too_soon(self, bank: Acquirer, row: Row) -> bool:
        """What never left may go at any time."""
        pause = timedelta(seconds=bank.habits.reversal_every_s)
        return row["reversal_tries"] > 0 and self._means.clock.now() < row["reversal_at"] + pause

    async def forbid(self, acquirer: str, session_id: int, reference: str) -> MessageState | None:
        """See to it that a purchase that has not left never will, not even by a process that was about to send it and
        was believed dead: the reference is used up by a gap. How it stands then; None: the session is in use."""
        found = await self.standing(reference)
        if found is not None:
            return found.state
        work = await self._claim(self._means.acquirers[acquirer], session_id)
        if work is None:
            return None
        if await work.say(Saying(kind="purchase", reference=reference)) is None:
            await work.drop(goes_again=False)
        await work.release()
        after = await self.standing(reference)
        return after.state if after else None

    async def sign_on(self, acquirer: str, session_id: int) -> LineAnswer:
        """Now, whether it is due or not."""
        return await self._manage(acquirer, session_id, SessionWork.sign_on)

    async def sign_off(self, acquirer: str, session_id: int) -> Batch | LineAnswer:
        """For longer: what is in the open batch is settled before."""
        bank = self._means.acquirers[acquirer]
        work = await self._claim(bank, session_id)
        if work is None:
            return BUSY
        if await work.is_full(1):
            batch = await settle(self._means, bank, work)
            await work.release()
            work = await self._claim(bank, session_id) if isinstance(batch, Batch) else None
            if work is None:
                return BUSY if isinstance(batch, Batch) else batch
        answer = await work.sign_off()
        await work.release()
        return answer

    async def retire(self, acquirer: str, session_id: int) -> LineAnswer:
        """Its terminal is there no more: it is signed off, and signs on for what goes back, or at another terminal."""
        return await self._manage(acquirer, session_id, partial(SessionWork.sign_off, by_people=False))

    async def settle(
        self, acquirer: str, session_id: int, batch_no: int | None = None, *, by_statement: bool = False
    ) -> Batch | LineAnswer:
        """Close the open batch; if it is this one, where one is named. ``by_statement``: one that the host has left
        behind, without asking it: the statement tells."""
        bank = self._means.acquirers[acquirer]
        work = await self._claim(bank, session_id)
        if work is None:
            return BUSY
        answer: Batch | LineAnswer = NOT_OPEN
        if batch_no in work.row.left_batches:
            answer = await settle_left(self._means, bank, work, batch_no, by_statement=by_statement)
        elif batch_no in (None, work.row.batch_no) and not by_statement:
            answer = await settle(self._means, bank, work)
        await work.release()
        return answer

    async def _manage(
        self, acquirer: str, session_id: int, do: Callable[[SessionWork], Awaitable[LineAnswer]]
    ) -> LineAnswer:
        work = await self._claim(self._means.acquirers[acquirer], session_id)
        if work is None:
            return BUSY
        answer = await do(work)
        await work.release()
        return answer

    # ---- one transaction

    async def _transact(self, bank: Acquirer, session_id: int, saying: Saying, send: Send, card: Card) -> LineAnswer:
        claimed = await self._claimed(bank, session_id, saying)
        if claimed is None:
            return BUSY
        work, numbered = claimed
        problem: LineAnswer | None = None
        if not numbered:
            problem = SIGNED_OFF if work.row.signed_off and saying.kind in _NEW else await work.make_ready()
            problem = problem or await work.has_room() or work.refused(card) or await work.say(saying)
        elif problem := work.refused(card):
            await work.drop()
        if problem is not None:
            await work.release()
            return problem
        return await work.transact(saying, send, card)

    def _back(self, kind: MessageKind, reference: str, of_reference: str, amount_fen: Fen, card: Card) -> Saying:
        return Saying(
            kind=kind,
            reference=reference,
            of_reference=of_reference,
            amount_fen=amount_fen,
            card_masked=card.masked,
            card=self._means.vault.seal(card, with_chip_data=False),
        )

    async def _approved(self, reference: str) -> Row | None:
        async with self._means.database.read() as tx:
            row = await store.by_reference(tx, self._means.hospital_id, reference)
        return row if row is not None and row["state"] == "approved" and row["kind"] == "purchase" else None

    def _standing(self, row: Row) -> Standing:
        until = row["busy_until"]
        at_it = row["state"] == "sent" and row["epoch"] == row["session_epoch"]
        is_declined = row["state"] == "declined"
        under_way = at_it and until is not None and self._means.clock.now() < until
        return Standing(
            kind=row["kind"],
            state=row["state"],
            slot=PosSession(row["acquirer"], row["merchant_no"], row["terminal_no"]),
            batch_no=row["batch_no"],
            trace_no=row["trace_no"],
            sent_at=row["sent_at"],
            card_masked=row["card_masked"],
            code=row["code"],
            reason=row["refused_reason"] or "declined",
            answer=None if is_declined or not row["answer"] else _approved.decode(row["answer"]),
            tries_left=_declined.decode(row["answer"]).tries_left if is_declined and row["answer"] else None,
            under_way=under_way,
            until=until if under_way else None,
        )

    async def _claim(self, bank: Acquirer, session_id: int) -> SessionWork | None:
        claimed = await self._claimed(bank, session_id, Saying())
        return claimed[0] if claimed else None

    async def _claimed(self, bank: Acquirer, session_id: int, saying: Saying) -> tuple[SessionWork, bool] | None:
        means, lease = self._means, self._means.lease(bank)
        async with means.database.read() as tx:
            found = await store.claim(
                tx, means.hospital_id, session_id, lease.at, lease.until, means.day(lease.at), saying
            )
        if found is None:
            return None
        row, numbered = found
        return SessionWork(means, bank, row, lease), numbered

    # ---- late answers

    async def settled_late(self) -> None:
        """Until all that came late so far is written down."""
        await asyncio.gather(*self._late, return_exceptions=True)

    def _hear_late(self, slot: PosSession, number: MessageNo, answer: Approved | Declined) -> None:
        task = asyncio.create_task(self._note_late(slot, number, answer))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _note_late(self, slot: PosSession, number: MessageNo, answer: Approved | Declined) -> None:
        state: MessageState = "approved" if isinstance(answer, Approved) else "declined"
        async with self._means.database.read() as tx:
            said = msgspec.json.encode(answer)
            row = await store.late(tx, self._means.hospital_id, slot, number, said, state)
        found = row["state"] if row else "unmatched"
        log.warning("line.late_answer", session=str(slot), **number._asdict(), state=found)
        if row and found == "in_doubt" and not row["reversal_tries"]:
            await self.reverse(row["reference"])


async def _balance(bank: Acquirer, card: Card, desk: Desk) -> LineAnswer:
    return await bank.balance(desk, card)


async def _voided(bank: Acquirer, original: Original, desk: Desk) -> LineAnswer:
    return await bank.void(desk, original)


async def _refunded(bank: Acquirer, original: Original, amount_fen: Fen, desk: Desk) -> LineAnswer:
    return await bank.refund(desk, original, amount_fen)
