"""Subscriptions, and what was told."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from yinyi.bus.schema import INSTANT, ROOM_TO_CHANGE, metadata

_WHOSE = (
    ["hospital_id", "institution_id"],
    ["institution.hospital_id", "institution.institution_id"],
)

subscription = Table(
    "subscription",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("institution_id", Text, primary_key=True),
    Column("endpoint", Text, nullable=False),
    Column("topics", ARRAY(Text), nullable=False),
    Column("set_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("rest_until", INSTANT, nullable=False),
    Column("problem", Text, nullable=False, server_default=""),
    ForeignKeyConstraint(*_WHOSE),
    postgresql_with=ROOM_TO_CHANGE,
)

notification = Table(
    "notification",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("institution_id", Text, primary_key=True),
    Column("notification_no", BigInteger, Identity(always=False), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("next_at", INSTANT),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("claim", BigInteger, nullable=False, server_default=text("0")),
    Column("delivered_at", INSTANT),
    Column("problem", Text, nullable=False, server_default=""),
    ForeignKeyConstraint(*_WHOSE),
    UniqueConstraint("hospital_id", "institution_id", "topic", "subject", "version"),
    CheckConstraint("topic IN ('subscription', 'payment')", name="topic"),
    postgresql_with=ROOM_TO_CHANGE,
)
Index(
    "notification_due_ix",
    notification.c.hospital_id,
    notification.c.institution_id,
    notification.c.next_at,
    postgresql_where=text("next_at IS NOT NULL"),
)
Index(
    "notification_given_up_ix",
    notification.c.hospital_id,
    notification.c.institution_id,
    postgresql_where=text("next_at IS NULL AND delivered_at IS NULL"),
)
