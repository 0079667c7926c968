"""Giving back some lines of a paid bill (部分退费): the hospital books it first, then the money goes back.

What is wanted is on disk before anything leaves, under one reference for ever: the hospital books it once, however
often it is told. The money is wanted in the very transaction that writes down that the hospital has booked it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from yinyi.bus.call import Call, Principal, require_said
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.operation import Caller
from yinyi.bus.turning import turning
from yinyi.business.audit import store as audit
from yinyi.business.billing import refund_store as store
from yinyi.business.billing.errors import InsuredWhole, InvoiceUnknown, PaidElsewhere
from yinyi.business.billing.messages import InvoiceRefund, InvoiceRefunds, ListInvoiceRefunds, RefundInvoiceLines
from yinyi.business.billing.model import Invoice, InvoiceLine
from yinyi.business.billing.plans import INVOICE, InvoiceFacts
from yinyi.business.billing.ports import Hospital
from yinyi.business.billing.refund_model import LineRefund, Piece, rest_of, sum_of
from yinyi.business.payments import builder, signals
from yinyi.business.payments.amounts import refundable_fen
from yinyi.business.payments.errors import ChannelGone, LinesDone, MoreThanLeft, NotDelivered, PaymentClosed
from yinyi.business.payments.messages import PaymentView, RefundPayment
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.postings import fulfilled
from yinyi.business.payments.refunds import RefundDesk
from yinyi.business.payments.rules import pause_s
from yinyi.business.payments.service import PaymentService
from yinyi.business.payments.view import view_of
from yinyi.kernel.clock import Clock
from yinyi.kernel.ids import random_text
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Refused

log = structlog.get_logger()

LADDER_S = (1, 2, 5, 10, 30, 60, 300)
SPREAD = 0.2
CLAIMED_S = 60
"""Longer than any call lasts: what is not finished by then was left by a process that died."""
AT_ONCE = 3
SHOWN = 200
_EVERY_S = 2.0


@dataclass(frozen=True)
class Known:
    """The bill as the hospital has it now."""

    invoice: Invoice
    lines: list[InvoiceLine]


class LineRefunds:
    """Handlers of ``RefundInvoiceLines`` and ``ListInvoiceRefunds``, and the loop that sees to what is wanted."""

    def __init__(
        self, database: Database, hospital: Hospital, payments: PaymentService, refunds: RefundDesk, clock: Clock
    ) -> None:
        self._database = database
        self._hospital = hospital
        self._payments = payments
        self._refunds = refunds
        self._clock = clock

    def register(self, dispatcher: Dispatcher) -> None:
        change = Change(self.want, self._show, self.known, self.settle, only_reads=True)
        dispatcher.changes(RefundInvoiceLines, change)
        dispatcher.reads(ListInvoiceRefunds, self.list)

    # -- wanted

    async def known(self, call: Call, message: RefundInvoiceLines) -> Known:
        """
        Raises:
            InvoiceUnknown: the hospital has no such bill.
            PaidElsewhere: not by a payment of ours, or not at all.
            HospitalUnavailable: it does not answer.
        """
        invoice = await self._hospital.invoice(message.invoice_no)
        if invoice is None or invoice.invoice_no != message.invoice_no:
            raise InvoiceUnknown
        if not invoice.payment_no:
            raise PaidElsewhere
        return Known(invoice, await self._hospital.invoice_lines([invoice.invoice_no]))

    async def want(self, tx: Tx, call: Call, message: RefundInvoiceLines, known: Known) -> str:
        """
        Raises:
            InvalidField: the hospital has not named its operator.
            PaidElsewhere, InsuredWhole, NotDelivered, PaymentClosed, ChannelGone, MoreThanLeft.
            LineUnknown, LinesDone, LinesGivenBack.
        """
        number = known.invoice.invoice_no
        plan = await signals.locked(tx, call.hospital_id, known.invoice.payment_no)
        if plan is None or plan.purpose != INVOICE or number not in InvoiceFacts.of(plan).numbers:
            raise PaidElsewhere
        require_said(call, operator=message.operator)
        self._check(plan)
        under_way = await store.lines(tx, call.hospital_id, number)
        piece = Piece(number, sorted(set(message.line_nos)), sum_of(known.lines, message.line_nos, under_way))
        await self._check_left(tx, plan, piece.amount_fen)
        return await self._write(tx, call, plan, message, piece)

    async def _check_left(self, tx: Tx, plan: Plan, amount_fen: int) -> None:
        """
        Raises:
            MoreThanLeft: with what is on its way already.
        """
        on_the_way_fen = await store.on_the_way_fen(tx, plan.hospital_id, plan.payment_no)
        if amount_fen + on_the_way_fen > refundable_fen(plan):
            raise MoreThanLeft

    async def _write(
        self, tx: Tx, call: Call, plan: Plan, message: RefundInvoiceLines | RefundPayment, piece: Piece
    ) -> str:
        """Our reference of it."""
        refund = LineRefund(
            hospital_id=call.hospital_id,
            reference=f"{plan.payment_no}L{random_text(6)}",
            payment_no=plan.payment_no,
            invoice_no=piece.invoice_no,
            line_nos=piece.line_nos,
            amount_fen=piece.amount_fen,
            reason=message.reason,
            state="wanted",
            wanted_at=call.now,
            tries=0,
            claim=0,
            problem="",
        )
        await store.want(tx, refund, call.principal.actor)
        told = {"reference": refund.reference, "amount_fen": int(piece.amount_fen), "operator": message.operator}
        await audit.append(tx, call, "billing.RefundInvoiceLines.v1", plan.payment_no, told)
        return refund.reference

    def _check(self, plan: Plan) -> None:
        """
        Raises:
            PaymentClosed, NotDelivered, InsuredWhole, ChannelGone: nothing of it can be given back by lines.
        """
        if plan.direction == "back":
            raise PaymentClosed
        if not fulfilled(plan):
            raise NotDelivered
        if any(step.kind == builder.INSURANCE_SETTLE for step in plan.steps):
            raise InsuredWhole
        if not self._payments.registry.gives_back(plan):
            raise ChannelGone

    async def settle(self, call: Call, reference: str) -> None:
        """Whoever has asked sees what has come of it, if the hospital answers at once."""
        await self.turn(reference)

    # -- all that is left

    async def want_rest(
        self, tx: Tx, call: Call, plan: Plan, message: RefundPayment, lines: Sequence[InvoiceLine]
    ) -> bool:
        """The hospital undoes no bill of which lines were given back: the others go back as lines. False: none was.

        Raises:
            PaymentClosed: all are on their way already.
            MoreThanLeft: they are more than there is left.
        """
        numbers = InvoiceFacts.of(plan).numbers
        under_way = {number: await store.lines(tx, call.hospital_id, number) for number in numbers}
        if not any(under_way.values()) and not any(line.refunded for line in lines):
            return False
        pieces = rest_of(lines, under_way)
        if not pieces:
            raise PaymentClosed("all lines are on their way back")
        await self._check_left(tx, plan, sum(each.amount_fen for each in pieces))
        for piece in pieces:
            await self._write(tx, call, plan, message, piece)
        return True

    # -- shown

    async def list(self, tx: Tx, call: Call, message: ListInvoiceRefunds) -> InvoiceRefunds:
        found = await store.listed(tx, call.hospital_id, message.invoice_no, SHOWN + 1, message.before)
        more = found[SHOWN - 1].reference if len(found) > SHOWN else ""
        return InvoiceRefunds(refunds=[_view(each) for each in found[:SHOWN]], next_before=more)

    async def _show(self, tx: Tx, call: Call, reference: str) -> InvoiceRefund:
        found = await store.of_reference(tx, call.hospital_id, reference)
        if found is None:
            raise InvoiceUnknown
        plan = await signals.find(tx, call.hospital_id, found.payment_no)
        return _view(found, None if plan is None else view_of(plan, self._payments.registry))

    # -- seen to

    async def run(self) -> None:
        """Until cancelled."""
        await turning(self.turn, _EVERY_S, "line_refunds.waiting")

    async def turn(self, reference: str = "") -> int:
        """See to what is due, or to this one; how many there were. Any number of processes may."""
        now = self._clock.now()
        async with self._database.read() as tx:
            due = await store.claim(tx, now, now + timedelta(seconds=CLAIMED_S), AT_ONCE, reference)
        for each, outcome in zip(
            due, await asyncio.gather(*map(self._see_to, due), return_exceptions=True), strict=True
        ):
            if isinstance(outcome, Exception):
                log.warning("line_refunds.left_lying", reference=each.reference, why=type(outcome).__name__)
        return len(due)

    async def _see_to(self, refund: LineRefund) -> None:
        """What may have been told before is asked first, and told again only where the hospital knows nothing."""
        answer: Answer = NotFound()
        if refund.tries > 1:
            answer = await self._hospital.ask_invoice_refund(refund.reference)
        if isinstance(answer, NotFound):
            about = (refund.invoice_no, refund.line_nos, Fen(refund.amount_fen))
            answer = await self._hospital.refund_invoice(refund.reference, *about)
        match answer:
            case Done():
                await self._booked(refund)
            case Refused():
                log.warning("line_refunds.refused", reference=refund.reference, reason=answer.reason)
                async with self._database.transaction() as tx:
                    problem = f"{answer.reason} {answer.detail}".strip()
                    await store.ended(tx, refund, "refused", problem, self._clock.now())
            case other:
                pause = timedelta(seconds=pause_s(LADDER_S, refund.tries - 1, SPREAD, refund.reference))
                async with self._database.transaction() as tx:
                    await store.later(tx, refund, self._clock.now() + pause, f"{other}")

    async def _booked(self, refund: LineRefund) -> None:
        """In one transaction: that the hospital has booked it, and that its money is wanted."""
        now = self._clock.now()
        call = Call(
            principal=Principal(caller=Caller.STAFF, hospital_id=refund.hospital_id),
            now=now,
            deadline=now + timedelta(seconds=10),
            correlation_id=refund.reference,
        )
        async with self._database.transaction() as tx:
            plan = await signals.locked(tx, refund.hospital_id, refund.payment_no)
            if plan is None or plan.direction == "back" or refundable_fen(plan) < refund.amount_fen:
                log.error("line_refunds.short", reference=refund.reference)
                await store.ended(tx, refund, "short", "so much is not left in the payment", now)
            elif await store.ended(tx, refund, "booked", "", now):
                await self._refunds.give_part(tx, call, plan, Fen(refund.amount_fen), refund.reason)


class WholeBills:
    """All that is left of what was paid for bills; implements ``payments.refunds.GivesBackWhole``."""

    purpose = INVOICE

    def __init__(self, hospital: Hospital, refunds: LineRefunds) -> None:
        self._hospital = hospital
        self._refunds = refunds

    async def look(self, call: Call, plan: Plan) -> Sequence[InvoiceLine]:
        """All lines.

        Raises:
            LinesDone: of one that is still to be given back.
            HospitalUnavailable: it does not answer.
        """
        lines = await self._hospital.invoice_lines(InvoiceFacts.of(plan).numbers)
        if any(line.performed and not line.refunded for line in lines):
            raise LinesDone
        return lines

    async def instead(
        self, tx: Tx, call: Call, plan: Plan, message: RefundPayment, looked: Sequence[InvoiceLine]
    ) -> bool:
        """
        Raises:
            PaymentClosed, MoreThanLeft: see ``LineRefunds.want_rest``.
        """
        return await self._refunds.want_rest(tx, call, plan, message, looked)

    async def settle(self) -> None:
        await self._refunds.turn()


def _view(refund: LineRefund, payment: PaymentView | None = None) -> InvoiceRefund:
    return InvoiceRefund(
        reference=refund.reference,
        payment_no=refund.payment_no,
        invoice_no=refund.invoice_no,
        line_nos=refund.line_nos,
        amount_fen=Fen(refund.amount_fen),
        state=refund.state,
        wanted_at=refund.wanted_at,
        problem=refund.problem,
        payment=payment,
    )
