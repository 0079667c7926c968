"""What the hospital's systems have told, as it came; kept for good."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
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
Index("hospital_news_due_ix", hospital_news.c.next_at, postgresql_where=text("state = 'waiting'"))
Index("hospital_news_parked_ix", hospital_news.c.received_at, postgresql_where=text("state = 'parked'"))
