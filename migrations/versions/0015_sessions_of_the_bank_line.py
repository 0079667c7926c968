"""POS sessions with acquirers: numbers, what is said under them, batches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "line_batch",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_no", sa.Integer(), nullable=False),
        sa.Column("debit_fen", sa.BigInteger(), nullable=False),
        sa.Column("debits", sa.Integer(), nullable=False),
        sa.Column("credit_fen", sa.BigInteger(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("balanced", sa.Boolean(), nullable=False),
        sa.Column("uploaded", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("debit_fen >= 0 AND credit_fen >= 0", name=op.f("line_batch_amounts_check")),
        sa.PrimaryKeyConstraint("hospital_id", "session_id", "batch_no", name=op.f("line_batch_pkey")),
    )
    op.create_table(
        "line_message",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_no", sa.Integer(), nullable=False),
        sa.Column("trace_no", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("of_reference", sa.Text(), server_default="", nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("card_masked", sa.Text(), server_default="", nullable=False),
        sa.Column("card_key_id", sa.Integer(), nullable=True),
        sa.Column("card_data", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), server_default="sent", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("refused_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("late", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reversal_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("reversal_tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reversal_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('sign_on', 'echo', 'balance', 'purchase', 'void', 'refund', 'settle', 'upload', 'sign_off')",
            name=op.f("line_message_kind_check"),
        ),
        sa.CheckConstraint(
            "state IN ('sent', 'approved', 'declined', 'never_sent', 'in_doubt', 'stuck', 'reversed', 'unanswered')",
            name=op.f("line_message_state_check"),
        ),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("line_message_amount_check")),
        sa.CheckConstraint("trace_no BETWEEN 0 AND 999999", name=op.f("line_message_trace_no_check")),
        sa.PrimaryKeyConstraint("hospital_id", "session_id", "batch_no", "trace_no", name=op.f("line_message_pkey")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        "line_message_doubt_ix",
        "line_message",
        ["session_id", "hospital_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('sent', 'in_doubt', 'stuck')"),
    )
    op.create_index(
        "line_message_reference_key",
        "line_message",
        ["reference", "hospital_id"],
        unique=True,
        postgresql_where=sa.text("reference <> ''"),
    )
    op.create_table(
        "line_session",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("acquirer", sa.Text(), nullable=False),
        sa.Column("merchant_no", sa.Text(), nullable=False),
        sa.Column("terminal_no", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("merchant_name", sa.Text(), nullable=False),
        sa.Column("batch_no", sa.Integer(), server_default="1", nullable=False),
        sa.Column("trace_no", sa.Integer(), server_default="0", nullable=False),
        sa.Column("must_sign_on", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("signed_on_day", sa.Date(), nullable=True),
        sa.Column("signed_on_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pin_key", sa.LargeBinary(), nullable=True),
        sa.Column("pin_key_check", sa.LargeBinary(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_code", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("batch_no BETWEEN 0 AND 999999", name=op.f("line_session_batch_no_check")),
        sa.CheckConstraint("trace_no BETWEEN 0 AND 999999", name=op.f("line_session_trace_no_check")),
        sa.PrimaryKeyConstraint("hospital_id", "session_id", name=op.f("line_session_pkey")),
        sa.UniqueConstraint(
            "acquirer", "merchant_no", "terminal_no", name=op.f("line_session_acquirer_merchant_no_terminal_no_key")
        ),
        sa.UniqueConstraint("terminal_id", "acquirer", "scope", "hospital_id", name="line_session_chosen_key"),
        postgresql_with={"fillfactor": 70},
    )
