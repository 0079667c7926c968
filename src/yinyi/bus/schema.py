"""The one collection of tables. Every domain adds its own in ``tables.py``; migrations are made from it."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

INSTANT = DateTime(timezone=True)

ROOM_TO_CHANGE = {"fillfactor": 70}
"""For rows that change many times in their first minutes: the new version fits beside the old one, and an index that
does not mention what has changed need not be told."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("actor", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("operation", Text, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("subject", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("outbox_id", BigInteger, primary_key=True, autoincrement=True),
    Column("hospital_id", Integer, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("claimed_until", INSTANT),
    Column("published_at", INSTANT),
)
Index("outbox_waiting_ix", outbox.c.outbox_id, postgresql_where=outbox.c.published_at.is_(None))

call_permits = Table(
    "call_permits",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("system", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("book", JSONB, nullable=False),
    postgresql_with=ROOM_TO_CHANGE,
)
