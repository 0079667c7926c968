"""Money is taken where a slip can be printed, or where whoever pays does without one."""

from yinyi.business.terminals.messages import GetTerminal
from yinyi.business.terminals.model import BROKEN
from yinyi.interface.journeys import views_ends
from yinyi.interface.journeys.visitor import Show, Visitor

PRINTER = "receipt_printer"
WITHOUT = "no_paper"
"""In the address: whoever goes on has been asked."""
LISTENS = {"terminal": "1"}
"""What a page is refreshed for that depends on it."""


async def asked_about(visitor: Visitor, here: str) -> Show | None:
    """The page before a journey that takes money, while nothing can be printed here. None: it can, or it was asked.
    ``here``: the address of the journey.

    Raises:
        SessionEnded: whoever was known here is so no longer.
    """
    if visitor.visit.without_paper or (visitor.terminal.line_ok and not _is_broken(visitor)):
        return None
    return await asked(visitor, here)


async def asked(visitor: Visitor, here: str) -> Show:
    """That page.

    Raises:
        SessionEnded: as above.
    """
    if visitor.known:
        await visitor.ask(GetTerminal())
    on = f"{here}{'&' if '?' in here else '?'}{WITHOUT}=1"
    return Show(views_ends.NoPaperView(on=on), listens=LISTENS)


def is_gone(visitor: Visitor) -> bool:
    """While a journey is under way: nothing can be printed any more, and whoever pays has not been asked. What waits
    for a line that is down comes out when it is back."""
    return visitor.terminal.line_ok and _is_broken(visitor) and not visitor.visit.without_paper


def _is_broken(visitor: Visitor) -> bool:
    printers = [device for device in visitor.terminal.devices if device.kind == PRINTER]
    return all(device.state in BROKEN for device in printers)
