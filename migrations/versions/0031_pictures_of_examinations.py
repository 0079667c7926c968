"""Pictures of examinations, kept with the report that they belong to."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("report", sa.Column("pictures_at", _INSTANT))
    op.add_column("report", sa.Column("pictures_left_out", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_index(
        "report_unpictured_ix",
        "report",
        ["seen_at"],
        postgresql_where=sa.text("content IS NOT NULL AND pictures_at IS NULL"),
    )
    files = ("original", "digest", "shown", "shown_digest", "small", "small_digest")
    op.create_table(
        "report_picture",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("nth", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("caption", "caption_en")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("width", "height")),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in files),
        sa.Column("copied_at", _INSTANT, nullable=False),
        sa.CheckConstraint("nth >= 1 AND width >= 1 AND height >= 1", name=op.f("report_picture_sane_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "order_no", "version"],
            ["report.hospital_id", "report.order_no", "report.version"],
            name=op.f("report_picture_hospital_id_order_no_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "order_no", "version", "nth", name=op.f("report_picture_pkey")),
    )
