"""What banks take for the hospital at their own terminals, each of their numbers once; and lines of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "institution_take",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("step_reference", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", _INSTANT, nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("told_at", _INSTANT, nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("institution_take_amount_check")),
        sa.PrimaryKeyConstraint(*("hospital_id", "institution_id", "reference"), name=op.f("institution_take_pkey")),
    )
    op.create_index("institution_take_payment_ix", "institution_take", ["payment_id", "hospital_id"])
    op.drop_constraint(op.f("institution_secret_algorithm_check"), "institution_secret")
    op.create_check_constraint(
        op.f("institution_secret_algorithm_check"),
        "institution_secret",
        "algorithm IN ('HMAC-SHA256', 'HMAC-SM3', 'UsernameToken', 'FRAME-HMAC-SM3', 'FRAME-HMAC-SHA256')",
    )
    op.create_table(
        "institution_line",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line_no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("master_key_id", sa.Text()),
        sa.Column("wrapped", sa.LargeBinary()),
        sa.Column("check_value", sa.LargeBinary()),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.CheckConstraint(
            "algorithm IN ('X9.19', 'FRAME-HMAC-SM3', 'FRAME-HMAC-SHA256')",
            name=op.f("institution_line_algorithm_check"),
        ),
        sa.CheckConstraint("(algorithm = 'X9.19') = (wrapped IS NOT NULL)", name=op.f("institution_line_key_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "institution_id"],
            ["institution.hospital_id", "institution.institution_id"],
            name=op.f("institution_line_hospital_id_institution_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "line_no", name=op.f("institution_line_pkey")),
        sa.UniqueConstraint("token_digest", "hospital_id", name=op.f("institution_line_token_digest_hospital_id_key")),
    )
    op.create_table(
        "institution_sequence",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document_hash", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "line_no", "sequence", name=op.f("institution_sequence_pkey")),
    )
    op.create_index("institution_sequence_seen_ix", "institution_sequence", ["hospital_id", "seen_at"])
