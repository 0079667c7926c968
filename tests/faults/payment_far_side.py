"""Hospital, channel and clock of the engine's tests: every answer is decided by a script, every call is seen."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from yinyi.business.payments.model import GIVEN_BACK, Order, RefundOrder
from yinyi.business.scheduling.model import Department, Practitioner, Schedule, Slot, Visit
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import (
    Answer,
    Done,
    Evidence,
    NotFound,
    NotSent,
    Outcome,
    Refused,
    RefusedReason,
    Show,
    Unknown,
    Waiting,
)

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FEE = Fen(5000)
Mishap = Literal["refuse", "not_sent", "lost_before", "lost_after", "down"]


class Killed(BaseException):
    """kill -9: nothing after this line happens."""


@dataclass
class SimClock:
    """Stands still until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def advance(self, span: timedelta) -> None:
        self.at += span


@dataclass
class Script:
    """What happens to the next calls of each verb, and at which of all calls and writes the process is killed."""

    mishaps: dict[str, deque[Mishap]] = field(default_factory=dict[str, "deque[Mishap]"])
    kill_at: int = 0
    killed: bool = False
    seen: list[str] = field(default_factory=list[str])

    def next(self, verb: str) -> Mishap | None:
        queue = self.mishaps.get(verb)
        return queue.popleft() if queue else None

    def point(self, name: str) -> None:
        """A place at which the process may die."""
        self.seen.append(name)
        if self.kill_at and len(self.seen) == self.kill_at:
            raise Killed(name)


@dataclass
class SimHospital:
    """Numbers, by our reference: held, confirmed or gone."""

    clock: SimClock
    script: Script
    call_timeout_s: float = 5.0
    numbers: dict[str, str] = field(default_factory=dict[str, str])
    confirmed: set[str] = field(default_factory=set[str])

    async def departments(self) -> list[Department]:
        return []

    async def practitioners(self) -> list[Practitioner]:
        return []

    async def schedules(self, department_id: str, first_on: date, last_on: date) -> list[Schedule]:
        return []

    async def slots(self, schedule_id: str) -> list[Slot]:
        return []

    async def visits(self, patient_no: str, limit: int) -> list[Visit]:
        return []

    async def hold(self, reference: str, schedule_id: str, slot_id: str, patient_no: str, until: datetime) -> Outcome:
        return await self._do("hold", lambda: self._hold(reference))

    async def extend(self, reference: str, until: datetime) -> Outcome:
        return await self._do("extend", lambda: self._known(reference))

    async def confirm(self, reference: str, payment_no: str, amount_fen: Fen, paid_at: datetime) -> Outcome:
        return await self._do("confirm", lambda: self._confirm(reference))

    async def release(self, reference: str) -> Outcome:
        return await self._do("release", lambda: self._release(reference))

    async def ask(self, reference: str) -> Answer:
        self.script.point("ask hospital")
        if self.script.next("ask_hospital"):
            return Unknown()
        state = self.numbers.get(reference)
        if state is None:
            return NotFound()
        return Refused(reason="expired") if state == "released" else Done(evidence=self._evidence(state))

    async def _do(self, verb: str, effect: Callable[[], Outcome]) -> Outcome:
        return _happen(self.script, verb, effect, "slot_taken")

    def _evidence(self, status: str) -> dict[str, object]:
        soon = (self.clock.now() + timedelta(minutes=10)).isoformat()
        times = {"held_until": soon, "starts_at": soon, "ends_at": soon}
        return {"status": status, "number": 7, "room": "205", "slot_id": "s", **times}

    def _hold(self, reference: str) -> Outcome:
        self.numbers.setdefault(reference, "held")
        return self._known(reference)

    def _known(self, reference: str) -> Outcome:
        state = self.numbers.get(reference, "released")
        return Refused(reason="expired") if state == "released" else Done(evidence=self._evidence(state))

    def _confirm(self, reference: str) -> Outcome:
        if self.numbers.get(reference) == "held":
            self.numbers[reference] = "confirmed"
        return self._known(reference)

    def _release(self, reference: str) -> Outcome:
        self.numbers[reference] = "released"
        return Done()


@dataclass
class SimChannel:
    """Orders and refunds, by our reference."""

    clock: SimClock
    script: Script
    channel: str = "wechatpay"
    settles_after: timedelta = timedelta(seconds=30)
    call_timeout_s: float = 5.0
    orders: dict[str, str] = field(default_factory=dict[str, str])
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict[str, "tuple[str, int]"])
    amounts: dict[str, int] = field(default_factory=dict[str, int])

    def pay(self, reference: str) -> bool:
        """The payer pays, if the channel lets him."""
        if self.orders.get(reference) != "open":
            return False
        self.orders[reference] = "paid"
        return True

    def kept_fen(self) -> int:
        """What the hospital has of it: taken less given back."""
        paid = sum(self.order_fen(each) for each, state in self.orders.items() if state == "paid")
        return paid - sum(amount for _, amount in self.refunds.values())

    def order_fen(self, reference: str) -> int:
        return self.amounts.get(reference, FEE)

    async def show_code(self, order: Order) -> Outcome:
        def effect() -> Outcome:
            self.orders.setdefault(order.reference, "open")
            self.amounts.setdefault(order.reference, order.amount_fen)
            return Waiting(until=order.expires_at, show=Show(code_url=f"weixin://{order.reference}"))

        return _happen(self.script, "show_code", effect, "declined")

    async def ask(self, order: Order) -> Answer:
        self.script.point("ask channel")
        if self.script.next("ask_channel"):
            return Unknown()
        if order.reference in self.orders and self.order_fen(order.reference) != order.amount_fen:
            return Unknown(evidence={"amount_fen": self.order_fen(order.reference)})
        match self.orders.get(order.reference):
            case "paid":
                return Done(evidence={"paid_at": self.clock.now().isoformat()} | self._given_back(order))
            case "open":
                return Waiting(until=order.expires_at)
            case "closed":
                return Refused(reason="expired")
            case _:
                return NotFound()

    def _given_back(self, order: Order) -> Evidence:
        """It says so, and not how much."""
        return {GIVEN_BACK: True} if any(of == order.reference for of, _ in self.refunds.values()) else {}

    async def close(self, order: Order) -> Answer:
        def effect() -> Outcome:
            if self.orders.get(order.reference) == "paid":
                return Refused(reason="already_paid", evidence=self._given_back(order))
            self.orders[order.reference] = "closed"
            return Done()

        return _happen(self.script, "close", effect, "bad_request")

    async def refund(self, order: RefundOrder) -> Outcome:
        def effect() -> Outcome:
            back = sum(amount for of, amount in self.refunds.values() if of == order.order_reference)
            known = order.reference in self.refunds
            taken_fen = self.order_fen(order.order_reference)
            if self.orders.get(order.order_reference) != "paid" or (not known and back + order.amount_fen > taken_fen):
                return Refused(reason="not_refundable")
            self.refunds[order.reference] = (order.order_reference, order.amount_fen)
            return Done()

        return _happen(self.script, "refund", effect, "not_refundable")

    async def ask_refund(self, order: RefundOrder) -> Answer:
        self.script.point("ask refund")
        if self.script.next("ask_refund"):
            return Unknown()
        if order.reference not in self.refunds:
            return NotFound()
        of, amount_fen = self.refunds[order.reference]
        if of != order.order_reference:
            return Unknown(detail="another order")
        return Done() if amount_fen == order.amount_fen else Unknown(evidence={"amount_fen": amount_fen})


def _happen(script: Script, verb: str, effect: Callable[[], Outcome], refusal: RefusedReason) -> Outcome:
    script.point(f"before {verb}")
    mishap = script.next(verb)
    match mishap:
        case "refuse":
            return Refused(reason=refusal)
        case "not_sent" | "down":
            return NotSent()
        case "lost_before":
            return Unknown()
        case "lost_after":
            effect()
            script.point(f"after {verb}")
            return Unknown()
        case _:
            outcome = effect()
            script.point(f"after {verb}")
            return outcome
