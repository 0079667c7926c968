"""Papers that are receipts."""

from alembic import op

revision = "0021"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("document_kind_check"), "document", type_="check")
    op.create_check_constraint(
        op.f("document_kind_check"), "document", "kind IN ('registration', 'receipt', 'hold', 'checking', 'refund')"
    )
