"""The ledger: append only. A posting is balanced by construction."""

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

from yinyi.bus.schema import INSTANT, ROOM_TO_CHANGE, metadata
from yinyi.business.ledger.model import limited_side

journal_entry = Table(
    "journal_entry",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("entry_id", BigInteger, Identity(), primary_key=True),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("business_date", Date, nullable=False),
    Column("posted_at", INSTANT, nullable=False),
    UniqueConstraint("hospital_id", "source"),
)

posting = Table(
    "posting",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("entry_id", BigInteger, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("debit_account", Text, nullable=False),
    Column("credit_account", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint("debit_account <> credit_account", name="accounts"),
)
for _side in ("credit", "debit"):
    _column = posting.c[f"{_side}_account"]
    _limited = text(limited_side(_side))
    Index(f"posting_limited_{_side}_ix", _column, posting.c.hospital_id, posting.c.entry_id, postgresql_where=_limited)

Index(
    "posting_open_items_ix",
    posting.c.hospital_id,
    posting.c.entry_id,
    postgresql_where=text(
        " OR ".join(f"{side}_account LIKE '{kind}:%'" for kind in ("suspense", "his") for side in ("debit", "credit"))
    ),
)
"""Of accounts on which nothing is to stay: a few postings among many."""

account_balance = Table(
    "account_balance",
    metadata,
    Column("account", Text, primary_key=True),
    Column("hospital_id", Integer, primary_key=True),
    Column("balance_fen", BigInteger, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    CheckConstraint("balance_fen >= 0", name="balance"),
    postgresql_with=ROOM_TO_CHANGE,
)
"""Only of accounts on which a limit has to hold; moved by the statement that posts."""

TRIGGERS = (
    """
    CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME;
    END $$
    """,
    """
    CREATE OR REPLACE TRIGGER journal_entry_append_only BEFORE UPDATE OR DELETE ON journal_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE OR REPLACE TRIGGER posting_append_only BEFORE UPDATE OR DELETE ON posting
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)
"""For the migration that makes the tables; ``metadata.create_all`` runs them by itself."""

for _statement in TRIGGERS:
    event.listen(posting, "after_create", DDL(_statement.replace("%", "%%")))
