"""Making a hospital number: a persisted plan of one step, so that no crash and no silence makes two numbers of one.

The plan is open per document. What is about to leave is on disk before it leaves, under a reference of ours; after a
doubt the hospital is asked before it is told again, and told under the same reference. A plan whose patient has gone
is asked about until the hospital says that the number exists (then it is kept) or that it never will (then dropped).
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from yinyi.bus.database import Database, Row, Tx
from yinyi.business.identity import store
from yinyi.business.identity.errors import CreationRefused
from yinyi.business.identity.hospital import Hospital
from yinyi.business.identity.model import PatientFacts, PatientRecord, Person
from yinyi.kernel.errors import Conflict, HospitalUnavailable
from yinyi.kernel.ids import random_text
from yinyi.kernel.outcome import Answer, Done, NotFound, Refused
from yinyi.kernel.secrets import Sealed, Vault

log = structlog.get_logger()

ASK_EVERY = timedelta(minutes=2)
BELIEVED_AFTER = timedelta(minutes=10)
"""How long after it was last sent "not found" means that the hospital will never make the number: far beyond the
time-out of a call and the difference of two clocks."""

_SEALED = "patient_creation.person"
_INTEND = """
INSERT INTO patient_creation AS c (hospital_id, reference, kind, number_index, person_key_id, person_data,
                                   state, sent, created_at, sent_at, ask_at)
VALUES ($1, $2, $3, $4, $5, $6, 'open', 1, $7, $7, $8)
ON CONFLICT (hospital_id, kind, number_index) WHERE state = 'open' DO UPDATE SET
  person_key_id = excluded.person_key_id, person_data = excluded.person_data,
  sent = c.sent + 1, sent_at = excluded.sent_at, ask_at = excluded.ask_at
RETURNING reference, sent
"""
_END = """
UPDATE patient_creation
SET state = $3, ended_at = $4, patient_id = $5, person_key_id = NULL, person_data = NULL
WHERE hospital_id = $1 AND reference = $2 AND state = 'open'
"""
_CLAIM = """
UPDATE patient_creation SET ask_at = $2
WHERE (hospital_id, reference) IN (
  SELECT hospital_id, reference FROM patient_creation WHERE state = 'open' AND ask_at <= $1
  ORDER BY ask_at LIMIT 50 FOR UPDATE SKIP LOCKED)
RETURNING hospital_id, reference, person_key_id, person_data, sent_at
"""


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """The hospital has made (or always had) this number under our reference."""

    reference: str
    patient_no: str
    person: Person


class Creations:
    """Brings hospital numbers about, and finishes what was interrupted."""

    def __init__(self, database: Database, hospital: Hospital, vault: Vault) -> None:
        self._database = database
        self._hospital = hospital
        self._vault = vault

    async def bring_about(
        self, hospital_id: int, person: Person, now: datetime, is_settled: Callable[[], Awaitable[bool]]
    ) -> Created | None:
        """Calls the hospital, outside any transaction. Called again for the same document it goes on where it was.

        is_settled: whether another request has brought it about meanwhile; looked at once our plan is on disk, so that
        either it met the other's plan or it sees what that one has made. Then None, and the hospital is not called.

        Raises:
            CreationRefused: the hospital surely did not and will not.
            HospitalUnavailable: it may or may not have; nothing is lost, come again.
        """
        reference, again = await self._intend(hospital_id, person, now)
        if await is_settled():
            await self._drop(hospital_id, reference, now)
            return None
        answer: Answer = await self._hospital.ask_created(reference) if again else NotFound()
        if isinstance(answer, NotFound):
            answer = await self._hospital.create(reference, person)
        if isinstance(answer, Refused):
            async with self._database.transaction() as tx:
                await _end(tx, hospital_id, reference, "refused", now)
            raise CreationRefused(answer.reason)
        patient_no = _patient_no(answer)
        if not patient_no:
            raise HospitalUnavailable(f"creation {reference}: {type(answer).__name__}")
        return Created(reference=reference, patient_no=patient_no, person=person)

    async def keep(self, tx: Tx, hospital_id: int, created: Created, now: datetime) -> PatientFacts:
        """Our own record of it, bound to the document; the plan is fulfilled.

        Raises:
            CredentialTaken: the document has been bound to somebody else meanwhile.
        """
        person = created.person
        record = PatientRecord(
            patient_no=created.patient_no,
            name=person.name,
            sex=person.sex,
            born_on=person.born_on,
            phone=person.phone,
        )
        patient = await store.keep_patient(tx, self._vault, hospital_id, record, now)
        await store.bind(tx, self._vault, hospital_id, patient.patient_id, person, now)
        await _end(tx, hospital_id, created.reference, "done", now, patient.patient_id)
        return patient

    async def resume(self, now: datetime) -> int:
        """Ask about plans that nobody has come back to; how many were looked at. Any process may, at any time."""
        async with self._database.transaction() as tx:
            rows = await tx.fetch(_CLAIM, now, now + ASK_EVERY)
        for row in rows:
            await self._resume_one(row, now)
        return len(rows)

    async def _resume_one(self, row: Row, now: datetime) -> None:
        hospital_id, reference = row["hospital_id"], row["reference"]
        answer = await self._hospital.ask_created(reference)
        patient_no = _patient_no(answer)
        if patient_no:
            text = self._vault.open(Sealed(row["person_key_id"], row["person_data"]), _SEALED)
            person = msgspec.json.decode(text, type=Person)
            created = Created(reference=reference, patient_no=patient_no, person=person)
            try:
                async with self._database.transaction() as tx:
                    await self.keep(tx, hospital_id, created, now)
            except Conflict as error:
                log.warning("identity.creation_dropped", reference=reference, why=error.code())
                await self._drop(hospital_id, reference, now)
        elif isinstance(answer, Refused) or (isinstance(answer, NotFound) and row["sent_at"] <= now - BELIEVED_AFTER):
            await self._drop(hospital_id, reference, now)

    async def _drop(self, hospital_id: int, reference: str, now: datetime) -> None:
        async with self._database.transaction() as tx:
            await _end(tx, hospital_id, reference, "dropped", now)

    async def _intend(self, hospital_id: int, person: Person, now: datetime) -> tuple[str, bool]:
        """The reference of the open plan for this document, and whether it may have left before."""
        sealed = self._vault.seal(msgspec.json.encode(person).decode(), _SEALED)
        index = store.number_index(self._vault, person.kind, person.number)
        async with self._database.transaction() as tx:
            row = await tx.fetchrow(
                _INTEND,
                *(hospital_id, f"C{random_text(25)}", person.kind, index, sealed.key_id, sealed.data),
                *(now, now + ASK_EVERY),
            )
        assert row is not None
        return row["reference"], row["sent"] > 1


def _patient_no(answer: Answer) -> str:
    """The number in a positive answer; empty otherwise."""
    number = answer.evidence.get("patient_no") if isinstance(answer, Done) else None
    return number if isinstance(number, str) else ""


async def _end(
    tx: Tx, hospital_id: int, reference: str, state: str, now: datetime, patient_id: int | None = None
) -> None:
    await tx.execute(_END, hospital_id, reference, state, now, patient_id)
