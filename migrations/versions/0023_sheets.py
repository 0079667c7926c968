"""Papers that are sheets of A4 or A5."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_KINDS = (
    "'registration', 'receipt', 'hold', 'checking', 'refund', "
    "'laboratory_report', 'examination_report', 'daily_list', 'discharge_statement'"
)


def upgrade() -> None:
    op.add_column("document", sa.Column("paper", sa.Text(), server_default="slip", nullable=False))
    op.drop_constraint(op.f("document_kind_check"), "document", type_="check")
    op.create_check_constraint(op.f("document_kind_check"), "document", f"kind IN ({_KINDS})")
    op.create_check_constraint(op.f("document_paper_check"), "document", "paper IN ('slip', 'a4', 'a5')")
    op.create_check_constraint(op.f("document_payment_check"), "document", "(paper = 'slip') = (payment_no <> '')")
