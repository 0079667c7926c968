"""Bookings' SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.bus.looks import of_one
from yinyi.business.payments import rows
from yinyi.business.payments.plan import Plan
from yinyi.business.scheduling.booking_model import VisitChangeKind
from yinyi.business.scheduling.model import SessionChange, Title
from yinyi.business.scheduling.plans import APPOINTMENT, CHECKED_IN, REGISTRATION

PURPOSES = [APPOINTMENT, CHECKED_IN]

BOOKERS = """
INSERT INTO booker AS b (hospital_id, patient_id, booked_at)
SELECT $1, p, $3 FROM unnest($2::bigint[]) AS t (p)
ON CONFLICT (hospital_id, patient_id) DO UPDATE SET booked_at = $3
RETURNING b.allowed_until
"""
ALLOW = """
INSERT INTO booker (hospital_id, patient_id, booked_at, allowed_until, allowed_by, allowed_why)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (hospital_id, patient_id) DO UPDATE SET allowed_until = $4, allowed_by = $5, allowed_why = $6
"""
ALLOWED = "SELECT allowed_until FROM booker WHERE hospital_id = $1 AND patient_id = $2"
BOOKED = """
SELECT :row AS plan FROM payment p
WHERE p.patient_id = ANY($2::bigint[]) AND p.hospital_id = $1 AND p.started_at > $3 AND p.purpose = ANY($4::text[])
ORDER BY p.started_at DESC
""".replace(":row", rows.ROW)
BOOKED_BY = of_one(
    """
SELECT p.patient_id, :row AS plan FROM payment p
WHERE p.hospital_id = $1 AND p.patient_id = $2 AND p.started_at > $3 AND p.purpose = ANY($4::text[])
ORDER BY p.started_at DESC
""".replace(":row", rows.ROW)
)
NEWEST_CHANGE = "SELECT coalesce(max(change_no), 0) FROM session_change WHERE hospital_id = $1"
CHANGED = """
INSERT INTO session_change (hospital_id, change_no, schedule_id, kind, practitioner_id, numbers, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (hospital_id, change_no) DO NOTHING RETURNING change_id
"""
CHANGE = "SELECT schedule_id, numbers FROM session_change WHERE hospital_id = $1 AND change_id = $2"
CONCERNED = """
INSERT INTO visit_change (hospital_id, change_id, payment_no, patient_id, kind, facts, changed_at, seen_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, CASE WHEN ($5, $6::jsonb) = (
  SELECT v.kind, v.facts FROM visit_change v WHERE v.hospital_id = $1 AND v.payment_no = $3
  ORDER BY v.changed_at DESC, v.change_id DESC LIMIT 1) THEN $7::timestamptz END)
ON CONFLICT DO NOTHING
"""
"""The hospital may tell a change and then count it among those it is asked for: the same again is no news."""
GIVEN_BACK = """
SELECT count(*) FROM visit_change v CROSS JOIN LATERAL (
  SELECT FROM payment p
  WHERE p.hospital_id = $1 AND p.payment_no = v.payment_no AND p.direction = 'back' OFFSET 0) AS t
WHERE v.hospital_id = $1 AND v.change_id = $2
"""
UNSEEN = """
SELECT v.payment_no, v.kind, v.facts, t.plan FROM visit_change v CROSS JOIN LATERAL (
  SELECT :row AS plan FROM payment p WHERE p.hospital_id = $1 AND p.payment_no = v.payment_no OFFSET 0) AS t
WHERE v.hospital_id = $1 AND v.patient_id = $2 AND v.seen_at IS NULL ORDER BY v.changed_at LIMIT 10
""".replace(":row", rows.ROW)
OF_BOOKINGS = """
SELECT v.payment_no, v.kind, v.facts FROM visit_change v
WHERE v.hospital_id = $1 AND v.payment_no = ANY($2::text[]) ORDER BY v.changed_at
"""
SEE = """
UPDATE visit_change SET seen_at = $4
WHERE hospital_id = $1 AND patient_id = $2 AND payment_no = $3 AND seen_at IS NULL
"""
STANDS = "SELECT EXISTS (SELECT FROM visit_change WHERE hospital_id = $1 AND patient_id = $2 AND payment_no = $3)"


class ChangeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Who sees the patient instead."""

    substitute: str = ""
    substitute_title: Title | Literal[""] = ""


async def lock_bookers(tx: Tx, hospital_id: int, patients: list[int], now: datetime) -> datetime | None:
    """One after the other counts what these have booked, until the end of the transaction. Until when staff let them
    book whatever is counted; None: nobody does."""
    found = await tx.fetch(BOOKERS, hospital_id, sorted(patients), now)
    return max((row["allowed_until"] for row in found if row["allowed_until"] is not None), default=None)


async def allow(tx: Tx, hospital_id: int, patient_id: int, now: datetime, until: datetime, by: str, why: str) -> None:
    await tx.execute(ALLOW, hospital_id, patient_id, now, until, by, why)


async def allowed_until(tx: Tx, hospital_id: int, patient_id: int) -> datetime | None:
    return await tx.fetchval(ALLOWED, hospital_id, patient_id)


async def booked(tx: Tx, hospital_id: int, patients: Sequence[int], since: datetime) -> list[Plan]:
    """Bookings and check-ins of these, newest first."""
    found = await tx.fetch(BOOKED, hospital_id, list(patients), since, PURPOSES)
    return [rows.read_plan(row["plan"]) for row in found]


async def booked_by(tx: Tx, hospital_id: int, patient_id: int, since: datetime) -> list[Plan]:
    """The same of one patient, for whoever only looks."""
    found = await tx.fetch(BOOKED_BY, hospital_id, patient_id, since, PURPOSES)
    return [rows.read_plan(row["plan"]) for row in found]


async def numbers(tx: Tx, hospital_id: int, patients: Sequence[int], since: datetime) -> list[Plan]:
    """The same as of ``booked``, and registrations."""
    found = await tx.fetch(BOOKED, hospital_id, list(patients), since, [*PURPOSES, REGISTRATION])
    return [rows.read_plan(row["plan"]) for row in found]


async def newest_change(tx: Tx, hospital_id: int) -> int:
    """The hospital's own number of the last one that was dealt with."""
    return await tx.fetchval(NEWEST_CHANGE, hospital_id)


async def changed(tx: Tx, hospital_id: int, change: SessionChange, numbers: int, now: datetime) -> int | None:
    """A change that is dealt with in this transaction. ``change_no`` 0: nobody has counted it. None: it was before."""
    number = change.change_no or None
    told = (change.schedule_id, change.kind, change.practitioner_id, numbers, now)
    return await tx.fetchval(CHANGED, hospital_id, number, *told)


async def change(tx: Tx, hospital_id: int, change_id: int) -> Row | None:
    return await tx.fetchrow(CHANGE, hospital_id, change_id)


async def concerned(
    tx: Tx, hospital_id: int, change_id: int, plan: Plan, kind: VisitChangeKind, facts: ChangeFacts, now: datetime
) -> None:
    """This payment's patient is to be told, unless the last that he was to be told of it is the same."""
    told = msgspec.json.encode(facts).decode()
    await tx.execute(CONCERNED, hospital_id, change_id, plan.payment_no, plan.patient_id, kind, told, now)


async def given_back(tx: Tx, hospital_id: int, change_id: int) -> int:
    return await tx.fetchval(GIVEN_BACK, hospital_id, change_id)


async def unseen(tx: Tx, hospital_id: int, patient_id: int) -> list[tuple[VisitChangeKind, ChangeFacts, Plan]]:
    """What this patient has not been told yet, oldest first."""
    found = await tx.fetch(UNSEEN, hospital_id, patient_id)
    return [(row["kind"], _facts(row["facts"]), rows.read_plan(row["plan"])) for row in found]


async def of_bookings(tx: Tx, hospital_id: int, numbers: list[str]) -> dict[str, tuple[VisitChangeKind, ChangeFacts]]:
    """The latest change of each, by payment number."""
    found = await tx.fetch(OF_BOOKINGS, hospital_id, numbers)
    return {row["payment_no"]: (row["kind"], _facts(row["facts"])) for row in found}


async def see(tx: Tx, hospital_id: int, patient_id: int, payment_no: str, now: datetime) -> bool:
    """False: there is no change of this patient's visit."""
    await tx.execute(SEE, hospital_id, patient_id, payment_no, now)
    return await tx.fetchval(STANDS, hospital_id, patient_id, payment_no)


def _facts(said: Any) -> ChangeFacts:
    return msgspec.json.decode(said, type=ChangeFacts)
