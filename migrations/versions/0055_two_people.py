"""What two decide is said by persons: what only an account has said so far has to be said again. And sessions of
terminals that are retired are told from the others."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM payment_settlement WHERE settled_at IS NULL")
    op.execute("DELETE FROM patient_merge WHERE merged_at IS NULL")
    op.execute(
        "UPDATE import_run SET state = 'withdrawn', withdrawn_by = 'platform', withdrawn_at = proposed_at "
        "WHERE state = 'proposed'"
    )
    op.add_column("line_session", sa.Column("retired", sa.Boolean(), nullable=False, server_default=sa.text("false")))
