"""What was checked and found, which channels a process gives a rest, and obligations by their payment.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invariant_check",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("took_ms", sa.Integer(), server_default="0", nullable=False),
        sa.Column("walked_to", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("followed_to", sa.BigInteger(), nullable=True),
        sa.Column("rounds", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "name", name=op.f("invariant_check_pkey")),
    )
    op.create_table(
        "invariant_finding",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("hospital_id", "name", "subject", name=op.f("invariant_finding_pkey")),
    )
    op.create_index(
        "invariant_finding_standing_ix",
        "invariant_finding",
        ["hospital_id", "name"],
        unique=False,
        postgresql_where=sa.text("gone_at IS NULL"),
    )
    op.create_index("payment_obligation_payment_ix", "payment_obligation", ["payment_id", "hospital_id"], unique=False)
    op.add_column("process_lease", sa.Column("breakers", sa.Text(), server_default="", nullable=False))
