"""How a hospital tells codes apart."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "code_rules",
        sa.Column("hospital_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("rules", JSONB, nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.hospital_id"], name="code_rules_hospital_id_fkey"),
    )
