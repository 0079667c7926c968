"""The prepaid account at the kiosk: what its pages ask of the platform, and where they lead."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from kiosk_platform import NOW, PAGES, PAYMENT, document, page, paired, payment, run, shown

from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.payments.messages import Payments, PaymentView
from yinyi.business.prepaid.errors import NothingOnAccount, OnlyAtWindow, TopUpsClosed
from yinyi.business.prepaid.messages import (
    GetPrepaidAccount,
    GivenBack,
    PrepaidAccount,
    PrepaidEntry,
    PrepaidSetting,
    ToBeGivenBack,
    TopUpPayment,
    Withdraw,
    Withdrawal,
)
from yinyi.business.prepaid.model import PrepaidMode
from yinyi.kernel.errors import HospitalUnavailable, NotYours, YinyiError
from yinyi.kernel.money import Fen


def entry(kind: str, fen: int, purpose: str = "", about: str = "") -> PrepaidEntry:
    return PrepaidEntry(at=NOW, kind=kind, source=f"{PAYMENT}01", amount_fen=fen, purpose=purpose, about=about)


def account(mode: PrepaidMode = "collect", fen: int = 150_00, *entries: PrepaidEntry) -> PrepaidAccount:
    return PrepaidAccount(mode=mode, balance_fen=Fen(fen), entries=list(entries))


WITHDRAWAL = Withdrawal(
    mode="collect",
    balance_fen=Fen(150_00),
    parts=[ToBeGivenBack(payment_no=PAYMENT, tender="bank_card", paid_at=NOW, amount_fen=Fen(120_00))],
    at_window_fen=Fen(30_00),
    given_back=[
        GivenBack(payment_no=PAYMENT, tender="wechatpay", amount_fen=Fen(20_00), asked_at=NOW, done=True),
    ],
)


def topping(state: Any, **changes: Any) -> Any:
    return payment(state, purpose="top_up", amount_fen=Fen(200_00), **changes)


def of_top_up(found: PaymentView) -> dict[str, Any]:
    """What the platform says of it."""
    return {"GetPayment": found, "GetTopUp": TopUpPayment(payment=found, balance_fen=Fen(150_00))}


@pytest.mark.parametrize(("mode", "offered"), [("collect", True), ("refund_only", True), ("off", False)])
def test_home_offers_the_account_where_there_is_one(mode: PrepaidMode, offered: bool) -> None:
    async def work() -> None:
        home = (await paired(known=False, GetPrepaidSetting=PrepaidSetting(mode=mode)).see("/"))["v"]
        assert ("account" in home["services"]) is offered
        assert home["tops_up"] is (mode == "collect"), "what the tile promises"

    run(work())


@pytest.mark.parametrize(("balance_fen", "offered"), [(1500, True), (0, False)])
def test_home_offers_an_account_to_which_something_has_come_back_since(balance_fen: int, offered: bool) -> None:
    """The platform says so of each account: here in its mode."""

    async def work() -> None:
        mode: PrepaidMode = "refund_only" if balance_fen else "off"
        found = PrepaidAccount(mode=mode, balance_fen=Fen(balance_fen), entries=[])
        browser = paired(GetPrepaidSetting=PrepaidSetting(mode="off"), GetPrepaidAccount=found)
        assert ("account" in (await browser.see("/"))["v"]["services"]) is offered

    run(work())


def test_home_is_there_while_nobody_says_whether_there_are_accounts() -> None:
    async def work() -> None:
        services = (await paired(known=False, GetPrepaidSetting=HospitalUnavailable()).see("/"))["v"]["services"]
        assert services[:6] == ["register", "bills", "check_in", "reports", "book", "inpatient"]
        assert services[6:] == ["find_payment", "reprint", "card_balance"]

    run(work())


@pytest.mark.parametrize("path", ["/account", "/account/top-up", "/account/withdraw"])
def test_the_account_wants_to_know_whose_it_is(path: str) -> None:
    async def work() -> None:
        browser = paired(known=False)
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/identify")
        assert browser.cookie("yinyi_visit").startswith("account.")
        assert browser.platform.names() == []

    run(work())


def test_records_say_in_words_what_happened() -> None:
    async def work() -> None:
        entries = (
            entry("delivered", 100, "top_up", "门诊预交金充值"),
            entry("taken_back", -100, "top_up", "门诊预交金充值"),
            entry("taken", -50, "registration", "挂号费 心血管内科 李明华"),
            entry("refunded", 50, "registration", "挂号费 心血管内科 李明华"),
            entry("withdrawn_at_window", -30),
            entry("opening", 30),
            entry("suspense", -1),
            entry("charged", -20, about="心电图室 心电图"),
            entry("charge_back", 20, about="心电图室 心电图"),
            entry("merged", 5),
        )
        records = (await paired(GetPrepaidAccount=account("collect", 1, *entries)).see("/account"))["v"]["records"]
        kinds = [
            "topped_up",
            "withdrawn",
            "paid",
            "came_back",
            "at_window",
            "taken_over",
            "corrected",
            "paid",
            "came_back",
            "merged",
        ]
        assert [record["kind"] for record in records] == kinds
        paid_for = "挂号费 心血管内科 李明华"
        assert [record.get("about", "") for record in records] == [
            *("", "", paid_for, paid_for, "", "", ""),
            *("心电图室 心电图", "心电图室 心电图"),
            "",
        ]

    run(work())


def test_what_was_booked_earlier_is_on_another_page() -> None:
    async def work() -> None:
        more = msgspec.structs.replace(account("collect", 1, entry("opening", 1)), next_before=47)
        browser = paired(GetPrepaidAccount=more)
        assert (await browser.see("/account"))["v"]["earlier"] == 47
        await browser.see("/account?before=47")
        assert browser.platform.last("GetPrepaidAccount").message == GetPrepaidAccount(before=47)
        assert (await browser.get("/account?before=x")).status_code == 404

    run(work())


@pytest.mark.parametrize("mode", ["refund_only", "off"])
def test_nothing_is_topped_up_where_the_hospital_does_not_collect(mode: PrepaidMode) -> None:
    async def work() -> None:
        browser = paired(GetPrepaidAccount=account(mode), TopUp=TopUpsClosed())
        assert (await browser.get("/account/top-up")).headers["location"] == "/kiosk/account"
        assert (await browser.post("/account/top-up", yuan="100")).headers["location"] == "/kiosk/account"

    run(work())


@pytest.mark.parametrize("yuan", ["", "0", "5001", "9999", "12.5", "-5", "1e3", "１００", "00000100", "100;"])
def test_an_amount_that_cannot_be_topped_up_is_asked_for_again(yuan: str) -> None:
    async def work() -> None:
        browser = paired(GetPrepaidAccount=account())
        view = page(await browser.post("/account/top-up", yuan=yuan))["v"]
        assert (view["typing"], view["wrong"]) == (True, True)
        assert "TopUp" not in browser.platform.names()

    run(work())


def test_an_amount_opens_one_payment_however_often_it_is_pressed() -> None:
    async def work() -> None:
        browser = paired(TopUp=topping("ready"), **of_top_up(topping("ready")))
        for _ in range(2):
            answer = await browser.post("/account/top-up", yuan="200")
            assert answer.headers["location"] == "/kiosk" + PAGES["check"]
        asked = [each for each in browser.platform.asked if each.name == "TopUp"]
        assert (asked[0].message, asked[0].key) == (asked[1].message, asked[1].key)
        view = (await browser.see(PAGES["check"]))["v"]
        assert (view["amount_fen"], view["balance_fen"]) == (200_00, 150_00)

    run(work())


@pytest.mark.parametrize(
    ("stands", "where", "shows"),
    [
        ({"state": "ready"}, "check", "TopUpCheckView"),
        ({"state": "waiting", "code_url": "weixin://x"}, "pay", "PayView:waiting"),
        ({"state": "unknown"}, "pay", "PayView:unknown"),
        ({"state": "fulfilled"}, "done", "TopUpDoneView"),
        ({"state": "closed", "reason": "expired"}, "trouble", "TroubleView:nothing_taken"),
        ({"state": "closed", "reason": "unavailable"}, "trouble", "ErrorView:payment_unavailable"),
        ({"state": "returned"}, "trouble", "TroubleView:refunded"),
    ],
)
def test_a_top_up_has_the_pages_of_any_payment(stands: dict[str, Any], where: str, shows: str) -> None:
    async def work() -> None:
        browser = paired(**of_top_up(topping(**stands)), PrintSlip=document(kind="receipt"))
        seen = await browser.see(PAGES[where])
        assert shown(seen) == shows
        assert seen["c"]["steps"] == ["amount", "check", "pay", "take"]
        assert "GetRegistration" not in browser.platform.names()
        assert not seen["v"].get("hold_slip")

    run(work())


def test_a_page_that_is_drawn_again_asks_once_and_shows_what_is_true_now() -> None:
    async def work() -> None:
        browser = paired(**of_top_up(topping("ready")))
        await browser.see(PAGES["check"])
        browser.platform.answers |= of_top_up(payment("ready", purpose="top_up", amount_fen=Fen(300_00)))
        asked = len(browser.platform.names())
        assert (await browser.see(PAGES["check"]))["v"]["amount_fen"] == 300_00
        assert browser.platform.names()[asked:] == ["GetTopUp"]
        browser.platform.answers |= {"GetTopUp": NotYours()}
        assert (await browser.get(PAGES["check"])).status_code == 404

    run(work())


def test_another_amount_gives_the_payment_up() -> None:
    async def work() -> None:
        browser = paired(**of_top_up(topping("ready")), CancelPayment=topping("closing"))
        answer = await browser.post(PAGES["check"].replace("check", "release"))
        assert answer.headers["location"] == "/kiosk/account/top-up"

    run(work())


def test_no_hold_slip_is_issued_for_a_top_up() -> None:
    async def work() -> None:
        browser = paired(**of_top_up(topping("waiting")))
        answer = await browser.post(PAGES["hold_slip"])
        assert answer.headers["location"] == "/kiosk" + PAGES["pay"]
        assert "IssueHoldSlip" not in browser.platform.names()

    run(work())


def test_top_ups_stand_in_the_list_of_payments() -> None:
    async def work() -> None:
        found = Payments(payments=[topping("fulfilled"), payment("ready", purpose="something_else", payment_no="else")])
        rows = (await paired(ListPayments=found).see("/payments"))["v"]["payments"]
        assert [(row["state"], row["subject"]["purpose"]) for row in rows] == [("done", "top_up")]

    run(work())


def test_what_goes_back_where_is_shown_and_exactly_that_is_asked_for() -> None:
    async def work() -> None:
        browser = paired(GetWithdrawal=WITHDRAWAL, Withdraw=account("collect", 30_00))
        view = (await browser.see("/account/withdraw"))["v"]
        assert [(part["tender"], part["amount_fen"]) for part in view["parts"]] == [("bank_card", 120_00)]
        assert (view["sum_fen"], view["at_window_fen"], view["given"][0]["done"]) == (120_00, 30_00, True)
        answer = await browser.post("/account/withdraw", amount_fen=str(view["sum_fen"]))
        assert answer.headers["location"] == "/kiosk/account/withdraw"
        asked = browser.platform.last("Withdraw").message
        assert isinstance(asked, Withdraw)
        assert asked.amount_fen == 120_00

    run(work())


@pytest.mark.parametrize("error", [NothingOnAccount(), OnlyAtWindow(), BalanceTooLow()])
def test_an_account_that_has_changed_meanwhile_is_shown_again(error: YinyiError) -> None:
    async def work() -> None:
        browser = paired(GetWithdrawal=WITHDRAWAL, Withdraw=error)
        answer = await browser.post("/account/withdraw", amount_fen="12000")
        assert answer.headers["location"] == "/kiosk/account/withdraw?changed=1"
        assert (await browser.see("/account/withdraw?changed=1"))["v"]["changed"] is True

    run(work())


@pytest.mark.parametrize("amount_fen", ["", "0", "-1", "1.0", "9" * 10])
def test_nothing_is_withdrawn_by_a_form_that_is_not_ours(amount_fen: str) -> None:
    async def work() -> None:
        browser = paired(GetWithdrawal=WITHDRAWAL)
        answer = await browser.post("/account/withdraw", amount_fen=amount_fen)
        assert (answer.status_code, page(answer)["v"]["kind"]) == (409, "old_page")
        assert "Withdraw" not in browser.platform.names()

    run(work())


def test_an_old_top_up_prints_nothing_by_itself() -> None:
    async def work() -> None:
        old = topping("fulfilled", since=NOW - timedelta(hours=1))
        browser = paired(**of_top_up(old))
        assert (await browser.see(PAGES["done"]))["v"].get("printing") is None
        assert "PrintSlip" not in browser.platform.names()

    run(work())
