"""What identity asks of the hospital and of the terminals."""

from typing import Protocol, runtime_checkable

from yinyi.bus.database import Tx
from yinyi.business.identity.model import CredentialKind, PatientRecord, Person
from yinyi.kernel.outcome import Answer, Outcome


@runtime_checkable
class PatientIndex(Protocol):
    """The hospital's patient master index. Reads raise ``HospitalUnavailable``."""

    call_timeout_s: float

    async def find(self, kind: CredentialKind, number: str) -> list[PatientRecord]:
        """Everybody on record under this document: usually none or one, sometimes two."""
        ...

    async def by_number(self, patient_no: str) -> PatientRecord | None: ...

    async def create(self, reference: str, person: Person) -> Outcome:
        """First visit. ``Done`` with evidence ``patient_no``; the same reference answers the same number."""
        ...

    async def ask_created(self, reference: str) -> Answer: ...


class PresentedCards(Protocol):
    """What lies on the readers; the terminals know."""

    async def card_on_reader(self, tx: Tx, hospital_id: int, terminal_id: str) -> bytes | None:
        """The 256 bytes of text as the reader gave them, or None when nothing lies there (any more)."""
        ...
