"""What is given back of a payment, or planned to be: never more than was taken.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BOOKED = """
UPDATE payment p SET refunds_fen = least(p.taken_fen, s.fen) FROM (
  SELECT hospital_id, payment_id, sum(amount_fen) AS fen FROM payment_step
  WHERE kind = 'payments.refund' GROUP BY 1, 2
) AS s WHERE s.hospital_id = p.hospital_id AND s.payment_id = p.payment_id
"""


def upgrade() -> None:
    op.add_column("payment", sa.Column("refunds_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(_BOOKED)
    op.create_check_constraint(
        op.f("payment_refunds_check"), "payment", "returned_fen <= refunds_fen AND refunds_fen <= taken_fen"
    )
