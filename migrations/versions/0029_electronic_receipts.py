"""Ends of payments that those above are told of, electronic receipts, and their papers."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_OPEN = sa.text("state IN ('wanted', 'sent')")


def upgrade() -> None:
    op.create_table(
        "payment_end",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("payment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "payment_id", "version", name=op.f("payment_end_pkey")),
    )
    _fiscal_invoice()
    op.drop_constraint(op.f("document_kind_check"), "document", type_="check")
    kinds = (
        "'registration', 'appointment', 'receipt', 'hold', 'checking', 'refund', 'fiscal', "
        "'laboratory_report', 'examination_report', 'daily_list', 'discharge_statement'"
    )
    op.create_check_constraint(op.f("document_kind_check"), "document", f"kind IN ({kinds})")


def _fiscal_invoice() -> None:
    said = ("problem", "code", "number", "check_code", "url", "digest", "document_no")
    op.create_table(
        "fiscal_invoice",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("of", sa.Text(), server_default="", nullable=False),
        sa.Column("payment_no", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", _INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wanted_at", _INSTANT, nullable=False),
        *(sa.Column(name, _INSTANT) for name in ("sent_at", "next_at", "issued_at", "marked_at")),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claim", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in said),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("fiscal_invoice_amount_check")),
        sa.CheckConstraint("state IN ('wanted', 'sent', 'issued', 'void')", name=op.f("fiscal_invoice_state_check")),
        sa.CheckConstraint("(state = 'issued') = (issued_at IS NOT NULL)", name=op.f("fiscal_invoice_issued_check")),
        sa.CheckConstraint(
            "state NOT IN ('wanted', 'sent') OR next_at IS NOT NULL",
            name=op.f("fiscal_invoice_never_forgotten_check"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "reference", name=op.f("fiscal_invoice_pkey")),
        postgresql_with={"fillfactor": "70"},
    )
    table = "fiscal_invoice"
    op.create_index("fiscal_invoice_payment_ix", table, ["payment_no", "hospital_id"])
    op.create_index("fiscal_invoice_patient_ix", table, ["patient_id", "hospital_id", "paid_at"])
    op.create_index("fiscal_invoice_due_ix", table, ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL"))
    op.create_index("fiscal_invoice_open_ix", table, ["wanted_at"], postgresql_where=_OPEN)
