"""What was typed into a form: whole yuan of the number pad, the sum that a page has shown, a birthday."""

import re
from datetime import date

from yinyi.interface.journeys.visitor import StalePage, Visitor
from yinyi.kernel.money import Fen

TYPED, CHANGED = "typed", "changed"
"""In the address of a page: the number pad is wanted; it is not as it was shown."""
_YUAN = re.compile(r"[0-9]+")
_BORN = re.compile(r"[0-9]{8}")
OLDEST = date(1900, 1, 1)
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


def birthday(visitor: Visitor) -> date | None:
    """Eight digits; None: there is no such day, or nobody is born on it."""
    said = visitor.form.get("born", "").strip()
    try:
        born_on = date.fromisoformat(f"{said[:4]}-{said[4:6]}-{said[6:]}") if _BORN.fullmatch(said) else None
    except ValueError:
        return None
    return born_on if born_on is not None and OLDEST < born_on <= visitor.now.date() else None
