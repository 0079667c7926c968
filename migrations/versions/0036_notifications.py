"""What institutions are told without asking: subscriptions and notifications."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "subscription",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("topics", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("set_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rest_until", _INSTANT, nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        _whose("subscription"),
        sa.PrimaryKeyConstraint("hospital_id", "institution_id", name=op.f("subscription_pkey")),
        postgresql_with={"fillfactor": "70"},
    )
    _notifications()


def _notifications() -> None:
    op.create_table(
        "notification",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("notification_no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("next_at", _INSTANT),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claim", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("delivered_at", _INSTANT),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("topic IN ('subscription', 'payment')", name=op.f("notification_topic_check")),
        _whose("notification"),
        sa.PrimaryKeyConstraint("hospital_id", "institution_id", "notification_no", name=op.f("notification_pkey")),
        sa.UniqueConstraint(
            *("hospital_id", "institution_id", "topic", "subject", "version"),
            name=op.f("notification_hospital_id_institution_id_topic_subject_version_key"),
        ),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "notification_due_ix",
        "notification",
        ["hospital_id", "institution_id", "next_at"],
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "notification_given_up_ix",
        "notification",
        ["hospital_id", "institution_id"],
        postgresql_where=sa.text("next_at IS NULL AND delivered_at IS NULL"),
    )


def _whose(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["hospital_id", "institution_id"],
        ["institution.hospital_id", "institution.institution_id"],
        name=op.f(f"{table}_hospital_id_institution_id_fkey"),
    )
