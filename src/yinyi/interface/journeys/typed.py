"""Amounts that come from a form: whole yuan of the number pad, and the sum that a page has shown."""

import re

from yinyi.interface.journeys.visitor import StalePage, Visitor
from yinyi.kernel.money import Fen

TYPED, CHANGED = "typed", "changed"
"""In the address of a page: the number pad is wanted; it is not as it was shown."""
_YUAN = re.compile(r"[0-9]+")
_FEN = re.compile(r"[0-9]{1,9}")


def yuan_of(visitor: Visitor, most: int) -> str:
    """So many digits at most; empty where something else was sent."""
    yuan = visitor.form.get("yuan", "").strip()
    return yuan if len(yuan) <= most and _YUAN.fullmatch(yuan) else ""


def shown_fen(visitor: Visitor) -> Fen:
    """
    Raises:
        StalePage: no page of ours has shown such a sum.
    """
    amount = visitor.form.get("amount_fen", "")
    if not _FEN.fullmatch(amount) or not int(amount):
        raise StalePage("amount_fen")
    return Fen(int(amount))
