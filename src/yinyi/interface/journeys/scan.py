"""The code on the payer's phone, held under the kiosk's scanner. Here it is only known that something was scanned."""

from yinyi.business.payments.errors import MoreThanOwed, NothingScanned, PayerCodeUnknown, PaymentClosed
from yinyi.business.payments.messages import PaymentView, SubmitScanned
from yinyi.interface.journeys import paper, parts
from yinyi.interface.journeys.visitor import Go, Next, StalePage, Visitor
from yinyi.kernel.errors import ChannelUnavailable
from yinyi.kernel.means import TenderName

SCANNER = "scanner"
OTHER = "other"
"""In the address of a page: what was held under the scanner is no code to pay with."""
_MOST_DIGITS = 18


def after(visitor: Visitor) -> int:
    """The version of what was scanned when the page was made.

    Raises:
        StalePage: no page of ours has said it.
    """
    said = visitor.form.get("after", "")
    if not said.isdecimal() or len(said) > _MOST_DIGITS:
        raise StalePage("after")
    return int(said)


async def submit(visitor: Visitor) -> Next:
    """POST SCAN: the page has heard that something was scanned after it was made."""
    payment_no = visitor.at["payment_no"]
    visitor.back = to = visitor.paths.pay(payment_no)
    if paper.is_gone(visitor):
        return Go(to)
    try:
        code = SubmitScanned(payment_no=payment_no, after=after(visitor), amount_fen=parts.shown(visitor))
        await visitor.ask(code, key=visitor.key)
    except (PayerCodeUnknown, ChannelUnavailable):
        return Go(f"{to}?{OTHER}=1")
    except (MoreThanOwed, NothingScanned, PaymentClosed):
        pass
    return Go(to)


def works(visitor: Visitor) -> bool:
    """There is a scanner, and it is well."""
    scanners = [device for device in visitor.terminal.devices if device.kind == SCANNER]
    return visitor.terminal.line_ok and any(device.state != "offline" for device in scanners)


def number(said: str) -> int:
    """A version as an address says it; 0: it says nothing."""
    return int(said) if said.isdecimal() and len(said) <= _MOST_DIGITS else 0


def offered(visitor: Visitor, payment: PaymentView) -> tuple[TenderName, ...]:
    """Whose payers can hold their code here: nobody's while the scanner does not work."""
    return tuple(payment.scans) if works(visitor) else ()


def listens(visitor: Visitor) -> dict[str, str]:
    """What a page that takes a code is refreshed for besides: a scan newer than the page."""
    return {"code": str(visitor.terminal.code_version)}
