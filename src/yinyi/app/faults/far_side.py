"""A hospital and a channel that always do what they are told: what goes wrong is added in front of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

import msgspec

from yinyi.business.payments.model import GIVEN_BACK, IN_ALL, CallbackRead, CallbackReply, Order, RefundOrder
from yinyi.business.scheduling.model import Department, Practitioner, Schedule, Slot, Visit
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, Evidence, NotFound, Outcome, Refused, Show, Unknown, Waiting

PAYS_AT_ONCE, ASKS_FOR_PASSWORD = "130000000000000001", "130000000000000002"
"""What a payer's phone shows."""
CHINA = timezone(timedelta(hours=8))
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@dataclass
class SimClock:
    """Stands still until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at


@dataclass
class SimHospital:
    """Numbers by our reference: ``held`` until an instant, ``confirmed`` or ``released``."""

    clock: SimClock
    call_timeout_s: float = 5.0
    numbers: dict[str, str] = field(default_factory=dict[str, str])
    until: dict[str, datetime] = field(default_factory=dict[str, datetime])
    arrived: set[str] = field(default_factory=set[str])
    """Who has come for what he booked, by the reference under which it was told."""
    mute_until: datetime = START
    """It does what it is told until then, and says nothing."""

    def began(self) -> None:
        """A new run: nothing of the last one is left."""
        for kept in (self.numbers, self.until, self.arrived):
            kept.clear()
        self.mute_until = START

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
        self.numbers.setdefault(reference, "held")
        self.until.setdefault(reference, until)
        return self._standing(reference)

    async def extend(self, reference: str, until: datetime) -> Outcome:
        if self._state(reference) == "held":
            self.until[reference] = max(self.until[reference], until)
        return self._standing(reference)

    async def confirm(self, reference: str, payment_no: str, amount_fen: Fen, paid_at: datetime) -> Outcome:
        if self._state(reference) == "held":
            self.numbers[reference] = "confirmed"
        return Unknown() if self._is_mute() else self._standing(reference)

    async def release(self, reference: str) -> Outcome:
        self.numbers[reference] = "released"
        return Unknown() if self._is_mute() else Done()

    async def give_back(self, reference: str, free_at: datetime) -> Outcome:
        return await self.release(reference)

    async def ask(self, reference: str) -> Answer:
        if self._is_mute():
            return Unknown()
        return self._standing(reference) if reference in self.numbers else NotFound()

    def book(self, reference: str, until: datetime) -> None:
        """Somebody has booked this number, and pays when he comes."""
        self.numbers[reference], self.until[reference] = "held", until

    async def check_in(self, reference: str, number_reference: str) -> Outcome:
        if self._state(number_reference) == "released":
            return Refused(reason="expired")
        self.arrived.add(reference)
        return self._standing(number_reference)

    async def undo_check_in(self, reference: str) -> Outcome:
        self.arrived.discard(reference)
        return Done()

    async def ask_check_in(self, reference: str) -> Answer:
        return Done() if reference in self.arrived else NotFound()

    def _is_mute(self) -> bool:
        return self.clock.now() < self.mute_until

    def confirmed(self, references: set[str]) -> int:
        return sum(self.numbers.get(each) == "confirmed" for each in references)

    def is_held(self, reference: str) -> bool:
        return self._state(reference) == "held"

    def standing(self, reference: str) -> str:
        """In short; a number of nobody's is as good as one that was given back."""
        here = " here" if reference in self.arrived else ""
        return f"{self._state(reference)}{here}{' mute' if self._is_mute() else ''}"

    def _state(self, reference: str) -> str:
        state = self.numbers.get(reference, "released")
        return "released" if state == "held" and self.clock.now() >= self.until[reference] else state

    def _standing(self, reference: str) -> Done | Refused:
        state = self._state(reference)
        if state == "released":
            return Refused(reason="expired")
        held_until = self.until[reference].isoformat()
        times = {"held_until": held_until, "starts_at": held_until, "ends_at": held_until}
        return Done(evidence={"status": state, "number": 7, "room": "205", "slot_id": "s", **times})


@dataclass
class SimChannel:
    """Orders by our reference: ``open``, ``paid`` or ``closed``; refunds never over what was paid."""

    clock: SimClock
    channel: str = "wechatpay"
    settles_after: timedelta = timedelta(seconds=30)
    call_timeout_s: float = 5.0
    orders: dict[str, str] = field(default_factory=dict[str, str])
    amounts: Counter[str] = field(default_factory=Counter[str])
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict[str, "tuple[str, int]"])
    paid_on: dict[str, date] = field(default_factory=dict[str, date])
    refunded_here: int = 0
    refusals: int = 0
    """So many refunds it refuses before it makes one."""
    refunds_until: datetime = START
    """Until then it says that refunds are under way."""

    def pay(self, reference: str) -> bool:
        """The payer pays, if the channel lets him."""
        if self.orders.get(reference) != "open":
            return False
        self.orders[reference] = "paid"
        self.paid_on[reference] = self._today()
        return True

    def _today(self) -> date:
        return self.clock.now().astimezone(CHINA).date()

    def back_fen(self, reference: str) -> int:
        """Given back of this order."""
        return sum(amount for of, amount in self.refunds.values() if of == reference)

    def refund_there(self, reference: str, amount_fen: int) -> str:
        """Somebody gives back at the channel itself; the number of it."""
        self.refunded_here += 1
        their_id = f"5030{self.refunded_here}"
        self.refunds[their_id] = (reference, amount_fen)
        return their_id

    def told_of_refund(self, reference: str) -> tuple[int, Evidence]:
        """What it says of this refund: an amount, and what comes with it."""
        return self.refunds[reference][1], {}

    def kept_fen(self, references: set[str]) -> int:
        """Of these orders: taken less given back."""
        paid = sum(self.amounts[each] for each in references if self.orders.get(each) == "paid")
        return paid - sum(amount for of, amount in self.refunds.values() if of in references)

    def standing(self, reference: str) -> str:
        """Of an order, or of a refund, in short."""
        back = self.refunds.get(reference, ("", 0))[1]
        mood = f"{self.refusals} {self.clock.now() < self.refunds_until}"
        return f"{self.orders.get(reference, '')} {self.back_fen(reference)} {back} {mood}"

    def began(self) -> None:
        """A new run: nothing of the last one is left."""
        self.refusals, self.refunds_until = 0, START
        for kept in (self.orders, self.amounts, self.refunds, self.paid_on):
            kept.clear()

    def open_orders(self, references: set[str]) -> int:
        return sum(self.orders.get(each) == "open" for each in references)

    async def show_code(self, order: Order) -> Outcome:
        self.orders.setdefault(order.reference, "open")
        self.amounts[order.reference] = order.amount_fen
        return Waiting(until=order.expires_at, show=Show(code_url=f"weixin://{order.reference}"))

    def read_callback(self, path: str, headers: Mapping[str, str], body: bytes) -> CallbackRead:
        return msgspec.json.decode(body, type=CallbackRead)

    def accepted(self) -> CallbackReply:
        return CallbackReply(status=200)

    def rejected(self, why: str) -> CallbackReply:
        return CallbackReply(status=400)

    def knows_code(self, payer_code: str) -> bool:
        return payer_code in (PAYS_AT_ONCE, ASKS_FOR_PASSWORD)

    async def take_by_code(self, order: Order, payer_code: str) -> Outcome:
        state = "paid" if payer_code == PAYS_AT_ONCE else "open"
        self.paid_on.setdefault(order.reference, self._today())
        self.orders.setdefault(order.reference, state)
        self.amounts[order.reference] = order.amount_fen
        return await self._standing(order)

    async def ask(self, order: Order) -> Answer:
        return await self._standing(order) if order.reference in self.orders else NotFound()

    async def _standing(self, order: Order) -> Done | Waiting | Refused:
        match self.orders.get(order.reference):
            case "paid":
                return Done(evidence={"paid_at": self.clock.now().isoformat()} | self._given_back(order))
            case "open":
                return Waiting(until=order.expires_at)
            case _:
                return Refused(reason="expired")

    def _given_back(self, order: Order) -> Evidence:
        return {GIVEN_BACK: True} if self.back_fen(order.reference) else {}

    async def close(self, order: Order) -> Answer:
        """A scanned order is reversed: what was taken goes back by itself."""
        if self.orders.get(order.reference) == "paid" and not order.scanned:
            return Refused(reason="already_paid", evidence=self._given_back(order))
        self.orders[order.reference] = "closed"
        return Done()

    async def refund(self, order: RefundOrder) -> Outcome:
        if order.reference in self.refunds:
            return self._refund_stands()
        paid = self.amounts[order.order_reference] if self.orders.get(order.order_reference) == "paid" else 0
        if self.refusals or self.back_fen(order.order_reference) + order.amount_fen > paid:
            self.refusals = max(0, self.refusals - 1)
            return Refused(reason="not_refundable")
        self.refunds[order.reference] = (order.order_reference, order.amount_fen)
        return self._refund_stands()

    async def ask_refund(self, order: RefundOrder) -> Answer:
        return self._refund_stands() if order.reference in self.refunds else NotFound()

    def _refund_stands(self) -> Done | Waiting:
        return Done() if self.clock.now() >= self.refunds_until else Waiting(until=self.refunds_until)


@dataclass
class SimWallet(SimChannel):
    """Another channel, which also cancels a paid order on the day on which it was paid. Of a refund it says how much
    went back of its order in all, and of an order nothing of that."""

    channel: str = "alipay"

    def told_of_refund(self, reference: str) -> tuple[int, Evidence]:
        in_all_fen = self.back_fen(self.refunds[reference][0])
        return in_all_fen, {IN_ALL: in_all_fen}

    def _given_back(self, order: Order) -> Evidence:
        return {}

    async def refund(self, order: RefundOrder) -> Outcome:
        answer = await super().refund(order)
        return Done(evidence=self.told_of_refund(order.reference)[1]) if isinstance(answer, Done) else answer

    async def reverse(self, order: Order) -> Outcome:
        if self.orders.get(order.reference) == "reversed":
            return Done()
        today = self.paid_on.get(order.reference) == self._today()
        if self.orders.get(order.reference) != "paid" or self.back_fen(order.reference) or not today:
            return Refused(reason="not_refundable")
        self.orders[order.reference] = "reversed"
        return Done()
