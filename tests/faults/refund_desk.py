"""Staff gives money back; somebody gives it back at the channel."""

from payment_checks import reference_of
from payment_world import ZONE, World
from queue_desk import as_staff

from yinyi.business.payments import signals
from yinyi.business.payments.callbacks import understood
from yinyi.business.payments.messages import RefundPayment
from yinyi.business.payments.model import CallbackRead
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.refunds import RefundDesk
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done

CHANNEL, INCOME = "channel:wechatpay:outpatient", "hospital:outpatient:registration"
GIVEN_UP = """
UPDATE payment_step SET params = params || '{"channel": "given_up"}' WHERE kind = 'payments.take'
"""
"""A channel that the hospital had last year."""


async def refund(it: World, number: str, fen: int | None = None) -> None:
    message = RefundPayment(
        payment_no=number, amount_fen=None if fen is None else Fen(fen), reason="少做一项检查", operator="C12"
    )
    async with it.database.transaction() as tx:
        await RefundDesk(it.payments, ZONE).refund(tx, as_staff(it, "operator"), message, None)


async def told_by_channel(it: World, plan: Plan, fen: int, their_id: str, event_id: str) -> None:
    """A refund callback of an order of ours, under a number that is not ours."""
    read = CallbackRead(
        event_id=event_id,
        about="refund",
        reference=their_id,
        order_reference=reference_of(plan),
        merchant="outpatient",
        amount_fen=Fen(fen),
        outcome=Done(evidence={}),
    )
    kept = await it.payments.callbacks.keep(it.call(), "wechatpay", b"body", understood(read))
    if kept is not None:
        it.told[plan.payment_no] = kept


async def given_back_in_cash(it: World, number: str, fen: int | None) -> Plan:
    """The cashier says that he has given so much back."""
    async with it.database.transaction() as tx:
        plan = await signals.locked(tx, 1, number)
        assert plan is not None
        told = {"operator": "007", "receipt_no": "R2"}
        await it.payments.counter.give_back(tx, it.call(), plan, told, 0, None if fen is None else Fen(fen))
    return await it.plan(number)
