"""The file of a merchant's day: every movement that stands, one a line, and a line of sums. UTF-8, CSV, amounts in fen.

What was reversed is not in it; what was voided is, and so is its void. ``D``: the payer paid. ``C``: he got it back.
"""

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from yinyi.kernel.masking import masked_number
from yinyi.wire.beijing_time import BEIJING
from yinyi_sandbox.bank.batches import counts
from yinyi_sandbox.bank.model import Movement

HEAD = (
    "kind", "terminal_no", "batch_no", "trace_no", "reference", "original", "card", "sign", "amount_fen", "auth_code",
    "at",
)  # fmt: skip


def clearing_file(merchant_no: str, day: str, movements: Iterable[Movement]) -> str:
    """The last line: TOTAL, merchant, day, and how many and how much of either sign."""
    standing = [movement for movement in movements if counts(movement)]
    told = io.StringIO()
    lines = csv.writer(told, lineterminator="\n")
    lines.writerow(HEAD)
    lines.writerows(_line(movement) for movement in standing)
    debits = [movement.amount_fen for movement in standing if not movement.is_credit]
    credits = [movement.amount_fen for movement in standing if movement.is_credit]
    lines.writerow(("TOTAL", merchant_no, day, len(debits), sum(debits), len(credits), sum(credits)))
    return told.getvalue()


def _line(movement: Movement) -> tuple[str, ...]:
    return (
        movement.kind,
        movement.terminal_no,
        f"{movement.batch_no:06}",
        f"{movement.trace_no:06}",
        movement.reference,
        movement.original,
        masked_number(movement.pan, 6, 4),
        "C" if movement.is_credit else "D",
        str(movement.amount_fen),
        movement.auth_code,
        datetime.fromtimestamp(movement.at, BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
    )
