"""By which delivery of a queue an institution's nonce was used."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("institution_nonce", sa.Column("delivery", sa.Text(), server_default="", nullable=False))
