"""Bills at the kiosk: what their pages ask of the platform, and where they lead."""

from typing import Any

import msgspec
import pytest
from kiosk_bills import THREE, bill, paying
from kiosk_platform import PAYMENT, page, paired, payment, receipt, run

from yinyi.business.billing.errors import (
    InvoiceBusy,
    InvoiceCancelled,
    InvoiceChanged,
    InvoicePaid,
    InvoiceUnknown,
)
from yinyi.business.billing.messages import (
    InvoiceDetails,
    Invoices,
)
from yinyi.business.payments.errors import AccountsClosed, MoreThanOwed, PaidInAtOnce
from yinyi.business.payments.messages import ChooseTender, PaidPart, PaymentView
from yinyi.business.prepaid.messages import PrepaidAccount
from yinyi.kernel.errors import HospitalUnavailable, YinyiError
from yinyi.kernel.money import Fen


def account(fen: int, mode: Any = "collect") -> PrepaidAccount:
    return PrepaidAccount(mode=mode, balance_fen=Fen(fen), entries=[])


@pytest.mark.parametrize("path", ["/bills", "/bills/A", "/fees"])
def test_bills_want_to_know_whose_they_are(path: str) -> None:
    async def work() -> None:
        browser = paired(known=False)
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/identify")
        assert browser.platform.names() == []

    run(work())


def test_all_are_chosen_until_one_is_pressed() -> None:
    async def work() -> None:
        browser = paired(ListInvoices=THREE)
        seen = (await browser.see("/bills"))["v"]
        assert (seen["total_fen"], seen["sent"]) == (123, "A:2 B:2 C:2")
        seen = (await browser.see(f"/bills?but={seen['rows'][1]['but']}"))["v"]
        assert [row["chosen"] for row in seen["rows"]] == [True, False, True]
        assert (seen["total_fen"], seen["sent"], seen["rows"][1]["here"]) == (103, "A:2 C:2", True)
        seen = (await browser.see(f"/bills?but={seen['rows'][1]['but']}"))["v"]
        assert seen["total_fen"] == 123
        assert (await browser.see("/bills?but=nonsense,<b>"))["v"]["total_fen"] == 123

    run(work())


def test_what_somebody_is_paying_cannot_be_chosen() -> None:
    async def work() -> None:
        bills = [bill("A"), bill("B", busy=True), bill("C", busy=True, payment_no=PAYMENT)]
        seen = (await paired(ListInvoices=Invoices(invoices=bills)).see("/bills"))["v"]
        assert [row["invoice"]["invoice_no"] for row in seen["rows"]] == ["A"]
        assert ([each["invoice_no"] for each in seen["busy"]], seen["under_way"]) == (["B", "C"], PAYMENT)

    run(work())


def test_what_was_chosen_goes_to_its_check_page() -> None:
    async def work() -> None:
        opened = paying("ready")
        browser = paired(
            PayInvoices=opened, GetInvoicePayment=opened, GetPayment=opened.payment, GetPrepaidAccount=account(2000)
        )
        answer = await browser.post("/bills", chosen="A:2 C:7")
        assert answer.headers["location"] == f"/kiosk/register/check/{PAYMENT}"
        asked = msgspec.to_builtins(browser.platform.last("PayInvoices").message)["chosen"]
        assert asked == [{"invoice_no": "A", "version": 2}, {"invoice_no": "C", "version": 7}]
        checked = (await browser.see(f"/register/check/{PAYMENT}"))["v"]
        assert (checked["owed_fen"], checked["account_fen"]) == (5000, 2000)

    run(work())


@pytest.mark.parametrize("sent", ["A", "A:", "A:1;B:2", "A:1x", "<b>:1", "A:1234567890"])
def test_nothing_else_is_paid(sent: str) -> None:
    async def work() -> None:
        browser = paired()
        assert (await browser.post("/bills", chosen=sent)).status_code == 409
        assert "PayInvoices" not in browser.platform.names()

    run(work())


def test_nothing_chosen_is_nothing_paid() -> None:
    async def work() -> None:
        browser = paired()
        assert (await browser.post("/bills", chosen="")).headers["location"] == "/kiosk/bills"
        assert "PayInvoices" not in browser.platform.names()

    run(work())


@pytest.mark.parametrize(
    ("error", "news"),
    [
        (InvoiceChanged(), "changed"),
        (InvoicePaid(), "paid"),
        (InvoiceCancelled(), "cancelled"),
        (InvoiceBusy(), "busy"),
        (InvoiceUnknown(), "unknown"),
    ],
)
def test_why_not_stands_over_the_list_as_it_is_now(error: YinyiError, news: str) -> None:
    async def work() -> None:
        browser = paired(PayInvoices=error, ListInvoices=THREE, GetInvoice=InvoiceDetails(invoice=bill("A"), lines=[]))
        answer = await browser.post("/bills", chosen="A:1")
        assert answer.headers["location"] == f"/kiosk/bills?news={news}"
        assert (await browser.see(f"/bills?news={news}"))["v"]["news"] == news
        answer = await browser.post("/bills", chosen="A:1", form="1")
        assert answer.headers["location"] == f"/kiosk/bills/A?form=1&news={news}"
        assert (await browser.see(f"/bills/A?form=1&news={news}"))["v"]["alone"]

    run(work())


@pytest.mark.parametrize("reason", ["changed", "already_paid", "held_elsewhere", "expired"])
def test_what_the_hospital_would_not_keep(reason: str) -> None:
    async def work() -> None:
        closed = paying("closed", reason=reason, pay_by=None)
        browser = paired(PayInvoices=closed, ListInvoices=THREE, GetInvoicePayment=closed, GetPayment=closed.payment)
        answer = await browser.post("/bills", chosen="A:2")
        assert answer.headers["location"].startswith("/kiosk/bills?news=")
        seen = await browser.see(f"/trouble/{PAYMENT}")
        assert (seen["v"]["kind"], seen["v"]["back"]) == ("bills_open", "/kiosk/bills")

    run(work())


def test_a_part_from_the_account_and_a_code_for_the_rest() -> None:
    async def work() -> None:
        part = [PaidPart(tender="prepaid", amount_fen=Fen(2000))]
        rest = payment("ready", purpose="invoice", owed_fen=Fen(3000), parts=part, tenders=["alipay", "wechatpay"])
        waiting = msgspec.structs.replace(rest, state="waiting", tender="alipay", code_url="https://qr/1")

        def chosen(message: ChooseTender) -> PaymentView:
            return rest if message.tender == "prepaid" else waiting

        browser = paired(ChooseTender=chosen)
        answer = await browser.post(f"/pay/{PAYMENT}", tender="prepaid", amount_fen="2000")
        assert answer.headers["location"] == f"/kiosk/pay/{PAYMENT}"
        asked = [each for each in browser.platform.asked if each.name == "ChooseTender"]
        assert [msgspec.to_builtins(each.message) for each in asked] == [
            {"payment_no": PAYMENT, "tender": "prepaid", "amount_fen": 2000},
            {"payment_no": PAYMENT, "tender": "alipay"},
        ]
        assert len({each.key for each in asked}) == 2
        opened = msgspec.structs.replace(paying("waiting"), payment=waiting)
        browser = paired(GetInvoicePayment=opened, GetPayment=waiting)
        assert (await browser.see(f"/pay/{PAYMENT}"))["v"]["amount_fen"] == 3000

    run(work())


def test_a_part_by_phone() -> None:
    async def work() -> None:
        opened = payment("ready", purpose="invoice", owed_fen=Fen(5000), tenders=["wechatpay", "alipay"])
        browser = paired(GetPayment=opened, ChooseTender=opened)
        assert (await browser.see(f"/pay/{PAYMENT}/part"))["v"]["tenders"] == ["wechatpay", "alipay"]
        answer = await browser.post(f"/pay/{PAYMENT}", tender="alipay", yuan="20")
        assert answer.headers["location"] == f"/kiosk/pay/{PAYMENT}"
        asked = msgspec.to_builtins(browser.platform.last("ChooseTender").message)
        assert asked == {"payment_no": PAYMENT, "tender": "alipay", "amount_fen": 2000}
        for bad in ("", "0", "50", "51", "-1", "1.5", "1e1", "999999"):
            assert page(await browser.post(f"/pay/{PAYMENT}", tender="alipay", yuan=bad))["v"]["wrong"]
        waiting = msgspec.structs.replace(
            paying("waiting"),
            payment=msgspec.structs.replace(opened, state="waiting", asked_fen=Fen(2000), code_url="https://qr/1"),
        )
        browser = paired(GetInvoicePayment=waiting, GetPayment=waiting.payment)
        seen = (await browser.see(f"/pay/{PAYMENT}"))["v"]
        assert (seen["amount_fen"], seen["part_fen"]) == (2000, 2000)
        assert (await browser.get(f"/pay/{PAYMENT}/part")).headers["location"] == f"/kiosk/pay/{PAYMENT}"

    run(work())


def test_another_app_and_a_code_under_the_scanner_take_the_part_that_the_page_asks_for() -> None:
    async def work() -> None:
        refused = payment("ready", purpose="invoice", scanned=True, owed_fen=Fen(5000), asked_fen=Fen(2000))
        browser = paired(GetInvoicePayment=paying("ready"), ChooseTender=refused, SubmitScanned=refused)
        for told, part_fen in [({"amount_fen": "2000"}, 2000), ({}, None)]:
            await browser.post(f"/pay/{PAYMENT}", tender="alipay", **told)
            await browser.post(f"/pay/{PAYMENT}/scan", after="7", **told)
            for name in ("ChooseTender", "SubmitScanned"):
                message = msgspec.to_builtins(browser.platform.last(name).message)
                assert message.get("amount_fen") == part_fen, (name, told)
        for bad in ("", "0", "-1", "1.0"):
            for to in (f"/pay/{PAYMENT}", f"/pay/{PAYMENT}/scan"):
                assert (await browser.post(to, tender="alipay", after="7", amount_fen=bad)).status_code == 409
        of_it = msgspec.structs.replace(paying("ready"), payment=refused)
        browser = paired(GetInvoicePayment=of_it, GetPayment=refused, GetPrepaidAccount=account(0))
        seen = (await browser.see(f"/pay/{PAYMENT}"))["v"]
        assert (seen["state"], seen["amount_fen"], seen["part_fen"]) == ("refused", 2000, 2000)

    run(work())


@pytest.mark.parametrize("purpose", ["registration", "check_in", "deposit", "top_up"])
def test_only_bills_are_paid_in_parts(purpose: str) -> None:
    """Nor by the address alone."""

    async def work() -> None:
        opened = payment("ready", purpose=purpose, owed_fen=Fen(5000), tenders=["wechatpay"])
        browser = paired(GetPayment=opened, ChooseTender=opened)
        answer = await browser.post(f"/pay/{PAYMENT}", tender="wechatpay", yuan="20")
        assert answer.headers["location"] == f"/kiosk/register/check/{PAYMENT}"
        assert (await browser.get(f"/pay/{PAYMENT}/part")).headers["location"] == f"/kiosk/register/check/{PAYMENT}"
        assert "ChooseTender" not in {each.name for each in browser.platform.asked}

    run(work())


@pytest.mark.parametrize("error", [AccountsClosed(), MoreThanOwed(), PaidInAtOnce()])
def test_nothing_from_the_account_after_all(error: YinyiError) -> None:
    async def work() -> None:
        browser = paired(ChooseTender=error)
        answer = await browser.post(f"/pay/{PAYMENT}", tender="prepaid", amount_fen="2000")
        assert answer.headers["location"] == f"/kiosk/register/check/{PAYMENT}"
        for bad in ("", "0", "-1", "1.0"):
            assert (await browser.post(f"/pay/{PAYMENT}", tender="prepaid", amount_fen=bad)).status_code == 409

    run(work())


@pytest.mark.parametrize(("mode", "shown"), [("collect", 5000), ("refund_only", 5000), ("off", 0)])
def test_no_more_from_the_account_than_is_owed(mode: str, shown: int) -> None:
    async def work() -> None:
        opened = paying("ready")
        browser = paired(GetInvoicePayment=opened, GetPayment=opened.payment, GetPrepaidAccount=account(999_00, mode))
        assert (await browser.see(f"/register/check/{PAYMENT}"))["v"]["account_fen"] == shown

    run(work())


def test_where_to_go_with_them() -> None:
    async def work() -> None:
        parts = [PaidPart(tender="prepaid", amount_fen=Fen(2000)), PaidPart(tender="wechatpay", amount_fen=Fen(3000))]
        done = paying("fulfilled", owed_fen=Fen(0), parts=parts)
        browser = paired(GetInvoicePayment=done, GetPayment=done.payment)
        seen = (await browser.see(f"/done/{PAYMENT}"))["v"]
        assert (seen["places"], seen["places_en"], seen["receipt_no"]) == (["西药房"], ["Pharmacy"], "R1")
        assert [(part["tender"], part["amount_fen"]) for part in seen["parts"]] == [
            ("prepaid", 2000),
            ("wechatpay", 3000),
        ]

    run(work())


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (receipt("issued", number="0012345678"), {"payment_no": PAYMENT, "number": "0012345678"}),
        (receipt("coming"), {"payment_no": PAYMENT, "number": ""}),
        (receipt("none"), None),
        (HospitalUnavailable(), None),
    ],
)
def test_paid_bills_say_where_their_electronic_receipt_is(found: Any, line: Any) -> None:
    async def work() -> None:
        done = paying("fulfilled", owed_fen=Fen(0))
        browser = paired(GetInvoicePayment=done, GetPayment=done.payment, GetFiscalInvoice=found)
        assert (await browser.see(f"/done/{PAYMENT}"))["v"]["receipt"] == line

    run(work())


def test_the_sum_that_goes_back_is_what_was_taken() -> None:
    async def work() -> None:
        part = [PaidPart(tender="prepaid", amount_fen=Fen(2000))]
        back = paying(
            "returned", owed_fen=Fen(0), taken_fen=Fen(2000), tender="prepaid", reason="cancelled", parts=part
        )
        browser = paired(GetInvoicePayment=back, GetPayment=back.payment)
        seen = (await browser.see(f"/trouble/{PAYMENT}"))["v"]
        assert (seen["kind"], seen["amount_fen"], seen["tender"]) == ("refunded", 2000, "prepaid")

    run(work())


def test_the_bill_of_somebody_else_is_not_there() -> None:
    async def work() -> None:
        browser = paired(GetInvoice=InvoiceUnknown(), ListInvoices=HospitalUnavailable())
        assert (await browser.get("/bills/A")).status_code == 404
        away = await browser.get("/bills")
        assert (away.status_code, page(away)["v"]["kind"]) == (503, "hospital_unavailable")

    run(work())
