"""What behaviours do with a hospital before they look: take a number, have something ordered, pay it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from yinyi.business.billing.model import ChosenInvoice, Invoice
from yinyi.business.inpatient.model import Stay
from yinyi.business.scheduling.model import Schedule
from yinyi.business.scheduling.ports import Schedules
from yinyi.conformance.behaviour import NotKept, NotTried, expect
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Outcome, Refused
from yinyi.wire.beijing_time import BEIJING

EVER = (date(2000, 1, 1), date(2100, 1, 1))


def told(answer: Answer) -> str:
    """``none``, why it is no more, or the status in the evidence."""
    if isinstance(answer, NotFound):
        return "none"
    if isinstance(answer, Refused):
        return answer.reason
    return str(expect(answer, Done).evidence.get("status", ""))


def is_other(english: str, own: str) -> bool:
    """What a hospital has in its own language only has no English; it is not said twice."""
    return not english or english != own


# ---- numbers


async def fresh_schedule(stage: Stage, free: int = 3) -> Schedule:
    """An open session of the coming days, with some numbers left, that no other behaviour has been given.

    Raises:
        NotTried: there is none left.
    """
    today = (await stage.now()).astimezone(BEIJING).date()
    for department in await stage.schedules.departments():
        for found in await stage.schedules.schedules(
            department.department_id, today + timedelta(days=2), today + timedelta(days=9)
        ):
            room = found.status == "open" and found.capacity - found.taken >= free
            if room and _first_use(found) and await stage.untouched(found.schedule_id):
                return found
    raise NotTried("the sandbox has no session left with some numbers on the coming days")


_used: set[str] = set()


def _first_use(found: Schedule) -> bool:
    new = found.schedule_id not in _used
    _used.add(found.schedule_id)
    return new


async def as_it_stands(stage: Stage, schedule: Schedule) -> Schedule:
    """The schedule, read again."""
    day = schedule.service_date
    found = await stage.schedules.schedules(schedule.department_id, day, day)
    return next(one for one in found if one.schedule_id == schedule.schedule_id)


async def soon(stage: Stage, minutes: int = 10) -> datetime:
    return await stage.now() + timedelta(minutes=minutes)


async def held(stage: Stage, schedule: Schedule, patient_no: str, minutes: int = 10) -> str:
    """A reference under which a number is held."""
    ref = reference()
    expect(await stage.schedules.hold(ref, schedule.schedule_id, "", patient_no, await soon(stage, minutes)), Done)
    return ref


async def confirmed(stage: Stage, schedule: Schedule, patient_no: str) -> str:
    ref = await held(stage, schedule, patient_no)
    expect(await stage.schedules.confirm(ref, f"P{ref}", schedule.fee_fen, await stage.now()), Done)
    return ref


async def status(ports: Schedules, ref: str) -> str:
    """``held``, ``confirmed``, ``expired`` or ``none``, as asking tells."""
    return told(await ports.ask(ref))


async def number_of(stage: Stage, ref: str) -> int:
    return expect(await stage.schedules.ask(ref), Done).evidence["number"]


async def arrived(stage: Stage, ref: str) -> datetime:
    """The time of the number has come; when it began."""
    starts_at = datetime.fromisoformat(expect(await stage.schedules.ask(ref), Done).evidence["starts_at"])
    await stage.pass_time(starts_at - await stage.now())
    return starts_at


# ---- invoices


async def ordered(stage: Stage, department_id: str = "") -> list[Invoice]:
    """Fresh invoices of somebody's."""
    [patient_no] = await stage.patient_numbers(1)
    found = [await stage.bills.invoice(one) for one in await stage.hands.order(patient_no, department_id)]
    return [one for one in found if one is not None]


async def as_it_is(stage: Stage, invoice: Invoice) -> Invoice:
    found = await stage.bills.invoice(invoice.invoice_no)
    if found is None:
        raise NotKept(f"invoice {invoice.invoice_no} is gone")
    return found


def chosen(invoices: Sequence[Invoice]) -> list[ChosenInvoice]:
    return [ChosenInvoice(invoice_no=one.invoice_no, version=one.version) for one in invoices]


def total(invoices: Sequence[Invoice]) -> Fen:
    return Fen(sum(one.total_fen for one in invoices))


async def settle(stage: Stage, ref: str, invoices: Sequence[Invoice], payment_no: str = "") -> Outcome:
    return await stage.bills.settle_invoices(
        *(ref, chosen(invoices), total(invoices), payment_no or f"P{ref}", "wechatpay", await stage.now())
    )


async def paid(stage: Stage, department_id: str = "") -> tuple[str, list[Invoice]]:
    """A reference and what was paid by it."""
    ref, invoices = reference(), await ordered(stage, department_id)
    expect(await settle(stage, ref, invoices), Done)
    return ref, [await as_it_is(stage, one) for one in invoices]


async def posting_status(stage: Stage, ref: str) -> str:
    """``held``, ``paid``, ``expired`` or ``none``, as asking tells."""
    return told(await stage.bills.ask_invoices(ref))


# ---- stays


async def admitted(stage: Stage) -> Stay:
    """Somebody who has just come, with a day's costs."""
    people = await stage.patient_numbers(400)
    number = await stage.hands.admit(people[-1])
    await stage.hands.work()
    return await stay_as_it_is(stage, number)


async def stay_as_it_is(stage: Stage, admission_no: str) -> Stay:
    found = await stage.inpatients.stay(admission_no)
    if found is None:
        raise NotKept(f"stay {admission_no} is gone")
    return found


async def deposit(stage: Stage, ref: str, stay: Stay, fen: int = 50_000, payment_no: str = "") -> Outcome:
    return await stage.inpatients.post_deposit(
        *(ref, stay.admission_no, Fen(fen), payment_no or f"P{ref}", "unionpay", await stage.now())
    )


async def settled(stage: Stage, deposit_fen: int) -> tuple[Stay, str]:
    """A stay that is over and settled, and the reference of its one deposit."""
    stay, ref = await admitted(stage), reference()
    expect(await deposit(stage, ref, stay, deposit_fen), Done)
    if not await stage.hands.discharge(stay.admission_no) or not await stage.hands.settle(stay.admission_no):
        raise NotTried("the sandbox does not settle stays")
    return await stay_as_it_is(stage, stay.admission_no), ref


# ---- electronic receipts


async def issue(stage: Stage, ref: str, fen: int = 5_000, patient_no: str = "") -> Outcome:
    [somebody] = await stage.patient_numbers(1)
    said = (f"P{ref}", patient_no or somebody, "挂号费 <心内科>", Fen(fen), await stage.now())
    return await stage.fiscal.issue_fiscal_invoice(ref, *said)


async def issued(stage: Stage, fen: int = 5_000) -> str:
    ref = reference()
    await stage.hands.receipts_take(0)
    expect(await issue(stage, ref, fen), Done)
    return ref
