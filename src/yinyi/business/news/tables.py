"""What the hospital's systems have told, as it came; kept for good."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from yinyi.bus.schema import INSTANT, metadata
from yinyi.business.news.bulletin_model import BulletinEvent, BulletinState
from yinyi.business.news.model import NewsKind, NewsState


def _one_of(column: str, closed_set: object) -> CheckConstraint:
    words = ", ".join(f"'{word}'" for word in get_args(closed_set))
    return CheckConstraint(f"{column} IN ({words})", name=column)


hospital_news = Table(
    "hospital_news",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("news_no", BigInteger, Identity(), primary_key=True),
    Column("sender", Text, nullable=False),
    Column("control_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("body_key_id", Integer, nullable=False),
    Column("body_data", LargeBinary, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("why", Text, nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("received_at", INSTANT, nullable=False),
    Column("next_at", INSTANT),
    Column("handled_at", INSTANT),
    Column("handled_by", Text, nullable=False, server_default=""),
    UniqueConstraint("hospital_id", "sender", "control_id"),
    _one_of("kind", NewsKind),
    _one_of("state", NewsState),
    CheckConstraint("(state = 'waiting') = (next_at IS NOT NULL)", name="never_forgotten"),
    CheckConstraint("(state = 'waiting') = (handled_at IS NULL)", name="handled"),
)
patient_merge = Table(
    "patient_merge",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("news_no", BigInteger, primary_key=True, autoincrement=False),
    Column("merged_id", BigInteger, nullable=False),
    Column("survivor_id", BigInteger, nullable=False),
    Column("balance_fen", BigInteger, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", INSTANT, nullable=False),
    Column("confirmed_by", Text, nullable=False, server_default=""),
    Column("merged_at", INSTANT),
    ForeignKeyConstraint(["hospital_id", "merged_id"], ["patient.hospital_id", "patient.patient_id"]),
    ForeignKeyConstraint(["hospital_id", "survivor_id"], ["patient.hospital_id", "patient.patient_id"]),
    CheckConstraint("balance_fen >= 0", name="balance"),
    CheckConstraint("(confirmed_by = '') = (merged_at IS NULL)", name="confirmed"),
    CheckConstraint("balance_fen = 0 OR confirmed_by <> proposed_by", name="two_people"),
)
"""``balance_fen``: what was on the merged number's prepaid account, as those have seen it who have said so."""
hospital_bulletin = Table(
    "hospital_bulletin",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("receiver", Text, primary_key=True),
    Column("bulletin_no", BigInteger, Identity(), primary_key=True),
    Column("control_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("payment_no", Text, nullable=False),
    Column("patient_id", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("facts", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("problem", Text, nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("made_at", INSTANT, nullable=False),
    Column("next_at", INSTANT),
    Column("ended_at", INSTANT),
    UniqueConstraint("hospital_id", "control_id"),
    _one_of("event", BulletinEvent),
    _one_of("state", BulletinState),
    CheckConstraint("(state = 'waiting') = (next_at IS NOT NULL)", name="never_forgotten"),
    CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended"),
)
Index(
    "hospital_bulletin_waiting_ix",
    *(hospital_bulletin.c.hospital_id, hospital_bulletin.c.receiver, hospital_bulletin.c.bulletin_no),
    postgresql_where=text("state = 'waiting'"),
)
Index("hospital_bulletin_parked_ix", hospital_bulletin.c.bulletin_no, postgresql_where=text("state = 'parked'"))
Index("hospital_bulletin_payment_ix", hospital_bulletin.c.payment_no, hospital_bulletin.c.hospital_id)

Index("hospital_news_due_ix", hospital_news.c.next_at, postgresql_where=text("state = 'waiting'"))
Index("hospital_news_parked_ix", hospital_news.c.news_no, postgresql_where=text("state = 'parked'"))
