"""Fee lists at the kiosk: page by page, and on paper."""

from datetime import date
from typing import Any

import msgspec
import pytest
from kiosk_bills import bill
from kiosk_platform import NOW, TERMINAL, paired, run

from yinyi.business.billing.errors import InvoiceUnknown, NothingPaid, NotPaidYet, TooManyFees
from yinyi.business.billing.messages import Fees, InvoiceDetails
from yinyi.business.documents.messages import Sheets, SheetView
from yinyi.business.fiscal.messages import FiscalInvoiceList
from yinyi.business.terminals.model import DeviceView
from yinyi.business.terminals.offers import Offer
from yinyi.interface.journeys import fees
from yinyi.kernel.errors import HospitalUnavailable, YinyiError

PAID = bill("A", state="paid")
SHEET = Sheets(
    sheets=[SheetView(document_no="S0001", kind="fee_list", title="", made_at=NOW, state="queued", copies=1)]
)


def terminal(printer: Any = "ok") -> Any:
    devices = [DeviceView(device="sheets", kind="sheet_printer", state=printer)] if printer else []
    return msgspec.structs.replace(TERMINAL, devices=[*TERMINAL.devices, *devices])


def test_fees_page_by_page() -> None:
    async def work() -> None:
        browser = paired(ListFees=Fees(invoices=[PAID], earlier=date(2026, 10, 1)))
        seen = (await browser.see("/fees"))["v"]
        assert (len(seen["fees"]), seen["earlier"], seen["complete"]) == (1, "2026-10-01", True)
        await browser.see("/fees?until=2026-10-01")
        assert msgspec.to_builtins(browser.platform.last("ListFees").message) == {"until": "2026-10-01"}
        for bad in ("2026-13-01", "yesterday", ""):
            assert (await browser.get(f"/fees?until={bad}")).status_code == 404

    run(work())


def test_while_the_hospital_is_away_the_page_says_that_these_are_copies() -> None:
    async def work() -> None:
        browser = paired(ListFees=Fees(invoices=[PAID], complete=False))
        assert (await browser.see("/fees"))["v"]["complete"] is False

    run(work())


@pytest.mark.parametrize(("printer", "prints"), [("ok", True), ("paper_out", False), ("", False)])
def test_what_can_be_printed_is_offered_where_there_is_a_printer(printer: str, prints: bool) -> None:
    async def work() -> None:
        details = InvoiceDetails(invoice=PAID, lines=[])
        browser = paired(GetTerminal=terminal(printer), ListFees=Fees(invoices=[PAID]), GetInvoice=details)
        assert (await browser.see("/fees"))["v"]["prints"] is prints
        assert (await browser.see("/bills/A"))["v"]["prints"] is prints
        is_open = msgspec.structs.replace(PAID, state="open")
        browser.platform.answers["GetInvoice"] = InvoiceDetails(invoice=is_open, lines=[])
        assert (await browser.see("/bills/A"))["v"]["prints"] is False

    run(work())


def test_days_are_chosen_and_their_list_is_printed() -> None:
    async def work() -> None:
        browser = paired(GetTerminal=terminal(), PrintFees=SHEET, GetSheets=SHEET)
        offered = (await browser.see("/fees/print"))["v"]["choices"]
        years = [f"{NOW.year - back}" for back in range(2, 11)]
        assert [each["name"] for each in offered] == ["month", "quarter", "year", "last_year", *years]
        assert (offered[-1]["first_on"], offered[-1]["last_on"]) == (f"{NOW.year - 10}-01-01", f"{NOW.year - 10}-12-31")
        for each in offered:
            answer = await browser.post("/fees/print", days=each["name"])
            assert answer.headers["location"] == "/kiosk/sheets/S0001"
            asked = browser.platform.last("PrintFees")
            days = {"first_on": each["first_on"], "last_on": each["last_on"]}
            assert (msgspec.to_builtins(asked.message), asked.key) == (days, "k" * 22)
        assert (await browser.see("/sheets/S0001"))["v"]["back"] == "/kiosk/fees"

    run(work())


def test_days_are_whole_and_in_order() -> None:
    for today in (date(2026, 1, 1), date(2028, 2, 29), date(2026, 12, 31)):
        assert all(each.first_on <= each.last_on <= today for each in fees.choices(today))
        assert len({(each.first_on, each.last_on) for each in fees.choices(today)}) == 13


@pytest.mark.parametrize(("error", "news"), [(NothingPaid(), "none"), (TooManyFees(), "many")])
def test_why_a_list_is_not_printed_is_said(error: YinyiError, news: str) -> None:
    async def work() -> None:
        browser = paired(GetTerminal=terminal(), PrintFees=error)
        answer = await browser.post("/fees/print", days="year")
        assert answer.headers["location"] == f"/kiosk/fees/print?news={news}"
        assert (await browser.see(f"/fees/print?news={news}"))["v"]["news"] == news

    run(work())


def test_no_other_days_are_printed() -> None:
    async def work() -> None:
        browser = paired(GetTerminal=terminal())
        for wrong in ("", "all", "2026"):
            assert (await browser.post("/fees/print", days=wrong)).status_code == 409
        assert "PrintFees" not in browser.platform.names()
        browser.platform.answers["PrintFees"] = HospitalUnavailable()
        assert (await browser.post("/fees/print", days="year")).status_code == 503

    run(work())


def test_a_paid_bill_is_printed() -> None:
    async def work() -> None:
        browser = paired(GetTerminal=terminal(), PrintPaidInvoice=SHEET)
        assert (await browser.post("/bills/A")).headers["location"] == "/kiosk/sheets/S0001"
        asked = browser.platform.last("PrintPaidInvoice")
        assert (msgspec.to_builtins(asked.message), asked.key) == ({"invoice_no": "A"}, "k" * 22)
        browser.platform.answers["PrintPaidInvoice"] = NotPaidYet()
        assert (await browser.post("/bills/A")).headers["location"] == "/kiosk/bills/A"
        browser.platform.answers["PrintPaidInvoice"] = InvoiceUnknown()
        assert (await browser.post("/bills/A")).status_code == 404

    run(work())


@pytest.mark.parametrize("path", ["/fees", "/fees/print", "/bills/A"])
def test_whose_they_are_is_asked_first(path: str) -> None:
    async def work() -> None:
        browser = paired(known=False)
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/identify")
        assert browser.platform.names() == []

    run(work())


def test_whoever_has_only_the_form_gets_no_sheet_with_the_whole_name() -> None:
    async def work() -> None:
        details = InvoiceDetails(invoice=PAID, lines=[])
        browser = paired(GetTerminal=terminal(), GetInvoice=details, PrintPaidInvoice=SHEET)
        browser.set_cookie("yinyi_visit", "form.session.session-token")
        assert (await browser.see("/bills/A?form=1"))["v"]["prints"] is False
        assert (await browser.post("/bills/A")).headers["location"] == "/kiosk/identify"
        assert "PrintPaidInvoice" not in browser.platform.names()

    run(work())


def test_what_is_printed_is_shown_also_where_the_service_is_shut() -> None:
    async def work() -> None:
        shut = msgspec.structs.replace(terminal(), offers=[Offer(service="register")])
        browser = paired(GetTerminal=shut, GetSheets=SHEET, ListFiscalInvoices=FiscalInvoiceList(invoices=[]))
        assert (await browser.get("/fees")).headers["location"] == "/kiosk/"
        assert (await browser.see("/sheets/S0001"))["v"]["printing"] == "printing"
        assert (await browser.see("/receipts"))["v"]["receipts"] == []

    run(work())
