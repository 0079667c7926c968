"""Money is taken where a slip can be printed, or where whoever pays does without one."""

from yinyi.business.terminals.messages import GetTerminal
from yinyi.business.terminals.model import BROKEN
from yinyi.interface.journeys import views_ends
from yinyi.interface.journeys.visitor import Show, Visitor

PRINTER = "receipt_printer"
WITHOUT = "no_paper"
"""In the address: whoever goes on has been asked."""


async def asked_about(visitor: Visitor, here: str) -> Show | None:
    """The page before a journey that takes money, while nothing can be printed here. None: it can, or it was asked.
    ``here``: the address of the journey.

    Raises:
        SessionEnded: whoever was known here is so no longer.
    """
    printers = [device for device in visitor.terminal.devices if device.kind == PRINTER]
    prints = visitor.terminal.line_ok and any(device.state not in BROKEN for device in printers)
    if prints or WITHOUT in visitor.query:
        return None
    if visitor.known:
        await visitor.ask(GetTerminal())
    on = f"{here}{'&' if '?' in here else '?'}{WITHOUT}=1"
    return Show(views_ends.NoPaperView(on=on), listens={"terminal": "1"})
