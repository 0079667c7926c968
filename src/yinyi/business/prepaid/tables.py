"""What each hospital wants of its prepaid accounts, and what it charges them itself. Balances stand in the ledger."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from yinyi.bus.schema import INSTANT, metadata
from yinyi.business.prepaid.model import DifferenceKind, PrepaidMode

_MODES = ", ".join(f"'{mode}'" for mode in get_args(PrepaidMode))
_DIFFERENCES = ", ".join(f"'{kind}'" for kind in get_args(DifferenceKind))

prepaid_setting = Table(
    "prepaid_setting",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("mode", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    CheckConstraint(f"mode IN ({_MODES})", name="mode"),
)

prepaid_charge = Table(
    "prepaid_charge",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("charge_id", BigInteger, Identity(always=False), primary_key=True),
    Column("institution_id", Text, nullable=False),
    Column("charge_no", Text, nullable=False),
    Column("patient_id", BigInteger),
    Column("amount_fen", BigInteger, nullable=False),
    Column("returned_fen", BigInteger, nullable=False, server_default=text("0")),
    Column("items", ARRAY(Text), nullable=False),
    Column("operator", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("charged_at", INSTANT, nullable=False),
    Column("business_date", Date, nullable=False),
    ForeignKeyConstraint(["hospital_id", "patient_id"], ["patient.hospital_id", "patient.patient_id"]),
    UniqueConstraint("hospital_id", "institution_id", "charge_no"),
    CheckConstraint("returned_fen BETWEEN 0 AND amount_fen", "returned"),
    CheckConstraint("(amount_fen > 0) = (patient_id IS NOT NULL)", "void"),
)
"""Void: of nobody and over nothing, so that its number is never charged."""
Index(
    "prepaid_charge_patient_ix", prepaid_charge.c.patient_id, prepaid_charge.c.hospital_id, prepaid_charge.c.charge_id
)

prepaid_charge_return = Table(
    "prepaid_charge_return",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("charge_id", BigInteger, primary_key=True, autoincrement=False),
    Column("reversal_no", Text, primary_key=True),
    Column("nth", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("returned_at", INSTANT, nullable=False),
    ForeignKeyConstraint(["hospital_id", "charge_id"], ["prepaid_charge.hospital_id", "prepaid_charge.charge_id"]),
    UniqueConstraint("hospital_id", "charge_id", "nth"),
    CheckConstraint("amount_fen > 0", "amount"),
)
"""nth: of its charge, from 1."""

prepaid_charge_day = Table(
    "prepaid_charge_day",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("business_date", Date, primary_key=True),
    Column("next_at", INSTANT),
    Column("compared_at", INSTANT),
    Column("hospital_charges", Integer, nullable=False, server_default=text("0")),
    Column("here_charges", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("next_at IS NOT NULL OR compared_at IS NOT NULL", "never_forgotten"),
)
"""next_at: when what the hospital has charged on that day is compared; NULL: it agrees, or people have settled it."""
Index(
    "prepaid_charge_day_due_ix",
    prepaid_charge_day.c.hospital_id,
    prepaid_charge_day.c.next_at,
    postgresql_where=prepaid_charge_day.c.next_at.is_not(None),
)

prepaid_charge_difference = Table(
    "prepaid_charge_difference",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("institution_id", Text, primary_key=True),
    Column("charge_no", Text, primary_key=True),
    Column("business_date", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("patient_no", Text, nullable=False),
    Column("hospital_fen", BigInteger, nullable=False),
    Column("here_fen", BigInteger, nullable=False),
    Column("found_at", INSTANT, nullable=False),
    Column("gone_at", INSTANT),
    Column("settled_at", INSTANT),
    Column("settled_by", Text),
    Column("note", Text),
    CheckConstraint(f"kind IN ({_DIFFERENCES})", "kind"),
    CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (note IS NULL)", "settled"),
)
Index(
    "prepaid_charge_difference_open_ix",
    prepaid_charge_difference.c.hospital_id,
    prepaid_charge_difference.c.found_at,
    postgresql_where=prepaid_charge_difference.c.gone_at.is_(None) & prepaid_charge_difference.c.settled_at.is_(None),
)
Index(
    "prepaid_charge_difference_day_ix",
    prepaid_charge_difference.c.hospital_id,
    prepaid_charge_difference.c.business_date,
    postgresql_where=prepaid_charge_difference.c.gone_at.is_(None),
)
Index(
    "prepaid_charge_of_day_ix",
    prepaid_charge.c.business_date,
    prepaid_charge.c.hospital_id,
    prepaid_charge.c.institution_id,
)
