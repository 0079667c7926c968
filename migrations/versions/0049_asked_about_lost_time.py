"""Up to which restore a payment was asked about: an old one is asked about before more of it is given back."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("asked_epoch", sa.Integer))
