"""What each hospital wants of its prepaid accounts. Their balances stand in the ledger."""

from typing import get_args

from sqlalchemy import CheckConstraint, Column, Integer, Table, Text

from yinyi.bus.schema import INSTANT, metadata
from yinyi.business.prepaid.model import PrepaidMode

_MODES = ", ".join(f"'{mode}'" for mode in get_args(PrepaidMode))

prepaid_setting = Table(
    "prepaid_setting",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("mode", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    CheckConstraint(f"mode IN ({_MODES})", name="mode"),
)
