"""Stays and deposits at a hospital, in memory: its rules of posting and returning, every answer decided by a script."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec.structs import replace
from payment_far_side import START, Script

from yinyi.business.inpatient.model import CostCategory, CostDay, Deposit, Stay, StayItem
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Outcome, Refused, RefusedReason, Unknown

OWN, OTHERS = "269000001", "269000002"


def _stay(number: str, patient_no: str) -> Stay:
    return Stay(
        admission_no=number,
        patient_no=patient_no,
        name="张三",
        ward_id="H0105",
        ward="内科病区",
        ward_en="Medicine",
        place="住院楼",
        bed="03",
        department_id="D1",
        practitioner_id="A",
        practitioner="李明华",
        diagnosis="肺炎",
        admitted_at=START,
        discharged_at=None,
        settled_at=None,
        settlement_no="",
        state="admitted",
        charged_on=START.date(),
        cost_fen=Fen(4000),
        deposit_fen=Fen(0),
        left_fen=0,
    )


@dataclass
class SimInpatients:
    """Implements ``Inpatients``."""

    script: Script
    call_timeout_s: float = 5.0
    own: Stay = field(default_factory=lambda: _stay(OWN, "P1"))
    posted: list[Deposit] = field(default_factory=list[Deposit])
    calls: list[str] = field(default_factory=list[str])
    away: bool = False
    _made: int = 0

    def settle(self, cost_fen: int = 4000) -> None:
        self.own = replace(self.own, state="settled", settled_at=START, settlement_no="S1", cost_fen=Fen(cost_fen))

    def window_return(self, amount_fen: int) -> None:
        """The window gives some of the oldest deposit back in cash."""
        assert isinstance(
            self._return(f"W{len(self.posted)}", self.posted[0].reference, Fen(amount_fen), "window"), Done
        )

    # -- the port

    async def stays(self, patient_no: str) -> list[Stay]:
        return [each for each in self._stays() if each.patient_no == patient_no]

    async def stay(self, admission_no: str) -> Stay | None:
        return next((each for each in self._stays() if each.admission_no == admission_no), None)

    async def stay_items(self, admission_no: str, first_on: date, last_on: date) -> list[StayItem]:
        days = [self.own.charged_on - timedelta(days=n) for n in (1, 0)]
        return [_item(each, n) for each in days if first_on <= each <= last_on for n in (1, 2)]

    async def cost_days(self, admission_no: str) -> list[CostDay]:
        last = self.own.charged_on
        return [
            CostDay(
                charged_on=last - timedelta(days=1 - n),
                amount_fen=Fen(2000),
                running_fen=Fen(2000 * (n + 1)),
                item_count=2,
            )
            for n in range(2)
        ]

    async def cost_categories(self, admission_no: str) -> list[CostCategory]:
        return [
            CostCategory(category_code=f"C{n}", category=f"类{n}", category_en="", amount_fen=Fen(2000)) for n in (1, 2)
        ]

    async def deposits(self, admission_no: str) -> list[Deposit]:
        return [each for each in self.posted if each.admission_no == admission_no]

    async def post_deposit(
        self, reference: str, admission_no: str, amount_fen: Fen, payment_no: str, means: str, paid_at: datetime
    ) -> Outcome:
        def post() -> Outcome:
            if self._known(reference) is None:
                if self.own.state == "settled":
                    return Refused(reason="not_permitted")
                self._made += 1
                made_at = START + timedelta(minutes=self._made)
                self.posted.append(
                    replace(_deposit(reference, amount_fen, payment_no=payment_no, means=means), made_at=made_at)
                )
            return self._told(reference)

        return self._do("post", post)

    async def reverse_deposit(self, reference: str) -> Outcome:
        def reverse() -> Outcome:
            self.posted = [each for each in self.posted if each.reference != reference]
            return Done()

        return self._do("reverse", reverse)

    async def return_deposit(self, reference: str, deposit_reference: str, amount_fen: Fen) -> Outcome:
        return self._do("return", lambda: self._return(reference, deposit_reference, amount_fen))

    async def ask_deposit(self, reference: str) -> Answer:
        if self.script.next("ask"):
            return Unknown()
        return self._told(reference) if self._known(reference) else NotFound()

    async def deposit_postings(self, since: datetime, until: datetime) -> list[Deposit]:
        return [each for each in self.posted if since <= each.made_at <= until]

    # -- its rules

    def _stays(self) -> list[Stay]:
        if self.away:
            raise HospitalUnavailable
        there = self._there()
        own = replace(self.own, deposit_fen=Fen(there), left_fen=there - self.own.cost_fen)
        return [own, _stay(OTHERS, "P2")]

    def _there(self) -> int:
        return sum(each.amount_fen if each.kind == "deposit" else -each.amount_fen for each in self.posted)

    def _known(self, reference: str) -> Deposit | None:
        return next((each for each in self.posted if each.reference == reference), None)

    def _return(
        self,
        reference: str,
        deposit_reference: str,
        amount_fen: Fen,
        source: Literal["platform", "window"] = "platform",
    ) -> Outcome:
        if self._known(reference):
            return self._told(reference)
        deposit = self._known(deposit_reference)
        if deposit is None or self.own.state != "settled":
            return Refused(reason="not_refundable")
        if amount_fen > min(deposit.amount_fen - deposit.returned_fen, self._there() - self.own.cost_fen):
            return Refused(reason="insufficient_funds")
        more = replace(deposit, returned_fen=Fen(deposit.returned_fen + amount_fen))
        self.posted = [more if each is deposit else each for each in self.posted]
        self.posted.append(replace(_deposit(reference, amount_fen, "return", deposit_reference), source=source))
        return self._told(reference)

    def _told(self, reference: str) -> Done:
        return Done(evidence={"status": "posted", "receipt_no": "R1", "left_fen": self._there() - self.own.cost_fen})

    def _do(self, verb: str, effect: Callable[[], Outcome]) -> Outcome:
        self.script.point(verb)
        self.calls.append(verb)
        refusal: RefusedReason = "not_permitted"
        match self.script.next(verb):
            case "refuse":
                return Refused(reason=refusal)
            case "not_sent":
                return NotSent()
            case "lost_before" | "down":
                return Unknown()
            case "lost_after":
                effect()
                return Unknown()
            case None:
                return effect()


def _deposit(
    reference: str,
    amount_fen: Fen,
    kind: Literal["deposit", "return"] = "deposit",
    of_reference: str = "",
    payment_no: str = "",
    means: str = "",
) -> Deposit:
    return Deposit(
        reference=reference,
        admission_no=OWN,
        kind=kind,
        of_reference=of_reference,
        state="posted",
        amount_fen=amount_fen,
        returned_fen=Fen(0),
        source="platform",
        means=means,
        payment_no=payment_no,
        receipt_no="R1",
        made_at=START,
    )


def _item(on: date, n: int) -> StayItem:
    return StayItem(
        charged_on=on,
        line_no=n,
        item_code=f"I{n}",
        category_code=f"C{n}",
        category=f"类{n}",
        name="项目",
        name_en="",
        unit="次",
        quantity=1,
        price_fen=Fen(1000),
        amount_fen=Fen(1000),
    )
