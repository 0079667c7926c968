"""The form of one bill at the kiosk: it opens that bill and no other."""

import msgspec
import pytest
from kiosk_bills import THREE, bill, paying
from kiosk_platform import PAYMENT, TERMINAL, paired, payment, run

from yinyi.business.billing.errors import (
    FormUnknown,
    InvoiceUnknown,
)
from yinyi.business.billing.messages import (
    FormOpened,
    InvoiceDetails,
)
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.payments.errors import NothingScanned
from yinyi.business.terminals.model import DeviceView
from yinyi.kernel.errors import YinyiError

# ---- by the code of a request form


def test_a_form_opens_its_bill() -> None:
    async def work() -> None:
        details = InvoiceDetails(invoice=bill("A"), lines=[])
        browser = paired(
            known=False,
            IdentifyByForm=FormOpened(invoice_no="A", session_token="session-token"),
            GetInvoice=details,
            ListInvoices=THREE,
        )
        home = await browser.see("/")
        assert "code=" in home["c"]["events"]
        answer = await browser.post("/request-form", after="7")
        assert answer.headers["location"] == "/kiosk/bills/A?form=1"
        assert browser.cookie("yinyi_visit") == "form.session.session-token"
        assert msgspec.to_builtins(browser.platform.last("IdentifyByForm").message) == {"after": 7}
        seen = await browser.see("/bills/A?form=1")
        assert (seen["v"]["alone"], seen["v"]["payable"]) == (True, True)
        for elsewhere in ("/bills", "/fees", "/account", "/payments"):
            answer = await browser.get(elsewhere)
            assert answer.headers["location"] == "/kiosk/identify", elsewhere
            browser.set_cookie("yinyi_visit", "form.session.session-token")
        assert "ListInvoices" not in browser.platform.names()
        assert (await browser.get("/")).headers["location"] == "/kiosk/"
        assert browser.cookie("yinyi_visit") == ""
        assert browser.platform.names()[-1] == "EndSession"

    run(work())


def test_a_bill_that_is_gone_since_its_form_was_read_is_said_to_be() -> None:
    """Dropped, or put together with another one: whoever has its form alone sees no other bill."""

    async def work() -> None:
        browser = paired(PayInvoices=InvoiceUnknown(), GetInvoice=InvoiceUnknown())
        browser.set_cookie("yinyi_visit", "form.session.session-token")
        went = await browser.post("/bills", chosen="A:1", form="1")
        assert went.headers["location"] == "/kiosk/bills/A?form=1&news=unknown"
        seen = await browser.see("/bills/A?form=1&news=unknown")
        assert (seen["is"], seen["v"]["gone"]) == ("NoFormView", True)

    run(work())


def test_who_is_known_stays_known() -> None:
    async def work() -> None:
        browser = paired(IdentifyByForm=FormOpened(invoice_no="A"), ListInvoices=THREE)
        assert "code=" in (await browser.see("/bills"))["c"]["events"]
        assert (await browser.post("/request-form", after="7")).headers["location"] == "/kiosk/bills/A?form=1"
        assert browser.cookie("yinyi_visit") == "register.session.session-token"

    run(work())


@pytest.mark.parametrize(
    ("error", "news"), [(FormUnknown(), "unknown"), (TooManyTries(), "many")], ids=["unknown", "many"]
)
def test_a_code_that_opens_nothing(error: YinyiError, news: str) -> None:
    async def work() -> None:
        browser = paired(known=False, IdentifyByForm=error)
        assert (await browser.post("/request-form", after="0")).headers[
            "location"
        ] == f"/kiosk/request-form?news={news}"
        seen = await browser.see(f"/request-form?news={news}")
        assert (seen["is"], seen["v"]["many"]) == ("NoFormView", news == "many")
        browser.platform.answers["IdentifyByForm"] = NothingScanned()
        assert (await browser.post("/request-form", after="0")).headers["location"] == "/kiosk/"
        assert (await browser.post("/request-form", after="x")).status_code == 409

    run(work())


def test_who_came_by_a_form_goes_back_to_its_bill() -> None:
    async def work() -> None:
        opened = paying("ready")
        cancelled = payment("closed", purpose="invoice", reason="cancelled")
        browser = paired(GetInvoicePayment=opened, GetPayment=opened.payment, CancelPayment=cancelled)
        browser.set_cookie("yinyi_visit", "form.session.session-token")
        assert (await browser.see(f"/register/check/{PAYMENT}"))["v"]["account_fen"] == 0
        assert "GetPrepaidAccount" not in browser.platform.names()
        answer = await browser.post(f"/register/release/{PAYMENT}")
        assert answer.headers["location"] == "/kiosk/bills/A?form=1"

    run(work())


def test_whoever_comes_straight_by_a_form_is_asked_once_whether_he_goes_without_paper() -> None:
    printer = DeviceView(device="printer", kind="receipt_printer", state="paper_out")
    broken = msgspec.structs.replace(TERMINAL, devices=[printer])

    async def work() -> None:
        browser = paired(GetTerminal=broken, GetInvoice=InvoiceDetails(invoice=bill("A"), lines=[]))
        asked = await browser.see("/bills/A?form=1")
        assert (asked["is"], asked["v"]["on"]) == ("NoPaperView", "/kiosk/bills/A?form=1&no_paper=1")
        assert (await browser.see("/bills/A?form=1&no_paper=1"))["is"] == "BillView"
        assert (await browser.see("/bills/A"))["is"] == "BillView", "he was asked before the list"

    run(work())
