"""Patients, what identifies them, and what is remembered while they are being identified."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from yinyi.bus.schema import INSTANT, metadata
from yinyi.business.identity.model import CredentialKind, InquiryPurpose, InquiryState, PaymentCardKind, Relation, Sex


def _one_of(column: str, closed_set: object) -> CheckConstraint:
    words = ", ".join(f"'{word}'" for word in get_args(closed_set))
    return CheckConstraint(f"{column} IN ({words})", name=column)


patient = Table(
    "patient",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("patient_id", BigInteger, Identity(), primary_key=True),
    Column("patient_no", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sex", Text, nullable=False),
    Column("born_on", Date),
    Column("phone_key_id", Integer),
    Column("phone_data", LargeBinary),
    Column("phone_index", LargeBinary),
    Column("prefers_elder", Boolean),
    Column("merged_into", BigInteger),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    UniqueConstraint("hospital_id", "patient_no"),
    ForeignKeyConstraint(["hospital_id", "merged_into"], ["patient.hospital_id", "patient.patient_id"]),
    _one_of("sex", Sex),
    CheckConstraint("merged_into <> patient_id", name="merged"),
)
"""``merged_into``: whom all of his is, since the hospital has found out that two of its numbers are one patient."""
Index(
    "patient_merged_ix",
    patient.c.merged_into,
    patient.c.hospital_id,
    postgresql_where=patient.c.merged_into.is_not(None),
)
Index("patient_phone_ix", patient.c.phone_index, patient.c.hospital_id)

credential = Table(
    "credential",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("credential_id", BigInteger, Identity(), primary_key=True),
    Column("patient_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("number_key_id", Integer, nullable=False),
    Column("number_data", LargeBinary, nullable=False),
    Column("number_index", LargeBinary, nullable=False),
    Column("bound_at", INSTANT, nullable=False),
    Column("unbound_at", INSTANT),
    ForeignKeyConstraint(["hospital_id", "patient_id"], ["patient.hospital_id", "patient.patient_id"]),
    _one_of("kind", CredentialKind),
    CheckConstraint("unbound_at >= bound_at", name="order"),
)
Index(
    "credential_live_key",
    credential.c.hospital_id,
    credential.c.kind,
    credential.c.number_index,
    unique=True,
    postgresql_where=credential.c.unbound_at.is_(None),
)
Index("credential_patient_ix", credential.c.patient_id, credential.c.hospital_id)
Index("credential_number_ix", credential.c.number_index, credential.c.hospital_id)

patient_session = Table(
    "patient_session",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("session_id", BigInteger, Identity(), primary_key=True),
    Column("token_digest", LargeBinary, nullable=False),
    Column("terminal_id", Text, nullable=False),
    Column("patient_id", BigInteger, nullable=False),
    Column("started_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("latest_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    Column("opened_by", Text, nullable=False, server_default=""),
    Column("guardian_id", BigInteger),
    UniqueConstraint("hospital_id", "token_digest"),
    ForeignKeyConstraint(["hospital_id", "patient_id"], ["patient.hospital_id", "patient.patient_id"]),
    ForeignKeyConstraint(["hospital_id", "guardian_id"], ["patient.hospital_id", "patient.patient_id"]),
)
Index(
    "patient_session_live_ix",
    patient_session.c.terminal_id,
    patient_session.c.hospital_id,
    postgresql_where=patient_session.c.ended_at.is_(None),
)

guardianship = Table(
    "guardianship",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("guardian_id", BigInteger, primary_key=True),
    Column("child_id", BigInteger, primary_key=True),
    Column("relation", Text, nullable=False),
    Column("consented_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    ForeignKeyConstraint(["hospital_id", "guardian_id"], ["patient.hospital_id", "patient.patient_id"]),
    ForeignKeyConstraint(["hospital_id", "child_id"], ["patient.hospital_id", "patient.patient_id"]),
    _one_of("relation", Relation),
    CheckConstraint("guardian_id <> child_id", name="two_people"),
)
Index("guardianship_child_ix", guardianship.c.child_id, guardianship.c.hospital_id)

identification_ticket = Table(
    "identification_ticket",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("ticket_digest", LargeBinary, primary_key=True),
    Column("terminal_id", Text, nullable=False),
    Column("findings_key_id", Integer, nullable=False),
    Column("findings_data", LargeBinary, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("patient_id", BigInteger),
    ForeignKeyConstraint(["hospital_id", "patient_id"], ["patient.hospital_id", "patient.patient_id"]),
)
Index(
    "identification_ticket_expired_ix",
    identification_ticket.c.hospital_id,
    identification_ticket.c.expires_at,
)

identification_attempt = Table(
    "identification_attempt",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("since", INSTANT, nullable=False),
    Column("tries", Integer, nullable=False),
)

patient_creation = Table(
    "patient_creation",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("number_index", LargeBinary, nullable=False),
    Column("person_key_id", Integer),
    Column("person_data", LargeBinary),
    Column("state", Text, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("sent_at", INSTANT, nullable=False),
    Column("ask_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    Column("patient_id", BigInteger),
    ForeignKeyConstraint(["hospital_id", "patient_id"], ["patient.hospital_id", "patient.patient_id"]),
    _one_of("kind", CredentialKind),
    CheckConstraint("state IN ('open', 'done', 'refused', 'dropped')", name="state"),
    CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
    CheckConstraint("(state = 'done') = (patient_id IS NOT NULL)", name="done"),
    CheckConstraint("(state = 'open') = (person_data IS NOT NULL)", name="person"),
)
Index(
    "patient_creation_open_key",
    patient_creation.c.hospital_id,
    patient_creation.c.kind,
    patient_creation.c.number_index,
    unique=True,
    postgresql_where=patient_creation.c.state == "open",
)
Index(
    "patient_creation_waiting_ix",
    patient_creation.c.ask_at,
    postgresql_where=patient_creation.c.state == "open",
)

card_inquiry = Table(
    "card_inquiry",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("request_id", Text, primary_key=True),
    Column("terminal_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("session_id", BigInteger),
    Column("patient_id", BigInteger),
    Column("kind", Text),
    Column("number_tail", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False),
    Column("code", Text, nullable=False, server_default=""),
    Column("asked_at", INSTANT, nullable=False),
    Column("checking_until", INSTANT),
    Column("balance_fen", BigInteger),
    ForeignKeyConstraint(["hospital_id", "patient_id"], ["patient.hospital_id", "patient.patient_id"]),
    _one_of("purpose", InquiryPurpose),
    _one_of("kind", PaymentCardKind),
    _one_of("state", InquiryState),
    CheckConstraint("purpose <> 'bind' OR patient_id IS NOT NULL", name="whose"),
    CheckConstraint("(state = 'known') <= (patient_id IS NOT NULL)", name="known"),
    CheckConstraint("(state = 'checking') = (checking_until IS NOT NULL)", name="checking"),
    CheckConstraint("(state = 'told') = (balance_fen IS NOT NULL)", name="told"),
)
Index("card_inquiry_asked_ix", card_inquiry.c.terminal_id, card_inquiry.c.hospital_id, card_inquiry.c.asked_at)
