"""Stays and deposits at the kiosk: what their pages ask of the platform, and where they lead."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from kiosk_platform import NOW, PAYMENT, PRINTER, TERMINAL, TODAY, page, paired, payment, run

from yinyi.business.documents.messages import Sheets, SheetView
from yinyi.business.inpatient.errors import (
    DepositAtWindow,
    LeftDiffers,
    NothingLeft,
    StayNotSettled,
    StaySettled,
    StayUnknown,
)
from yinyi.business.inpatient.messages import (
    DailyCosts,
    DepositBack,
    DepositPayment,
    DepositReturn,
    DepositsBack,
    Stays,
    StayView,
)
from yinyi.business.inpatient.model import CostDay
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.terminals.model import DeviceView
from yinyi.kernel.errors import YinyiError
from yinyi.kernel.money import Fen

NUMBER = "269000012"
AT = f"/inpatient/{NUMBER}"
STAY = StayView(
    admission_no=NUMBER,
    state="admitted",
    ward="内科病区",
    ward_en="Medicine",
    place="",
    bed="12",
    practitioner="李明华",
    admitted_at=NOW,
    charged_on=TODAY,
    cost_fen=Fen(4000_00),
    deposit_fen=Fen(5000_00),
    left_fen=1000_00,
)
SETTLED = msgspec.structs.replace(STAY, state="settled")
RETURN = DepositReturn(
    stay=SETTLED,
    left_fen=Fen(1000_00),
    parts=[DepositBack(payment_no=PAYMENT, tender="bank_card", amount_fen=Fen(900_00), at=NOW)],
    at_window_fen=Fen(100_00),
    given_back=[],
)


def deposit(state: Any, **changes: Any) -> DepositPayment:
    return DepositPayment(
        payment=payment(state, purpose="deposit", amount_fen=Fen(1000_00), **changes),
        admission_no=NUMBER,
        ward="内科病区",
        ward_en="Medicine",
        bed="12",
        left_fen=2000_00,
    )


@pytest.mark.parametrize("path", ["", "/deposit", "/deposits", "/costs", "/costs/2026-11-23", "/statement", "/return"])
def test_a_stay_wants_to_know_whose_it_is(path: str) -> None:
    async def work() -> None:
        browser = paired(known=False)
        for each in ("/inpatient", AT + path):
            answer = await browser.get(each)
            assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/identify")
        assert browser.platform.names() == []

    run(work())


def test_the_newest_stay_and_the_others() -> None:
    async def work() -> None:
        browser = paired(FindStay=Stays(stays=[STAY, SETTLED]))
        seen = (await browser.see("/inpatient"))["v"]
        assert (seen["stay"]["admission_no"], seen["others"]) == (NUMBER, 1)
        assert len((await browser.see("/inpatient?all=1"))["v"]["stays"]) == 2
        answer = await browser.get("/inpatient/nobody")
        assert answer.status_code == 404
        browser.platform.answers["FindStay"] = Stays(stays=[])
        assert (await browser.see("/inpatient"))["v"]["stay"] is None

    run(work())


@pytest.mark.parametrize("path", ["/deposits", "/costs", "/statement", "/return", "/deposit"])
def test_the_stay_of_somebody_else_is_not_there(path: str) -> None:
    async def work() -> None:
        nobody = StayUnknown()
        names = ("FindStay", "ListDeposits", "ListDailyCosts", "GetDischargeStatement", "GetDepositReturn")
        browser = paired(**dict.fromkeys(names, nobody))
        assert (await browser.get(AT + path)).status_code == 404

    run(work())


@pytest.mark.parametrize("yuan", ["0", "50001", "-5", "1.5", "", "١٢", "1e3", "000000"])
def test_no_other_amount_is_paid(yuan: str) -> None:
    async def work() -> None:
        browser = paired(FindStay=Stays(stays=[STAY]))
        answer = await browser.post(f"{AT}/deposit", yuan=yuan)
        assert page(answer)["v"]["wrong"]
        assert "PayDeposit" not in browser.platform.names()

    run(work())


def test_a_deposit_goes_to_its_check_page() -> None:
    async def work() -> None:
        opened = deposit("ready")
        browser = paired(PayDeposit=opened.payment, GetDeposit=opened, GetPayment=opened.payment)
        answer = await browser.post(f"{AT}/deposit", yuan="1000")
        assert answer.headers["location"] == f"/kiosk/register/check/{PAYMENT}"
        asked = msgspec.to_builtins(browser.platform.asked[-1].message)
        assert asked == {"amount_fen": 1000_00, "admission_no": NUMBER}
        checked = (await browser.see(f"/register/check/{PAYMENT}"))["v"]
        assert (checked["admission_no"], checked["amount_fen"]) == (NUMBER, 1000_00)

    run(work())


def test_settled_meanwhile() -> None:
    async def work() -> None:
        browser = paired(PayDeposit=StaySettled(), FindStay=Stays(stays=[SETTLED]))
        assert (await browser.post(f"{AT}/deposit", yuan="1000")).headers["location"] == f"/kiosk{AT}"
        assert (await browser.get(f"{AT}/deposit")).headers["location"] == f"/kiosk{AT}"

    run(work())


@pytest.mark.parametrize("path", ["/statement", "/return"])
def test_nothing_of_a_discharge_before_the_settlement(path: str) -> None:
    async def work() -> None:
        browser = paired(GetDischargeStatement=StayNotSettled(), GetDepositReturn=StayNotSettled())
        assert (await browser.get(AT + path)).headers["location"] == f"/kiosk{AT}"

    run(work())


def test_a_day_has_its_neighbours() -> None:
    async def work() -> None:
        days = [
            CostDay(charged_on=TODAY - timedelta(days=n), amount_fen=Fen(1), running_fen=Fen(3 - n), item_count=1)
            for n in (2, 1, 0)
        ]
        costs = DailyCosts(stay=STAY, days=days, on=days[1].charged_on, categories=[], items=[])
        browser = paired(ListDailyCosts=costs)
        seen = (await browser.see(f"{AT}/costs/{days[1].charged_on}"))["v"]
        assert (seen["earlier"], seen["later"]) == (str(days[0].charged_on), str(days[2].charged_on))
        for other in ("2020-01-01", "2026-13-01", "today"):
            assert (await browser.get(f"{AT}/costs/{other}")).status_code == 404

    run(work())


@pytest.mark.parametrize(
    ("large", "small", "prints"),
    [(None, "ok", True), (None, "jam", False), ("ok", "jam", True), ("offline", "ok", False)],
)
def test_a_days_list_comes_out_of_the_printer_there_is(large: Any, small: Any, prints: bool) -> None:
    """Only where there is none for sheets, of the one for slips; then the page says so."""

    async def work() -> None:
        devices = [msgspec.structs.replace(PRINTER, state=small)]
        if large:
            devices.append(DeviceView(device="sheets", kind="sheet_printer", state=large))
        day = CostDay(charged_on=TODAY, amount_fen=Fen(1), running_fen=Fen(1), item_count=1)
        sheet = SheetView(
            document_no="S0001", kind="daily_list", title="", made_at=NOW, state="queued", copies=1, paper="roll"
        )
        browser = paired(
            GetTerminal=msgspec.structs.replace(TERMINAL, devices=devices),
            ListDailyCosts=DailyCosts(stay=STAY, days=[day], on=TODAY, categories=[], items=[]),
            PrintDailyCosts=Sheets(sheets=[sheet]),
            GetSheets=Sheets(sheets=[sheet]),
        )
        assert (await browser.see(f"{AT}/costs/{TODAY}"))["v"]["prints"] is prints
        went = await browser.post(f"{AT}/costs/{TODAY}")
        assert went.headers["location"] == "/kiosk/sheets/S0001"
        seen = await browser.see("/sheets/S0001")
        assert (seen["is"], seen["v"].get("roll")) == ("SheetsView", True)

    run(work())


def test_so_much_goes_back_as_the_page_said() -> None:
    async def work() -> None:
        browser = paired(GetDepositReturn=RETURN, ReturnDeposit=DepositsBack(given_back=[]))
        seen = (await browser.see(f"{AT}/return"))["v"]
        assert (seen["sum_fen"], seen["at_window_fen"]) == (900_00, 100_00)
        answer = await browser.post(f"{AT}/return", amount_fen="90000")
        assert answer.headers["location"] == f"/kiosk{AT}/return"
        assert msgspec.to_builtins(browser.platform.asked[-1].message)["amount_fen"] == 900_00
        for bad in ("", "0", "-1", "1.0"):
            assert (await browser.post(f"{AT}/return", amount_fen=bad)).status_code == 409

    run(work())


@pytest.mark.parametrize("error", [NothingLeft(), DepositAtWindow(), LeftDiffers(), BalanceTooLow()])
def test_it_is_not_as_it_was_shown(error: YinyiError) -> None:
    async def work() -> None:
        browser = paired(GetDepositReturn=RETURN, ReturnDeposit=error)
        answer = await browser.post(f"{AT}/return", amount_fen="90000")
        assert answer.headers["location"] == f"/kiosk{AT}/return?changed=1"
        assert (await browser.see(f"{AT}/return?changed=1"))["v"]["changed"]

    run(work())
