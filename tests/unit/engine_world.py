"""A far side that keeps its own truth, and the engine driven against it without disk or network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from msgspec.structs import replace

from yinyi.business.payments import apply
from yinyi.business.payments.actions import (
    Action,
    Again,
    Ask,
    CallPeople,
    Choose,
    Drop,
    End,
    GiveBack,
    GiveUp,
    Retry,
    Send,
    TakeRest,
    TurnBack,
    Undo,
    Wait,
)
from yinyi.business.payments.amounts import refundable_fen
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.engine import Rules, decide, next_deadline, rule_of
from yinyi.business.payments.model import IN_ALL, RefundedAtChannel
from yinyi.business.payments.plan import REFUND, TAKE, Plan, Step
from yinyi.business.payments.postings import fulfilled
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.plans import CONFIRM, HOLD, ConfirmNumber, HoldNumber, KeepNumber, Registration
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Outcome, Refused, Show, Unknown, Waiting

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FEE = Fen(5000)
PART, REFUND_PART, THERE = Fen(1700), Fen(1200), Fen(900)
CHANNEL, OTHER_CHANNEL = "wechatpay", "alipay"
MISHAPS = ("", "refused", "not_sent", "lost", "answer_lost", "arrives_late")


def real_rules() -> Rules:
    """How patient the product is with each kind of effect."""
    hospital: Any = SimpleNamespace(call_timeout_s=5.0)
    channel: Any = SimpleNamespace(call_timeout_s=5.0, settles_after=timedelta(seconds=30))
    return Registry(
        effects=[HoldNumber(hospital), KeepNumber(hospital), ConfirmNumber(hospital)],
        purposes=[Registration()],
        channels={CHANNEL: channel, OTHER_CHANNEL: channel},
        merchants=MerchantTable({}),
    ).rules


RULES = real_rules()


def new_plan() -> Plan:
    """A registration's, just opened."""
    kinds = ((10, HOLD), (30, TAKE), (40, CONFIRM))
    steps = tuple(
        Step(position=position, attempt=1, kind=kind, reference=f"R{position}", amount_fen=FEE, since=START)
        for position, kind in kinds
    )
    return Plan(
        hospital_id=1,
        payment_id=1,
        payment_no="P",
        ask_no="A",
        purpose="registration",
        scope="outpatient",
        amount_fen=FEE,
        started_at=START,
        pay_by=START + timedelta(minutes=8),
        steps=steps,
    )


@dataclass
class FarSide:
    """Hospital and channel, by our references: what they have, whatever they say. ``sums``: the channel says how much
    went back of an order in all."""

    sums: bool = False
    numbers: dict[str, str] = field(default_factory=dict[str, str])
    orders: dict[str, str] = field(default_factory=dict[str, str])
    amounts: dict[str, int] = field(default_factory=dict[str, int])
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict[str, "tuple[str, int]"])

    @property
    def kept_fen(self) -> int:
        paid = sum(self.amounts[each] for each, state in self.orders.items() if state == "paid")
        return paid - sum(amount for _, amount in self.refunds.values())

    def back_fen(self, take: str) -> int:
        """Given back of this order."""
        return sum(amount for of, amount in self.refunds.values() if of == take)

    @property
    def delivered(self) -> bool:
        return "confirmed" in self.numbers.values()

    def do(self, plan: Plan, step: Step) -> Outcome:
        match step.kind:
            case "scheduling.hold":
                return self._number(self.numbers.setdefault(step.reference, "held"))
            case "scheduling.confirm":
                held = _held(plan)
                if self.numbers.get(held) == "held":
                    self.numbers[held] = "confirmed"
                return self._number(self.numbers.get(held, ""))
            case "payments.refund":
                return self._refund(step)
            case _:
                self.orders.setdefault(step.reference, "open")
                return Waiting(until=step.until or plan.pay_by, show=Show(code_url="weixin://"))

    def ask(self, plan: Plan, step: Step) -> Answer:
        match step.kind:
            case "scheduling.hold":
                return self._number(self.numbers[step.reference]) if step.reference in self.numbers else NotFound()
            case "scheduling.confirm":
                return Done() if self.numbers.get(_held(plan)) == "confirmed" else NotFound()
            case "payments.refund" if step.is_void:
                return self._refund(step)
            case "payments.refund":
                return Done() if step.reference in self.refunds else NotFound()
            case _:
                return self._order(plan, step)

    def undo(self, plan: Plan, step: Step) -> Answer:
        if step.kind == TAKE:
            if self.orders.get(step.reference) == "paid":
                return Refused(reason="already_paid")
            self.orders[step.reference] = "closed"
            return Done()
        self.numbers[step.reference if step.kind == HOLD else _held(plan)] = "released"
        return Done()

    def _number(self, state: str) -> Outcome:
        return Done() if state in ("held", "confirmed") else Refused(reason="expired")

    def _refund(self, step: Step) -> Outcome:
        taken = cast(str, step.params["of"])
        if step.is_void:
            return self._void(taken)
        if step.reference in self.refunds:
            return Done()
        if self.orders.get(taken) != "paid" or self.back_fen(taken) + step.amount_fen > self.amounts[taken]:
            return Refused(reason="not_refundable")
        self.refunds[step.reference] = (taken, step.amount_fen)
        return Done(evidence={IN_ALL: self.back_fen(taken)} if self.sums else {})

    def _void(self, take: str) -> Outcome:
        if self.orders.get(take) == "paid" and not self.back_fen(take):
            self.orders[take] = "void"
        return Done() if self.orders.get(take) == "void" else Refused(reason="not_refundable")

    def refund_there(self) -> tuple[str, RefundedAtChannel] | None:
        """Somebody at the channel gives back a part of an order that was paid."""
        for take, state in self.orders.items():
            left = self.amounts[take] - self.back_fen(take) if state == "paid" else 0
            if left:
                told = RefundedAtChannel(their_id=f"THEIRS{len(self.refunds)}", amount_fen=Fen(min(THERE, left)))
                self.refunds[told.their_id] = (take, told.amount_fen)
                in_all = replace(told, amount_fen=Fen(self.back_fen(take)), in_all=True)
                return take, in_all if self.sums else told
        return None

    def _order(self, plan: Plan, step: Step) -> Answer:
        match self.orders.get(step.reference):
            case "paid":
                return Done(evidence={"paid_at": START.isoformat()})
            case "open":
                return Waiting(until=step.until or plan.pay_by)
            case "closed":
                return Refused(reason="expired")
            case _:
                return NotFound()


def _held(plan: Plan) -> str:
    hold = plan.latest(HOLD)
    assert hold is not None
    return hold.reference


@dataclass
class Play:
    """One payment from beginning to end. ``mishaps``: what becomes of each call, in order; then nothing goes wrong.
    ``people``: what the patient does, and at which second."""

    mishaps: Iterator[str]
    people: list[tuple[int, str]]
    far: FarSide = field(default_factory=FarSide)
    plan: Plan = field(default_factory=new_plan)
    now: datetime = START
    called: list[str] = field(default_factory=list[str])
    sent: dict[str, int] = field(default_factory=dict[str, int])
    on_the_way: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list[Any])
    rules: Rules = field(default_factory=lambda: RULES)

    def run(self, limit: int = 5000) -> Plan:
        """Until it has ended and nobody does anything any more."""
        for _ in range(limit):
            if isinstance(self.step(), End) and not self.people and not self.on_the_way:
                return replace(self.plan, ended_at=self.now)
        raise AssertionError(f"it never ends: {self.plan}")

    def step(self) -> Action:
        """The next decision, carried out."""
        self._let_happen()
        assert state_of(self.plan), "there is a word for it at every moment"
        action = decide(self.plan, self.rules, self.now)
        self._act(action)
        return action

    def _act(self, action: Action) -> None:
        plan, now = self.plan, self.now
        match action:
            case Send(step) | Undo(step):
                self._call(step, "do" if isinstance(action, Send) else "undo")
            case Ask(step):
                self._call(step, "ask")
            case GiveUp(step):
                self.plan = apply.given_up(plan, step, now)
            case Retry(step):
                self.plan = apply.retried(plan, step, now)
            case Choose(step, channel):
                self.plan = apply.chosen(plan, step, channel, "M", now, plan.facts.get("tender_facts", {}))
            case Again(step):
                self.plan = apply.again(plan, step, now)
            case TakeRest(take):
                self.plan = apply.taking_rest(plan, take, now)
            case GiveBack(take, how):
                self.plan = apply.giving_back(plan, take, now, how)
            case Drop(refund):
                self.plan = apply.dropped(plan, refund, now)
            case TurnBack(reason):
                self.plan = apply.turned_back(plan, reason)
            case CallPeople(why):
                self.plan = replace(plan, attention=why, attention_at=now)
            case Wait(until):
                deadline = next_deadline(plan, self.rules, now)
                self._pass(min(until, deadline) if deadline else until)
            case End():
                self._pass(now + timedelta(hours=1))

    def _pass(self, until: datetime) -> None:
        """Time passes, at most until something else happens."""
        due = [at for at, _ in self.on_the_way] + [START + timedelta(seconds=at) for at, _ in self.people[:1]]
        self.now = max(self.now + timedelta(milliseconds=100), min([until, *due]))

    def _let_happen(self) -> None:
        arrived = [effect for at, effect in self.on_the_way if at <= self.now]
        self.on_the_way = [(at, effect) for at, effect in self.on_the_way if at > self.now]
        for effect in arrived:
            effect()
        while self.people and START + timedelta(seconds=self.people[0][0]) <= self.now:
            self._somebody(self.people.pop(0)[1])

    def _somebody(self, does: str) -> None:
        match does:
            case "chooses":
                self._choose(CHANNEL, {})
            case "chooses alipay":
                self._choose(OTHER_CHANNEL, {})
            case "chooses a part":
                self._choose(CHANNEL, {"amount_fen": PART})
            case "wants a part back" | "wants all back":
                self._want_back(REFUND_PART if does == "wants a part back" else refundable_fen(self.plan))
            case "gives back there":
                self._tell(self.far.refund_there(), times=2)
            case "cancels":
                self.plan = replace(self.plan, cancel_wanted=True)
            case "pays late":
                self._pay_late()
            case "posts again":
                self._post_again()
            case _:
                shown = [take.reference for take in self.plan.takes() if take.show is not None]
                for reference in shown:
                    if self.far.orders.get(reference) == "open":
                        self.far.orders[reference] = "paid"
                        return

    def _pay_late(self) -> None:
        """An order that the channel has closed is paid all the same, and it tells so."""
        for take in self.plan.takes():
            if self.far.orders.get(take.reference) == "closed":
                self.far.orders[take.reference] = "paid"
                self.plan = apply.learned(self.plan, take, self.far.ask(self.plan, take), self.rules, self.now)
                return

    def _post_again(self) -> None:
        """Staff want the hospital to be told once more that it is paid."""
        confirm = self.plan.current()[-1]
        if confirm.kind == CONFIRM and confirm.state in ("doing", "unknown") and self.plan.direction == "forward":
            self.plan = apply.post_again(self.plan, confirm)

    def _choose(self, channel: str, told: dict[str, int]) -> None:
        chosen = {"tender": channel, "tender_no": self.plan.tender_no + 1}
        self.plan = replace(self.plan, **chosen, facts=self.plan.facts | {"tender_facts": told})

    def _want_back(self, amount_fen: int) -> None:
        """As the operation does it."""
        left = refundable_fen(self.plan)
        if not left or amount_fen > left or self.plan.direction == "back":
            return
        if amount_fen == left:
            self.plan = apply.turned_back(self.plan, "cancelled")
        elif fulfilled(self.plan):
            self.plan = apply.refunding(self.plan, Fen(amount_fen), "why", self.now)

    def _tell(self, told: tuple[str, RefundedAtChannel] | None, times: int) -> None:
        """The channel tells by itself, as often as it likes."""
        for take, refunded in [told] * times if told else []:
            self.plan = apply.refunded_at_channel(self.plan, take, refunded, self.rules, self.now)

    def _call(self, step: Step, verb: str) -> None:
        """As the driver: marked first, then called, then learned."""
        if verb != "ask":
            self.plan = (apply.sent if verb == "do" else apply.undo_sent)(self.plan, step, self.now)
        marked = next(each for each in self.plan.steps if each.reference == step.reference)
        self.called.append(f"{verb} {step.kind}")
        answer = self._answer(marked, verb)
        if verb == "ask" and isinstance(answer, NotSent):
            answer = Unknown()
        learn = apply.undo_learned if verb == "undo" else apply.learned
        self.plan = learn(self.plan, marked, answer, self.rules, self.now)

    def _answer(self, step: Step, verb: str) -> Answer:
        plan = self.plan
        effects: dict[str, Callable[[], Answer]] = {
            "do": lambda: self.far.do(plan, step),
            "undo": lambda: self.far.undo(plan, step),
            "ask": lambda: self.far.ask(plan, step),
        }
        mishap = next(self.mishaps, "")
        if mishap == "not_sent":
            return NotSent()
        if verb == "do":
            self.far.amounts[step.reference] = step.amount_fen
            self.sent[step.reference] = self.sent.get(step.reference, 0) + 1
        if mishap == "refused" and verb == "do" and step.kind != REFUND and not step.left_in_doubt:
            return Refused(reason="slot_taken" if step.kind == HOLD else "declined")
        if mishap == "lost":
            return Unknown()
        if mishap == "arrives_late" and verb == "do":
            within = timedelta(seconds=rule_of(self.rules, step).timeout_s)
            self.on_the_way.append((self.now + within, effects[verb]))
            return Unknown()
        answer = effects[verb]()
        return Unknown() if mishap in ("answer_lost", "arrives_late") else answer
