"""Reports: which there are, what one says, how a value went, and printing them."""

from datetime import date

from yinyi.business.documents.errors import PrintedAlready
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.reports.errors import ReportAtWindow, ReportNotReady, TubeUnknown
from yinyi.business.reports.messages import (
    MOST_AT_ONCE,
    GetReport,
    IdentifyByTube,
    ListReports,
    PrintReports,
    Report,
    ReportView,
    Trend,
    TrendOfValue,
)
from yinyi.business.reports.model import Observation, TrendPoint, reference_range
from yinyi.interface.journeys import drawing, identify, present, scan, sheets, views_reports
from yinyi.interface.journeys.visitor import Go, Next, Show, StalePage, Visit, Visitor
from yinyi.kernel.errors import NotFound

PRINTED = "printed"
"""In the address of a report: it cannot be printed a second time here."""


async def by_tube(visitor: Visitor) -> Next:
    """POST TUBE: the page has heard that something was scanned after it was made."""
    try:
        found = await visitor.ask_as_anybody(IdentifyByTube(after=scan.after(visitor)))
    except TubeUnknown:
        return _no_tube(visitor, "unknown")
    except TooManyTries:
        return _no_tube(visitor, "many")
    return Go(visitor.paths.reports, Visit(session=found.session_token, wants="reports"))


def _no_tube(visitor: Visitor, why: str) -> Go:
    """Whoever holds a tube under the scanner wants what is in it, also where he pressed nothing before."""
    return Go(f"{visitor.paths.identify}?{identify.TUBE}={why}", None if visitor.known else Visit(wants="reports"))


async def page(visitor: Visitor) -> Next:
    """GET REPORTS ?until=2024-05-31."""
    if not visitor.known:
        return visitor.wanting("reports")
    found = await visitor.ask(ListReports(until=_date(visitor.query.get("until", ""))))
    rows = tuple(map(_row, found.reports))
    fresh = [each.order_no for each in rows if each.state == "ready" and not each.printed]
    view = views_reports.ReportsView(
        rows=rows,
        of_tube=_of_tube(visitor),
        fresh=tuple(fresh[:MOST_AT_ONCE]),
        new=len(fresh),
        complete=found.complete,
        earlier=found.earlier_until,
        printer=sheets.printer_of(visitor.terminal),
        key=present.new_key(),
    )
    return Show(view)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise NotFound("day") from None


def _of_tube(visitor: Visitor) -> bool:
    return visitor.session is not None and visitor.session.of_specimen


def _row(found: ReportView) -> views_reports.ReportRow:
    return views_reports.ReportRow(
        order_no=found.order_no,
        kind=found.kind,
        name=found.name,
        name_en=found.name_en,
        state="window" if found.at_window else found.state,
        at=found.requested_at,
        corrected=found.corrected,
        printed=found.prints > 0,
    )


async def one(visitor: Visitor) -> Next:
    """GET REPORT. What is not ready, or only the window hands out, says so in the list."""
    if not visitor.known:
        return visitor.wanting("reports")
    try:
        found = await visitor.ask(GetReport(order_no=visitor.at["order_no"]))
    except (ReportNotReady, ReportAtWindow):
        return Go(visitor.paths.reports)
    return Show(_result(visitor, found))


def _result(visitor: Visitor, found: Report) -> views_reports.ResultView:
    follows = not _of_tube(visitor)
    values = sorted(found.values, key=lambda each: (each.flag == "N", each.rank))
    return views_reports.ResultView(
        order_no=found.view.order_no,
        kind=found.view.kind,
        name=found.view.name,
        name_en=found.view.name_en,
        specimen=found.specimen,
        specimen_en=found.specimen_en,
        sampled_at=found.sampled_at,
        issued_at=found.view.issued_at,
        corrected=found.view.corrected,
        values=tuple(_value(each, follows) for each in values),
        unusual=sum(each.flag != "N" for each in values),
        findings=tuple(filter(None, found.findings.splitlines())),
        impression=tuple(filter(None, found.impression.splitlines())),
        pictures=found.pictures,
        printed=found.view.prints,
        at_window=PRINTED in visitor.query,
        printer=sheets.printer_of(visitor.terminal),
        key=present.new_key(),
    )


def _value(value: Observation, follows: bool) -> views_reports.ValueRow:
    return views_reports.ValueRow(
        analyte_code=value.analyte_code,
        name=value.name,
        name_en=value.name_en,
        text=value.text,
        unit=value.unit,
        range=reference_range(value),
        flag=value.flag,
        trend=follows and value.value is not None,
    )


async def trend(visitor: Visitor) -> Next:
    """GET TREND."""
    if not visitor.known:
        return visitor.wanting("reports")
    order_no = visitor.at["order_no"]
    visitor.back = visitor.paths.report(order_no)
    try:
        found = await visitor.ask(TrendOfValue(order_no=order_no, analyte_code=visitor.query.get("of", "")))
    except (ReportNotReady, ReportAtWindow):
        return Go(visitor.paths.reports)
    return Show(_trend(found))


def _trend(found: Trend) -> views_reports.TrendView:
    return views_reports.TrendView(
        order_no=found.order_no,
        name=found.name,
        name_en=found.name_en,
        unit=found.unit,
        range=found.range,
        drawing=drawing.trend(found.points),
        rows=tuple(map(_point, reversed(found.points))),
        complete=found.complete,
    )


def _point(point: TrendPoint) -> views_reports.TrendRow:
    return views_reports.TrendRow(at=point.sampled_at, text=point.text, flag=point.flag)


async def print_them(visitor: Visitor) -> Next:
    """POST PRINT_REPORTS."""
    visitor.back = visitor.paths.reports
    wanted = visitor.form.get("order_nos", "").split()
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise StalePage("order_nos")
    try:
        printed = await visitor.ask(PrintReports(order_nos=wanted), key=visitor.key)
    except PrintedAlready:
        return Go(f"{visitor.paths.report(wanted[0])}?{PRINTED}=1")
    except (ReportNotReady, ReportAtWindow):
        return Go(visitor.paths.reports)
    at = visitor.paths.sheets(each.document_no for each in printed.sheets)
    left = visitor.form.get(sheets.LEFT, "")
    return Go(f"{at}?{sheets.LEFT}={left}" if left.isascii() and left.isdigit() else at)
