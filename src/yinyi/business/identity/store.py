"""SQL of patients and their bindings."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.bus.looks import of_one
from yinyi.business.identity.errors import CredentialTaken
from yinyi.business.identity.model import CredentialKind, PatientFacts, PatientRecord, Person
from yinyi.kernel.secrets import Sealed, Vault

ONE_PERSON: tuple[CredentialKind, ...] = (
    "resident_card",
    "hmt_resident_card",
    "hmt_travel_permit",
    "permanent_resident_card",
    "passport",
    "birth_certificate",
)
"""Documents of one person each, whatever numbers the hospital has given him."""
PHONE = "patient.phone"
NUMBER = "credential.number"

_BY_ID = """
SELECT patient_id, patient_no, name, sex, born_on, prefers_elder
FROM patient WHERE hospital_id = $1 AND patient_id = $2
"""
_BY_NO = """
SELECT patient_id, patient_no, name, sex, born_on, prefers_elder, phone_key_id, phone_data
FROM patient WHERE hospital_id = $1 AND patient_no = $2
"""
_BOUND = """
SELECT p.patient_id, p.patient_no, p.name, p.sex, p.born_on, p.prefers_elder
FROM credential c JOIN patient p USING (hospital_id, patient_id)
WHERE c.hospital_id = $1 AND c.kind = $2 AND c.number_index = $3 AND c.unbound_at IS NULL
"""
_WAS_BOUND = """
SELECT EXISTS (
  SELECT FROM credential c JOIN patient p USING (hospital_id, patient_id)
  WHERE c.hospital_id = $1 AND p.patient_no = $2 AND c.kind = $3 AND c.number_index = $4)
"""
_KEEP = """
INSERT INTO patient AS p (hospital_id, patient_no, name, sex, born_on, phone_key_id, phone_data, phone_index,
                          created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
ON CONFLICT (hospital_id, patient_no) DO UPDATE SET
  name = excluded.name, sex = excluded.sex, born_on = excluded.born_on, updated_at = excluded.updated_at,
  phone_key_id = coalesce(excluded.phone_key_id, p.phone_key_id),
  phone_data = coalesce(excluded.phone_data, p.phone_data),
  phone_index = coalesce(excluded.phone_index, p.phone_index)
RETURNING p.patient_id, p.patient_no, p.name, p.sex, p.born_on, p.prefers_elder, p.merged_into
"""
_BIND = """
INSERT INTO credential (hospital_id, patient_id, kind, number_key_id, number_data, number_index, bound_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (hospital_id, kind, number_index) WHERE unbound_at IS NULL DO UPDATE SET kind = excluded.kind
RETURNING patient_id
"""
_PATIENT_NOS = """
SELECT patient_id, patient_no FROM patient WHERE hospital_id = $1 AND patient_id = ANY($2::bigint[])
"""
_LOCK = "SELECT true FROM patient WHERE hospital_id = $1 AND patient_id = $2 FOR UPDATE"
_LIVE = of_one("""
SELECT patient_id, credential_id, kind, number_key_id, number_data, bound_at FROM credential
WHERE hospital_id = $1 AND patient_id = $2 AND unbound_at IS NULL ORDER BY bound_at, credential_id
""")
_UNBIND = "UPDATE credential SET unbound_at = $3 WHERE hospital_id = $1 AND credential_id = $2 AND unbound_at IS NULL"
SAME_PERSON = """
SELECT DISTINCT o.patient_id FROM credential c JOIN credential o
  ON o.hospital_id = $1 AND o.kind = c.kind AND o.number_index = c.number_index
WHERE c.hospital_id = $1 AND c.patient_id = $2 AND c.kind = ANY($3::text[])
"""
_PREFER = "UPDATE patient SET prefers_elder = $3, updated_at = $4 WHERE hospital_id = $1 AND patient_id = $2"


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """A live binding; ``number`` is opened, for masking only."""

    credential_id: int
    kind: CredentialKind
    number: str
    bound_at: datetime


def number_index(vault: Vault, kind: CredentialKind, number: str) -> bytes:
    """What a document is looked up by: the same number of another kind is another document."""
    return vault.index(number, f"credential.{kind}")


async def patient_facts(tx: Tx, hospital_id: int, patient_id: int) -> PatientFacts | None:
    """A patient by our internal id."""
    row = await tx.fetchrow(_BY_ID, hospital_id, patient_id)
    return facts_of(row) if row else None


async def patient_id_of(tx: Tx, hospital_id: int, patient_no: str) -> int:
    """Of a number that was merged into another one: whose it is now. 0: nobody of this number is on record here."""
    query = "SELECT coalesce(merged_into, patient_id) FROM patient WHERE hospital_id = $1 AND patient_no = $2"
    return await tx.fetchval(query, hospital_id, patient_no) or 0


async def patient_nos(tx: Tx, hospital_id: int, patient_ids: Collection[int]) -> dict[int, str]:
    """Their hospital numbers; whoever is not on record is not in it."""
    rows = await tx.fetch(_PATIENT_NOS, hospital_id, list(patient_ids))
    return {row["patient_id"]: row["patient_no"] for row in rows}


async def patient_by_no(tx: Tx, vault: Vault, hospital_id: int, patient_no: str) -> PatientRecord | None:
    """What we hold ourselves of a hospital number, the telephone opened: to be compared with a proof."""
    row = await tx.fetchrow(_BY_NO, hospital_id, patient_no)
    if row is None:
        return None
    sealed = row["phone_data"]
    phone = vault.open(Sealed(row["phone_key_id"], sealed), PHONE) if sealed else ""
    facts = facts_of(row)
    return PatientRecord(patient_no=patient_no, name=facts.name, sex=facts.sex, born_on=facts.born_on, phone=phone)


async def bound_patient(tx: Tx, vault: Vault, hospital_id: int, person: Person) -> PatientFacts | None:
    """Whom this document is bound to at this moment."""
    row = await tx.fetchrow(_BOUND, hospital_id, person.kind, number_index(vault, person.kind, person.number))
    return facts_of(row) if row else None


async def was_bound(tx: Tx, vault: Vault, hospital_id: int, person: Person, patient_no: str) -> bool:
    """Whether this document has ever been bound to this patient."""
    index = number_index(vault, person.kind, person.number)
    return await tx.fetchval(_WAS_BOUND, hospital_id, patient_no, person.kind, index)


async def keep_patient(tx: Tx, vault: Vault, hospital_id: int, record: PatientRecord, now: datetime) -> PatientFacts:
    """Our row for a hospital number, made or brought up to what the hospital says, or of whom it was merged into. A
    missing phone erases none."""
    phone = vault.seal(record.phone, PHONE) if record.phone else None
    row = await tx.fetchrow(
        _KEEP,
        *(hospital_id, record.patient_no, record.name, record.sex, record.born_on),
        *((phone.key_id, phone.data, vault.index(record.phone, PHONE)) if phone else (None, None, None)),
        now,
    )
    assert row is not None
    if row["merged_into"] is not None:
        row = await tx.fetchrow(_BY_ID, hospital_id, row["merged_into"])
        assert row is not None
    return facts_of(row)


async def bind(tx: Tx, vault: Vault, hospital_id: int, patient_id: int, person: Person, now: datetime) -> None:
    """The document names this patient from now on. Bound to him already: nothing changes.

    Raises:
        CredentialTaken: it is bound to somebody else.
    """
    sealed = vault.seal(person.number, NUMBER)
    index = number_index(vault, person.kind, person.number)
    args = (hospital_id, patient_id, person.kind, sealed.key_id, sealed.data, index, now)
    if await tx.fetchval(_BIND, *args) != patient_id:
        raise CredentialTaken


async def lock_patient(tx: Tx, hospital_id: int, patient_id: int) -> None:
    """Until the end of the transaction nobody else takes this patient's bindings off."""
    await tx.execute(_LOCK, hospital_id, patient_id)


async def live_credentials(tx: Tx, vault: Vault, hospital_id: int, patient_id: int) -> list[Bound]:
    """Oldest first."""
    rows = await tx.fetch(_LIVE, hospital_id, patient_id)
    return [
        Bound(
            credential_id=row["credential_id"],
            kind=row["kind"],
            number=vault.open(Sealed(row["number_key_id"], row["number_data"]), NUMBER),
            bound_at=row["bound_at"],
        )
        for row in rows
    ]


async def unbind(tx: Tx, hospital_id: int, credential_id: int, now: datetime) -> None:
    """The row stays: it is the history of the binding."""
    await tx.execute(_UNBIND, hospital_id, credential_id, now)


async def same_person(tx: Tx, hospital_id: int, patient_id: int) -> list[int]:
    """All patients that an identity document of this one has ever named, he himself among them, in order."""
    rows = await tx.fetch(SAME_PERSON, hospital_id, patient_id, list(ONE_PERSON))
    return sorted({patient_id, *(row["patient_id"] for row in rows)})


async def prefer_elder(tx: Tx, hospital_id: int, patient_id: int, elder: bool, now: datetime) -> None:
    await tx.execute(_PREFER, hospital_id, patient_id, elder, now)


def facts_of(row: Row) -> PatientFacts:
    """Of a row that has a patient's columns under their own names."""
    return PatientFacts(
        patient_id=row["patient_id"],
        patient_no=row["patient_no"],
        name=row["name"],
        sex=row["sex"],
        born_on=row["born_on"],
        prefers_elder=row["prefers_elder"],
    )
