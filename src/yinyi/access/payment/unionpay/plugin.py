"""A line to an acquirer of bank cards, in either of two dialects of ISO 8583."""

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import msgspec
import structlog

from yinyi.access.payment.unionpay import mapping, messages
from yinyi.access.payment.unionpay.client import Line, Match
from yinyi.access.payment.unionpay.config import LineSettings, Settings, profile_of
from yinyi.access.payment.unionpay.errors import AnswerLost, NothingSent
from yinyi.business.lines.session_model import (
    Approved,
    Card,
    Declined,
    Desk,
    Detail,
    Habits,
    LineAnswer,
    MessageNo,
    NeverSent,
    NoAnswer,
    Original,
    ReversalReason,
    Settled,
    SignedOn,
    Totals,
)
from yinyi.business.lines.session_ports import Late
from yinyi.kernel.money import Fen
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings
from yinyi.wire.iso8583.codec import Unpacked, pack
from yinyi.wire.iso8583.errors import Iso8583Error
from yinyi.wire.iso8583.model import Message, answer_mti
from yinyi.wire.iso8583.response_codes import NO_RECORD, response_of
from yinyi.wire.iso8583.settlement_fields import DETAILS_AT_ONCE

log = structlog.get_logger()

_MOST_REMEMBERED = 10_000
_MOST_CHECKED = 1_000
"""Late answers whose MAC is being compared, at a time."""
_REMEMBERED = ("0200", "0220")
"""What a late answer may still settle. A reversal has its original's trace number, and goes again anyway."""
_NO_CARD = Declined(code="", reason="not_permitted")
"""Magnetic stripes are not taken here."""

_KEPT = (4,)
_NOTHING = Message("0000", {})

Write = Callable[[], Message]
Read = Callable[[Message, Message], LineAnswer]


class _Lost(NamedTuple):
    """What an exchange was about whose answer has not come in time; of its message, what answers are read with."""

    desk: Desk
    asked: Message
    read: Read


class UnionPay:
    """Implements ``Acquirer``."""

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        """Touches no network.

        Raises:
            ValueError: the settings do not fit together; the text says where.
        """
        self.name = settings.name
        self._settings = settings
        self.pace = settings.pace
        self._operator = settings.operator_no
        self._profile = profile = profile_of(settings)
        self.habits = Habits(
            takes_stripe=settings.takes_stripe,
            answer_timeout_s=profile.answer_timeout_s,
            reversal_tries=profile.reversal_tries,
            reversal_every_s=profile.reversal_every_s,
            most_details=DETAILS_AT_ONCE,
            most_in_batch=profile.most_in_batch,
            ends_balanced=profile.ends_balanced,
        )
        self._line = Line(settings, profile, self._unmatched, surroundings.relay)
        self._late: Late | None = None
        self._lost: OrderedDict[Match, _Lost] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._strange = 0

    async def start(self) -> None:
        self._line.start()

    async def stop(self) -> None:
        await self._line.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def is_up(self) -> bool:
        """Whether the line is up just now."""
        return self._line.is_up

    @property
    def why_down(self) -> str:
        """What is wrong with each of its addresses."""
        return self._line.why_down

    def hear_late(self, late: Late) -> None:
        self._late = late

    async def sign_on(self, desk: Desk) -> SignedOn | Declined | NeverSent | NoAnswer:
        said, _ = await self._exchange(desk, partial(messages.sign_on, self._profile, desk, self._operator))
        if not isinstance(said, Unpacked):
            return said
        signed = mapping.of_sign_on(self._profile, said.message)
        return NoAnswer(detail="no keys came") if isinstance(signed, Approved) else signed

    async def sign_off(self, desk: Desk) -> LineAnswer:
        return await self._ask(desk, partial(messages.managing, desk, "002"))

    async def echo(self, desk: Desk) -> LineAnswer:
        return await self._ask(desk, partial(messages.managing, desk, "301"))

    async def balance(self, desk: Desk, card: Card) -> LineAnswer:
        if self._is_refused(card):
            return _NO_CARD
        return await self._ask(desk, partial(messages.balance, self._profile, desk, card, self._operator))

    async def purchase(self, desk: Desk, amount_fen: Fen, card: Card) -> LineAnswer:
        if self._is_refused(card):
            return _NO_CARD
        return await self._ask(desk, partial(messages.purchase, self._profile, desk, amount_fen, card, self._operator))

    async def void(self, desk: Desk, original: Original) -> LineAnswer:
        return await self._ask(desk, partial(messages.void, self._profile, desk, original, self._operator))

    async def refund(self, desk: Desk, original: Original, amount_fen: Fen) -> LineAnswer:
        return await self._ask(
            desk, partial(messages.refund, self._profile, desk, original, amount_fen, self._operator)
        )

    async def reverse(self, desk: Desk, original: Original, why: ReversalReason, tries: int) -> LineAnswer:
        write = partial(messages.reversal, self._profile, desk, original, why, tries)
        return await self._ask(desk, write, mapping.of_reversal)

    async def settle(self, desk: Desk, totals: Totals) -> Settled | LineAnswer:
        has_mac = self._settings.mac_on_settlement
        said, _ = await self._exchange(desk, partial(messages.settle, desk, totals, self._operator, has_mac))
        return mapping.of_settlement(said.message) if isinstance(said, Unpacked) else said

    async def upload(self, desk: Desk, details: Sequence[Detail]) -> LineAnswer:
        has_mac = self._settings.mac_on_settlement
        return await self._ask(desk, partial(messages.upload, desk, details, self._settings.card_class, has_mac))

    async def end_upload(self, desk: Desk, count: int, *, balanced: bool = False) -> LineAnswer:
        has_mac = self._settings.mac_on_settlement
        return await self._ask(desk, partial(messages.end_upload, desk, count, has_mac, balanced=balanced))

    # ---- one exchange

    def _is_refused(self, card: Card) -> bool:
        return card.entry_mode == "stripe" and not self._settings.takes_stripe

    async def _ask(self, desk: Desk, write: Write, read: Read = mapping.of_transaction) -> LineAnswer:
        said, asked = await self._exchange(desk, write, read)
        return self._read(asked, said.message, read) if isinstance(said, Unpacked) else said

    def _read(self, asked: Message, said: Message, read: Read) -> LineAnswer:
        try:
            return mapping.with_tries(read(asked, said), said, self._settings.tries_told)
        except Iso8583Error as error:
            return NoAnswer(why="other", detail=str(error))

    async def _exchange(
        self, desk: Desk, write: Write, read: Read = mapping.of_transaction
    ) -> tuple[Unpacked | NeverSent | NoAnswer, Message]:
        """An answer whose MAC is good, or what is to be made of none; and what was asked."""
        profile, asked = self._profile, _NOTHING
        try:
            asked = write()
            packed = pack(profile, asked)
            if not asked.has_mac:
                body = packed.body
            elif desk.mac is None:
                return NeverSent(detail="this session has no MAK: it has to sign on first"), asked
            else:
                body = packed.with_mac(await desk.mac(profile.mac, packed.mac_over))
        except Iso8583Error as error:
            return NeverSent(detail=f"the message cannot be written: {error}"), asked
        match = Match(answer_mti(asked.mti), asked.text(11), asked.text(41), asked.text(42))
        try:
            said = await self._line.exchange(match, body, profile.answer_timeout_s, desk.may_send)
        except NothingSent as error:
            return NeverSent(detail=str(error)), asked
        except AnswerLost as error:
            if asked.mti in _REMEMBERED:
                self._remember(match, _Lost(desk, _kept_of(asked), read))
            return NoAnswer(detail=str(error)), asked
        self._strange = 0
        try:
            is_believed = await self._is_believed(desk, asked, said)
        except Exception as error:  # it has been sent: a key that does not open any more makes it no less so
            log.exception("line.answer_not_checked", line=self.name, trace_no=desk.trace_no)
            return NoAnswer(why="failed_here", detail=type(error).__name__), asked
        return (said if is_believed else NoAnswer(why="bad_mac", detail="wrong MAC")), asked

    async def _is_believed(self, desk: Desk, asked: Message, said: Unpacked) -> bool:
        """An approval of what carried a MAC has one, and whatever closes a reversal; whatever has one is compared."""
        if not said.mac:
            return not (asked.has_mac and self._has_to_have_mac(asked, said.message.text(39)))
        if desk.mac is None:
            return False
        return hmac.compare_digest(said.mac, await desk.mac(self._profile.mac, said.mac_over))

    def _has_to_have_mac(self, asked: Message, code: str) -> bool:
        if code == NO_RECORD and self._profile.is_reversal(asked.mti):
            return self._profile.no_record_has_mac
        return response_of(code).verdict == "approved"

    # ---- answers that come too late

    def _remember(self, match: Match, lost: _Lost) -> None:
        self._lost[match] = lost
        if len(self._lost) > _MOST_REMEMBERED:
            self._lost.popitem(last=False)

    def _unmatched(self, match: Match, said: Unpacked) -> None:
        lost = self._lost.get(match)
        if lost is None or len(self._tasks) >= _MOST_CHECKED:
            self._strange += 1
            if self._strange & (self._strange - 1) == 0:  # a flood of them is no flood in the log
                log.warning(
                    "line.unmatched", line=self.name, mti=match.mti, trace_no=match.trace_no, in_a_row=self._strange
                )
            return
        task = asyncio.create_task(self._tell_late(match, lost, said))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell_late(self, match: Match, lost: _Lost, said: Unpacked) -> None:
        """The first that can be believed; forged ones do not use up the true one."""
        try:
            is_believed = await self._is_believed(lost.desk, lost.asked, said)
        except Exception:
            log.exception("line.late_answer_not_checked", line=self.name, trace_no=lost.desk.trace_no)
            return
        if not is_believed or self._lost.get(match) is not lost:
            return
        del self._lost[match]
        answer = self._read(lost.asked, said.message, lost.read)
        if self._late is not None and isinstance(answer, Approved | Declined):
            self._late(lost.desk.slot, MessageNo(lost.desk.batch_no, lost.desk.trace_no), answer)


def _kept_of(asked: Message) -> Message:
    """Without the card: what is remembered may be remembered for long."""
    return Message(
        asked.mti, {number: asked.fields[number] for number in _KEPT if number in asked.fields}, asked.has_mac
    )


class Lines:
    """The lines to all acquirers, by name."""

    def __init__(self, settings: LineSettings, surroundings: Surroundings) -> None:
        """
        Raises:
            ValueError: settings of a line do not fit together, or a merchant is at an acquirer that is none.
        """
        strangers = {each.acquirer for each in settings.merchants.values()} - settings.acquirers.keys()
        if strangers:
            raise ValueError(f"there is no acquirer {', '.join(sorted(strangers))}")
        self.acquirers = {
            name: UnionPay(msgspec.structs.replace(each, name=name), surroundings)
            for name, each in settings.acquirers.items()
        }

    async def start(self) -> None:
        for line in self.acquirers.values():
            await line.start()

    async def stop(self) -> None:
        for line in self.acquirers.values():
            await line.stop()


PLUGIN = Plugin(name="unionpay", kind="line", api=PLUGIN_API, config=LineSettings, build=Lines)
