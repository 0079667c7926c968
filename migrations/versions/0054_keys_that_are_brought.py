"""A line may have a key that was brought at sign-on also where its MACs are made by HMAC-SM3."""

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("institution_line_key_check"), "institution_line")
    op.create_check_constraint(
        op.f("institution_line_key_check"), "institution_line", "wrapped IS NOT NULL OR algorithm <> 'X9.19'"
    )
