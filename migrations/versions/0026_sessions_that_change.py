"""Sessions that are stopped or held by another doctor, and who is told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_change",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("change_no", sa.BigInteger(), nullable=True),
        sa.Column("schedule_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("practitioner_id", sa.Text(), server_default="", nullable=False),
        sa.Column("numbers", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('stopped', 'substituted', 'reopened')", name=op.f("session_change_kind_check")),
        sa.PrimaryKeyConstraint("hospital_id", "change_id", name=op.f("session_change_pkey")),
        sa.UniqueConstraint("hospital_id", "change_no", name=op.f("session_change_hospital_id_change_no_key")),
    )
    op.create_table(
        "visit_change",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("payment_no", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('stopped', 'substituted')", name=op.f("visit_change_kind_check")),
        sa.PrimaryKeyConstraint("hospital_id", "change_id", "payment_no", name=op.f("visit_change_pkey")),
    )
    op.create_index(
        "visit_change_unseen_ix",
        "visit_change",
        ["patient_id", "hospital_id"],
        unique=False,
        postgresql_where=sa.text("seen_at IS NULL"),
    )
    op.create_index("visit_change_payment_ix", "visit_change", ["payment_no", "hospital_id"], unique=False)
