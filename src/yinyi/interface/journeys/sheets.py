"""Sheets of A4 that come out of the printer: how that goes, and the end of it."""

from datetime import timedelta

from yinyi.business.documents.messages import GetSheets, PrintState, SheetView
from yinyi.business.documents.sheet import SheetKind
from yinyi.business.terminals.model import TerminalView
from yinyi.interface.journeys import left_card, present, views, views_reports
from yinyi.interface.journeys.visitor import Next, Show, Visitor
from yinyi.kernel.errors import NotFound

PRINTER = "sheet_printer"
LEFT = "left"
"""In the address: so many new reports are still to be printed."""
_MOST = 8
_OF_REPORTS = ("laboratory_report", "examination_report")
_OF_BILLS = ("fee_list", "paid_invoice")
_WORST_FIRST: tuple[views.Printing, ...] = ("printing", "paper_out", "failed", "offline", "printed")


def printer_of(terminal: TerminalView) -> views_reports.PrinterState:
    """Whether sheets can be printed at this terminal now."""
    found = [device for device in terminal.devices if device.kind == PRINTER]
    if not found:
        return "none"
    well = terminal.line_ok and any(device.state in ("ok", "paper_low") for device in found)
    return "ok" if well else "trouble"


def lists_at(terminal: TerminalView) -> bool:
    """Whether a day's list can be printed there now: where there is no printer for sheets, on the one for slips."""
    large = printer_of(terminal)
    if large != "none":
        return large == "ok"
    slips = [device for device in terminal.devices if device.kind == "receipt_printer"]
    return terminal.line_ok and any(device.state in ("ok", "paper_low") for device in slips)


async def page(visitor: Visitor) -> Next:
    """GET SHEETS."""
    if not visitor.known:
        return visitor.wanting("reports")
    numbers = visitor.at["document_nos"].split(".")
    if len(numbers) > _MOST:
        raise NotFound("sheets")
    found = (await visitor.ask(GetSheets(document_nos=numbers))).sheets
    rows = tuple(_row(each, visitor.terminal.line_ok) for each in found)
    printing = _whole([each.printing for each in rows])
    view = views_reports.SheetsView(
        sheets=rows,
        printing=printing,
        roll=all(each.paper == "roll" for each in found),
        left=_left(visitor),
        back=_back(visitor, found[0].kind),
        key=present.new_key(),
    )
    running = printing == "printing"
    listens = (_paper(visitor) if running else {}) | left_card.on_reader(visitor.terminal)
    return Show(view, can_time_out=not running, listens=listens or None)


def _left(visitor: Visitor) -> int:
    said = visitor.query.get(LEFT, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= 3 else 0


def _back(visitor: Visitor, kind: SheetKind) -> str:
    if kind in _OF_REPORTS:
        return visitor.paths.reports
    return visitor.paths.fees if kind in _OF_BILLS else visitor.paths.inpatient


def _row(sheet: SheetView, line_ok: bool) -> views_reports.SheetRow:
    return views_reports.SheetRow(
        document_no=sheet.document_no, kind=sheet.kind, printing=printing_of(sheet.state, line_ok)
    )


def printing_of(state: PrintState, line_ok: bool) -> views.Printing:
    """How one is doing; what waits for a printer whose line is gone does not come out."""
    return "offline" if state == "queued" and not line_ok else present.PRINTING[state]


def _whole(each: list[views.Printing]) -> views.Printing:
    """While one is on its way they all are; then the worst of them counts."""
    return min(each, key=_WORST_FIRST.index)


def _paper(visitor: Visitor) -> dict[str, str]:
    return {"paper": "1", "at": f"{(visitor.now + timedelta(seconds=2)).timestamp():.1f}"}
