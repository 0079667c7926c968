"""Electronic receipts at the kiosk: a line on the page that says it is paid, a page with a code, paper when pressed."""

from typing import Any

import pytest
from kiosk_platform import PAGES, PAYMENT, document, page, paired, receipt, registration, run

from yinyi.business.documents.messages import Documents
from yinyi.business.fiscal.errors import FiscalFileUnreadable, FiscalInvoiceUnknown, NotIssuedYet
from yinyi.business.fiscal.messages import (
    FiscalInvoiceList,
    FiscalPage,
    GetFiscalPage,
    ListFiscalInvoices,
    RedInvoice,
)
from yinyi.business.payments.errors import PaymentUnknown
from yinyi.kernel.errors import HospitalUnavailable, NotYours, YinyiError
from yinyi.kernel.money import Fen

AT = f"/receipt/{PAYMENT}"
ISSUED = {"code": "33060126", "number": "0012345678", "check_code": "4711", "url": "https://r.example/1"}


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (receipt("issued", **ISSUED), {"payment_no": PAYMENT, "number": "0012345678"}),
        (receipt("coming"), {"payment_no": PAYMENT, "number": ""}),
        (receipt("none"), None),
        (PaymentUnknown(), None),
        (HospitalUnavailable(), None),
    ],
)
def test_what_is_paid_says_where_its_receipt_is_and_never_fails_for_it(found: Any, line: Any) -> None:
    async def work() -> None:
        browser = paired(GetRegistration=registration("fulfilled"), GetFiscalInvoice=found)
        assert (await browser.see(PAGES["done"]))["v"]["receipt"] == line

    run(work())


def test_its_page_shows_its_numbers_and_its_code() -> None:
    async def work() -> None:
        red = [RedInvoice(amount_fen=Fen(1000)), RedInvoice(amount_fen=Fen(700), number="0012345679")]
        browser = paired(GetFiscalInvoice=receipt("partly_reversed", **ISSUED, red=red))
        seen = await browser.see(AT)
        assert ISSUED.items() <= seen["v"].items()
        assert (seen["v"]["reversed_fen"], seen["v"]["printing"]) == (1700, None)
        assert browser.platform.names() == ["GetFiscalInvoice"]

    run(work())


def test_while_it_is_coming_the_page_looks_again_by_itself() -> None:
    async def work() -> None:
        browser = paired(GetFiscalInvoice=receipt("coming"))
        assert "at=" in (await browser.see(AT))["c"]["events"]
        browser.platform.answers["GetFiscalInvoice"] = receipt("issued", **ISSUED)
        assert "at=" not in (await browser.see(AT))["c"]["events"]

    run(work())


def test_it_is_printed_when_pressed_and_only_then() -> None:
    async def work() -> None:
        paper = document("queued", kind="fiscal")
        browser = paired(
            GetFiscalInvoice=receipt("issued", **ISSUED, printed=True),
            PrintFiscalInvoice=paper,
            ListDocuments=Documents(documents=[document("printed"), paper]),
        )
        seen = (await browser.see(AT))["v"]
        assert (seen["printing"], seen["prints"]) == (None, 1)
        assert "PrintFiscalInvoice" not in browser.platform.names()
        answer = await browser.post(AT)
        assert answer.headers["location"] == f"/kiosk{AT}?printing=1"
        assert browser.platform.last("PrintFiscalInvoice").key
        seen = await browser.see(f"{AT}?printing=1")
        assert seen["v"]["printing"] == "printing"
        assert "paper=1" in seen["c"]["events"]

    run(work())


def test_one_that_is_not_issued_yet_is_not_printed_and_that_is_no_failure() -> None:
    async def work() -> None:
        browser = paired(GetFiscalInvoice=receipt("coming"), PrintFiscalInvoice=NotIssuedYet())
        assert (await browser.post(AT)).status_code == 303
        assert (await browser.see(f"{AT}?printing=1"))["v"]["standing"] == "coming"

    run(work())


@pytest.mark.parametrize(("error", "status"), [(PaymentUnknown(), 404), (NotYours(), 404)])
def test_that_of_somebody_else_is_not_shown(error: YinyiError, status: int) -> None:
    async def work() -> None:
        answer = await paired(GetFiscalInvoice=error).get(AT)
        assert answer.status_code == status
        assert page(answer)["is"] == "ErrorView"

    run(work())


def test_first_it_wants_to_know_whose_it_is() -> None:
    async def work() -> None:
        browser = paired(known=False)
        answer = await browser.get(AT)
        assert answer.status_code in (303, 401, 403)
        assert "number" not in answer.text

    run(work())


def test_all_of_them_are_listed_and_each_leads_to_its_page() -> None:
    async def work() -> None:
        found = FiscalInvoiceList(invoices=[receipt("coming"), receipt("issued", **ISSUED), receipt("none")])
        browser = paired(ListFiscalInvoices=found)
        seen = await browser.see("/receipts")
        assert [(each["standing"], each["number"]) for each in seen["v"]["receipts"]] == [
            ("coming", ""),
            ("issued", "0012345678"),
        ]
        assert {each["title_en"] for each in seen["v"]["receipts"]} == {"Registration, Cardiology"}
        assert seen["v"]["earlier"] == ""
        assert "at=" not in seen["c"]["events"], "the page looks again for the one that is coming, by itself"
        assert (await paired(known=False).get("/receipts")).headers["location"] == "/kiosk/identify"

    run(work())


def test_what_was_paid_earlier_is_on_another_page() -> None:
    async def work() -> None:
        browser = paired(ListFiscalInvoices=FiscalInvoiceList(invoices=[receipt("issued")], next_before="P-47"))
        assert (await browser.see("/receipts"))["v"]["earlier"] == "P-47"
        await browser.get("/receipts?before=P-47")
        assert browser.platform.last("ListFiscalInvoices").message == ListFiscalInvoices(days=366, before="P-47")
        assert (await browser.get(f"/receipts?before={'4' * 23}")).status_code == 404

    run(work())


def test_its_file_is_a_page_with_its_picture() -> None:
    async def work() -> None:
        drawn = FiscalPage(content=b"\xff\xd8jpeg", width=1400, height=741, count=2)
        browser = paired(GetFiscalInvoice=receipt("issued", **ISSUED), GetFiscalPage=drawn)
        seen = (await browser.see(f"{AT}/file"))["v"]
        assert (seen["place"], seen["count"], seen["number"]) == (1, 2, ISSUED["number"])
        assert (await browser.see(f"{AT}/file?at=2"))["v"]["place"] == 2
        assert browser.platform.last("GetFiscalPage").message == GetFiscalPage(payment_no=PAYMENT, nth=2)
        picture = await browser.get(f"{AT}/file/2")
        assert (picture.content, picture.headers["content-type"]) == (drawn.content, "image/jpeg")
        assert picture.headers["cache-control"] == "no-store"
        for wrong in ("0", "5", "x", "11", "%C2%B2"):
            assert (await browser.get(f"{AT}/file/{wrong}")).status_code == 404
            assert (await browser.get(f"{AT}/file?at={wrong}")).status_code == 404

    run(work())


@pytest.mark.parametrize("error", [FiscalFileUnreadable(), FiscalInvoiceUnknown()])
def test_a_file_that_cannot_be_shown_says_so(error: YinyiError) -> None:
    async def work() -> None:
        browser = paired(GetFiscalInvoice=receipt("issued", **ISSUED), GetFiscalPage=error)
        assert (await browser.see(f"{AT}/file"))["v"]["place"] == 0
        assert (await browser.get(f"{AT}/file/1")).status_code == 404

    run(work())


def test_of_one_that_is_coming_there_is_no_file_yet() -> None:
    async def work() -> None:
        browser = paired(GetFiscalInvoice=receipt("coming"), GetFiscalPage=NotIssuedYet())
        assert (await browser.get(f"{AT}/file")).headers["location"] == f"/kiosk{AT}"

    run(work())


def test_nobody_sees_the_file_of_somebody_else() -> None:
    async def work() -> None:
        stranger = paired(GetFiscalInvoice=NotYours(), GetFiscalPage=NotYours())
        for path in (f"{AT}/file", f"{AT}/file/1"):
            assert (await stranger.get(path)).status_code == 404
            answer = await paired(known=False).get(path)
            assert answer.status_code in (303, 401, 403)

    run(work())
