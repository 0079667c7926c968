"""What was checked when, and what was found."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from yinyi.bus.schema import INSTANT, metadata

invariant_check = Table(
    "invariant_check",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("tried_at", INSTANT, nullable=False),
    Column("checked_at", INSTANT),
    Column("problem", Text, nullable=False, server_default=""),
    Column("took_ms", Integer, nullable=False, server_default="0"),
    Column("walked_to", BigInteger, nullable=False, server_default="0"),
    Column("followed_to", BigInteger),
    Column("rounds", Integer, nullable=False, server_default="0"),
)

invariant_finding = Table(
    "invariant_finding",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("detail", Text, nullable=False),
    Column("position", BigInteger),
    Column("found_at", INSTANT, nullable=False),
    Column("seen_at", INSTANT, nullable=False),
    Column("gone_at", INSTANT),
)
Index(
    "invariant_finding_standing_ix",
    invariant_finding.c.hospital_id,
    invariant_finding.c.name,
    postgresql_where=text("gone_at IS NULL"),
)
