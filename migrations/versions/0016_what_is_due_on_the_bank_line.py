"""What people see of the bank line: which lines are up, what was said lately, whose card data is old."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "line_link",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("acquirer", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("is_up", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "acquirer", "process", name=op.f("line_link_pkey")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        "line_message_card_ix",
        "line_message",
        ["sent_at", "hospital_id"],
        unique=False,
        postgresql_where=sa.text("card_data IS NOT NULL"),
    )
    op.create_index("line_message_sent_ix", "line_message", ["sent_at", "hospital_id"], unique=False)
