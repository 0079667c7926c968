"""Payments are found at a window, by whatever the patient can show."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.identity.named import NamedPatients
from yinyi.business.payments import rows, signals
from yinyi.business.payments.messages import Payments
from yinyi.business.payments.messages_finding import DaysPayments, FindPayment, ListDaysPayments
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import view_of
from yinyi.kernel.errors import InvalidField
from yinyi.kernel.ids import payment_number_of

SHORTEST = 6
"""Of a channel's number: whatever is shorter stands in the evidence for something else."""
BEGUN = """
SELECT :row AS plan FROM payment p
WHERE p.hospital_id = $1 AND p.patient_id = $2 AND p.started_at >= $3 AND p.started_at < $4
ORDER BY p.started_at DESC LIMIT 50
""".replace(":row", rows.ROW)
KNOWN_AS = """
SELECT :row AS plan FROM payment p
WHERE p.hospital_id = $1 AND p.payment_no >= $3 AND p.payment_no < $4 AND (
  SELECT count(*) FROM payment_step s CROSS JOIN LATERAL jsonb_each_text(s.evidence) AS said
  WHERE s.hospital_id = p.hospital_id AND s.payment_id = p.payment_id AND s.kind IN ('payments.take', 'payments.refund')
    AND said.value = $2) > 0
ORDER BY p.payment_no DESC LIMIT 50
""".replace(":row", rows.ROW)
"""A day's payments stand together by their numbers, which begin with it. Counted, so that the steps are found by their
payment and not the other way round."""

OF_DAY = """
SELECT :row AS plan FROM payment p
WHERE p.hospital_id = $1 AND p.payment_no > $2 AND p.payment_no < $3 ORDER BY p.payment_no LIMIT $4
""".replace(":row", rows.ROW)


class Finding:
    """``FindPayment``, ``ListDaysPayments``."""

    def __init__(self, database: Database, registry: Registry, named: NamedPatients, zone: ZoneInfo) -> None:
        self._database = database
        self._named = named
        self._registry = registry
        self._zone = zone

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(FindPayment, self.find)
        dispatcher.reads(ListDaysPayments, self.of_day)

    async def find(self, call: Call, message: FindPayment) -> Payments:
        """
        Raises:
            InvalidField: nothing is asked for.
            PatientUnknown, HospitalUnavailable.
        """
        patient_no = message.patient_no.strip()
        if not (patient_no or message.number.strip() or message.channel_no.strip()):
            raise InvalidField("number, patient_no, channel_no: all empty")
        patient_id = await self._named.patient_id(call, patient_no) if patient_no else 0
        async with self._database.read() as tx:
            return await self._found(tx, call, message, patient_id)

    async def _found(self, tx: Tx, call: Call, message: FindPayment, patient_id: int) -> Payments:
        number, channel_no = message.number.strip(), message.channel_no.strip()
        on = message.on or call.now.astimezone(self._zone).date()
        found: list[Sequence[Plan]] = []
        if number:
            found.append(await self._numbered(tx, call, number))
        if patient_id:
            found.append(await self._begun(tx, call, patient_id, on))
        if channel_no:
            found.append(await self._known_as(tx, call, channel_no, on))
        return Payments(payments=[view_of(plan, self._registry) for plan in _in_all(found)])

    async def of_day(self, tx: Tx, call: Call, message: ListDaysPayments) -> DaysPayments:
        day, next_day = _numbers_of(message.on)
        rows_found = await tx.fetch(OF_DAY, call.hospital_id, max(day, message.after), next_day, message.most + 1)
        plans = [rows.read_plan(row["plan"]) for row in rows_found]
        listed = plans[: message.most]
        more = listed[-1].payment_no if len(plans) > len(listed) else ""
        return DaysPayments(payments=[view_of(plan, self._registry) for plan in listed], next_after=more)

    async def _numbered(self, tx: Tx, call: Call, number: str) -> Sequence[Plan]:
        plan = await signals.find(tx, call.hospital_id, number)
        return [plan] if plan is not None else []

    async def _begun(self, tx: Tx, call: Call, patient_id: int, on: date) -> Sequence[Plan]:
        begins = datetime.combine(on, time(), self._zone)
        ends = datetime.combine(on + timedelta(days=1), time(), self._zone)
        found = await tx.fetch(BEGUN, call.hospital_id, patient_id, begins, ends)
        return [rows.read_plan(row["plan"]) for row in found]

    async def _known_as(self, tx: Tx, call: Call, channel_no: str, on: date) -> Sequence[Plan]:
        if ours := payment_number_of(channel_no):
            plan = await signals.find(tx, call.hospital_id, ours)
            known = plan is not None and any(step.reference == channel_no for step in plan.steps)
            return [plan] if plan is not None and known else []
        if len(channel_no) < SHORTEST:
            return []
        day, next_day = _numbers_of(on)
        found = await tx.fetch(KNOWN_AS, call.hospital_id, channel_no, day, next_day)
        return [rows.read_plan(row["plan"]) for row in found]


def _numbers_of(day: date) -> tuple[str, str]:
    """Before the first of its payments' numbers, and behind the last one."""
    return f"{day:%y%m%d}", f"{day + timedelta(days=1):%y%m%d}"


def _in_all(found: Sequence[Sequence[Plan]]) -> Sequence[Plan]:
    if not found:
        return []
    first, *others = found
    known = [{plan.payment_no for plan in each} for each in others]
    return [plan for plan in first if all(plan.payment_no in each for each in known)]
