"""Who may book although he could not, and what the hospital has changed about sessions and visits."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from yinyi.bus.schema import INSTANT, metadata
from yinyi.business.scheduling.booking_model import VisitChangeKind
from yinyi.business.scheduling.model import SessionChangeKind


def _one_of(column: str, closed_set: object) -> CheckConstraint:
    words = ", ".join(f"'{word}'" for word in get_args(closed_set))
    return CheckConstraint(f"{column} IN ({words})", name=column)


booker = Table(
    "booker",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("patient_id", BigInteger, primary_key=True),
    Column("booked_at", INSTANT, nullable=False),
    Column("allowed_until", INSTANT),
    Column("allowed_by", Text, nullable=False, server_default=""),
    Column("allowed_why", Text, nullable=False, server_default=""),
)

session_change = Table(
    "session_change",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("change_id", BigInteger, Identity(), primary_key=True),
    Column("change_no", BigInteger),
    Column("schedule_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("practitioner_id", Text, nullable=False, server_default=""),
    Column("numbers", Integer, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    UniqueConstraint("hospital_id", "change_no"),
    _one_of("kind", SessionChangeKind),
)

visit_change = Table(
    "visit_change",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("change_id", BigInteger, primary_key=True),
    Column("payment_no", Text, primary_key=True),
    Column("patient_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    Column("seen_at", INSTANT),
    _one_of("kind", VisitChangeKind),
)
Index("visit_change_patient_ix", visit_change.c.patient_id, visit_change.c.hospital_id)
Index("visit_change_payment_ix", visit_change.c.payment_no, visit_change.c.hospital_id)
