"""Somebody walks away and the next person steps up: never another person's page, never a payment without its owner."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from kiosk_platform import (
    NOW,
    PAGES,
    PAYMENT,
    PERSON,
    TERMINAL,
    Browser,
    document,
    paired,
    payment,
    registration,
    run,
    shown,
)

from yinyi.business.identity.errors import CardUnreadable, CheckDigitWrong, NoCard, WindowOnly
from yinyi.business.identity.messages import Identified
from yinyi.business.payments.messages import Payments
from yinyi.business.scheduling.messages import Registrations
from yinyi.interface.kiosk import cookies
from yinyi.interface.kiosk.addresses import ADDRESSES
from yinyi.kernel.errors import (
    Busy,
    DeadlineExceeded,
    HospitalUnavailable,
    InLine,
    NotYours,
    PlatformUnavailable,
    SessionEnded,
)

LAID = msgspec.structs.replace(TERMINAL, card_in_reader=True, card_version=7)
NEXT = Identified(status="known", session_token="next-token")
SAME = Identified(status="known")
AT = {"payment_no": PAYMENT, "on": "2026-11-23"}
EVERYWHERE = [
    re.sub(r"{(\w+)}", lambda part: AT.get(part[1], "1"), address.path)
    for address in ADDRESSES
    if address.get and not (address.for_anybody or address.lays)
]


def stepped_up(found: Any = NEXT, **answers: Any) -> Browser:
    """Somebody's page is open, and a card that came later lies on the reader."""
    browser = paired(GetTerminal=LAID, Identify=found, **answers)
    browser.platform.sessions["next-token"] = msgspec.structs.replace(PERSON, name_masked="李*")
    return browser


def heard_of(seen: dict[str, Any], what: str) -> list[str] | None:
    """What the page's events are asked for."""
    events: str = seen["c"]["events"]
    return parse_qs(urlsplit(events).query).get(what)


# ---- the next person lays a card


@pytest.mark.parametrize("path", EVERYWHERE)
def test_the_card_of_the_next_person_ends_whatever_page_is_open(path: str) -> None:
    async def work() -> None:
        browser = stepped_up()
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/")
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert browser.cookie("yinyi_visit") == "home.session7.next-token"
        assert browser.platform.names() == ["Identify", "ListVisitChanges", "ListUntoldPayments"]

    run(work())


def test_a_press_on_the_page_of_the_one_before_does_nothing_any_more() -> None:
    async def work() -> None:
        browser = stepped_up(GetRegistration=registration())
        csrf = cookies.csrf_of(cookies.read(_sent(browser)))
        answer = await browser.client.post(f"/kiosk/pay/{PAYMENT}", data={"csrf": csrf, "key": "k" * 22})
        assert answer.headers["location"] == "/kiosk/"
        assert "ChooseTender" not in browser.platform.names()
        assert (await browser.see("/"))["c"]["patient"]["name"] == "李*"

    run(work())


def _sent(browser: Browser) -> bytes:
    return "; ".join(f"{each.name}={each.value}" for each in browser.client.cookies.jar).encode()


def test_within_a_page_it_is_a_whole_new_one() -> None:
    async def work() -> None:
        answer = await stepped_up().get(f"/pay/{PAYMENT}", **{"HX-Request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"], answer.content) == (200, "/kiosk/", b"")

    run(work())


def test_ones_own_card_laid_again_changes_nothing() -> None:
    async def work() -> None:
        browser = stepped_up(SAME, GetRegistration=registration())
        for _ in range(2):
            assert shown(await browser.see(f"/register/check/{PAYMENT}")) == "CheckView"
        assert browser.cookie("yinyi_visit") == "register.session7.session-token"
        assert browser.platform.names().count("Identify") == 1

    run(work())


@pytest.mark.parametrize("error", [NoCard(), CardUnreadable(), CheckDigitWrong(), WindowOnly()])
def test_a_card_that_cannot_be_read_is_nobodys(error: Any) -> None:
    async def work() -> None:
        browser = stepped_up(error, GetRegistration=registration())
        for _ in range(2):
            assert shown(await browser.see(f"/register/check/{PAYMENT}")) == "CheckView"
        assert browser.platform.names().count("Identify") == 1

    run(work())


@pytest.mark.parametrize("path", EVERYWHERE)
def test_a_card_that_only_the_hospital_knows_ends_the_page_while_the_hospital_is_away(path: str) -> None:
    """Whose it is cannot be said; that it is not the card of the one before is certain."""

    async def work() -> None:
        browser = stepped_up(HospitalUnavailable())
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/identify")
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert browser.cookie("yinyi_visit") == ""
        seen = await browser.see("/identify")
        assert (shown(seen), seen["c"]["patient"]) == ("ErrorView:hospital_unavailable", None)
        browser.platform.answers["Identify"] = NEXT
        assert (await browser.see("/identify"))["c"]["patient"]["name"] == "李*"

    run(work())


def test_a_press_does_nothing_either_while_the_hospital_is_away() -> None:
    async def work() -> None:
        browser = stepped_up(HospitalUnavailable(), GetRegistration=registration())
        csrf = cookies.csrf_of(cookies.read(_sent(browser)))
        answer = await browser.client.post(f"/kiosk/print/{PAYMENT}", data={"csrf": csrf, "key": "k" * 22})
        assert answer.headers["location"] == "/kiosk/identify"
        assert browser.platform.names() == ["Identify"], "the platform has ended the session; the card stays read"

    run(work())


@pytest.mark.parametrize("error", [PlatformUnavailable(), DeadlineExceeded(), Busy(), InLine()])
def test_nothing_is_shown_before_it_is_known_whose_card_it_is(error: Any) -> None:
    async def work() -> None:
        browser = stepped_up(error, GetRegistration=registration(), GetPayment=registration().payment)
        browser.platform.sessions.clear()
        answer = await browser.get(f"/register/check/{PAYMENT}")
        assert answer.status_code in (200, 503)
        assert PERSON.name_masked not in answer.text
        assert "GetRegistration" not in browser.platform.names()
        browser.platform.answers["Identify"] = NEXT
        assert (await browser.get(f"/register/check/{PAYMENT}")).headers["location"] == "/kiosk/"

    run(work())


@pytest.mark.parametrize(("status", "to"), [("several", "/kiosk/identify/who"), ("first_visit", "/kiosk/first-visit")])
def test_whoever_is_not_known_yet_is_not_the_one_before_either(status: Any, to: str) -> None:
    async def work() -> None:
        browser = stepped_up(Identified(status=status, ticket="ticket-2"))
        answer = await browser.get("/reprint")
        assert answer.headers["location"] == to
        assert browser.cookie("yinyi_visit") == "home.ticket7.ticket-2"
        assert browser.platform.last("EndSession").session == "session-token"

    run(work())


def test_another_card_ends_a_ticket_too() -> None:
    async def work() -> None:
        browser = stepped_up()
        browser.set_cookie("yinyi_visit", "home.ticket3.ticket-1")
        assert (await browser.get("/first-visit")).headers["location"] == "/kiosk/"
        assert browser.cookie("yinyi_visit") == "home.session7.next-token"

    run(work())


@pytest.mark.parametrize(
    ("visit", "listens"),
    [("home.session4.session-token", ["7"]), ("home.ticket4.ticket-1", ["7"]), ("", None)],
)
def test_every_page_of_somebody_hears_when_a_card_is_laid(visit: str, listens: list[str] | None) -> None:
    async def work() -> None:
        gone = msgspec.structs.replace(LAID, card_in_reader=False)
        browser = paired(known=False, GetTerminal=gone)
        if visit:
            browser.set_cookie("yinyi_visit", visit)
        assert heard_of(await browser.see("/nowhere"), "laid") == listens

    run(work())


# ---- walked away


@pytest.mark.parametrize("known", [True, False])
def test_whoever_leaves_takes_his_card_his_look_and_his_name_with_him(known: bool) -> None:
    """Also one who never became known: what the reader has of him is forgotten."""

    async def work() -> None:
        browser = paired(known=known, Identify=NoCard())
        browser.set_cookie("yinyi_look", "en.elder.light.normal")
        answer = await browser.post("/finish")
        assert browser.platform.names()[-1] == "EndSession"
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert (browser.cookie("yinyi_visit"), browser.cookie("yinyi_look")) == ("", "")

    run(work())


@pytest.mark.parametrize("path", EVERYWHERE)
def test_nothing_of_whoever_has_left_stands_on_any_page(path: str) -> None:
    async def work() -> None:
        browser = paired(Identify=NoCard(), GetRegistration=SessionEnded(), IdentifyByCard=SessionEnded())
        await browser.post("/finish")
        seen = await browser.see(path)
        assert seen["c"]["patient"] is None
        assert PERSON.name_masked not in str(seen)
        assert PAYMENT not in str(seen["v"])

    run(work())


@pytest.mark.parametrize("path", PAGES.values())
def test_a_page_of_the_one_before_shows_the_next_nothing(path: str) -> None:
    """The way back, another tab, or news of a payment that come late: they all ask for the page again."""

    async def work() -> None:
        browser = paired(GetRegistration=NotYours(), GetPayment=NotYours())
        seen = await browser.see(path)
        assert (seen["is"], seen["v"]["kind"]) == ("ErrorView", "not_found")
        assert PAYMENT not in str(seen["v"])

    run(work())


@pytest.mark.parametrize(("known", "idle_s"), [(True, 60), (False, None)])
def test_a_page_on_which_nothing_can_be_done_ends_the_session_too(known: bool, idle_s: int | None) -> None:
    """Once the platform is back, or the terminal unlocked, another person may stand there."""

    async def work() -> None:
        for terminal in (PlatformUnavailable(), msgspec.structs.replace(TERMINAL, locked=True)):
            seen = await paired(known=known, GetTerminal=terminal).see("/")
            assert (seen["is"], seen["c"]["idle_s"]) == ("ClosedView", idle_s)

    run(work())


# ---- while something runs


@pytest.mark.parametrize(
    ("path", "state", "facts"),
    [
        ("check", "holding", {}),
        ("pay", "starting", {}),
        ("pay", "starting", {"scanned": True, "tender": "wechatpay"}),
        ("pay", "waiting", {"scanned": True, "tender": "wechatpay"}),
        ("pay", "starting", {"scanned": True, "tender": "bank_card"}),
        ("trouble", "closing", {}),
    ],
)
def test_what_nobody_can_hurry_keeps_the_screen_for_a_minute(path: str, state: Any, facts: dict[str, Any]) -> None:
    """Then the page may idle out like any other; the payment goes on without it."""

    async def work() -> None:
        for seconds, can_time_out in ((50, False), (60, True)):
            since = NOW - timedelta(seconds=seconds)
            seen = await paired(GetRegistration=registration(state, since=since, **facts)).see(PAGES[path])
            assert seen["c"]["can_time_out"] is can_time_out
            assert heard_of(seen, "at") is not None or can_time_out

    run(work())


# ---- what became of it meanwhile


ENDED = registration("fulfilled", since=NOW - timedelta(hours=1), taken_fen=5000)


def told(**answers: Any) -> Browser:
    untold = Payments(payments=[ENDED.payment])
    browser = paired(known=False, Identify=NEXT, ListUntoldPayments=untold, **answers)
    browser.platform.sessions["next-token"] = PERSON
    return browser


def test_whoever_comes_back_is_told_what_finished_after_he_had_gone() -> None:
    async def work() -> None:
        browser = told(ListRegistrations=Registrations(registrations=[ENDED]), GetRegistration=ENDED)
        browser.set_cookie("yinyi_visit", "register.ticket.")
        seen = await browser.see("/identify")
        assert (seen["is"], seen["v"]["on"]) == ("PaymentNewsView", "/kiosk/register/departments")
        [row] = seen["v"]["payments"]
        assert (row["payment_no"], row["state"]) == (PAYMENT, "done")
        assert "PrintSlip" not in browser.platform.names(), "papers come when their owner wants them"

    run(work())


def test_its_paper_comes_only_from_the_page_of_its_owner() -> None:
    async def work() -> None:
        browser = paired(GetRegistration=ENDED, PrintSlip=document())
        assert shown(await browser.see(PAGES["done"])) == "DoneView"
        assert "PrintSlip" not in browser.platform.names()
        await browser.post(f"/print/{PAYMENT}")
        assert browser.platform.last("PrintSlip").session == "session-token"

    run(work())


def test_where_there_is_nothing_to_tell_everybody_goes_on() -> None:
    async def work() -> None:
        for untold in (Payments(payments=[]), PlatformUnavailable(), Payments(payments=[payment(purpose="other")])):
            browser = paired(known=False, Identify=NEXT, ListUntoldPayments=untold)
            browser.platform.sessions["next-token"] = PERSON
            browser.set_cookie("yinyi_visit", "register.ticket.")
            answer = await browser.get("/identify")
            assert answer.headers["location"] == "/kiosk/register/departments"
        assert (await paired().get("/payments/news")).headers["location"] == "/kiosk/register/departments"

    run(work())
