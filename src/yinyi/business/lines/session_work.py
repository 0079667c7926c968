"""One claimed session at work: its open reversals and its sign-on go before what is wanted, then that.

Everything is written before it leaves. What raises here (a database that is away, a process that dies) leaves the
message ``sent``; when the claim has run out it is in doubt, and whoever comes next reverses it.
"""

from collections.abc import Awaitable, Callable

import msgspec
import structlog

from yinyi.bus.database import Row
from yinyi.business.lines import batch_store, key_rows
from yinyi.business.lines import session_store as store
from yinyi.business.lines.errors import KeyDoesNotOpen, KeyRefused, MasterKeyNotInUse
from yinyi.business.lines.key_model import HeldKey
from yinyi.business.lines.line_means import Lease, LineMeans
from yinyi.business.lines.session_model import (
    FULL_BATCH,
    REVERSIBLE,
    Approved,
    Card,
    Declined,
    Desk,
    LineAnswer,
    MessageState,
    NeverSent,
    NoAnswer,
    Original,
    PinKey,
    ReversalReason,
    SessionRow,
    SignedOn,
)
from yinyi.business.lines.session_ports import Acquirer
from yinyi.business.lines.session_store import Ended, Saying
from yinyi.kernel.money import Fen
from yinyi.kernel.secrets import Sealed

log = structlog.get_logger()

PIN_AGAIN = Declined(code="", reason="expired")
"""The PIN has to be entered again: the key that it was encrypted under is no longer this session's. It has not left
under another one, unless there is a code: with that it came back unread."""

SIGNED_OFF = NeverSent(detail="this session is signed off until somebody signs it on")
FULL = NeverSent(detail="this batch is full: it has to be settled first")

Send = Callable[[Desk], Awaitable[LineAnswer]]

_approved = msgspec.json.Decoder(Approved)


class SessionWork:
    """``row`` is the session as this claim has it."""

    def __init__(self, means: LineMeans, acquirer: Acquirer, row: SessionRow, lease: Lease) -> None:
        self._means = means
        self._acquirer = acquirer
        self._lease = lease
        self.row = row

    async def make_ready(self) -> NeverSent | None:
        """Reversals and sign-on, as far as they are due. None: the session may be used."""
        if not self.row.signed_on and (problem := await self._sign_on()):
            return problem
        return await self.reverse_doubts()

    async def has_room(self) -> NeverSent | None:
        """None: the batch takes one more."""
        return FULL if await self.is_full(FULL_BATCH) else None

    async def is_full(self, most: int) -> bool:
        """Whether the open batch has so much money in it; it is counted when it may have."""
        if self.row.said_in_batch < most:
            return False
        async with self._means.database.read() as tx:
            return await batch_store.money_in_batch(tx, self._means.hospital_id, self.row) >= most

    async def reverse_doubts(self) -> NeverSent | None:
        """All that is in doubt, oldest first. None: nothing is left that has to go before others."""
        async with self._means.database.read() as tx:
            doubts = await store.left_behind(tx, self._means.hospital_id, self.row)
        for doubt in doubts:
            if await self._reverse(doubt) == "in_doubt":
                return NeverSent(detail="a reversal of this session has no answer yet")
        return None

    async def say(self, saying: Saying) -> NeverSent | None:
        """The next trace number is for this."""
        lease = self._means.lease(self._acquirer)
        async with self._means.database.read() as tx:
            row = await store.say(tx, self._means.hospital_id, self.row, lease.at, lease.until, saying)
        if row is None:
            return NeverSent(detail="the claim is lost, or the trace numbers of this batch have run out")
        self.row, self._lease = row, lease
        return None

    async def transact(self, saying: Saying, send: Send, card: Card) -> LineAnswer:
        """Send what has its number; where the host wants a sign-on first, after that once more, under a new number, if
        its PIN still fits. Releases the session."""
        number = self.row.batch_no, self.row.trace_no
        kept = self._means.vault.seal(card, with_chip_data=False)
        answer = await self.exchange(saying, send, kept, goes_again=True)
        if not (isinstance(answer, Declined) and answer.must_sign_on):
            return answer
        problem = await self._sign_on() or self.refused(card, answer.code) or await self.say(saying)
        if problem is not None:
            if isinstance(problem, Declined):
                await self._comes_to(number, saying, problem)
            await self.release()
            return problem
        return await self.exchange(saying, send, kept)

    async def _comes_to(self, number: tuple[int, int], saying: Saying, declined: Declined) -> None:
        """On record for whoever has waited no longer for it."""
        async with self._means.database.read() as tx:
            await store.comes_to(tx, self._means.hospital_id, self.row, number, saying, declined.reason)

    async def exchange(
        self, saying: Saying, send: Send, kept: Sealed | None, *, release: bool = True, goes_again: bool = False
    ) -> LineAnswer:
        """Send what has its number, and write down what came. ``kept``: of the card, if it was approved."""
        answer = await self._sent(send)
        again = goes_again and isinstance(answer, Declined) and answer.must_sign_on
        ended = _ended(answer, saying, kept, release and not again)
        if again:
            ended = msgspec.structs.replace(ended, goes_again=True)
        now = self._means.clock.now()
        async with self._means.database.read() as tx:
            if not await store.answered(tx, self._means.hospital_id, self.row, now, ended):
                log.warning("line.claim_lost", session=self.row.session_id, trace_no=self.row.trace_no)
                return NoAnswer(detail="the claim was lost while waiting")
        return answer

    def refused(self, card: Card, answered: str = "") -> Declined | None:
        """A PIN that was encrypted for another session, or before this one has signed on anew, is not sent: the host
        would take it for a wrong one. ``answered``: with what the host has sent it back before."""
        return None if self.row.fits(card) else msgspec.structs.replace(PIN_AGAIN, code=answered)

    async def sign_on(self) -> LineAnswer:
        """Now, whether it is due or not, and for good if it was signed off."""
        if problem := await self._sign_on():
            return problem
        async with self._means.database.read() as tx:
            await store.open_again(tx, self._means.hospital_id, self.row)
        return Approved(retrieval_ref="")

    async def sign_off(self, *, by_people: bool = True) -> LineAnswer:
        """What is in doubt is reversed before. Nothing is bought here any more until people sign it on, where they have
        signed it off. A host that wants a sign-on for that has signed it off already."""
        if problem := await self.reverse_doubts():
            return problem
        saying = Saying(kind="sign_off")
        answer = await self.say(saying) or await self.exchange(saying, self._acquirer.sign_off, None, release=False)
        if isinstance(answer, Declined) and answer.must_sign_on:
            answer = Approved(retrieval_ref="")
        if isinstance(answer, Approved):
            async with self._means.database.read() as tx:
                since = self._means.clock.now() if by_people else None
                await store.signed_off(tx, self._means.hospital_id, self.row, since)
        return answer

    async def echo(self) -> LineAnswer:
        """As the session is, signed on or not."""
        saying = Saying(kind="echo")
        return await self.say(saying) or await self.exchange(saying, self._acquirer.echo, None, release=False)

    async def reverse_again(self, stuck: Row) -> None:
        """What people, or the engine, want tried once more, although it goes before nothing any more."""
        await self._reverse(stuck)

    async def drop(self, *, goes_again: bool = True) -> None:
        """What has its number is not sent: a gap. ``goes_again``: its reference may be used under another one."""
        ended = Ended(state="never_sent", release=False, heard=False, goes_again=goes_again)
        async with self._means.database.read() as tx:
            await store.answered(tx, self._means.hospital_id, self.row, self._means.clock.now(), ended)

    async def release(self) -> None:
        async with self._means.database.read() as tx:
            await store.release(tx, self._means.hospital_id, self.row)

    async def _sent(self, send: Send) -> LineAnswer:
        try:
            return await send(self._means.desk(self.row, self._lease))
        except KeyDoesNotOpen:
            return NeverSent(detail="the keys of this session cannot be used")
        except Exception as error:
            log.exception("line.connector_failed", session=self.row.session_id)
            return NoAnswer(why="failed_here", detail=type(error).__name__)

    # ---- sign-on

    async def _sign_on(self) -> NeverSent | None:
        async with self._means.database.read() as tx:
            held = await key_rows.held(tx, self._means.hospital_id, self.row.slot)
        tmk = held.get("tmk")
        if tmk is None:
            return NeverSent(detail="this session has no master key yet")
        if problem := await self.say(Saying(kind="sign_on")):
            return problem
        got: list[SignedOn] = []

        async def send(desk: Desk) -> LineAnswer:
            answer = await self._acquirer.sign_on(desk)
            if not isinstance(answer, SignedOn):
                return answer
            got.append(answer)
            return Approved(retrieval_ref="")

        answer = await self.exchange(Saying(kind="sign_on"), send, None, release=False)
        if not isinstance(answer, Approved) or not got:
            return NeverSent(detail=f"sign-on: {_words(answer)}")
        try:
            return await self._take_keys(tmk, got[0])
        except (KeyRefused, KeyDoesNotOpen, MasterKeyNotInUse) as error:
            log.error("line.keys_refused", session=self.row.session_id, why=error.code())
            return NeverSent(detail=f"sign-on: the keys that came cannot be used: {error.code()}")

    async def _take_keys(self, tmk: HeldKey, signed: SignedOn) -> NeverSent | None:
        pik = next((each for each in signed.keys if each.purpose == "pik"), None)
        if pik is None:
            return NeverSent(detail="sign-on: no keys came")
        held = [
            await self._means.keys.take_working_key(tmk, self.row.slot, each.purpose, each.key, each.check_value)
            for each in signed.keys
        ]
        now = self._means.clock.now()
        async with self._means.database.transaction() as tx:
            ours = await store.signed_on(
                tx, self._means.hospital_id, self.row, self._means.day(now), now, signed.batch_no, pik
            )
            if not ours:
                return NeverSent(detail="the claim was lost while signing on")
            loaded = key_rows.Loaded(at=now, by=self._acquirer.name)
            if not await key_rows.put_working_keys(tx, self._means.hospital_id, self.row.slot, tmk, held, loaded):
                raise KeyRefused(detail="another master key was loaded meanwhile")
        mak = next((each for each in held if each.purpose == "mak"), None)
        batch_no = max(self.row.batch_no, signed.batch_no or 0)
        if batch_no > self.row.batch_no:
            log.warning("line.batch_left", session=self.row.session_id, batch_no=self.row.batch_no, host=batch_no)
            self.row = msgspec.structs.replace(self.row, batch_no=batch_no, began_behind=self.row.trace_no)
        pin_key = PinKey(pik.key, pik.check_value)
        self.row = msgspec.structs.replace(self.row, mak=mak, signed_on=True, pin_key=pin_key)
        return None

    # ---- reversals

    async def _reverse(self, doubt: Row) -> MessageState:
        """Once; once more after a sign-on, if the host wants that first."""
        state, answer = await self._reverse_once(doubt)
        if isinstance(answer, Declined) and answer.must_sign_on and await self._sign_on() is None:
            state, _ = await self._reverse_once(doubt)
        return state

    async def _reverse_once(self, doubt: Row) -> tuple[MessageState, LineAnswer | None]:
        means, number = self._means, (doubt["batch_no"], doubt["trace_no"])
        lease = means.lease(self._acquirer)
        async with means.database.read() as tx:
            tries = await store.reversing(tx, means.hospital_id, self.row, number, lease.at, lease.until)
        if tries is None:
            return "reversed", None
        original = original_of(means, doubt)
        reason: ReversalReason = doubt["reversal_reason"] or "no_answer"
        desk = means.desk(msgspec.structs.replace(self.row, batch_no=number[0], trace_no=number[1]), lease)
        answer = await self._reversal_sent(desk, original, reason, tries - 1)
        state = self._after_reversal(answer, tries)
        code = answer.code if isinstance(answer, Approved | Declined | NoAnswer) else ""
        gone = tries - 1 if isinstance(answer, NeverSent) else tries
        async with means.database.read() as tx:
            await store.reversed_(tx, means.hospital_id, self.row, number, state, gone, code)
        log.info("line.reversal", session=self.row.session_id, trace_no=doubt["trace_no"], state=state, tries=gone)
        return state, answer

    async def _reversal_sent(self, desk: Desk, original: Original, reason: ReversalReason, tries: int) -> LineAnswer:
        try:
            return await self._acquirer.reverse(desk, original, reason, tries)
        except KeyDoesNotOpen:
            return NeverSent(detail="the keys of this session cannot be used")

    def _after_reversal(self, answer: LineAnswer, tries: int) -> MessageState:
        if isinstance(answer, Approved):
            return "reversed"
        if isinstance(answer, Declined) and answer.must_sign_on:
            return "in_doubt"
        if isinstance(answer, Declined) and not answer.may_retry:
            return "stuck"
        sent = not isinstance(answer, NeverSent)
        return "stuck" if sent and tries >= self._acquirer.habits.reversal_tries else "in_doubt"


def original_of(means: LineMeans, row: Row) -> Original:
    """A message on record, as later ones refer to it."""
    card = Card(pan="", entry_mode="stored")
    if row["card_data"] is not None:
        card = means.vault.open(Sealed(row["card_key_id"], row["card_data"]))
    return Original(
        kind=row["kind"],
        batch_no=row["batch_no"],
        trace_no=row["trace_no"],
        sent_at=row["sent_at"].astimezone(means.zone),
        amount_fen=Fen(row["amount_fen"]),
        card=card,
        approved=_approved.decode(row["answer"]) if row["answer"] else None,
    )


def _ended(answer: LineAnswer, saying: Saying, kept: Sealed | None, release: bool) -> Ended:
    if isinstance(answer, Approved):
        said = msgspec.json.encode(answer)
        return Ended(
            state="approved", code="00", answer=said, card=kept, must_sign_on=answer.must_sign_on, release=release
        )
    if isinstance(answer, Declined):
        return Ended(
            state="declined",
            code=answer.code,
            answer=msgspec.json.encode(answer) if answer.tries_left is not None else None,
            refused_reason=answer.reason,
            must_sign_on=answer.must_sign_on,
            release=release,
        )
    if isinstance(answer, NeverSent):
        return Ended(state="never_sent", release=release, heard=False, goes_again=True)
    state: MessageState = "in_doubt" if saying.kind in REVERSIBLE else "unanswered"
    reason = answer.why if state == "in_doubt" else ""
    return Ended(
        state=state, code=answer.code, reason=reason, card=saying.card, release=release, heard=bool(answer.code)
    )


def _words(answer: LineAnswer) -> str:
    if isinstance(answer, Declined):
        return f"refused with {answer.code}"
    return answer.detail or "no answer" if isinstance(answer, NeverSent | NoAnswer) else "no keys"
