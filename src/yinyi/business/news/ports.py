"""What news ask of others."""

from typing import Protocol, runtime_checkable

from yinyi.bus.database import Tx
from yinyi.business.identity.model import PatientFacts, PatientRecord
from yinyi.business.news.bulletin_model import Bulletin, Carried, Wants
from yinyi.business.reports.model import DiagnosticReport
from yinyi.kernel.outcome import Answer


class Hospital(Protocol):
    """The hospital's own system, which news are compared with: a line of HL7 is not signed."""

    async def report(self, order_no: str) -> DiagnosticReport | None:
        """
        Raises:
            HospitalUnavailable: whatever the reason.
        """
        ...

    async def by_number(self, patient_no: str) -> PatientRecord | None:
        """
        Raises:
            HospitalUnavailable: whatever the reason.
        """
        ...

    async def ask(self, reference: str) -> Answer:
        """How the number stands that is held or confirmed under this reference of ours."""
        ...


class Patients(Protocol):
    """Our master index, as news need it."""

    async def patient_id(self, tx: Tx, hospital_id: int, patient_no: str) -> int:
        """0: nobody of this number is on record here."""
        ...


@runtime_checkable
class Carries(Protocol):
    """The lines to systems of the hospital that want to be told."""

    @property
    def wants(self) -> Wants: ...

    async def carry(self, receiver: str, bulletin: Bulletin) -> Carried:
        """One after the other. Never raises for what its receiver does."""
        ...


class Names(Protocol):
    """Our master index, as bulletins need it."""

    async def facts(self, tx: Tx, hospital_id: int, patient_id: int) -> PatientFacts: ...
