"""What the hospital believes to have charged to prepaid accounts is compared day by day with what was charged."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_NONE = sa.text("0")


def upgrade() -> None:
    op.create_table(
        "prepaid_charge_day",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("next_at", _INSTANT),
        sa.Column("compared_at", _INSTANT),
        sa.Column("hospital_charges", sa.Integer(), server_default=_NONE, nullable=False),
        sa.Column("here_charges", sa.Integer(), server_default=_NONE, nullable=False),
        sa.CheckConstraint(
            "next_at IS NOT NULL OR compared_at IS NOT NULL", name=op.f("prepaid_charge_day_never_forgotten_check")
        ),
        sa.PrimaryKeyConstraint("hospital_id", "business_date", name=op.f("prepaid_charge_day_pkey")),
    )
    op.create_index(
        "prepaid_charge_day_due_ix",
        "prepaid_charge_day",
        ["hospital_id", "next_at"],
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_table(
        "prepaid_charge_difference",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("charge_no", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("patient_no", sa.Text(), nullable=False),
        sa.Column("hospital_fen", sa.BigInteger(), nullable=False),
        sa.Column("here_fen", sa.BigInteger(), nullable=False),
        sa.Column("found_at", _INSTANT, nullable=False),
        sa.Column("gone_at", _INSTANT),
        sa.Column("settled_at", _INSTANT),
        sa.Column("settled_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.CheckConstraint(
            "kind IN ('hospital_only', 'here_only', 'patient', 'amount')",
            name=op.f("prepaid_charge_difference_kind_check"),
        ),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (note IS NULL)",
            name=op.f("prepaid_charge_difference_settled_check"),
        ),
        sa.PrimaryKeyConstraint(
            *("hospital_id", "institution_id", "charge_no"), name=op.f("prepaid_charge_difference_pkey")
        ),
    )
    op.create_index(
        "prepaid_charge_difference_open_ix",
        "prepaid_charge_difference",
        ["hospital_id", "found_at"],
        postgresql_where=sa.text("gone_at IS NULL AND settled_at IS NULL"),
    )
    op.create_index(
        "prepaid_charge_difference_day_ix",
        "prepaid_charge_difference",
        ["hospital_id", "business_date"],
        postgresql_where=sa.text("gone_at IS NULL"),
    )
    op.create_index("prepaid_charge_of_day_ix", "prepaid_charge", ["business_date", "hospital_id", "institution_id"])
