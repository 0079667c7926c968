"""What institutions may ask and how often, several secrets for each, and what they have asked."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("institution", sa.Column("operations", sa.ARRAY(sa.Text())))
    for name, usual in (("per_minute", "6000"), ("per_day", "2000000")):
        op.add_column("institution", sa.Column(name, sa.Integer(), server_default=sa.text(usual), nullable=False))
        op.alter_column("institution", name, server_default=None)
    _secrets()
    _usage()
    op.drop_column("institution", "secret_key_id")
    op.drop_column("institution", "secret_data")


def _secrets() -> None:
    op.create_table(
        "institution_secret",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("secret_no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("secret_key_id", sa.Integer(), nullable=False),
        sa.Column("secret_data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT),
        sa.CheckConstraint(
            "algorithm IN ('HMAC-SHA256', 'HMAC-SM3', 'UsernameToken')", name=op.f("institution_secret_algorithm_check")
        ),
        _whose("institution_secret"),
        sa.PrimaryKeyConstraint("hospital_id", "institution_id", "secret_no", name=op.f("institution_secret_pkey")),
    )
    op.execute("""
        INSERT INTO institution_secret
            (hospital_id, institution_id, algorithm, secret_key_id, secret_data, created_at)
        SELECT hospital_id, institution_id, 'HMAC-SHA256', secret_key_id, secret_data, created_at FROM institution
    """)


def _usage() -> None:
    op.create_table(
        "institution_usage",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("span", sa.Text(), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("span IN ('minute', 'day')", name=op.f("institution_usage_span_check")),
        _whose("institution_usage"),
        sa.PrimaryKeyConstraint("hospital_id", "institution_id", "span", "since", name=op.f("institution_usage_pkey")),
    )


def _whose(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["hospital_id", "institution_id"],
        ["institution.hospital_id", "institution.institution_id"],
        name=op.f(f"{table}_hospital_id_institution_id_fkey"),
    )
