"""What the hospital's systems tell by themselves, and what they are told."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "hospital_news",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("news_no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("control_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body_key_id", sa.Integer(), nullable=False),
        sa.Column("body_data", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("next_at", _INSTANT),
        sa.Column("handled_at", _INSTANT),
        sa.Column("handled_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('report', 'patient', 'visit')", name=op.f("hospital_news_kind_check")),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'parked', 'set_aside')", name=op.f("hospital_news_state_check")
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (next_at IS NOT NULL)", name=op.f("hospital_news_never_forgotten_check")
        ),
        sa.CheckConstraint("(state = 'waiting') = (handled_at IS NULL)", name=op.f("hospital_news_handled_check")),
        sa.PrimaryKeyConstraint("hospital_id", "news_no", name=op.f("hospital_news_pkey")),
        sa.UniqueConstraint(
            "hospital_id", "sender", "control_id", name=op.f("hospital_news_hospital_id_sender_control_id_key")
        ),
    )
    op.create_index("hospital_news_due_ix", "hospital_news", ["next_at"], postgresql_where=sa.text("state = 'waiting'"))
    op.create_index(
        "hospital_news_parked_ix", "hospital_news", ["received_at"], postgresql_where=sa.text("state = 'parked'")
    )
    op.create_table(
        "hospital_bulletin",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("bulletin_no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("control_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("payment_no", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("next_at", _INSTANT),
        sa.Column("ended_at", _INSTANT),
        sa.CheckConstraint(
            "event IN ('booked', 'cancelled', 'charged', 'credited')", name=op.f("hospital_bulletin_event_check")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'parked', 'set_aside')", name=op.f("hospital_bulletin_state_check")
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (next_at IS NOT NULL)", name=op.f("hospital_bulletin_never_forgotten_check")
        ),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("hospital_bulletin_ended_check")),
        sa.PrimaryKeyConstraint("hospital_id", "receiver", "bulletin_no", name=op.f("hospital_bulletin_pkey")),
        sa.UniqueConstraint("hospital_id", "control_id", name=op.f("hospital_bulletin_hospital_id_control_id_key")),
    )
    op.create_index(
        "hospital_bulletin_waiting_ix",
        "hospital_bulletin",
        ["hospital_id", "receiver", "bulletin_no"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "hospital_bulletin_parked_ix", "hospital_bulletin", ["made_at"], postgresql_where=sa.text("state = 'parked'")
    )
    op.create_index("hospital_bulletin_payment_ix", "hospital_bulletin", ["payment_no", "hospital_id"])
