"""Cards that are asked for in order to identify somebody, or to be bound to him."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "card_inquiry",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("number_tail", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checking_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('identify', 'bind')", name=op.f("card_inquiry_purpose_check")),
        sa.CheckConstraint(
            "kind IN ('bank_card', 'public_card', 'social_security_card')", name=op.f("card_inquiry_kind_check")
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'known', 'unknown', 'checking', 'bound', 'taken', 'declined', 'pin_again', "
            "'no_answer', 'unreachable', 'left', 'expired', 'stripe', 'too_many_tries')",
            name=op.f("card_inquiry_state_check"),
        ),
        sa.CheckConstraint("purpose = 'identify' OR patient_id IS NOT NULL", name=op.f("card_inquiry_whose_check")),
        sa.CheckConstraint("(state = 'known') <= (patient_id IS NOT NULL)", name=op.f("card_inquiry_known_check")),
        sa.CheckConstraint(
            "(state = 'checking') = (checking_until IS NOT NULL)", name=op.f("card_inquiry_checking_check")
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patient.hospital_id", "patient.patient_id"],
            name=op.f("card_inquiry_hospital_id_patient_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "request_id", name=op.f("card_inquiry_pkey")),
    )
    op.create_index("card_inquiry_asked_ix", "card_inquiry", ["terminal_id", "hospital_id", "asked_at"], unique=False)
