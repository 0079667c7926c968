"""What follows from news. They are compared with the hospital's own system first, outside a transaction; what follows
and that it has followed is one transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Tx
from yinyi.bus.operation import Caller
from yinyi.business.identity import store as identity
from yinyi.business.identity.model import PatientRecord
from yinyi.business.news.merging import Merging, StillStands
from yinyi.business.news.model import Ending, PatientNews, ReportNews, Told, Trouble, VisitNews
from yinyi.business.news.ports import Hospital, Patients
from yinyi.business.reports.arrivals import Arrival, arrive
from yinyi.business.reports.model import DiagnosticReport, ReportText, WholeReport
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.ids import payment_number_of
from yinyi.kernel.outcome import Answer, Done, Evidence, NotFound, Refused
from yinyi.kernel.secrets import Vault

_TROUBLES = ("other_patient", "wrong_result", "still_stands", "merge", "apart", "unreadable", "too_long", "failed")


class Visits(Protocol):
    """Scheduling: what the hospital decides about one visit is dealt with as a session that does not take place."""

    async def heard_of_visit(self, tx: Tx, call: Call, payment_no: str, stands: Evidence | None) -> bool:
        """stands: as the hospital has it now; None: it is gone. False: nothing follows."""
        ...


class Facts(NamedTuple):
    """What the hospital's own system says of one of the news. other: the second of two numbers that are two people."""

    report: DiagnosticReport | None = None
    record: PatientRecord | None = None
    other: PatientRecord | None = None
    number: Answer | None = None


@dataclass(frozen=True)
class Handling:
    """One for all kinds. ``compare`` asks outside, ``follow`` writes."""

    hospital: Hospital
    patients: Patients
    visits: Visits
    vault: Vault
    merging: Merging

    async def compare(self, news: Told) -> Facts:
        """
        Raises:
            HospitalUnavailable: it does not answer.
            StillStands: it does not confirm what these say.
        """
        if isinstance(news, ReportNews):
            return Facts(report=await self.hospital.report(news.order_no) if news.ready else None)
        if isinstance(news, PatientNews):
            return await self._of_patient(news)
        if news.what not in ("gone", "moved", "changed") or not payment_number_of(news.reference):
            return Facts()
        answer = await self.hospital.ask(news.reference)
        if not isinstance(answer, Done | Refused | NotFound):
            raise HospitalUnavailable("how the number stands")
        if isinstance(answer, Done if news.what == "gone" else NotFound):
            raise StillStands
        return Facts(number=answer)

    async def _of_patient(self, news: PatientNews) -> Facts:
        """A number that was merged leads to the other one at the hospital, or to nobody; of two that are two people
        each leads to its own."""
        record = await self.hospital.by_number(news.patient_no)
        if news.apart_no:
            other = await self.hospital.by_number(news.apart_no)
            if record is None or other is None or record.patient_no == other.patient_no:
                raise StillStands
            return Facts(record=record, other=other)
        if news.merged_no:
            before = await self.hospital.by_number(news.merged_no)
            if record is None or (before is not None and before.patient_no != record.patient_no):
                raise StillStands
        return Facts(record=record)

    async def follow(
        self, tx: Tx, hospital_id: int, news_no: int, news: Told, facts: Facts, now: datetime
    ) -> Ending | Trouble:
        """
        Raises:
            StillStands: it cannot be done yet.
        """
        if isinstance(news, ReportNews):
            return await self._report(tx, hospital_id, news, facts, now)
        if isinstance(news, PatientNews):
            return await self._patient(tx, hospital_id, news_no, news, facts, now)
        return await self._visit(tx, hospital_id, news, facts, now)

    async def _report(
        self, tx: Tx, hospital_id: int, news: ReportNews, facts: Facts, now: datetime
    ) -> Ending | Trouble:
        patient_id = await self.patients.patient_id(tx, hospital_id, news.patient_no)
        if not patient_id:
            return "nobody_here"
        if facts.report is not None and facts.report.patient_no != news.patient_no:
            whose = await self.patients.patient_id(tx, hospital_id, facts.report.patient_no)
            if whose != patient_id:
                return "other_patient"
        if news.taken_back:
            return "wrong_result"
        if not news.ready:
            return "unfinished"
        return await arrive(tx, hospital_id, patient_id, arrival(news), facts.report, now)

    async def _patient(
        self, tx: Tx, hospital_id: int, news_no: int, news: PatientNews, facts: Facts, now: datetime
    ) -> Ending | Trouble:
        if facts.record is not None and facts.other is not None:
            return await self._apart(tx, hospital_id, (facts.record, facts.other), now)
        if news.merged_no and await self.patients.patient_id(tx, hospital_id, news.merged_no):
            assert facts.record is not None, "compared"
            return await self.merging.by_itself(tx, _call(hospital_id, now), news_no, news, facts.record)
        if not await self.patients.patient_id(tx, hospital_id, news.patient_no):
            return "nobody_here"
        if facts.record is None:
            return "still_stands"
        await identity.keep_patient(tx, self.vault, hospital_id, facts.record, now)
        return "told"

    async def _apart(
        self, tx: Tx, hospital_id: int, records: tuple[PatientRecord, PatientRecord], now: datetime
    ) -> Ending | Trouble:
        """What was put together here is never taken apart by itself: nobody knows any more what was whose."""
        ids = [await self.patients.patient_id(tx, hospital_id, each.patient_no) for each in records]
        if ids[0] and ids[0] == ids[1]:
            return "apart"
        for record, known in zip(records, ids, strict=True):
            if known:
                await identity.keep_patient(tx, self.vault, hospital_id, record, now)
        return "told" if any(ids) else "nobody_here"

    async def _visit(self, tx: Tx, hospital_id: int, news: VisitNews, facts: Facts, now: datetime) -> Ending | Trouble:
        payment_no = payment_number_of(news.reference)
        if not payment_no:
            return "nobody_here"
        if facts.number is None:
            return "noted"
        stands = facts.number.evidence if isinstance(facts.number, Done) else None
        followed = await self.visits.heard_of_visit(tx, _call(hospital_id, now), payment_no, stands)
        return "told" if followed else "known"


def _call(hospital_id: int, now: datetime) -> Call:
    """As the hospital would ask."""
    who = Principal(caller=Caller.HOSPITAL, hospital_id=hospital_id)
    return Call(principal=who, now=now, deadline=now + timedelta(seconds=10), correlation_id="news")


def is_trouble(why: Ending | Trouble) -> bool:
    return why in _TROUBLES


def arrival(news: ReportNews) -> Arrival:
    """As reports have it."""
    state = "corrected" if news.corrected else "final"
    about = DiagnosticReport(
        order_no=news.order_no,
        kind=news.kind,
        patient_no=news.patient_no,
        item_code=news.item_code,
        name=news.name,
        name_en=news.name_en,
        modality=news.modality,
        specimen=news.specimen,
        specimen_en="",
        tube="",
        sensitive=news.sensitive,
        barcode=news.barcode,
        state=state,
        version=1,
        requested_at=news.requested_at or news.sampled_at or news.issued_at,
        sampled_at=news.sampled_at,
        issued_at=news.issued_at,
        invoice_no="",
        form_no="",
        department_id=news.department_id,
        practitioner_id=news.practitioner_id,
    )
    text = ReportText(
        version=1,
        state=state,
        issued_at=news.issued_at,
        findings=news.findings,
        impression=news.impression,
        remark=news.remark,
        reported_by=news.reported_by,
        reviewed_by=news.reviewed_by,
    )
    return Arrival(about=about, whole=WholeReport(text=text, observations=news.observations))
