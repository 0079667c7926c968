"""POS sessions with acquirers, everything said in them that has a trace number, and their batches."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from yinyi.bus.schema import INSTANT, ROOM_TO_CHANGE, metadata
from yinyi.business.lines.session_model import LAST_NUMBER, MessageKind, MessageState

_KINDS = ", ".join(f"'{kind}'" for kind in get_args(MessageKind))
_STATES = ", ".join(f"'{state}'" for state in get_args(MessageState))
_SIX_DIGITS = f"BETWEEN 0 AND {LAST_NUMBER}"

line_session = Table(
    "line_session",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("session_id", BigInteger, Identity(), primary_key=True),
    Column("acquirer", Text, nullable=False),
    Column("merchant_no", Text, nullable=False),
    Column("terminal_no", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("terminal_id", Text, nullable=False),
    Column("merchant_name", Text, nullable=False),
    Column("batch_no", Integer, nullable=False, server_default="1"),
    Column("trace_no", Integer, nullable=False, server_default="0"),
    Column("batch_began_behind", Integer, nullable=False, server_default="0"),
    Column("host_batch_no", Integer),
    Column("left_batches", ARRAY(Integer), nullable=False, server_default="{}"),
    Column("signed_off_at", INSTANT),
    Column("must_sign_on", Boolean, nullable=False, server_default=text("true")),
    Column("signed_on_day", Date),
    Column("signed_on_at", INSTANT),
    Column("pin_key", LargeBinary),
    Column("pin_key_check", LargeBinary),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    Column("busy_until", INSTANT),
    Column("heard_at", INSTANT),
    Column("last_code", Text, nullable=False, server_default=""),
    Column("retired", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("acquirer", "merchant_no", "terminal_no"),
    UniqueConstraint("terminal_id", "acquirer", "scope", "hospital_id", name="line_session_chosen_key"),
    CheckConstraint(f"batch_no {_SIX_DIGITS}", name="batch_no"),
    CheckConstraint(f"trace_no {_SIX_DIGITS}", name="trace_no"),
    postgresql_with=ROOM_TO_CHANGE,
)
"""``retired``: its terminal is, as the routine has seen it."""

line_message = Table(
    "line_message",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("session_id", BigInteger, primary_key=True),
    Column("batch_no", Integer, primary_key=True),
    Column("trace_no", Integer, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("of_reference", Text, nullable=False, server_default=""),
    Column("amount_fen", BigInteger, nullable=False),
    Column("card_masked", Text, nullable=False, server_default=""),
    Column("card_key_id", Integer),
    Column("card_data", LargeBinary),
    Column("state", Text, nullable=False, server_default="sent"),
    Column("code", Text, nullable=False, server_default=""),
    Column("refused_reason", Text, nullable=False, server_default=""),
    Column("answer", JSONB),
    Column("late", JSONB),
    Column("sent_at", INSTANT, nullable=False),
    Column("answered_at", INSTANT),
    Column("reversal_reason", Text, nullable=False, server_default=""),
    Column("reversal_tries", Integer, nullable=False, server_default="0"),
    Column("reversal_at", INSTANT),
    CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
    CheckConstraint(f"state IN ({_STATES})", name="state"),
    CheckConstraint("amount_fen >= 0", name="amount"),
    CheckConstraint(f"trace_no {_SIX_DIGITS}", name="trace_no"),
    postgresql_with=ROOM_TO_CHANGE,
)
Index(
    "line_message_reference_key",
    line_message.c.reference,
    line_message.c.hospital_id,
    unique=True,
    postgresql_where=text("reference <> ''"),
)
Index(
    "line_message_doubt_ix",
    line_message.c.session_id,
    line_message.c.hospital_id,
    postgresql_where=text("state IN ('sent', 'in_doubt', 'stuck')"),
)
Index(
    "line_message_card_ix",
    line_message.c.sent_at,
    line_message.c.hospital_id,
    postgresql_where=text("card_data IS NOT NULL"),
)
Index("line_message_sent_ix", line_message.c.sent_at, line_message.c.hospital_id)

line_batch = Table(
    "line_batch",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("session_id", BigInteger, primary_key=True),
    Column("batch_no", Integer, primary_key=True),
    Column("debit_fen", BigInteger, nullable=False),
    Column("debits", Integer, nullable=False),
    Column("credit_fen", BigInteger, nullable=False),
    Column("credits", Integer, nullable=False),
    Column("balanced", Boolean, nullable=False),
    Column("uploaded", Integer, nullable=False),
    Column("settled_at", INSTANT, nullable=False),
    CheckConstraint("debit_fen >= 0 AND credit_fen >= 0", name="amounts"),
)
"""A batch that is settled: what it was settled over, and what the acquirer said of it."""

line_link = Table(
    "line_link",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("acquirer", Text, primary_key=True),
    Column("process", Text, primary_key=True),
    Column("is_up", Boolean, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    Column("seen_at", INSTANT, nullable=False),
    postgresql_with=ROOM_TO_CHANGE,
)
"""How each business process sees its line to an acquirer."""
