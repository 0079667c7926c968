"""Keys of the bank line, wrapped. What is in a backup of these tables is of no use without a master key."""

from typing import get_args

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from yinyi.bus.schema import INSTANT, metadata
from yinyi.business.lines.key_model import CHECK_BYTES, KeyPurpose

_PURPOSES = ", ".join(f"'{purpose}'" for purpose in get_args(KeyPurpose))
_MASTER = ["hospital_id", "master_key_id"]

line_master_key = Table(
    "line_master_key",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("master_key_id", Text, primary_key=True),
    Column("in_use_since", INSTANT, nullable=False),
)
"""In use: keys may be under it. Its row goes when nothing is, which the foreign keys see to."""

line_key = Table(
    "line_key",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("acquirer", Text, primary_key=True),
    Column("merchant_no", Text, primary_key=True),
    Column("terminal_no", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("master_key_id", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("check_value", LargeBinary, nullable=False),
    Column("loaded_at", INSTANT, nullable=False),
    Column("loaded_by", Text, nullable=False),
    Column("first_by", Text),
    Column("second_by", Text),
    ForeignKeyConstraint(_MASTER, [f"line_master_key.{column}" for column in _MASTER]),
    CheckConstraint(f"purpose IN ({_PURPOSES})", name="purpose"),
    CheckConstraint(f"octet_length(check_value) = {CHECK_BYTES}", name="check_value"),
    CheckConstraint(
        "(purpose = 'tmk') = (first_by IS NOT NULL) AND (first_by IS NULL) = (second_by IS NULL)", name="custodians"
    ),
    CheckConstraint("first_by <> second_by", name="two_people"),
)
Index("line_key_master_ix", line_key.c.master_key_id, line_key.c.hospital_id)

line_key_component = Table(
    "line_key_component",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("acquirer", Text, primary_key=True),
    Column("merchant_no", Text, primary_key=True),
    Column("terminal_no", Text, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("master_key_id", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("check_value", LargeBinary, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    ForeignKeyConstraint(_MASTER, [f"line_master_key.{column}" for column in _MASTER]),
    UniqueConstraint(
        *("entered_by", "terminal_no", "merchant_no", "acquirer", "hospital_id"),
        name="line_key_component_two_people_key",
    ),
    CheckConstraint("part IN (1, 2)", name="part"),
    CheckConstraint(f"octet_length(check_value) = {CHECK_BYTES}", name="check_value"),
)
Index("line_key_component_expires_ix", line_key_component.c.expires_at)
Index("line_key_component_master_ix", line_key_component.c.master_key_id, line_key_component.c.hospital_id)
