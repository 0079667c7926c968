"""What people come for."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec.structs import replace

from yinyi.app.faults.far_bills import WHOLLY
from yinyi.app.faults.model import FEE
from yinyi.business.billing.plans import INVOICE, InvoiceFacts, PaidFor
from yinyi.business.inpatient.plans import DEPOSIT, DepositFacts
from yinyi.business.insurance.model import Claim
from yinyi.business.ledger.model import JournalEntry, Posting, prepaid_account
from yinyi.business.payments import builder
from yinyi.business.payments.service import NewPayment
from yinyi.business.scheduling.model import Department
from yinyi.business.scheduling.plans import APPOINTMENT, CHECKED_IN, REGISTRATION, RegistrationFacts
from yinyi.kernel.money import Fen

What = Literal[
    "registration",
    "free",
    "booking",
    "insured",
    "check_in",
    "paid_check_in",
    "invoice",
    "insured_invoice",
    "top_up",
    "deposit",
]
PAY_WITHIN, HELD_FOR, BOOKED_FOR = timedelta(minutes=8), timedelta(minutes=10), timedelta(days=1)

_DEPARTMENT = Department(
    department_id="D1", parent_id="D0", name="心血管内科", name_en="Cardiology", initial="X", building="A", floor=2,
    area="B",
)  # fmt: skip
_CLAIM = Claim(
    scheme="employees", person_no="P", encounter_no="E", batch_no="B", insurance_type="310", visit_type="12",
    amount_fen=FEE,
)  # fmt: skip


def new_payment(what: What, wish: str, now: datetime, *, insured_wholly: bool) -> NewPayment:
    """``wish``: who wants the same wants the same number or bill."""
    claim = replace(_CLAIM, person_no=WHOLLY) if insured_wholly else _CLAIM
    match what:
        case "invoice":
            return _invoice(wish, now, None)
        case "insured_invoice":
            return _invoice(wish, now, claim)
        case "booking":
            return _booking(wish, now)
        case "check_in" | "paid_check_in":
            return _check_in(wish, now, paid=what == "paid_check_in")
        case "deposit":
            return _deposit(wish, now)
        case "free":
            return replace(_registration(wish, now, None), amount_fen=Fen(0), steps=builder.registration(free=True))
        case _:
            return _registration(wish, now, claim if what == "insured" else None)


def booked(wish: str) -> str:
    """Under which the hospital knows the number that he has booked."""
    return f"BOOKED{wish}"


def _booking(wish: str, now: datetime) -> NewPayment:
    """Of next week, paid at once."""
    new, on = _registration(wish, now, None), now + timedelta(days=7)
    when = {"service_date": on.date().isoformat(), "session_from": on.isoformat(), "fee_fen": FEE}
    return replace(new, purpose=APPOINTMENT, description="预约挂号", facts=new.facts | when)


def _check_in(wish: str, now: datetime, *, paid: bool) -> NewPayment:
    """He comes for the number that he has booked; unless he has paid for it already, he pays now."""
    new, booking_no = _registration(wish, now, None), f"N{wish}"
    return replace(
        new,
        purpose=CHECKED_IN,
        amount_fen=Fen(0) if paid else FEE,
        steps=builder.check_in(paid=paid),
        facts=new.facts | {"booking_no": booking_no, "number_reference": booked(wish)},
        obligation=(CHECKED_IN, booking_no),
    )


def _deposit(wish: str, now: datetime) -> NewPayment:
    return NewPayment(
        purpose=DEPOSIT,
        scope="inpatient",
        amount_fen=FEE,
        description="住院预交金",
        pay_by=now + PAY_WITHIN,
        steps=builder.deposit(),
        facts=DepositFacts.for_stay(f"A{wish}", "内科病区", "Medicine", "03"),
    )


def _invoice(wish: str, now: datetime, claim: Claim | None) -> NewPayment:
    bill = PaidFor(
        invoice_no=f"B{wish}",
        version=1,
        title="处方",
        department="心血管内科",
        department_en="Cardiology",
        ordered_at=now,
        total_fen=FEE,
    )
    facts = InvoiceFacts(patient_no="P1", invoices=(bill,), held_until=now + HELD_FOR)
    return NewPayment(
        purpose=INVOICE,
        scope="outpatient",
        amount_fen=FEE,
        description="门诊缴费",
        pay_by=now + PAY_WITHIN,
        steps=builder.invoice(insured=claim is not None),
        facts=facts.as_json() | (claim.as_json() if claim is not None else {}),
        obligation=(INVOICE, bill.invoice_no),
    )


def _registration(wish: str, now: datetime, claim: Claim | None) -> NewPayment:
    facts = RegistrationFacts(
        patient_no="P1",
        department=_DEPARTMENT,
        department_id="D1",
        schedule_id=f"S{wish}",
        slot_id="",
        practitioner_id="A",
        practitioner_name="李明华",
        title="chief",
        service_date=now.date(),
        session="morning",
        room="205",
        held_until=now + HELD_FOR,
    )
    return NewPayment(
        purpose=REGISTRATION,
        scope="outpatient",
        amount_fen=FEE,
        description="挂号费",
        pay_by=now + PAY_WITHIN,
        steps=builder.registration(insured=claim is not None),
        facts=facts.as_json() | (claim.as_json() if claim is not None else {}),
        obligation=(REGISTRATION, f"P1:S{wish}"),
    )


def opening(patient_id: int, fen: int, now: datetime) -> JournalEntry:
    """A patient had so much on his account before all this."""
    account = prepaid_account(str(patient_id))
    return JournalEntry(
        hospital_id=1,
        source=f"opening:{account}",
        kind="opening",
        business_date=now.date(),
        posted_at=now,
        postings=(Posting(debit_account="opening:faults", credit_account=account, amount_fen=Fen(fen)),),
    )
