"""Identity's patients, as scheduling asks for them."""

from collections.abc import Collection

from yinyi.bus.database import Database, Tx
from yinyi.business.identity import store
from yinyi.business.identity.model import PatientFacts
from yinyi.business.scheduling.ports import Schedules
from yinyi.kernel.errors import HospitalUnavailable, SessionEnded


class MasterIndex:
    """Implements scheduling's ``Patients`` and papers' ``PatientsOnPaper``. Hospital numbers do not change, so they are
    remembered."""

    def __init__(self, database: Database, remembered: int = 4096) -> None:
        self._database = database
        self._numbers: dict[tuple[int, int], str] = {}
        self._remembered = remembered

    async def patient_no(self, hospital_id: int, patient_id: int) -> str:
        known = self._numbers.get((hospital_id, patient_id))
        if known is None:
            async with self._database.read() as tx:
                facts = await store.patient_facts(tx, hospital_id, patient_id)
            if facts is None:
                raise SessionEnded
            if len(self._numbers) >= self._remembered:
                self._numbers.clear()
            known = self._numbers[hospital_id, patient_id] = facts.patient_no
        return known

    async def on_paper(self, tx: Tx, hospital_id: int, patient_id: int) -> tuple[str, str]:
        """See ``PatientsOnPaper``."""
        facts = await self.facts(tx, hospital_id, patient_id)
        return facts.name, facts.patient_no

    async def facts(self, tx: Tx, hospital_id: int, patient_id: int) -> PatientFacts:
        """See reports' ``Patients``."""
        found = await store.patient_facts(tx, hospital_id, patient_id)
        if found is None:
            raise SessionEnded
        return found

    async def patient_id(self, tx: Tx, hospital_id: int, patient_no: str) -> int:
        """0: nobody of this number is on record here."""
        return await store.patient_id_of(tx, hospital_id, patient_no)

    async def patient_nos(self, tx: Tx, hospital_id: int, patient_ids: Collection[int]) -> dict[int, str]:
        """See ``PatientNumbers``."""
        return await store.patient_nos(tx, hospital_id, patient_ids)

    async def same_person(self, tx: Tx, hospital_id: int, patient_id: int) -> list[int]:
        """See ``Patients``."""
        return await store.same_person(tx, hospital_id, patient_id)


class Staff:
    """Implements reports' ``StaffNames``: of the hospital's lists, which its connector remembers."""

    def __init__(self, schedules: Schedules) -> None:
        self._schedules = schedules

    async def clinic(self, department_id: str) -> str:
        try:
            found = await self._schedules.departments()
        except HospitalUnavailable:
            return ""
        return next((each.name for each in found if each.department_id == department_id), "")

    async def doctor(self, practitioner_id: str) -> str:
        try:
            found = await self._schedules.practitioners()
        except HospitalUnavailable:
            return ""
        return next((each.name for each in found if each.practitioner_id == practitioner_id), "")
