"""Money: integer fen, never a float."""

import re
from typing import NewType

Fen = NewType("Fen", int)

_YUAN = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?")


def yuan(amount_fen: int) -> str:
    """Fen as yuan with two decimals: ``5000`` → ``"50.00"``, ``-5`` → ``"-0.05"``."""
    sign = "-" if amount_fen < 0 else ""
    whole, part = divmod(abs(amount_fen), 100)
    return f"{sign}{whole}.{part:02d}"


def fen(text: str) -> Fen:
    """Yuan, as others write them, as fen: ``"50.00"``, ``"50.0"`` and ``"50"`` → ``5000``.

    Raises:
        ValueError: it is something else; a sign, too.
    """
    match = _YUAN.fullmatch(text)
    if match is None:
        raise ValueError("not an amount in yuan")
    return Fen(int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")))
