"""Pictures of an examination: one of them large, and the files themselves."""

from yinyi.business.reports.errors import ReportAtWindow, ReportNotReady
from yinyi.business.reports.messages import GetReport, GetReportPicture
from yinyi.interface.journeys import views_reports
from yinyi.interface.journeys.visitor import File, Go, Next, Show, Visitor
from yinyi.kernel.errors import NotFound

JPEG = "image/jpeg"


async def page(visitor: Visitor) -> Next:
    """GET PICTURES ?at=2."""
    if not visitor.known:
        return visitor.wanting("reports")
    order_no = visitor.at["order_no"]
    visitor.back = visitor.paths.report(order_no)
    try:
        found = await visitor.ask(GetReport(order_no=order_no))
    except (ReportNotReady, ReportAtWindow):
        return Go(visitor.paths.reports)
    shown = found.pictures.kept
    place = next((n for n, each in enumerate(shown) if f"{each.nth}" == visitor.query.get("at", "")), None)
    if place is None:
        raise NotFound("picture")
    view = views_reports.PictureView(
        order_no=order_no,
        name=found.view.name,
        name_en=found.view.name_en,
        picture=shown[place],
        place=place + 1,
        count=len(shown),
        earlier=shown[place - 1].nth if place else None,
        later=shown[place + 1].nth if place + 1 < len(shown) else None,
    )
    return Show(view)


async def file(visitor: Visitor) -> Next:
    """GET PICTURE ?small=1: to whoever may read the report, and nobody else."""
    if not visitor.known:
        raise NotFound("picture")
    nth = visitor.at["nth"]
    if not (nth.isascii() and nth.isdigit() and 1 <= len(nth) <= 3):
        raise NotFound("picture")
    wanted = GetReportPicture(order_no=visitor.at["order_no"], nth=int(nth), small="small" in visitor.query)
    return File((await visitor.ask(wanted)).content, JPEG)
