"""A payment at the kiosk: whatever its state, exactly one page is true for it, and every other address leads there."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from kiosk_platform import (
    LONG_AGO,
    NOW,
    PAGES,
    PAYMENT,
    TERMINAL,
    document,
    page,
    paired,
    payment,
    registration,
    run,
    session_of,
    sessions,
    shown,
)

from yinyi.business.payments.errors import PaymentClosed, PaymentUnknown, TenderUnderWay
from yinyi.business.payments.model import PaymentReason, PaymentState
from yinyi.business.scheduling.errors import (
    AlreadyRegistered,
    SameDoctorToday,
    SessionClosed,
    SessionStopped,
    SlotTaken,
    TooManyRegistrations,
)
from yinyi.business.scheduling.messages import Registrations
from yinyi.interface.journeys import standing
from yinyi.kernel.errors import ChannelUnavailable, HospitalUnavailable, NotYours, YinyiError

STANDINGS: list[tuple[dict[str, Any], str, str]] = [
    ({"state": "holding"}, "check", "WaitView:holding"),
    ({"state": "ready"}, "check", "CheckView"),
    ({"state": "ready", "reason": "declined"}, "check", "CheckView"),
    ({"state": "ready", "hold_slip": True}, "hold_slip", "HoldSlipView"),
    ({"state": "starting"}, "pay", "WaitView:starting"),
    ({"state": "starting", "hold_slip": True}, "hold_slip", "HoldSlipView"),
    ({"state": "starting", "scanned": True}, "pay", "WaitView:asking"),
    ({"state": "waiting", "scanned": True}, "pay", "PayView:password"),
    ({"state": "ready", "scanned": True, "reason": "insufficient_funds"}, "pay", "PayView:refused"),
    ({"state": "ready", "scanned": True}, "pay", "PayView:refused"),
    ({"state": "ready", "scanned": True, "hold_slip": True}, "hold_slip", "HoldSlipView"),
    ({"state": "waiting", "code_url": "weixin://x"}, "pay", "PayView:waiting"),
    ({"state": "unknown"}, "pay", "PayView:unknown"),
    ({"state": "unknown", **LONG_AGO}, "trouble", "TroubleView:payment_unknown"),
    ({"state": "unknown", "attention": True}, "trouble", "TroubleView:staff_decides"),
    ({"state": "delivering"}, "pay", "PayView:confirming"),
    ({"state": "delivering", **LONG_AGO}, "trouble", "TroubleView:not_registered_yet"),
    ({"state": "delivering", "attention": True}, "trouble", "TroubleView:staff_decides"),
    ({"state": "fulfilled"}, "done", "DoneView"),
    ({"state": "fulfilled", "attention": True}, "done", "DoneView"),
    ({"state": "closing"}, "trouble", "WaitView:closing"),
    ({"state": "closing", "attention": True}, "trouble", "TroubleView:staff_decides"),
    ({"state": "closed"}, "trouble", "TroubleView:nothing_taken"),
    ({"state": "closed", "reason": "cancelled"}, "trouble", "TroubleView:nothing_taken"),
    ({"state": "closed", "reason": "expired", "tender": "wechatpay"}, "trouble", "TroubleView:nothing_taken"),
    ({"state": "closed", "reason": "expired"}, "trouble", "ErrorView:hold_expired"),
    ({"state": "closed", "reason": "declined", "tender": "wechatpay"}, "trouble", "TroubleView:declined"),
    ({"state": "closed", "reason": "insufficient_funds"}, "trouble", "TroubleView:declined"),
    ({"state": "closed", "reason": "limit_exceeded"}, "trouble", "TroubleView:declined"),
    ({"state": "closed", "reason": "slot_taken"}, "trouble", "ErrorView:slot_taken"),
    ({"state": "closed", "reason": "session_stopped"}, "trouble", "ErrorView:doctor_stopped"),
    ({"state": "closed", "reason": "duplicate_registration"}, "trouble", "ErrorView:already_registered"),
    ({"state": "closed", "reason": "hospital_refused"}, "trouble", "ErrorView:unexpected"),
    ({"state": "closed", "reason": "unavailable"}, "trouble", "ErrorView:hospital_unavailable"),
    ({"state": "closed", "reason": "unavailable", "tender": "wechatpay"}, "trouble", "ErrorView:payment_unavailable"),
    ({"state": "returning"}, "trouble", "TroubleView:refunding"),
    ({"state": "returning", "attention": True}, "trouble", "TroubleView:staff_decides"),
    ({"state": "returned"}, "trouble", "TroubleView:refunded"),
    ({"state": "returned", "attention": True}, "trouble", "TroubleView:refunded"),
]


@pytest.mark.parametrize(("stands", "where", "shows"), STANDINGS)
def test_every_standing_has_its_page_and_every_other_address_leads_there(
    stands: dict[str, Any], where: str, shows: str
) -> None:
    async def work() -> None:
        found = registration(**stands)
        browser = paired(GetRegistration=found)
        true_here = standing.pages_of(found.payment, NOW, found.hold_slip)
        assert true_here[0] == where
        for asked, path in PAGES.items():
            answer = await browser.get(path)
            if asked in true_here:
                assert answer.status_code == 200
            else:
                assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk" + PAGES[where])
        seen = await browser.see(PAGES[where])
        assert shown(seen) == shows
        assert f"payment={PAYMENT}&version=3" in seen["c"]["events"] or seen["is"] == "ErrorView"

    run(work())


@pytest.mark.parametrize("state", get_args(PaymentState))
@pytest.mark.parametrize("attention", [False, True])
def test_no_state_and_no_reason_is_without_a_page(state: PaymentState, attention: bool) -> None:
    async def work() -> None:
        for reason in ("", *get_args(PaymentReason)):
            for tender in ("", "wechatpay"):
                stands = registration(state, reason=reason, tender=tender, attention=attention)
                browser = paired(GetRegistration=stands)
                seen = await browser.get(PAGES[standing.pages_of(stands.payment, NOW)[0]])
                assert seen.status_code == 200

    run(work())


@pytest.mark.parametrize("state", get_args(PaymentState))
def test_the_list_of_payments_knows_every_state(state: PaymentState) -> None:
    async def work() -> None:
        for attention in (False, True):
            found = Registrations(registrations=[registration(state, attention=attention)])
            row = (await paired(ListRegistrations=found).see("/payments"))["v"]["payments"][0]
            ended = state in ("fulfilled", "closed", "returned")
            assert (row["state"] == "staff_decides") is (attention and not ended)

    run(work())


def test_the_code_is_on_the_page_with_its_time() -> None:
    async def work() -> None:
        until = NOW + timedelta(minutes=5)
        waiting = registration("waiting", code_url="weixin://wxpay/x", code_expires_at=until, tender="wechatpay")
        seen = await paired(GetRegistration=waiting).see(PAGES["pay"])
        assert (seen["v"]["code_url"], seen["v"]["expires_at"]) == ("weixin://wxpay/x", "2026-11-23T01:35:00Z")
        assert seen["v"]["hold_slip"] is True
        assert f"at={(until + timedelta(seconds=5)).timestamp():.1f}" in seen["c"]["events"]

    run(work())


def test_nobody_is_sent_away_while_money_is_on_its_way() -> None:
    async def work() -> None:
        for state in ("starting", "unknown", "delivering"):
            seen = await paired(GetRegistration=registration(state)).see(PAGES["pay"])
            assert seen["c"]["can_time_out"] is False

    run(work())


def test_a_refused_payment_can_be_tried_again_and_says_why() -> None:
    async def work() -> None:
        for reason in ("declined", "expired", "unavailable", "paid_late"):
            browser = paired(GetRegistration=registration("ready", reason=reason))
            seen = await browser.see(PAGES["check"])
            assert (seen["v"]["problem"], seen["v"]["fee_fen"]) == (reason, 5000)

    run(work())


def test_the_check_page_never_promises_longer_than_there_is_to_pay() -> None:
    async def work() -> None:
        seen = await paired().see(PAGES["check"])
        assert seen["v"]["held_until"] == "2026-11-23T01:38:00Z"

    run(work())


def test_money_that_goes_back_says_why() -> None:
    async def work() -> None:
        for reason, why in [("paid_late", "paid_late"), ("cancelled", "cancelled"), ("hospital_refused", "hospital")]:
            seen = await paired(GetRegistration=registration("returning", reason=reason)).see(PAGES["trouble"])
            assert seen["v"]["gives_back"] == why

    run(work())


# ---- taking a number


def test_a_doctor_is_chosen_once_however_often_it_is_pressed() -> None:
    async def work() -> None:
        browser = paired()
        form = {"department_id": "D02", "schedule_id": "S1", "key": "a" * 22}
        for _ in range(2):
            answer = await browser.post("/register/hold", **form)
            assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk" + PAGES["check"])
        await browser.post("/register/hold", **{**form, "schedule_id": "S2"})
        keys = [asked.key for asked in browser.platform.asked if asked.name == "RegisterToday"]
        assert keys[0] == keys[1] != keys[2]
        assert all(8 <= len(key) <= 64 for key in keys)

    run(work())


def test_a_number_is_for_somebody() -> None:
    async def work() -> None:
        browser = paired(known=False)
        answer = await browser.post("/register/hold", department_id="D02", schedule_id="S1")
        assert answer.headers["location"] == "/kiosk/identify"
        assert "RegisterToday" not in browser.platform.names()

    run(work())


@pytest.mark.parametrize(
    ("error", "kind"),
    [(SlotTaken(), "slot_taken"), (SessionStopped(), "doctor_stopped"), (SessionClosed(), "session_closed")],
)
def test_a_number_that_is_gone_says_when_there_is_another(error: YinyiError, kind: str) -> None:
    async def work() -> None:
        night = session_of("S2", session="night", starts_at=NOW + timedelta(hours=9), taken=0, capacity=5)
        browser = paired(RegisterToday=error, GetSchedule=sessions(session_of("S1", taken=40), night))
        answer = await browser.post("/register/hold", department_id="D02", schedule_id="S1")
        view = page(answer)["v"]
        assert (answer.status_code, view["kind"], view["back"]) == (409, kind, "/kiosk/register/doctors/D02")
        assert view["later"] == {"session": "night", "left": 5}
        browser.platform.answers["GetSchedule"] = HospitalUnavailable()
        assert page(await browser.post("/register/hold", department_id="D02", schedule_id="S1"))["v"]["later"] is None

    run(work())


@pytest.mark.parametrize(
    ("error", "kind", "back"),
    [
        (SameDoctorToday(), "same_doctor_today", "/kiosk/register/doctors/D02"),
        (TooManyRegistrations(), "too_many_registrations", ""),
    ],
)
def test_a_limit_of_today_is_said(error: YinyiError, kind: str, back: str) -> None:
    async def work() -> None:
        answer = await paired(RegisterToday=error).post("/register/hold", department_id="D02", schedule_id="S1")
        view = page(answer)["v"]
        assert (answer.status_code, view["kind"], view["back"]) == (409, kind, back)

    run(work())


def test_who_has_this_number_already_is_led_to_it_while_it_is_open() -> None:
    async def work() -> None:
        browser = paired(RegisterToday=AlreadyRegistered())
        answer = await browser.post("/register/hold", department_id="D02", schedule_id="S1")
        assert answer.headers["location"] == "/kiosk" + PAGES["check"]
        browser.platform.answers["ListRegistrations"] = Registrations(registrations=[registration("fulfilled")])
        answer = await browser.post("/register/hold", department_id="D02", schedule_id="S1")
        assert (answer.status_code, page(answer)["v"]["kind"]) == (409, "already_registered")

    run(work())


def test_a_number_given_back_leads_to_the_doctors_again() -> None:
    async def work() -> None:
        browser = paired()
        for state in get_args(PaymentState):
            browser.platform.answers["CancelPayment"] = payment(state)
            answer = await browser.post(f"/register/release/{PAYMENT}")
            moved = state in ("unknown", "delivering", "fulfilled", "returning", "returned")
            assert answer.headers["location"] == "/kiosk" + (PAGES["trouble"] if moved else "/register/doctors/D02")

    run(work())


# ---- paying


def test_choosing_to_pay_leads_to_the_code() -> None:
    async def work() -> None:
        browser = paired(ChooseTender=payment("waiting"))
        answer = await browser.post(f"/pay/{PAYMENT}", key="b" * 22)
        assert answer.headers["location"] == "/kiosk" + PAGES["pay"]
        assert browser.platform.last("ChooseTender").key == "b" * 22

    run(work())


@pytest.mark.parametrize("error", [PaymentClosed(), TenderUnderWay()])
def test_paying_what_cannot_be_paid_shows_how_it_stands(error: YinyiError) -> None:
    async def work() -> None:
        browser = paired(ChooseTender=error, GetRegistration=registration("fulfilled"))
        csrf = await browser.csrf()
        form = {"csrf": csrf, "key": "b" * 22}
        answer = await browser.client.post(f"/kiosk/pay/{PAYMENT}", data=form, follow_redirects=True)
        assert page(answer)["is"] == "DoneView"

    run(work())


def test_a_channel_that_is_away_can_be_tried_again() -> None:
    async def work() -> None:
        answer = await paired(ChooseTender=ChannelUnavailable()).post(f"/pay/{PAYMENT}")
        view = page(answer)["v"]
        assert (answer.status_code, view["kind"], view["back"]) == (
            503,
            "payment_unavailable",
            "/kiosk" + PAGES["check"],
        )

    run(work())


def test_leaving_a_payment_shows_what_became_of_it() -> None:
    async def work() -> None:
        answer = await paired(CancelPayment=payment("closing")).post(f"/pay/{PAYMENT}/cancel")
        assert answer.headers["location"] == "/kiosk" + PAGES["trouble"]

    run(work())


def test_without_a_phone_the_number_is_kept_and_the_slip_is_printed() -> None:
    async def work() -> None:
        browser = paired(
            IssueHoldSlip=registration(hold_slip=True),
            GetRegistration=registration(hold_slip=True),
            PrintSlip=document(kind="hold"),
        )
        answer = await browser.post(f"/pay/{PAYMENT}/hold-slip")
        assert answer.headers["location"] == "/kiosk" + PAGES["hold_slip"]
        seen = await browser.see(PAGES["hold_slip"])
        assert (seen["v"]["printing"], seen["c"]["can_time_out"]) == ("printing", False)
        assert browser.platform.last("PrintSlip").key == f"slip.hold.{PAYMENT}"
        browser.platform.answers["IssueHoldSlip"] = PaymentClosed()
        assert (await browser.post(f"/pay/{PAYMENT}/hold-slip")).status_code == 303

    run(work())


# ---- whose payment


@pytest.mark.parametrize("error", [PaymentUnknown(), NotYours()])
def test_anothers_payment_looks_like_none(error: YinyiError) -> None:
    async def work() -> None:
        browser = paired(GetRegistration=error)
        for path in PAGES.values():
            answer = await browser.get(path)
            assert (answer.status_code, page(answer)["v"]["kind"]) == (404, "not_found")
            assert page(answer)["c"]["hospital"] == TERMINAL.hospital

    run(work())


def test_addresses_that_only_take_forms_lead_to_a_page() -> None:
    async def work() -> None:
        browser = paired()
        for path in (f"/register/release/{PAYMENT}", f"/pay/{PAYMENT}/cancel", f"/print/{PAYMENT}"):
            assert (await browser.get(path)).headers["location"] == "/kiosk" + PAGES["trouble"]
        assert (await browser.get("/register/hold")).headers["location"] == "/kiosk/register/departments"
        for path in ("/finish", "/settings"):
            assert (await browser.get(path)).headers["location"] == "/kiosk/"

    run(work())
