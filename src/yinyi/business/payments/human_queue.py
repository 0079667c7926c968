"""The human queue: what is known of payments past their deadline, and what people can do while the engine goes on."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import structlog
from msgspec.structs import replace

from yinyi.bus.call import Call
from yinyi.bus.database import Row, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.lines import session_store
from yinyi.business.lines.errors import SessionBusy
from yinyi.business.payments import apply, notices, signals
from yinyi.business.payments.agreement import Saying, said, say
from yinyi.business.payments.amounts import paid
from yinyi.business.payments.channels import WINDOW
from yinyi.business.payments.engine import Rules, rule_of
from yinyi.business.payments.errors import NothingInDoubt, NothingRefused, PaymentClosed, PaymentUnknown
from yinyi.business.payments.kept import keep
from yinyi.business.payments.messages_queue import (
    AskAgain,
    Attention,
    AttentionItem,
    Case,
    GetCase,
    GiveBack,
    KnownNotice,
    KnownStep,
    ListAttention,
    PayOut,
    PostAgain,
    Resort,
    SettleByHand,
    SettleNotice,
)
from yinyi.business.payments.model import CARDS
from yinyi.business.payments.plan import REFUND, TAKE, Plan, Step
from yinyi.business.payments.postings import fulfilled
from yinyi.business.payments.refunds import GivesBackWhole, RefundDesk
from yinyi.business.payments.rulings import RulingDesk
from yinyi.business.payments.service import PaymentService
from yinyi.business.payments.view import view_of
from yinyi.kernel.outcome import Done, Refused

log = structlog.get_logger()


class HumanQueue:
    """The operations of staff about single payments."""

    def __init__(self, payments: PaymentService, zone: ZoneInfo, wholes: Iterable[GivesBackWhole] = ()) -> None:
        self._payments = payments
        self._rules: Rules = payments.registry.rules
        self._zone = zone
        self.refunds = RefundDesk(payments, zone, wholes)
        self.rulings = RulingDesk(payments, zone)

    def register(self, dispatcher: Dispatcher) -> None:
        payments = self._payments
        dispatcher.reads(ListAttention, self.attention)
        dispatcher.reads(GetCase, self.case)
        dispatcher.changes(AskAgain, Change(self.ask_again, payments.show, settle=payments.settle))
        dispatcher.changes(PostAgain, Change(self.post_again, payments.show, settle=payments.settle))
        dispatcher.changes(GiveBack, Change(self.give_back, payments.show, settle=payments.settle))
        dispatcher.changes(PayOut, Change(self.pay_out, self._show, settle=self._settled))
        dispatcher.changes(SettleByHand, Change(self.settle_by_hand, self._show, settle=self._settled))
        self.refunds.register(dispatcher)
        rulings = self.rulings
        change = Change(rulings.settle, self._show, prepare=rulings.prepare, settle=self._settled, only_reads=True)
        dispatcher.changes(SettleNotice, change)

    async def attention(self, tx: Tx, call: Call, message: ListAttention) -> Attention:
        items, unreadable = list[AttentionItem](), list[str]()
        for payment_no, plan in await signals.with_attention(tx, call.hospital_id):
            try:
                assert plan is not None, "this release cannot read its plan"
                payment = view_of(plan, self._payments.registry)
            except Exception:  # whatever is wrong with it, it hides no other
                log.exception("queue.unreadable", payment_no=payment_no)
                unreadable.append(payment_no)
            else:
                since = plan.attention_at or plan.started_at
                items.append(AttentionItem(payment=payment, why=plan.attention, since=since))
        return Attention(items=items, unreadable=unreadable)

    async def case(self, tx: Tx, call: Call, message: GetCase) -> Case:
        plan = await signals.find(tx, call.hospital_id, message.number)
        if plan is None:
            raise PaymentUnknown
        proposals = [row for row in await said(tx, plan.hospital_id, plan.payment_id) if not row["settled"]]
        return self._case(plan, proposals, await notices.standing(tx, plan))

    async def _show(self, tx: Tx, call: Call, payment_no: str) -> Case:
        return await self.case(tx, call, GetCase(number=payment_no))

    def _case(self, plan: Plan, proposals: list[Row], standing: list[KnownNotice]) -> Case:
        proposed = {row["reference"]: row for row in proposals}
        steps = [self._known(plan, step, proposed.get(step.reference)) for step in plan.steps]
        can: list[Resort] = []
        if any(step.next_at is not None and rule_of(self._rules, step).can_ask for step in plan.steps):
            can.append("ask_again")
        if self._unanswered(plan) is not None:
            can.append("post_again")
        if _open_forward(plan):
            can.append("give_back")
        if any(_is_refused_refund(step) for step in plan.steps) and plan.ended_at is None:
            can.append("pay_out")
        if any(step.in_doubt for step in steps):
            can.append("settle_by_hand")
        if standing:
            can.append("settle_notice")
        payment = view_of(plan, self._payments.registry)
        since = plan.attention_at
        return Case(payment=payment, steps=steps, can=can, notices=standing, why=plan.attention, since=since)

    def _known(self, plan: Plan, step: Step, proposal: Row | None) -> KnownStep:
        return KnownStep(
            reference=step.reference,
            kind=step.kind,
            state=step.state,
            since=step.since,
            tries=step.tries,
            amount_fen=step.amount_fen,
            channel=step.channel,
            merchant=step.merchant,
            reason=step.reason,
            in_doubt=_in_doubt(plan, step),
            proposed=proposal["outcome"] if proposal else "",
            proposed_by=proposal["proposed_by"] if proposal else "",
        )

    # -- what people do

    async def ask_again(self, tx: Tx, call: Call, message: AskAgain, facts: None) -> str:
        plan = await self._payments.locked(tx, call, message.payment_no)
        if plan.ended_at is not None:
            raise PaymentClosed
        await signals.ask_now(tx, plan, call.now)
        return plan.payment_no

    async def post_again(self, tx: Tx, call: Call, message: PostAgain, facts: None) -> str:
        plan = await self._payments.locked(tx, call, message.payment_no)
        step = self._unanswered(plan)
        if step is None:
            raise NothingInDoubt
        await signals.put_steps(tx, plan, apply.post_again(plan, step), call.now)
        await signals.ask_now(tx, plan, call.now)
        return plan.payment_no

    def _unanswered(self, plan: Plan) -> Step | None:
        """What was sent to deliver what is paid, may have happened, and can be sent again without harm."""
        if not _open_forward(plan) or not paid(plan):
            return None
        for step in plan.current():
            if step.state in ("doing", "unknown") and step.kind != TAKE and rule_of(self._rules, step).repeatable:
                return step
        return None

    async def give_back(self, tx: Tx, call: Call, message: GiveBack, facts: None) -> str:
        plan = await self._payments.locked(tx, call, message.payment_no)
        if not _open_forward(plan):
            raise PaymentClosed
        taken = await signals.turn_back(tx, plan, call.now, self._payments.epoch)
        self._payments.taken_up(call, taken)
        return plan.payment_no

    async def pay_out(self, tx: Tx, call: Call, message: PayOut, facts: None) -> str:
        plan = await self._payments.locked(tx, call, message.payment_no)
        step = next((each for each in plan.steps if each.reference == message.reference), None)
        if step is None or plan.ended_at is not None or not _is_refused_refund(step):
            raise NothingRefused
        by = {"wanted_by": call.principal.staff_id, "note": message.note}
        after = apply.paid_out(plan, step, WINDOW, by, call.now)
        await signals.put_steps(tx, plan, after, call.now)
        taken = await signals.settled_by_hand(tx, after, call.now, self._payments.epoch)
        self._payments.taken_up(call, taken)
        return plan.payment_no

    async def settle_by_hand(self, tx: Tx, call: Call, message: SettleByHand, facts: None) -> str:
        plan = await self._payments.locked(tx, call, message.payment_no)
        step = next((each for each in plan.steps if each.reference == message.reference), None)
        if step is None or not _in_doubt(plan, step):
            raise NothingInDoubt
        saying = Saying(plan.payment_id, message.reference, message.outcome, message.note)
        people = await say(tx, call, message, saying)
        if people:
            evidence = {"by_hand": " + ".join(people), "note": message.note}
            await self._take_effect(tx, call, plan, step, message.outcome == "happened", evidence)
        return plan.payment_no

    async def _take_effect(
        self, tx: Tx, call: Call, plan: Plan, step: Step, happened: bool, evidence: dict[str, str]
    ) -> None:
        after = self._decided(plan, step, happened, evidence, call)
        if step.channel in CARDS and not await session_store.ruled(
            tx, plan.hospital_id, step.reference, call.now, happened=happened
        ):
            raise SessionBusy
        await keep(tx, plan, after, self._zone, call.now)
        self._payments.taken_up(call, await signals.settled_by_hand(tx, after, call.now, self._payments.epoch))

    def _decided(self, plan: Plan, step: Step, happened: bool, evidence: dict[str, str], call: Call) -> Plan:
        """Of an undo in doubt, "happened" means that what was to be undone stands after all."""
        promised = self._payments.registry.promised(plan, step) if happened else {}
        if step.state in ("undoing", "undo_unknown"):
            answer = Refused(reason="already_paid") if happened else Done(evidence=evidence)
            stands = replace(step, evidence=promised | step.evidence)
            return apply.undo_learned(plan, stands, answer, self._rules, call.now)
        answer = Done(evidence=evidence | promised) if happened else Refused(reason="not_permitted")
        return apply.learned(plan, step, answer, self._rules, call.now)

    async def _settled(self, call: Call, payment_no: str) -> None:
        """Lets the engine go on before the case is shown."""
        await self._payments.settle(call, payment_no)


def _open_forward(plan: Plan) -> bool:
    return plan.ended_at is None and plan.direction == "forward" and not fulfilled(plan)


def _is_refused_refund(step: Step) -> bool:
    """Its channel does not make it, and goes on being asked for it."""
    return step.kind == REFUND and step.state == "refused" and step.booked and step.channel != WINDOW


def _in_doubt(plan: Plan, step: Step) -> bool:
    """Past the payment's deadline, and what became of this call is not certain."""
    if not plan.attention or plan.ended_at is not None:
        return False
    if step.state in ("doing", "unknown", "undoing", "undo_unknown"):
        return True
    return step.kind == REFUND and step.state == "waiting"
