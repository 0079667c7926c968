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
from yinyi.business.prepaid.model import PrepaidMode

_MODES = ", ".join(f"'{mode}'" for mode in get_args(PrepaidMode))

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
