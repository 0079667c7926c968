"""A means of payment is chosen: at a screen, by a code that was scanned, by a card that was read."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from msgspec.structs import replace

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.ledger.model import PREPAID
from yinyi.business.lines.session_model import Card
from yinyi.business.payments import signals
from yinyi.business.payments.amounts import AGREED, owed_fen, quote_of, to_agree
from yinyi.business.payments.channels import INSTITUTION, WINDOW
from yinyi.business.payments.choice import open_with, with_tender
from yinyi.business.payments.errors import (
    AccountsClosed,
    MoreThanOwed,
    NothingToAgree,
    PaidInAtOnce,
    PaymentClosed,
    PaymentUnknown,
)
from yinyi.business.payments.known import KnownPlans
from yinyi.business.payments.messages import AgreeToQuote, ChooseTender
from yinyi.business.payments.plan import PAYER_CODE, Plan
from yinyi.business.payments.postings import CREDITED
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.settle import about_to_leave
from yinyi.business.payments.view import state_of
from yinyi.kernel.errors import ChannelUnavailable, NotAllowed, YinyiError
from yinyi.kernel.means import TenderName
from yinyi.kernel.money import Fen

NOBODY: Mapping[str, str] = {}
PaysFromAccount = Callable[[Tx, Call, Plan], Awaitable[None]]
"""Whether this plan may be paid from the patient's prepaid account; raises if not."""


class Desk(Protocol):
    """Where payments are looked up and taken up; see ``PaymentService``."""

    @property
    def epoch(self) -> int: ...

    async def locked(self, tx: Tx, call: Call, payment_no: str) -> Plan: ...

    def check_owner(self, call: Call, plan: Plan) -> None: ...

    def taken_up(self, call: Call, plan: Plan | None, leaving: str = "") -> None: ...


class Tenders:
    """What payers choose to pay with, and that they agree to what an insurance leaves to them."""

    def __init__(self, desk: Desk, registry: Registry, known: KnownPlans) -> None:
        self._desk = desk
        self._registry = registry
        self._known = known
        self.pays_from_account: PaysFromAccount | None = None
        """Given by the domain that keeps prepaid accounts; without it nothing is paid from one."""

    async def choose(self, tx: Tx, call: Call, message: ChooseTender, facts: None) -> str:
        if message.tender in (WINDOW, INSTITUTION):
            raise NotAllowed("windows and banks take their money themselves")

        def wanted(plan: Plan) -> str:
            amount_fen = _asked_fen(plan, message.amount_fen)
            tender = message.tender or self._first(plan, amount_fen)
            self._check_limits(tender, amount_fen)
            return "" if open_with(plan, replace(message, tender=tender), call.now) else tender

        return await self._take_tender(tx, call, message.payment_no, wanted, _told(message.amount_fen))

    async def submit_code(
        self,
        tx: Tx,
        call: Call,
        payment_no: str,
        payer_code: str,
        who: Mapping[str, str] = NOBODY,
        part_fen: Fen | None = None,
    ) -> str:
        """By the code on the payer's phone, as a scanner of ours has read it. It is used once: the same key is the same
        attempt, another code another one. ``who``: has scanned it, for the record. ``part_fen``: so much of it; None:
        all that is owed."""
        channel = self._registry.knows_code(payer_code)
        told = {"scanned": True, PAYER_CODE: payer_code, **_told(part_fen), **who}

        def wanted(plan: Plan) -> str:
            self._check_limits(channel, _asked_fen(plan, part_fen))
            return channel

        return await self._take_tender(tx, call, payment_no, wanted, told)

    async def submit_card(self, tx: Tx, call: Call, payment_no: str, channel: TenderName, card: Card) -> str:
        """By a card that a reader of ours has read, its PIN block from the pad. Used once, like a code."""
        told = {"scanned": True, PAYER_CODE: self._registry.sealed_card(channel, card)}
        return await self._take_tender(tx, call, payment_no, lambda _: channel, told)

    async def _take_tender(
        self, tx: Tx, call: Call, payment_no: str, wanted: Callable[[Plan], str], told: dict[str, Any]
    ) -> str:
        """``wanted``: the means, empty where nothing is to be done. If nobody drives the payment, its next call is
        marked in the same statement; otherwise whoever does is told of the choice."""
        if await self._taken_as_known(tx, call, payment_no, wanted, told):
            return payment_no
        seen = await signals.glanced(tx, call.hospital_id, payment_no)
        if seen is None:
            raise PaymentUnknown
        tender = self._tender(call, seen.plan, wanted)
        at_once = seen.free and tender != PREPAID
        if not tender or (at_once and await self._taken_at_once(tx, call, seen.plan, tender, told)):
            return payment_no
        plan = await self._desk.locked(tx, call, payment_no)
        tender = self._tender(call, plan, wanted)
        if tender == PREPAID:
            await self._check_account(tx, call, plan)
        if tender:
            taken = await signals.choose_tender(tx, plan, tender, plan.pay_by, told, call.now, self._desk.epoch)
            self._desk.taken_up(call, taken)
        return payment_no

    async def _taken_as_known(
        self, tx: Tx, call: Call, payment_no: str, wanted: Callable[[Plan], str], told: dict[str, Any]
    ) -> bool:
        """The same without looking first, if the payment is as this process has seen it last. Only a yes is believed:
        whatever speaks against it is looked at again."""
        known = self._known.get(payment_no)
        if known is None or known.hospital_id != call.hospital_id:
            return False
        try:
            tender = self._tender(call, known, wanted)
        except YinyiError:
            return False
        return tender not in ("", PREPAID) and await self._taken_at_once(tx, call, known, tender, told)

    async def _check_account(self, tx: Tx, call: Call, plan: Plan) -> None:
        if self.pays_from_account is None or call.principal.opened_by:
            raise AccountsClosed("whoever holds a form or a slip has none" if call.principal.opened_by else "")
        await self.pays_from_account(tx, call, plan)

    def _tender(self, call: Call, plan: Plan, wanted: Callable[[Plan], str]) -> str:
        self._desk.check_owner(call, plan)
        if plan.direction == "back" or state_of(plan) in ("fulfilled", "delivering"):
            raise PaymentClosed
        if to_agree(plan):
            raise MoreThanOwed
        tender = wanted(plan)
        if tender:
            self._registry.merchant(plan, tender)
        return tender

    def _first(self, plan: Plan, amount_fen: int) -> str:
        tender = next(iter(self._registry.tenders(plan.scope, amount_fen)), "")
        if not tender:
            raise ChannelUnavailable(f"no channel shows a code over {amount_fen} fen")
        return tender

    def _check_limits(self, tender: str, amount_fen: int) -> None:
        if not self._registry.means.takes(tender, amount_fen):
            raise ChannelUnavailable(f"{tender} takes no payment of {amount_fen} fen")

    def check_payable(self, call: Call, plan: Plan, tender: TenderName) -> None:
        """
        Raises:
            NotYours, PaymentClosed, MoreThanOwed.
            ChannelUnavailable: nobody pays here by this.
        """
        self._tender(call, plan, lambda _: tender)
        if tender not in self._registry.cards:
            raise ChannelUnavailable(f"{tender} is no card that is taken here")

    async def _taken_at_once(self, tx: Tx, call: Call, plan: Plan, tender: str, told: dict[str, Any]) -> bool:
        chosen = with_tender(plan, tender, told)
        sent, leaving = about_to_leave(chosen, self._registry, call.now) if self._desk.epoch else (chosen, "")
        taken = await signals.choose_and_send(tx, plan, sent, call.now, self._desk.epoch) if leaving else None
        self._desk.taken_up(call, taken, leaving)
        return taken is not None

    async def agree(self, tx: Tx, call: Call, message: AgreeToQuote, facts: None) -> str:
        plan = await self._desk.locked(tx, call, message.payment_no)
        quote = quote_of(plan)
        if plan.direction == "back" or plan.cancel_wanted or call.now >= plan.pay_by:
            raise PaymentClosed
        if quote is None or not (to_agree(plan) or AGREED in plan.facts):
            raise NothingToAgree
        if to_agree(plan):
            self._desk.taken_up(call, await signals.agree(tx, plan, quote, call.now, self._desk.epoch))
        return plan.payment_no


def _asked_fen(plan: Plan, part_fen: Fen | None) -> Fen:
    """
    Raises:
        MoreThanOwed.
        PaidInAtOnce: no part of this is taken.
    """
    owed = owed_fen(plan)
    if part_fen is not None and part_fen > owed:
        raise MoreThanOwed
    if part_fen is not None and part_fen < owed and CREDITED in plan.facts:
        raise PaidInAtOnce
    return part_fen or owed


def _told(part_fen: Fen | None) -> dict[str, Any]:
    """In what goes with a choice: how much the payer wants to pay by it."""
    return {} if part_fen is None else {"amount_fen": part_fen}
