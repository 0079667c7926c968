"""The kiosk's pages before anybody says who he is: the screen, home, and the end; payments are elsewhere."""

from datetime import timedelta

import msgspec
import pytest
from kiosk_platform import (
    NOW,
    TERMINAL,
    Browser,
    Platform,
    page,
    paired,
    run,
)

from yinyi.business.identity.errors import (
    CardUnreadable,
    CheckDigitWrong,
    NoCard,
    WindowOnly,
)
from yinyi.business.identity.messages import Identified
from yinyi.business.terminals.errors import PairingRefused, TerminalLocked
from yinyi.business.terminals.messages import GetTerminal, Paired
from yinyi.business.terminals.model import Counter, TerminalView
from yinyi.kernel.errors import InvalidField, TerminalNotEnrolled, YinyiError

KNOWN = Identified(status="known", session_token="session-token")
WITH_CARD = msgspec.structs.replace(TERMINAL, card_in_reader=True)


# ---- the screen


def test_a_screen_that_is_not_paired_says_so() -> None:
    async def work() -> None:
        answer = await Browser(Platform()).get("/")
        assert answer.status_code == 403
        assert (page(answer)["is"], page(answer)["v"]["reason"]) == ("ClosedView", "not_paired")

    run(work())


def test_a_screen_whose_pairing_was_revoked_says_so() -> None:
    async def work() -> None:
        answer = await paired(GetTerminal=TerminalNotEnrolled()).get("/register")
        assert (answer.status_code, page(answer)["v"]["reason"]) == (403, "not_paired")

    run(work())


def test_pairing_keeps_the_screens_credential_and_goes_home() -> None:
    async def work() -> None:
        browser = Browser(Platform(answers={"PairBrowser": Paired(terminal_id="K01", screen_token="fresh-token")}))
        answer = await browser.get("/?pair=%20ABCD-1234%20")
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/")
        assert browser.cookie("yinyi_screen") == "fresh-token"
        asked = browser.platform.last("PairBrowser").message
        assert msgspec.to_builtins(asked) == {"pairing_code": "ABCD-1234"}

    run(work())


@pytest.mark.parametrize("refusal", [PairingRefused(), InvalidField()])
def test_a_pairing_code_that_is_refused_is_shown_again(refusal: YinyiError) -> None:
    async def work() -> None:
        answer = await Browser(Platform(answers={"PairBrowser": refusal})).get("/?pair=OLD")
        assert (answer.status_code, page(answer)["v"]["pairing_code"]) == (403, "OLD")
        assert "set-cookie" not in answer.headers

    run(work())


def test_a_locked_terminal_opens_by_itself_when_it_is_unlocked() -> None:
    async def work() -> None:
        locked = msgspec.structs.replace(TERMINAL, locked=True)
        for browser in (paired(GetTerminal=locked), paired(GetTerminal=TerminalLocked())):
            answer = await browser.get("/")
            assert (answer.status_code, page(answer)["v"]["reason"]) == (403, "locked")
            assert "terminal=1" in page(answer)["c"]["events"]

    run(work())


# ---- home and the end


def test_home_says_where_it_is_and_hears_of_cards_and_forms() -> None:
    async def work() -> None:
        home = await paired(known=False).see("/")
        services = [
            "register",
            "bills",
            "check_in",
            "reports",
            "book",
            "inpatient",
            "account",
            "find_payment",
            "reprint",
            "card_balance",
        ]
        assert home["v"]["services"] == services
        chrome = home["c"]
        assert (chrome["hospital"], chrome["terminal"], chrome["window"]["name"]) == (
            "云山市人民医院",
            "A03",
            "3 号窗口",
        )
        assert chrome["now"].endswith("+08:00")
        assert chrome["events"].startswith("/kiosk/events?card=1&terminal=1&reading=1&code=0&since=")
        assert "patient" not in chrome or chrome["patient"] is None

    run(work())


def test_the_next_page_has_the_hospitals_new_name_and_desk() -> None:
    async def work() -> None:
        called = [TERMINAL]

        def terminal(message: GetTerminal) -> TerminalView:
            return called[-1]

        browser = paired(known=False, GetTerminal=terminal)
        before = (await browser.see("/"))["c"]
        desk = Counter(name="咨询台", name_en="Information")
        called.append(msgspec.structs.replace(TERMINAL, hospital="海州市第一医院", triage=desk))
        browser.platform.clock.at += timedelta(seconds=3)
        after = (await browser.see("/"))["c"]
        assert (before["hospital"], after["hospital"]) == ("云山市人民医院", "海州市第一医院")
        assert (before["triage"]["name"], after["triage"]["name"]) == ("导诊台", "咨询台")

    run(work())


def test_home_shows_who_is_there() -> None:
    async def work() -> None:
        home = await paired().see("/")
        assert home["c"]["patient"] == {"name": "张*国", "age": 58, "number_tail": "3351", "guardian": ""}
        assert home["c"]["events"].startswith("/kiosk/events?code=0&laid=0&since="), "a code or another card may come"

    run(work())


def test_home_after_the_session_ended_shows_nobody() -> None:
    async def work() -> None:
        browser = paired()
        browser.platform.sessions.clear()
        home = await browser.see("/")
        assert (home["is"], home["c"]["patient"]) == ("HomeView", None)
        assert browser.cookie("yinyi_visit") == ""

    run(work())


def test_who_lays_his_card_at_home_is_known_and_stays_there() -> None:
    async def work() -> None:
        browser = paired(known=False, GetTerminal=WITH_CARD, Identify=KNOWN)
        answer = await browser.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/")
        assert (await browser.see("/"))["c"]["patient"]["name"] == "张*国"

    run(work())


@pytest.mark.parametrize("error", [NoCard(), CardUnreadable(), CheckDigitWrong(), WindowOnly()])
def test_a_card_that_does_not_serve_does_not_keep_anybody_from_home(error: YinyiError) -> None:
    async def work() -> None:
        assert (await paired(known=False, GetTerminal=WITH_CARD, Identify=error).see("/"))["is"] == "HomeView"

    run(work())


def test_finishing_wipes_everything_but_the_pairing() -> None:
    async def work() -> None:
        browser = paired(GetTerminal=WITH_CARD)
        browser.set_cookie("yinyi_look", "en.elder.contrast.low")
        answer = await browser.post("/finish")
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/?bye=1")
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert browser.platform.last("EndSession").session == "session-token"
        assert (browser.cookie("yinyi_visit"), browser.cookie("yinyi_look")) == ("", "")
        assert browser.cookie("yinyi_screen") == "screen-token"
        bye = await browser.see("/?bye=1")
        assert (bye["is"], bye["c"]["card_in_reader"], bye["c"]["language"]) == ("ByeView", True, "zh-CN")
        assert "card=1" in bye["c"]["events"]

    run(work())


def test_with_the_card_taken_the_end_is_home() -> None:
    async def work() -> None:
        assert (await paired(known=False).see("/?bye=1"))["is"] == "HomeView"

    run(work())


def test_finishing_wipes_the_screen_even_if_the_platform_is_away() -> None:
    async def work() -> None:
        browser = paired()
        csrf = await browser.csrf()
        browser.platform.away = True
        browser.platform.clock.at = NOW + timedelta(minutes=1)
        answer = await browser.client.post("/kiosk/finish", data={"csrf": csrf})
        assert (answer.status_code, browser.cookie("yinyi_visit")) == (303, "")

    run(work())
