"""Many patients at once, as another system hands them over: set by set, never a statement for each of them.

Personal numbers come in sealed, so that they can wait somewhere until they are taken over.
"""

from datetime import date, datetime

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.identity.model import CredentialKind, PatientRecord, Sex
from yinyi.business.identity.store import NUMBER, PHONE, number_index
from yinyi.kernel.secrets import Sealed, Vault

IDS = """
SELECT f.patient_no, f.patient_id FROM unnest($2::text[]) AS n (patient_no) CROSS JOIN LATERAL (
  SELECT p.patient_no, p.patient_id FROM patient p
  WHERE p.hospital_id = $1 AND p.patient_no = n.patient_no LIMIT 1) AS f
"""
BOUND = """
SELECT f.kind, f.number_index, f.patient_id
FROM unnest($2::text[], $3::bytea[]) AS n (kind, number_index) CROSS JOIN LATERAL (
  SELECT c.kind, c.number_index, c.patient_id FROM credential c
  WHERE c.hospital_id = $1 AND c.kind = n.kind AND c.number_index = n.number_index AND c.unbound_at IS NULL
  LIMIT 1) AS f
"""
_KEEP_NEW = """
WITH made AS (
  INSERT INTO patient (hospital_id, patient_no, name, sex, born_on, phone_key_id, phone_data, phone_index,
                       created_at, updated_at)
  SELECT $1, n.*, $9::timestamptz, $9::timestamptz
  FROM unnest($2::text[], $3::text[], $4::text[], $5::date[], $6::int[], $7::bytea[], $8::bytea[]) AS n
  ON CONFLICT (hospital_id, patient_no) DO NOTHING
  RETURNING patient_id
)
SELECT count(*) FROM made
"""
_BIND_NEW = """
INSERT INTO credential (hospital_id, patient_id, kind, number_key_id, number_data, number_index, bound_at)
SELECT $1, n.*, $7::timestamptz FROM unnest($2::bigint[], $3::text[], $4::int[], $5::bytea[], $6::bytea[]) AS n
ON CONFLICT (hospital_id, kind, number_index) WHERE unbound_at IS NULL DO NOTHING
"""


class SealedPatient(msgspec.Struct, frozen=True, kw_only=True):
    """A patient of another system, his telephone sealed; ``phone`` and ``phone_index`` go together."""

    patient_no: str
    name: str
    sex: Sex
    born_on: date | None
    phone: Sealed | None = None
    phone_index: bytes | None = None


class SealedBinding(msgspec.Struct, frozen=True, kw_only=True):
    """A document or card of his, its number sealed."""

    patient_no: str
    kind: CredentialKind
    number: Sealed
    number_index: bytes


Bound = dict[tuple[str, bytes], int]
"""Whom (kind, index) is bound to, by our internal id."""


def sealed_patient(vault: Vault, record: PatientRecord) -> SealedPatient:
    return SealedPatient(
        patient_no=record.patient_no,
        name=record.name,
        sex=record.sex,
        born_on=record.born_on,
        phone=vault.seal(record.phone, PHONE) if record.phone else None,
        phone_index=vault.index(record.phone, PHONE) if record.phone else None,
    )


def sealed_binding(vault: Vault, patient_no: str, kind: CredentialKind, number: str) -> SealedBinding:
    index = number_index(vault, kind, number)
    return SealedBinding(patient_no=patient_no, kind=kind, number=vault.seal(number, NUMBER), number_index=index)


async def patient_ids(tx: Tx, hospital_id: int, patient_nos: list[str]) -> dict[str, int]:
    """Our internal ids of those who are on record here."""
    rows = await tx.fetch(IDS, hospital_id, patient_nos)
    return {row["patient_no"]: row["patient_id"] for row in rows}


async def bound(tx: Tx, hospital_id: int, bindings: list[SealedBinding]) -> Bound:
    """Those of these numbers that are bound at this moment."""
    kinds, indexes = [each.kind for each in bindings], [each.number_index for each in bindings]
    rows = await tx.fetch(BOUND, hospital_id, kinds, indexes)
    return {(row["kind"], row["number_index"]): row["patient_id"] for row in rows}


async def keep_new(tx: Tx, hospital_id: int, patients: list[SealedPatient], now: datetime) -> int:
    """Put those on record who are not; how many. Whoever is on record already stays as he is."""
    return await tx.fetchval(
        _KEEP_NEW,
        hospital_id,
        [each.patient_no for each in patients],
        [each.name for each in patients],
        [each.sex for each in patients],
        [each.born_on for each in patients],
        [each.phone.key_id if each.phone else None for each in patients],
        [each.phone.data if each.phone else None for each in patients],
        [each.phone_index for each in patients],
        now,
    )


async def bind_new(tx: Tx, hospital_id: int, bindings: list[SealedBinding], now: datetime) -> list[SealedBinding]:
    """Bind those numbers that are bound to nobody, to patients who are on record; those that are somebody else's by
    now, and stay his."""
    ids = await patient_ids(tx, hospital_id, [each.patient_no for each in bindings])
    await tx.execute(
        _BIND_NEW,
        hospital_id,
        [ids[each.patient_no] for each in bindings],
        [each.kind for each in bindings],
        [each.number.key_id for each in bindings],
        [each.number.data for each in bindings],
        [each.number_index for each in bindings],
        now,
    )
    holders = await bound(tx, hospital_id, bindings)
    return [each for each in bindings if holders.get((each.kind, each.number_index)) != ids[each.patient_no]]
