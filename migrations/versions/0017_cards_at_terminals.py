"""What goes on at the card terminals of kiosks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "card_reading",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), server_default="", nullable=False),
        sa.Column("payment_no", sa.Text(), server_default="", nullable=False),
        sa.Column("patient_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("session_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("channel", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="none", nullable=False),
        sa.Column("digits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("card_in", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("forgotten", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "state IN ('none', 'asked', 'typing', 'read', 'cancelled', 'timed_out', 'not_taken', 'unreadable', "
            "'key_refused')",
            name=op.f("card_reading_state_check"),
        ),
        sa.CheckConstraint("(until IS NULL) = (request IS NULL)", name=op.f("card_reading_request_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "terminal_id"],
            ["terminal.hospital_id", "terminal.terminal_id"],
            name=op.f("card_reading_hospital_id_terminal_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "terminal_id", name=op.f("card_reading_pkey")),
    )
