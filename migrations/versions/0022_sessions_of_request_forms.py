"""Sessions that a request form opens: good for its one bill and for nothing else of its patient."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("patient_session", sa.Column("form", sa.Text(), nullable=False, server_default=""))
