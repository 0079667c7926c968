"""What the payment engine believes of Alipay's answers: no order is dead for it while somebody can pay it."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alipay_lab import Lab, lab

from yinyi.access.payment.alipay.plugin import Alipay
from yinyi.business.payments import apply
from yinyi.business.payments.channels import RefundByChannel, TakeByCode
from yinyi.business.payments.plan import REFUND, TAKE, Plan, Step
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done
from yinyi_sandbox.alipay.model import Refusal

Run = Callable[[Coroutine[Any, Any, Any]], Any]
MINUTES_TO_PAY = 5


class Till:
    """One payment by Alipay as the engine drives it: what each answer makes of its step."""

    def __init__(self, it: Lab) -> None:
        self.it = it
        self.use(it.pay)
        now = it.clock.now()
        step = Step(
            position=30,
            attempt=1,
            kind=TAKE,
            reference="P20261123000001AB",
            amount_fen=Fen(5_000),
            since=now,
            params={"channel": "alipay", "merchant": "outpatient"},
        )
        plan = Plan(
            hospital_id=1,
            payment_id=1,
            payment_no="P20261123000001",
            ask_no="7Q4-8XK9",
            purpose="registration",
            scope="outpatient",
            amount_fen=Fen(5_000),
            started_at=now,
            pay_by=now + timedelta(minutes=10),
            description="挂号费",
            steps=(step,),
        )
        self.plan = apply.sent(plan, step, now)

    def use(self, connector: Alipay) -> None:
        self.take, self.give = TakeByCode(connector), RefundByChannel(connector)
        self.rules = {TAKE: self.take.rule, REFUND: self.give.rule}

    @property
    def step(self) -> Step:
        return self.plan.takes()[0]

    async def begin(self) -> None:
        now = self.it.clock.now()
        self.plan = apply.learned(self.plan, self.step, await self.take.do(self.plan, self.step, now), self.rules, now)

    async def ask(self) -> str:
        now = self.it.clock.now()
        self.plan = apply.learned(self.plan, self.step, await self.take.ask(self.plan, self.step, now), self.rules, now)
        return self.step.state

    async def undo(self) -> str:
        now = self.it.clock.now()
        self.plan = apply.undo_sent(self.plan, self.step, now)
        answer = await self.take.undo(self.plan, self.step, now)
        self.plan = apply.undo_learned(self.plan, self.step, answer, self.rules, now)
        return self.step.state

    def code(self) -> str:
        assert self.step.show
        return self.step.show.code_url


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_code_waits_for_its_payer_until_it_is_surely_closed(
    tmp_path: Path, run: Run, lost: bool, restarts: bool
) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            till = Till(it)
            if lost:
                it.fault("precreate", "lost")
            await till.begin()
            assert till.step.state == ("unknown" if lost else "waiting")
            for seconds in range(5, MINUTES_TO_PAY * 60 + 60, 20):
                it.clock.offset = timedelta(seconds=seconds)
                if restarts:
                    till.use(it.connector())
                assert await till.ask() == "waiting", seconds
            assert it.phone.look(till.code()).state == "expired"
            it.fault("cancel", "lost")
            assert await till.undo() == "undo_unknown"
            assert await till.undo() == "undone"
            with pytest.raises(Refusal):
                it.phone.pay(till.code())

    run(main())


def test_a_code_is_paid_at_the_last_moment(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            till = Till(it)
            await till.begin()
            it.clock.offset = timedelta(minutes=MINUTES_TO_PAY, seconds=-10)
            assert await till.ask() == "waiting"
            it.phone.pay(till.code())
            assert await till.undo() == "done", "too late to close: the money was taken"
            assert it.phone.look(till.code()).refunded_fen == 0

    run(main())


def test_what_was_paid_while_it_was_cancelled_is_given_back_once(tmp_path: Path, run: Run) -> None:
    """Somebody scans and pays between the closing, which found no trade, and the cancellation: Alipay gives it back by
    itself. The notice of the payment comes late, and the refund that follows from it finds nothing left to do."""

    async def main() -> None:
        async with lab(tmp_path) as it:
            till = Till(it)
            await till.begin()
            it.fault("close", "error", code="40004", sub_code="ACQ.TRADE_NOT_EXIST")
            it.phone.pay(till.code())
            assert await till.undo() == "undone"
            assert it.phone.look(till.code()).refunded_fen == 5_000
            paid, closed = await it.read_next(), await it.read_next()
            assert isinstance(paid.outcome, Done)
            now = it.clock.now()
            till.plan = apply.learned(till.plan, till.step, paid.outcome, till.rules, now)
            assert till.step.state == "late"
            assert (closed.about, closed.reference) == ("take", till.step.reference)
            till.plan = apply.giving_back(till.plan, till.step, now)
            refund = till.plan.steps[-1]
            assert isinstance(await till.give.do(till.plan, refund, now), Done)
            assert it.phone.look(till.code()).refunded_fen == 5_000

    run(main())
