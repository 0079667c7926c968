"""The kiosk's pages on which somebody says who he is: cards, first visits, typed numbers."""

from datetime import date
from typing import Any

import msgspec
import pytest
from kiosk_platform import (
    NOW,
    TERMINAL,
    page,
    paired,
    run,
)

from yinyi.business.identity.errors import (
    CardUnreadable,
    CheckDigitWrong,
    NoCard,
    PatientUnknown,
    TicketExpired,
    TooManyTries,
    WindowOnly,
)
from yinyi.business.identity.messages import Ended, FirstVisit, Identified, Match, RegisterPatient, Ticket
from yinyi.business.terminals.model import DeviceView
from yinyi.kernel.errors import HospitalUnavailable, YinyiError

KNOWN = Identified(status="known", session_token="session-token")


def test_without_a_card_the_page_waits_for_one() -> None:
    async def work() -> None:
        waits = await paired(known=False, Identify=NoCard()).see("/identify")
        assert (waits["is"], waits["v"]["reader_ok"], waits["v"]["problem"]) == ("IdentifyView", True, None)
        assert "card=1" in waits["c"]["events"]

    run(work())


@pytest.mark.parametrize(
    "broken",
    [{"line_ok": False}, {"devices": [DeviceView(device="reader", kind="id_reader", state="offline")]}],
)
def test_a_reader_that_does_not_answer_is_named(broken: dict[str, Any]) -> None:
    async def work() -> None:
        terminal = msgspec.structs.replace(TERMINAL, **broken)
        waits = await paired(known=False, GetTerminal=terminal, Identify=NoCard()).see("/identify")
        assert (waits["v"]["reader_ok"], waits["v"]["problem"]) == (False, "reader_down")

    run(work())


@pytest.mark.parametrize(
    ("error", "problem"),
    [(CardUnreadable(), "unreadable"), (CheckDigitWrong(), "bad_check_digit"), (WindowOnly(), "window_only")],
)
def test_what_is_wrong_with_a_card_is_said(error: YinyiError, problem: str) -> None:
    async def work() -> None:
        assert (await paired(known=False, Identify=error).see("/identify"))["v"]["problem"] == problem

    run(work())


@pytest.mark.parametrize(
    ("asked", "goes_to"),
    [("/register", "/register/departments"), ("/reprint", "/reprint"), ("/payments", "/payments")],
)
def test_after_the_card_everybody_gets_what_he_came_for(asked: str, goes_to: str) -> None:
    async def work() -> None:
        browser = paired(known=False, Identify=KNOWN)
        first = await browser.get(asked)
        assert first.headers["location"] == "/kiosk/identify"
        second = await browser.get("/identify")
        assert second.headers["location"] == "/kiosk" + goes_to
        assert browser.cookie("yinyi_visit").endswith(".session.session-token")
        again = await browser.get("/identify")
        assert again.headers["location"] == "/kiosk" + goes_to

    run(work())


def test_one_of_several_patients_is_chosen() -> None:
    async def work() -> None:
        match = Match(choice="c1", name_masked="王*", age=40, number_tail="1111")
        browser = paired(
            known=False,
            Identify=Identified(status="several", ticket="ticket-1"),
            GetTicket=Ticket(matches=[match]),
            ChoosePatient=KNOWN,
        )
        who = await browser.see("/identify")
        assert (who["is"], who["v"]["matches"][0]["choice"]) == ("WhoView", "c1")
        answer = await browser.post("/identify/who", choice="c1")
        assert answer.headers["location"] == "/kiosk/"
        chosen = browser.platform.last("ChoosePatient").message
        assert msgspec.to_builtins(chosen) == {"ticket": "ticket-1", "choice": "c1"}

    run(work())


def test_a_first_visit_asks_for_the_phone_and_then_makes_the_record() -> None:
    async def work() -> None:
        card = FirstVisit(kind="resident_card", name="欧阳小明", sex="male", born_year=1968, number_tail="1234")
        browser = paired(
            known=False,
            Identify=Identified(status="first_visit", ticket="ticket-1"),
            GetTicket=Ticket(first_visit=card),
            RegisterPatient=KNOWN,
        )
        phone = await browser.see("/identify")
        assert (phone["v"]["stage"], phone["v"]["name"], phone["v"]["document"]) == ("phone", "欧**明", "resident_card")
        wrong = page(await browser.post("/first-visit", stage="phone", phone="123"))
        assert (wrong["v"]["stage"], wrong["v"]["problem"]) == ("phone", "not_a_phone_number")
        confirm = page(await browser.post("/first-visit", stage="phone", phone="13812345678"))
        assert (confirm["v"]["stage"], confirm["v"]["phone_masked"]) == ("confirm", "138****5678")
        changed = page(await browser.post("/first-visit", stage="confirm", phone="13812345678", change="1"))
        assert (changed["v"]["stage"], changed["v"]["phone"]) == ("phone", "13812345678")
        skipped = page(await browser.post("/first-visit", stage="phone", phone="", skip="1"))
        assert (skipped["v"]["stage"], skipped["v"]["phone"]) == ("confirm", "")
        key = confirm["v"]["key"]
        made = await browser.post("/first-visit", stage="confirm", phone="13812345678", key=key)
        assert made.headers["location"] == "/kiosk/"
        asked = browser.platform.last("RegisterPatient")
        assert (asked.key, msgspec.to_builtins(asked.message)) == (key, {"ticket": "ticket-1", "phone": "13812345678"})

    run(work())


@pytest.mark.parametrize(("years", "offered"), [(64, False), (65, True), (90, True), (None, False)])
def test_a_newcomer_is_offered_large_print_at_once(years: int | None, offered: bool) -> None:
    """By what his card says, and before he has to type anything; what he chooses is kept with him."""

    async def work() -> None:
        born = None if years is None else NOW.year - years
        card = FirstVisit(kind="resident_card", name="欧阳小明", sex="male", born_year=born, number_tail="1234")
        answers = {"GetTicket": Ticket(first_visit=card), "RegisterPatient": KNOWN, "PreferElder": Ended()}
        browser = paired(known=False, **answers)
        browser.set_cookie("yinyi_visit", "home.ticket.ticket-1")
        assert (await browser.see("/first-visit"))["c"]["offer_elder"] is offered
        for mode in ("elder", "normal"):
            browser.set_cookie("yinyi_look", f"zh-CN.{mode}.light.normal")
            seen = await browser.see("/first-visit")
            assert (seen["c"]["offer_elder"], seen["c"]["mode"]) == (False, mode)
            await browser.post("/first-visit", stage="confirm", phone="13812345678")
            assert ("PreferElder" in browser.platform.names()) is (mode == "elder")
            browser.platform.asked.clear()
            browser.set_cookie("yinyi_visit", "home.ticket.ticket-1")

    run(work())


def test_what_a_document_does_not_say_is_asked_at_a_first_visit() -> None:
    async def work() -> None:
        card = FirstVisit(
            kind="permanent_resident_card", name="Ann Smith", sex="unknown", born_year=None, number_tail="0110"
        )
        made = Identified(status="known", session_token="s")
        browser = paired(known=False, GetTicket=Ticket(first_visit=card), RegisterPatient=made)
        browser.set_cookie("yinyi_visit", "register.ticket.t")
        said = {"phone": "13812345678"}
        assert page(await browser.post("/first-visit", stage="phone", **said))["v"]["stage"] == "sex"
        assert page(await browser.post("/first-visit", stage="sex", **said, sex="x"))["v"]["stage"] == "sex"
        asked = page(await browser.post("/first-visit", stage="sex", **said, sex="female"))["v"]
        assert (asked["stage"], asked["problem"]) == ("born", None)
        for nonsense in ("19850231", "29990101", "18500101", "1985"):
            wrong = page(await browser.post("/first-visit", stage="born", **said, sex="female", born=nonsense))["v"]
            assert (wrong["stage"], wrong["problem"]) == ("born", "not_a_day")
        shown = page(await browser.post("/first-visit", stage="born", **said, sex="female", born="19850314"))["v"]
        assert (shown["stage"], shown["sex"]) == ("confirm", "female")
        assert (shown["born_year"], shown["born"]) == (1985, "19850314")
        await browser.post("/first-visit", stage="confirm", **said, sex="female", born="19850314")
        assert browser.platform.last("RegisterPatient").message == RegisterPatient(
            ticket="t", phone="13812345678", sex="female", born_on=date(1985, 3, 14)
        )

    run(work())


@pytest.mark.parametrize("path", ["/identify/who", "/first-visit"])
def test_a_page_without_its_ticket_asks_for_the_card_again(path: str) -> None:
    async def work() -> None:
        browser = paired(known=False, GetTicket=TicketExpired())
        for cookie in ("", "home.ticket.ticket-1"):
            browser.set_cookie("yinyi_visit", cookie)
            over = await browser.get(path)
            assert (over.status_code, page(over)["v"]["kind"]) == (403, "session_over")
            assert page(over)["v"]["back"] == "/kiosk/identify"

    run(work())


def test_a_typed_number_needs_a_proof() -> None:
    async def work() -> None:
        browser = paired(known=False, IdentifyByNumber=KNOWN)
        assert (await browser.see("/identify/number"))["v"]["stage"] == "number"
        proof = page(await browser.post("/identify/number", stage="number", number="10023351"))
        assert (proof["v"]["stage"], proof["v"]["number"]) == ("proof", "10023351")
        assert "IdentifyByNumber" not in browser.platform.names()
        short = page(await browser.post("/identify/number", stage="proof", number="10023351", proof="12"))
        assert (short["v"]["stage"], short["v"]["problem"]) == ("proof", "unknown_number")
        answer = await browser.post("/identify/number", stage="proof", number="10023351", proof="5678")
        assert answer.headers["location"] == "/kiosk/"
        asked = browser.platform.last("IdentifyByNumber").message
        assert msgspec.to_builtins(asked) == {"patient_no": "10023351", "proof": "5678"}

    run(work())


@pytest.mark.parametrize(
    ("error", "problem"), [(PatientUnknown(), "unknown_number"), (TooManyTries(), "too_many_tries")]
)
def test_a_number_that_leads_to_nobody_says_so(error: YinyiError, problem: str) -> None:
    async def work() -> None:
        browser = paired(known=False, IdentifyByNumber=error)
        wrong = page(await browser.post("/identify/number", stage="proof", number="10023351", proof="5678"))
        assert (wrong["v"]["stage"], wrong["v"]["problem"]) == ("number", problem)

    run(work())


# ---- pages that tell people to lay a card

LAID = msgspec.structs.replace(TERMINAL, card_in_reader=True, card_version=7)
TAKE_CARDS = [
    ("/code?is=&after=0", "/"),
    ("/request-form?news=unknown", "/bills"),
    ("/request-form?news=many", "/bills"),
    ("/slip?news=gone", "/check-in"),
    ("/slip?news=many", "/check-in"),
    ("/register/departments", "/register/departments"),
    ("/book/departments", "/book/departments"),
]


@pytest.mark.parametrize(("path", "goes_to"), TAKE_CARDS)
def test_a_page_that_tells_people_to_lay_a_card_goes_on_with_one(path: str, goes_to: str) -> None:
    async def work() -> None:
        assert "card=1" in (await paired(known=False).see(path))["c"]["events"]
        browser = paired(known=False, GetTerminal=LAID, Identify=KNOWN)
        came = await browser.get(path)
        assert (came.status_code, came.headers["location"]) == (303, f"/kiosk{goes_to}")
        assert browser.cookie("yinyi_visit").endswith("7.session-token")

    run(work())


@pytest.mark.parametrize(("path", "_"), TAKE_CARDS)
@pytest.mark.parametrize("error", [CardUnreadable(), WindowOnly(), NoCard(), HospitalUnavailable()])
def test_a_card_that_says_nothing_leaves_such_a_page_as_it_is(path: str, _: str, error: YinyiError) -> None:
    async def work() -> None:
        seen = await paired(known=False, GetTerminal=LAID, Identify=error).get(path)
        assert (seen.status_code, page(seen)["c"]["patient"]) == (200, None)

    run(work())


@pytest.mark.parametrize(("path", "_"), TAKE_CARDS)
def test_whoever_is_known_there_is_not_asked_again(path: str, _: str) -> None:
    async def work() -> None:
        browser = paired()
        assert "card=1" not in (await browser.see(path))["c"]["events"]
        assert "Identify" not in browser.platform.names()

    run(work())
