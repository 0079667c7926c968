"""Lists that come out of receipt printers."""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("document_paper_check"), "document", type_="check")
    op.create_check_constraint(op.f("document_paper_check"), "document", "paper IN ('slip', 'a4', 'a5', 'roll')")
