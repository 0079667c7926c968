"""Paid bills kept for good, fee lists and paid bills on sheets, and lines of bills that are given back."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_KINDS = (
    "'registration', 'appointment', 'receipt', 'hold', 'checking', 'refund', 'fiscal', "
    "'laboratory_report', 'examination_report', 'daily_list', 'discharge_statement', 'fee_list', 'paid_invoice'"
)


def upgrade() -> None:
    op.drop_constraint(op.f("document_kind_check"), "document", type_="check")
    op.create_check_constraint(op.f("document_kind_check"), "document", f"kind IN ({_KINDS})")
    op.create_table(
        "fee",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("invoice_no", sa.Text(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("ordered_at", _INSTANT, nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("content", sa.Text()),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.Column("copied_at", _INSTANT),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patient.hospital_id", "patient.patient_id"],
            name=op.f("fee_hospital_id_patient_id_fkey"),
        ),
        sa.CheckConstraint("refunded_fen >= 0", name=op.f("fee_refunded_check")),
        sa.CheckConstraint(
            "(content IS NULL) = (digest IS NULL) AND (content IS NULL) = (copied_at IS NULL)",
            name=op.f("fee_copied_check"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "invoice_no", "refunded_fen", name=op.f("fee_pkey")),
    )
    op.create_index("fee_patient_ix", "fee", ["patient_id", "hospital_id", "ordered_at"])
    op.create_index("fee_missing_ix", "fee", ["seen_at"], postgresql_where=sa.text("content IS NULL"))
    _invoice_refund()


def _invoice_refund() -> None:
    table = "invoice_refund"
    op.create_table(
        table,
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("reference", "payment_no", "invoice_no")),
        sa.Column("line_nos", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wanted_at", _INSTANT, nullable=False),
        sa.Column("wanted_by", sa.Text(), nullable=False),
        sa.Column("sent_at", _INSTANT),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", _INSTANT),
        sa.Column("claim", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.CheckConstraint("amount_fen > 0", name=op.f("invoice_refund_amount_check")),
        sa.CheckConstraint("cardinality(line_nos) > 0", name=op.f("invoice_refund_lines_check")),
        sa.CheckConstraint(
            "state IN ('wanted', 'sent', 'booked', 'refused', 'short')", name=op.f("invoice_refund_state_check")
        ),
        sa.CheckConstraint(
            "(state IN ('wanted', 'sent')) = (next_at IS NOT NULL)", name=op.f("invoice_refund_never_forgotten_check")
        ),
        sa.CheckConstraint(
            "(state IN ('wanted', 'sent')) = (ended_at IS NULL)", name=op.f("invoice_refund_ended_check")
        ),
        sa.PrimaryKeyConstraint("hospital_id", "reference", name=op.f("invoice_refund_pkey")),
        postgresql_with={"fillfactor": "70"},
    )
    waits = sa.text("next_at IS NOT NULL")
    op.create_index("invoice_refund_invoice_ix", table, ["invoice_no", "hospital_id"])
    op.create_index("invoice_refund_payment_ix", table, ["payment_no", "hospital_id"], postgresql_where=waits)
    op.create_index("invoice_refund_due_ix", table, ["next_at"], postgresql_where=waits)
    op.create_index("invoice_refund_short_ix", table, ["wanted_at"], postgresql_where=sa.text("state = 'short'"))
