"""Permits for calls to the hospital, shared by all business processes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_permits",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("book", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "system", name=op.f("call_permits_pkey")),
        postgresql_with={"fillfactor": 70},
    )
