"""The file of an electronic receipt as pictures: one page of it large, and the pictures themselves."""

from yinyi.business.fiscal.errors import FiscalFileUnreadable, FiscalInvoiceUnknown, NotIssuedYet
from yinyi.business.fiscal.messages import FiscalPage, GetFiscalInvoice, GetFiscalPage
from yinyi.business.fiscal.model import MOST_PAGES
from yinyi.interface.journeys import views_fiscal
from yinyi.interface.journeys.pictures import JPEG
from yinyi.interface.journeys.visitor import File, Go, Next, Show, Visitor
from yinyi.kernel.errors import NotFound


async def page(visitor: Visitor) -> Next:
    """GET RECEIPT_FILE ?at=2."""
    payment_no = visitor.at["payment_no"]
    visitor.back = visitor.paths.receipt(payment_no)
    found = await visitor.ask(GetFiscalInvoice(payment_no=payment_no))
    nth = _nth(visitor.query.get("at", "1"))
    try:
        drawn = await visitor.ask(GetFiscalPage(payment_no=payment_no, nth=nth))
    except NotIssuedYet:
        return Go(visitor.back)
    except (FiscalFileUnreadable, FiscalInvoiceUnknown):
        return Show(views_fiscal.ReceiptFileView(payment_no=payment_no, number=found.number))
    return Show(_view(payment_no, found.number, nth, drawn))


def _view(payment_no: str, number: str, nth: int, drawn: FiscalPage) -> views_fiscal.ReceiptFileView:
    return views_fiscal.ReceiptFileView(
        payment_no=payment_no,
        number=number,
        place=nth,
        count=drawn.count,
        width=drawn.width,
        height=drawn.height,
    )


async def picture(visitor: Visitor) -> Next:
    """GET RECEIPT_PAGE: to whose receipt it is, and nobody else."""
    wanted = GetFiscalPage(payment_no=visitor.at["payment_no"], nth=_nth(visitor.at["nth"]))
    return File((await visitor.ask(wanted)).content, JPEG)


def _nth(text: str) -> int:
    if not (len(text) == 1 and text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_PAGES):
        raise NotFound("page")
    return int(text)
