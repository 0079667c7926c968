"""A bank's own number of money that it has given back stands for one order only."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "institution_give_back",
        sa.Column("hospital_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("institution_id", sa.Text(), primary_key=True),
        sa.Column("their_reference", sa.Text(), primary_key=True),
        sa.Column("step_reference", sa.Text(), nullable=False),
        sa.Column("given_back_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
    )
