"""The screen for staff: only their card leads to it, only its PIN opens it, and whoever leaves has left."""

from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from kiosk_platform import NOW, TERMINAL, Browser, page, paired, run

from yinyi.business.terminals.errors import MaintenanceOver, NoStaffCard, PinTriesSpent, PinWrong, TerminalLocked
from yinyi.business.terminals.messages import GetTerminal
from yinyi.business.terminals.messages_maintenance import DeviceSeen, DoMaintenance, Maintenance, MaintenanceOpened
from yinyi.business.terminals.model import TerminalView
from yinyi.kernel.errors import PlatformUnavailable, YinyiError

LAID = msgspec.structs.replace(TERMINAL, card_in_reader=True, card_version=7, staff_card=True)
GONE = msgspec.structs.replace(TERMINAL, card_version=8)
SEEN = Maintenance(
    staff_id="w-li",
    until=NOW + timedelta(minutes=5),
    agent_version="1.0",
    line_ok=True,
    line_seen_at=NOW,
    locked=False,
    locked_for="",
    devices=[
        DeviceSeen(device="id_reader", kind="id_reader", state="ok", since=NOW),
        DeviceSeen(device="printer", kind="receipt_printer", state="jam", since=NOW, failures=2),
    ],
)


def at_machine(terminal: Any = LAID, *, inside: bool = False, **answers: Any) -> Browser:
    usual: dict[str, Any] = {
        "GetTerminal": terminal,
        "OpenMaintenance": MaintenanceOpened(ticket="staff-ticket", staff_id="w-li"),
        "GetMaintenance": SEEN,
        "DoMaintenance": SEEN,
    }
    browser = paired(known=False, **{**usual, **answers})
    if inside:
        browser.set_cookie("yinyi_visit", "maintenance.ticket7.staff-ticket")
    return browser


def done_at(browser: Browser) -> DoMaintenance:
    """What was asked for last."""
    message = browser.platform.last("DoMaintenance").message
    assert isinstance(message, DoMaintenance)
    return message


async def press(browser: Browser, **fields: str) -> httpx.Response:
    """On the page for staff, as it stands."""
    csrf = (await browser.see("/maintenance"))["c"]["csrf"]
    return await browser.client.post("/kiosk/maintenance", data={"csrf": csrf, "key": "k" * 22, **fields})


@pytest.mark.parametrize("path", ["/", "/identify", "/register/departments", "/nowhere"])
def test_a_card_of_the_staff_leads_there_from_wherever_nobody_is_known(path: str) -> None:
    async def work() -> None:
        browser = at_machine()
        answer = await browser.get(path)
        assert answer.headers["location"] == "/kiosk/maintenance"
        assert (await browser.see("/maintenance"))["is"] == "StaffPinView"

    run(work())


def test_also_from_a_machine_that_is_locked() -> None:
    async def work() -> None:
        browser = at_machine(msgspec.structs.replace(LAID, locked=True))
        assert (await browser.see("/"))["is"] == "StaffPinView"
        closed = await at_machine(msgspec.structs.replace(TERMINAL, locked=True, locked_for="repair")).see("/")
        assert (closed["v"]["reason"], closed["v"]["because"]) == ("locked", "repair")
        assert "card=1" in closed["c"]["events"]

    run(work())


@pytest.mark.parametrize("visit", ["home.session3.session-token", "register.ticket3.ticket"])
def test_in_the_way_of_a_patient_it_leads_nowhere(visit: str) -> None:
    async def work() -> None:
        browser = at_machine()
        browser.set_cookie("yinyi_visit", visit)
        assert (await browser.see("/"))["is"] == "HomeView"
        assert browser.cookie("yinyi_visit") == visit
        assert "Identify" not in browser.platform.names()

    run(work())


def test_the_pin_opens_it() -> None:
    async def work() -> None:
        browser = at_machine()
        await browser.see("/")
        answer = await browser.post("/maintenance/pin", pin="271828")
        assert answer.headers["location"] == "/kiosk/maintenance"
        assert browser.cookie("yinyi_visit") == "maintenance.ticket7.staff-ticket"
        seen = await browser.see("/maintenance")
        assert (seen["is"], seen["v"]["staff_id"]) == ("MaintenanceView", "w-li")
        assert [(row["state"], row["broken"], row["failures"]) for row in seen["v"]["devices"]] == [
            ("jam", True, 2),
            ("ok", False, 0),
        ]

    run(work())


@pytest.mark.parametrize(
    ("pin", "error", "problem"),
    [
        ("271828", PinWrong(), "wrong"),
        ("271828", PinTriesSpent(), "spent"),
        ("2718", None, "wrong"),
        ("x", None, "wrong"),
    ],
)
def test_a_wrong_pin_opens_nothing_and_is_not_shown_again(pin: str, error: YinyiError | None, problem: str) -> None:
    async def work() -> None:
        browser = at_machine()
        if error:
            browser.platform.answers["OpenMaintenance"] = error
        await browser.see("/")
        answer = await browser.post("/maintenance/pin", pin=pin)
        assert (page(answer)["is"], page(answer)["v"]["problem"]) == ("StaffPinView", problem)
        assert '"271828"' not in answer.text
        assert browser.cookie("yinyi_visit") == "maintenance.ticket."

    run(work())


def test_nobody_gets_there_without_the_card() -> None:
    async def work() -> None:
        browser = at_machine(TERMINAL)
        assert (await browser.get("/maintenance")).headers["location"] == "/kiosk/"
        for path, fields in (("/maintenance/pin", {"pin": "271828"}), ("/maintenance", {"act": "unlock"})):
            answer = await browser.post(path, **fields)
            assert page(answer)["v"]["kind"] == "old_page"
        assert browser.platform.names() == []
        patient = paired(GetTerminal=TERMINAL, GetMaintenance=SEEN, DoMaintenance=SEEN)
        await patient.post("/maintenance", act="unlock")
        assert "DoMaintenance" not in patient.platform.names()

    run(work())


def test_a_card_that_was_taken_before_the_pin_leads_home() -> None:
    async def work() -> None:
        browser = at_machine(OpenMaintenance=NoStaffCard())
        await browser.see("/")
        assert (await browser.post("/maintenance/pin", pin="271828")).headers["location"] == "/kiosk/"

    run(work())


@pytest.mark.parametrize("act", ["test_print", "restart", "lock", "unlock", "paper_changed"])
def test_what_is_pressed_is_done(act: str) -> None:
    async def work() -> None:
        browser = at_machine(GONE, inside=True)
        answer = await press(browser, act=act, because="repair" if act == "lock" else "")
        assert answer.headers["location"] == "/kiosk/maintenance"
        done = done_at(browser)
        assert (done.act, done.because) == (act, "repair" if act == "lock" else "")

    run(work())


def test_what_is_no_act_is_not_done() -> None:
    async def work() -> None:
        browser = at_machine(GONE, inside=True)
        assert page(await press(browser, act="explode"))["v"]["kind"] == "old_page"
        assert "DoMaintenance" not in browser.platform.names()

    run(work())


def test_it_asks_for_the_pin_again_once_it_is_over() -> None:
    async def work() -> None:
        browser = at_machine(inside=True, GetMaintenance=MaintenanceOver())
        assert (await browser.see("/maintenance"))["is"] == "StaffPinView"
        browser = at_machine(GONE, inside=True, GetMaintenance=MaintenanceOver())
        assert (await browser.see("/maintenance"))["is"] == "HomeView"

    run(work())


def test_whoever_has_finished_leaves_nothing_open() -> None:
    async def work() -> None:
        for path, fields in (("/maintenance", {"act": "leave"}), ("/finish", {})):
            browser = at_machine(inside=True)
            await browser.post(path, **fields)
            assert done_at(browser).act == "leave"
            assert "EndSession" in browser.platform.names(), "the card opens nothing before it is laid again"
            assert browser.cookie("yinyi_visit") == ""

    run(work())


def test_whoever_goes_elsewhere_without_his_card_has_left() -> None:
    async def work() -> None:
        browser = at_machine(GONE, inside=True)
        answer = await browser.get("/register/departments")
        assert answer.headers["location"] == "/kiosk/"
        assert done_at(browser).act == "leave"
        assert browser.cookie("yinyi_visit") == ""

    run(work())


@pytest.mark.parametrize("error", [PlatformUnavailable(), TerminalLocked()])
def test_leaving_works_whatever_the_platform_says(error: YinyiError) -> None:
    async def work() -> None:
        browser = at_machine(GONE, inside=True, DoMaintenance=error, EndSession=error)
        await browser.post("/maintenance", act="leave")
        assert browser.cookie("yinyi_visit") == ""

    run(work())


def test_who_has_just_left_is_not_led_back_by_a_card_that_was_seen_before() -> None:
    """The interface knows of the card for seconds after the platform has forgotten it."""

    async def work() -> None:
        looks = iter([LAID])

        def terminal(_: GetTerminal) -> TerminalView:
            return next(looks, GONE)

        browser = at_machine(terminal, inside=True)
        went = await press(browser, act="leave")
        assert went.headers["location"] == "/kiosk/?bye=1"
        assert (await browser.get("/?bye=1")).status_code == 200

    run(work())
