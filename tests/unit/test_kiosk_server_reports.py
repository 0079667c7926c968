"""Reports at the kiosk: what their pages ask of the platform, and where they lead."""

from typing import Any

import msgspec
import pytest
from kiosk_platform import NOW, PERSON, TERMINAL, paired, run

from yinyi.business.documents.errors import DocumentUnknown, PrintedAlready
from yinyi.business.documents.messages import Sheets, SheetView
from yinyi.business.identity.errors import NoCard, TooManyTries
from yinyi.business.identity.messages import Identified
from yinyi.business.reports.errors import PictureUnknown, ReportAtWindow, ReportNotReady, ReportUnknown, TubeUnknown
from yinyi.business.reports.messages import MOST_AT_ONCE, PictureFile, Report, ReportList, ReportView, Trend
from yinyi.business.reports.model import Observation, Picture, Pictures, TrendPoint
from yinyi.business.terminals.model import DeviceView
from yinyi.kernel.errors import YinyiError

ORDER = "26112300000012"
AT = f"/reports/{ORDER}"
READY = ReportView(
    order_no=ORDER, kind="laboratory", name="血常规", name_en="Blood count", state="ready", requested_at=NOW
)
OTHERS = [
    msgspec.structs.replace(READY, order_no="2", state="testing"),
    msgspec.structs.replace(READY, order_no="3", name="", name_en="", at_window=True),
    msgspec.structs.replace(READY, order_no="4", prints=1),
]
VALUES = [
    Observation(
        rank=rank,
        analyte_code=code,
        name=code,
        name_en="",
        loinc="",
        unit="g/L",
        value=value,
        text="阴性" if value is None else f"{value}",
        low=None if value is None else 3.5,
        high=None if value is None else 9.5,
        expected="阴性" if value is None else "",
        flag="H" if value == 12.0 else "N",
        decimals=1,
    )
    for rank, (code, value) in enumerate([("WBC", 5.0), ("OB", None), ("A/G", 12.0)])
]
REPORT = Report(
    view=READY,
    specimen="",
    specimen_en="",
    sampled_at=NOW,
    values=VALUES,
    findings="",
    impression="",
    remark="",
    reported_by="",
    reviewed_by="",
)
SHEETS = Sheets(
    sheets=[
        SheetView(document_no="S0001", kind="laboratory_report", title="", made_at=NOW, state="printed", copies=1),
        SheetView(document_no="S0002", kind="laboratory_report", title="", made_at=NOW, state="queued", copies=1),
    ]
)
WITH_PRINTER = msgspec.structs.replace(
    TERMINAL, devices=[*TERMINAL.devices, DeviceView(device="sheets", kind="sheet_printer", state="ok")], code_version=7
)
POINT = TrendPoint(order_no=ORDER, sampled_at=NOW, value=5.0, text="5.0", low=3.5, high=9.5, flag="N", unit="g/L")


def came_by_tube(**answers: Any) -> Any:
    """Nobody stands before the screen; he came for a report."""
    browser = paired(known=False, GetTerminal=WITH_PRINTER, **answers)
    browser.set_cookie("yinyi_visit", "reports..")
    return browser


@pytest.mark.parametrize("path", ["/reports", AT, f"{AT}/trend?of=WBC", f"{AT}/pictures?at=1", "/sheets/S0001"])
def test_a_report_wants_to_know_whose_it_is(path: str) -> None:
    async def work() -> None:
        browser = paired(known=False)
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/identify")
        assert browser.platform.names() == []

    run(work())


def test_what_is_ready_and_new_can_be_printed_at_once() -> None:
    async def work() -> None:
        browser = paired(GetTerminal=WITH_PRINTER, ListReports=ReportList(reports=[READY, *OTHERS]))
        seen = (await browser.see("/reports"))["v"]
        assert [row["state"] for row in seen["rows"]] == ["ready", "testing", "window", "ready"]
        assert seen["fresh"] == [ORDER]
        assert (seen["printer"], seen["complete"], seen["of_tube"]) == ("ok", True, False)

    run(work())


def test_more_new_reports_than_go_at_once_are_counted_to_the_end() -> None:
    async def work() -> None:
        reports = [msgspec.structs.replace(READY, order_no=f"{n:04}") for n in range(MOST_AT_ONCE + 3)]
        browser = paired(GetTerminal=WITH_PRINTER, ListReports=ReportList(reports=reports), GetSheets=SHEETS)
        seen = (await browser.see("/reports"))["v"]
        assert (len(seen["fresh"]), seen["new"]) == (MOST_AT_ONCE, MOST_AT_ONCE + 3)
        browser.platform.answers["PrintReports"] = SHEETS
        answer = await browser.post("/reports/print", order_nos=" ".join(seen["fresh"]), left="3", key=seen["key"])
        assert answer.headers["location"] == "/kiosk/sheets/S0001.S0002?left=3"
        assert (await browser.see("/sheets/S0001.S0002?left=3"))["v"]["left"] == 3
        for said in ("", "-1", "x", "1000", "³"):
            assert (await browser.see(f"/sheets/S0001.S0002?left={said}"))["v"]["left"] == 0

    run(work())


@pytest.mark.parametrize(("state", "told"), [("ok", "ok"), ("paper_low", "ok"), ("paper_out", "trouble"), ("", "none")])
def test_how_the_printer_of_sheets_is_stands_on_the_page(state: Any, told: str) -> None:
    async def work() -> None:
        printer = [DeviceView(device="sheets", kind="sheet_printer", state=state)] if state else []
        terminal = msgspec.structs.replace(TERMINAL, devices=printer)
        browser = paired(GetTerminal=terminal, ListReports=ReportList(reports=[READY]))
        assert (await browser.see("/reports"))["v"]["printer"] == told

    run(work())


def test_values_that_stand_out_come_first_and_numbers_can_be_followed() -> None:
    async def work() -> None:
        browser = paired(GetReport=REPORT)
        values = (await browser.see(AT))["v"]["values"]
        assert [(each["analyte_code"], each["flag"], each["trend"]) for each in values] == [
            ("A/G", "H", True),
            ("WBC", "N", True),
            ("OB", "N", False),
        ]
        assert [each["range"] for each in values] == ["3.5–9.5", "3.5–9.5", "阴性"]

    run(work())


@pytest.mark.parametrize("error", [ReportNotReady(), ReportAtWindow()])
@pytest.mark.parametrize(("name", "path"), [("GetReport", AT), ("TrendOfValue", f"{AT}/trend?of=WBC")])
def test_what_is_not_to_be_read_here_says_so_in_the_list(error: YinyiError, name: str, path: str) -> None:
    async def work() -> None:
        answers: dict[str, Any] = {name: error}
        browser = paired(**answers)
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/reports")

    run(work())


@pytest.mark.parametrize(
    ("path", "answers"),
    [
        (AT, {"GetReport": ReportUnknown()}),
        (f"{AT}/trend?of=WBC", {"TrendOfValue": ReportUnknown()}),
        ("/sheets/S0001", {"GetSheets": DocumentUnknown()}),
        ("/sheets/" + ".".join(["S0001"] * 9), {}),
    ],
)
def test_the_report_of_somebody_else_is_not_there(path: str, answers: dict[str, Any]) -> None:
    async def work() -> None:
        assert (await paired(**answers).get(path)).status_code == 404

    run(work())


def test_a_value_over_time_is_drawn_where_there_is_more_than_one() -> None:
    async def work() -> None:
        later = msgspec.structs.replace(POINT, order_no="3", value=12.0, text="12.0", flag="H")
        words = {"order_no": ORDER, "analyte_code": "A/G", "name": "白球比例", "name_en": "", "unit": "1"}
        trend = msgspec.convert({**words, "range": "1.2–2.4", "points": [msgspec.to_builtins(POINT)]}, Trend)
        browser = paired(TrendOfValue=trend)
        assert (await browser.see(f"{AT}/trend?of=A%2FG"))["v"]["drawing"] == ""
        asked = msgspec.to_builtins(browser.platform.last("TrendOfValue").message)
        assert asked == {"order_no": ORDER, "analyte_code": "A/G"}
        browser.platform.answers["TrendOfValue"] = msgspec.structs.replace(trend, points=[POINT, later])
        seen = (await browser.see(f"{AT}/trend?of=A%2FG"))["v"]
        assert seen["drawing"].count("<polygon") == 1
        assert seen["drawing"].count("<circle") == 1
        assert [row["text"] for row in seen["rows"]] == ["12.0", "5.0"]

    run(work())


PICTURED = msgspec.structs.replace(
    REPORT,
    pictures=Pictures(kept=[Picture(nth=n, caption="", caption_en="", width=4, height=3) for n in (1, 2, 5)]),
)


def test_pictures_stand_on_their_report_and_each_has_a_page() -> None:
    async def work() -> None:
        browser = paired(GetReport=PICTURED)
        assert [each["nth"] for each in (await browser.see(AT))["v"]["pictures"]["kept"]] == [1, 2, 5]
        seen = (await browser.see(f"{AT}/pictures?at=2"))["v"]
        assert (seen["place"], seen["count"], seen["earlier"], seen["later"]) == (2, 3, 1, 5)
        for wrong in ("", "?at=3", "?at=02", "?at=x"):
            assert (await browser.get(f"{AT}/pictures{wrong}")).status_code == 404
        browser.platform.answers["GetReport"] = ReportNotReady()
        assert (await browser.get(f"{AT}/pictures?at=2")).headers["location"] == "/kiosk/reports"

    run(work())


def test_a_picture_goes_to_whoever_may_read_its_report_and_is_never_kept() -> None:
    async def work() -> None:
        browser = paired(GetReportPicture=PictureFile(content=b"\xff\xd8\xff picture"))
        answer = await browser.get(f"{AT}/pictures/2?small=1")
        assert (answer.status_code, answer.content) == (200, b"\xff\xd8\xff picture")
        told = {name: answer.headers[name] for name in ("content-type", "cache-control", "x-content-type-options")}
        assert told == {"content-type": "image/jpeg", "cache-control": "no-store", "x-content-type-options": "nosniff"}
        assert "img-src 'self'" in answer.headers["content-security-policy"]
        asked = msgspec.to_builtins(browser.platform.last("GetReportPicture").message)
        assert asked == {"order_no": ORDER, "nth": 2, "small": True}
        browser.platform.answers["GetReportPicture"] = PictureUnknown()
        assert (await browser.get(f"{AT}/pictures/2")).status_code == 404

    run(work())


@pytest.mark.parametrize("nth", ["0x1", "-1", "1234", "²", "1;2"])
def test_no_other_picture_is_asked_for(nth: str) -> None:
    async def work() -> None:
        browser = paired()
        assert (await browser.get(f"{AT}/pictures/{nth}")).status_code == 404
        assert "GetReportPicture" not in browser.platform.names()
        assert (await paired(known=False).get(f"{AT}/pictures/1")).status_code == 404

    run(work())


def test_printing_leads_to_how_it_goes() -> None:
    async def work() -> None:
        browser = paired(PrintReports=SHEETS, GetSheets=SHEETS)
        answer = await browser.post("/reports/print", order_nos=f"{ORDER} 3")
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/sheets/S0001.S0002")
        asked = browser.platform.last("PrintReports")
        assert (msgspec.to_builtins(asked.message), asked.key) == ({"order_nos": [ORDER, "3"]}, "k" * 22)
        page = await browser.see("/sheets/S0001.S0002")
        assert (page["v"]["printing"], page["c"]["can_time_out"]) == ("printing", False)
        assert "paper=1" in page["c"]["events"]
        done = [msgspec.structs.replace(each, state="printed") for each in SHEETS.sheets]
        browser.platform.answers["GetSheets"] = Sheets(sheets=done)
        page = await browser.see("/sheets/S0001.S0002")
        assert (page["v"]["printing"], page["c"]["can_time_out"]) == ("printed", True)
        browser.platform.answers["GetSheets"] = Sheets(
            sheets=[done[0], msgspec.structs.replace(done[1], state="paper_out")]
        )
        assert (await browser.see("/sheets/S0001.S0002"))["v"]["printing"] == "paper_out"

    run(work())


@pytest.mark.parametrize("wanted", ["", " ", "1 2 3 4 5 6 7"])
def test_nothing_else_is_printed(wanted: str) -> None:
    async def work() -> None:
        browser = paired()
        assert (await browser.post("/reports/print", order_nos=wanted)).status_code == 409
        assert "PrintReports" not in browser.platform.names()

    run(work())


def test_what_was_printed_before_may_need_the_window() -> None:
    async def work() -> None:
        browser = paired(PrintReports=PrintedAlready(), GetReport=REPORT)
        answer = await browser.post("/reports/print", order_nos=ORDER)
        assert answer.headers["location"] == f"/kiosk{AT}?printed=1"
        assert (await browser.see(f"{AT}?printed=1"))["v"]["at_window"]

    run(work())


def test_a_tube_under_the_scanner_opens_what_is_in_it() -> None:
    async def work() -> None:
        browser = came_by_tube(
            IdentifyByTube=Identified(status="known", session_token="tube-token"),
            ListReports=ReportList(reports=[READY]),
        )
        browser.platform.sessions["tube-token"] = msgspec.structs.replace(PERSON, of_specimen=True)
        answer = await browser.post("/reports/tube", after="7")
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/reports")
        assert msgspec.to_builtins(browser.platform.last("IdentifyByTube").message) == {"after": 7}
        assert (await browser.see("/reports"))["v"]["of_tube"]
        browser.platform.answers["GetReport"] = REPORT
        assert not any(each["trend"] for each in (await browser.see(AT))["v"]["values"])
        home = await browser.see("/")
        assert home["c"]["patient"] is None
        assert "EndSession" in browser.platform.names()

    run(work())


@pytest.mark.parametrize(("error", "problem"), [(TubeUnknown(), "unknown_tube"), (TooManyTries(), "too_many_tries")])
@pytest.mark.parametrize("before", ["", "account..", "reports.."])
def test_what_is_no_tube_says_so(before: str, error: YinyiError, problem: str) -> None:
    """Also on the first page, where he has pressed nothing before."""

    async def work() -> None:
        browser = came_by_tube(IdentifyByTube=error, Identify=NoCard())
        browser.set_cookie("yinyi_visit", before)
        answer = await browser.post("/reports/tube", after="7")
        where = answer.headers["location"].removeprefix("/kiosk")
        page = await browser.see(where)
        assert (page["v"]["problem"], page["v"]["after"], page["v"]["expects"]) == (problem, 7, "tube")
        assert "code=7" in page["c"]["events"]

    run(work())


def test_only_who_came_for_a_report_is_asked_for_a_tube() -> None:
    async def work() -> None:
        browser = paired(known=False, Identify=NoCard())
        browser.set_cookie("yinyi_visit", "account..")
        page = await browser.see("/identify")
        assert page["v"]["expects"] is None
        assert "code=" in page["c"]["events"], "an insurance code says who it is, whatever he came for"

    run(work())
