"""Money: integer fen, never a float."""

from typing import NewType

Fen = NewType("Fen", int)


def yuan(amount_fen: int) -> str:
    """Fen as yuan with two decimals: ``5000`` → ``"50.00"``, ``-5`` → ``"-0.05"``."""
    sign = "-" if amount_fen < 0 else ""
    whole, part = divmod(abs(amount_fen), 100)
    return f"{sign}{whole}.{part:02d}"
