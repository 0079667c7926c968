"""A booking's slip under the scanner of a kiosk: what its pages ask of the platform, and where they lead."""

from datetime import timedelta
from typing import Any, get_args

import msgspec
import pytest
from kiosk_platform import PAYMENT, PERSON, TODAY, page, paired, payment, run
from test_kiosk_server_bookings import booking

from yinyi.business.identity.errors import TooManyTries
from yinyi.business.payments.errors import NothingScanned
from yinyi.business.scheduling.errors import BookingGone, NoCheckInNeeded, NoSuchBooking, NotThatDay, TooEarly
from yinyi.business.scheduling.messages_booking import SlipOpened
from yinyi.interface.journeys.views_book import NoSlipReason
from yinyi.kernel.errors import YinyiError
from yinyi.kernel.money import Fen

TODAYS = booking(service_date=TODAY)


def holding(**answers: Any) -> Any:
    """A browser whose visitor came by a slip."""
    browser = paired(known=False, **answers)
    browser.set_cookie("yinyi_visit", "slip.session.slip-token")
    browser.platform.sessions["slip-token"] = msgspec.structs.replace(PERSON, age=None, patient_no_tail="")
    return browser


def test_a_slip_opens_its_visit_and_one_press_checks_in() -> None:
    async def work() -> None:
        opened = SlipOpened(booking_no=PAYMENT, session_token="slip-token")
        arrived = booking("checked_in", service_date=TODAY, purpose="check_in")
        browser = holding(IdentifyBySlip=opened, GetAppointment=TODAYS, CheckIn=arrived)
        browser.set_cookie("yinyi_visit", "")
        went = await browser.post("/slip", after="3")
        assert went.headers["location"] == f"/kiosk/slip/{PAYMENT}"
        assert browser.cookie("yinyi_visit") == "slip.session.slip-token"
        view = (await browser.see(f"/slip/{PAYMENT}"))["v"]
        assert (view["can_come"], view["due_fen"], view["visit"]["room"]) == (True, 0, "205")
        went = await browser.post(f"/slip/{PAYMENT}")
        assert went.headers["location"] == f"/kiosk/done/{PAYMENT}"

    run(work())


def test_who_is_known_sees_it_among_his_own() -> None:
    async def work() -> None:
        browser = paired(IdentifyBySlip=SlipOpened(booking_no=PAYMENT), GetAppointment=TODAYS)
        went = await browser.post("/slip", after="3")
        assert went.headers["location"] == f"/kiosk/slip/{PAYMENT}"
        assert browser.cookie("yinyi_visit") == "register.session.session-token"
        assert (await browser.see(f"/slip/{PAYMENT}"))["v"]["can_come"]

    run(work())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"paid": "check_in"}, {"can_come": True, "due_fen": 5000}),
        ({"state": "missed"}, {"can_come": False, "due_fen": 0}),
        ({"service_date": TODAY - timedelta(days=1)}, {"can_come": False}),
        ({"state": "checked_in", "check_in_no": "A" * 22, "queue_ahead": 3}, {"can_come": False, "queue_ahead": 3}),
    ],
)
def test_what_it_says(changes: dict[str, Any], told: dict[str, Any]) -> None:
    async def work() -> None:
        found = msgspec.structs.replace(TODAYS, **changes)
        view = (await holding(GetAppointment=found).see(f"/slip/{PAYMENT}"))["v"]
        assert {name: view[name] for name in told} == told
        assert view["check_in_no"] == changes.get("check_in_no", "")

    run(work())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NoSuchBooking(), "unknown"),
        (NotThatDay("2026-11-22"), "another_day"),
        (BookingGone(), "gone"),
        (NoCheckInNeeded(), "registered"),
        (TooManyTries(), "many"),
    ],
)
def test_a_slip_that_opens_nothing_says_why(error: YinyiError, reason: str) -> None:
    assert reason in get_args(NoSlipReason)

    async def work() -> None:
        browser = paired(known=False, IdentifyBySlip=error)
        went = await browser.post("/slip", after="3")
        seen = await browser.see(went.headers["location"].removeprefix("/kiosk"))
        assert (seen["is"], seen["v"]["reason"]) == ("NoSlipView", reason)
        assert seen["v"]["on"] == ("2026-11-22" if reason == "another_day" else None)
        assert ("code=" in seen["c"]["events"]) is (reason != "many")

    run(work())


def test_nothing_new_under_the_scanner_leads_home() -> None:
    async def work() -> None:
        browser = paired(known=False, IdentifyBySlip=NothingScanned())
        assert (await browser.post("/slip", after="3")).headers["location"] == "/kiosk/"
        assert (await browser.post("/slip", after="x")).status_code == 409

    run(work())


def test_why_not_now() -> None:
    async def work() -> None:
        answer = await holding(GetAppointment=TODAYS, CheckIn=TooEarly()).post(f"/slip/{PAYMENT}")
        view = page(answer)["v"]
        assert (answer.status_code, view["problem"], view["can_come"]) == (409, "too_early", False)

    run(work())


def test_by_a_slip_nobody_is_known_elsewhere() -> None:
    async def work() -> None:
        for path in ("/bills", "/check-in", "/reports", "/cards", "/payments", f"/check-in/{PAYMENT}"):
            answer = await holding().get(path)
            assert answer.headers["location"] == "/kiosk/identify", path
        browser = holding()
        assert (await browser.get("/")).headers["location"] == "/kiosk/"
        assert "EndSession" in browser.platform.names()

    run(work())


def test_what_is_still_to_be_paid_leads_back_to_the_slip() -> None:
    async def work() -> None:
        due = msgspec.structs.replace(
            TODAYS, payment=payment("ready", purpose="check_in"), paid="check_in", fee_fen=Fen(5000)
        )
        browser = holding(GetAppointment=due, GetPayment=due.payment, CancelPayment=payment("closed"))
        seen = await browser.see(f"/register/check/{PAYMENT}")
        assert (seen["is"], seen["v"]["back"]) == ("CheckView", f"/kiosk/slip/{PAYMENT}")
        went = await browser.post(f"/register/release/{PAYMENT}")
        assert went.headers["location"] == f"/kiosk/slip/{PAYMENT}"

    run(work())
