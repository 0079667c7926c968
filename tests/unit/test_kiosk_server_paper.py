"""Paper of a payment: asked for once, whatever the printer does, and never for what never was."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from kiosk_platform import LONG_AGO, NOW, PAGES, PAYMENT, TERMINAL, document, paired, registration, run, shown

from yinyi.business.documents.errors import NothingToPrint
from yinyi.business.documents.messages import Documents
from yinyi.business.terminals.model import DeviceView, TerminalView
from yinyi.kernel.errors import Busy, InternalError

CHECK, PAY = f"/register/check/{PAYMENT}", f"/pay/{PAYMENT}"


def printer(state: Any, *, line_ok: bool = True) -> TerminalView:
    """The terminal with its printer like that."""
    device = DeviceView(device="printer", kind="receipt_printer", state=state)
    return msgspec.structs.replace(TERMINAL, devices=[device], line_ok=line_ok)


@pytest.mark.parametrize(
    ("stands", "where", "paper"),
    [
        ({"state": "fulfilled"}, "done", "registration"),
        ({"state": "ready", "hold_slip": True}, "hold_slip", "hold"),
        ({"state": "delivering", **LONG_AGO}, "trouble", "checking"),
        ({"state": "unknown", **LONG_AGO}, "trouble", "checking"),
        ({"state": "unknown", "attention": True}, "trouble", "checking"),
        ({"state": "returning"}, "trouble", "refund"),
        ({"state": "returned"}, "trouble", "refund"),
    ],
)
def test_each_paper_is_asked_for_under_one_key_however_often_the_page_is_drawn(
    stands: dict[str, Any], where: str, paper: str
) -> None:
    async def work() -> None:
        browser = paired(GetRegistration=registration(**stands))
        for _ in range(3):
            await browser.see(PAGES[where])
        keys = {asked.key for asked in browser.platform.asked if asked.name == "PrintSlip"}
        state = f".{stands['state']}" if paper == "refund" else ""
        assert keys == {f"slip.{paper}{state}.{PAYMENT}"}
        assert all(len(key) <= 64 for key in keys)

    run(work())


@pytest.mark.parametrize("stands", [{"state": "closed"}, {"state": "closed", "reason": "declined"}])
def test_where_nothing_was_taken_nothing_is_printed(stands: dict[str, Any]) -> None:
    async def work() -> None:
        browser = paired(GetRegistration=registration(**stands))
        await browser.see(PAGES["trouble"])
        assert "PrintSlip" not in browser.platform.names()

    run(work())


def test_looking_at_an_old_payment_prints_nothing_by_itself() -> None:
    async def work() -> None:
        long_ago = NOW - timedelta(hours=3)
        for state, where in [("fulfilled", "done"), ("returned", "trouble")]:
            browser = paired(GetRegistration=registration(state, since=long_ago))
            assert (await browser.see(PAGES[where]))["v"]["printing"] is None
            assert "PrintSlip" not in browser.platform.names()

    run(work())


@pytest.mark.parametrize(
    ("answer", "printing"),
    [
        (document("printed"), "printed"),
        (document("paper_out"), "paper_out"),
        (NothingToPrint(), None),
        (Busy(), "offline"),
        (InternalError(), "failed"),
    ],
)
def test_the_page_stands_whatever_the_printer_does(answer: Any, printing: str | None) -> None:
    async def work() -> None:
        seen = await paired(GetRegistration=registration("fulfilled"), PrintSlip=answer).see(PAGES["done"])
        assert (seen["is"], seen["v"]["printing"]) == ("DoneView", printing)
        assert (seen["v"]["visit"]["number"], seen["v"]["queue_ahead"]) == (16, 3)
        assert seen["v"]["visit"]["department"]["building_en"] == "Outpatient Building"

    run(work())


def test_a_slip_asked_for_again_is_a_copy_of_the_one_there_is() -> None:
    async def work() -> None:
        browser = paired(GetRegistration=registration("fulfilled"))
        first = await browser.post(f"/print/{PAYMENT}", key="c" * 22)
        assert first.headers["location"] == "/kiosk" + PAGES["done"]
        assert "ReprintSlip" not in browser.platform.names()
        browser.platform.answers["ListDocuments"] = Documents(documents=[document("printed")])
        await browser.post(f"/print/{PAYMENT}", key="c" * 22)
        assert browser.platform.last("ReprintSlip").key == "c" * 22

    run(work())


def test_in_a_hurry_the_slip_page_stays_open_while_the_payment_is_confirmed() -> None:
    async def work() -> None:
        browser = paired(GetRegistration=registration("delivering"), PrintSlip=document("printed", "checking"))
        answer = await browser.post(f"/print/{PAYMENT}")
        assert answer.headers["location"] == "/kiosk" + PAGES["trouble"]
        assert shown(await browser.see(PAGES["trouble"])) == "TroubleView:not_registered_yet"

    run(work())


@pytest.mark.parametrize("state", ["paper_out", "jam", "offline"])
@pytest.mark.parametrize(
    ("where", "stands"),
    [
        (CHECK, {"state": "ready"}),
        (PAY, {"state": "waiting", "code_url": "weixin://x"}),
        (PAY, {"state": "ready", "scanned": True, "reason": "declined"}),
    ],
)
def test_paper_that_goes_on_the_way_is_asked_about_once_before_money_is_taken(
    where: str, stands: dict[str, Any], state: str
) -> None:
    async def work() -> None:
        browser = paired(GetRegistration=registration(**stands))
        before = await browser.see(where)
        assert before["is"] != "NoPaperView"
        assert "terminal=1" in before["c"]["events"]
        browser = paired(GetRegistration=registration(**stands), GetTerminal=printer(state))
        asked = await browser.see(where)
        assert (asked["is"], asked["v"]["on"]) == ("NoPaperView", f"/kiosk{PAY}?no_paper=1")
        assert f"payment={PAYMENT}" in asked["c"]["events"], "what is paid meanwhile goes on"
        assert "terminal=1" in asked["c"]["events"], "paper is put in"
        for path, more in [(PAY, {}), (f"{PAY}/scan", {"after": "7"}), (f"{PAY}/card", {})]:
            reply = await browser.post(path, **more)
            assert (reply.status_code, reply.headers["location"]) == (303, f"/kiosk{PAY}")
        assert not {"ChooseTender", "SubmitScanned", "ReadCard"} & set(browser.platform.names())
        assert (await browser.see(f"{PAY}?no_paper=1"))["is"] == before["is"]
        assert (await browser.see(where))["is"] == before["is"], "he was asked"
        browser.platform.answers["ChooseTender"] = registration("waiting").payment
        await browser.post(PAY)
        assert "ChooseTender" in browser.platform.names()

    run(work())


@pytest.mark.parametrize(
    ("stands", "terminal"),
    [
        ({"state": "waiting", "scanned": True}, printer("paper_out")),
        ({"state": "starting"}, printer("paper_out")),
        ({"state": "unknown"}, printer("paper_out")),
        ({"state": "delivering"}, printer("paper_out")),
        ({"state": "waiting"}, printer("paper_low")),
        ({"state": "waiting"}, printer("ok", line_ok=False)),
    ],
)
def test_nothing_is_asked_while_money_is_taken_nor_where_the_slip_comes_after_all(
    stands: dict[str, Any], terminal: TerminalView
) -> None:
    async def work() -> None:
        browser = paired(GetRegistration=registration(**stands), GetTerminal=terminal)
        assert (await browser.see(PAY))["is"] != "NoPaperView"

    run(work())


def test_whoever_does_without_paper_is_known_by_it_until_somebody_else_stands_there() -> None:
    async def work() -> None:
        browser = paired(known=False, GetTerminal=printer("paper_out"), GetRegistration=registration("ready"))
        assert (await browser.see("/register"))["is"] == "NoPaperView"
        await browser.get("/register?no_paper=1")
        assert browser.cookie("yinyi_visit") == "register.ticket-."
        browser.set_cookie("yinyi_visit", "register.session-.session-token")
        assert (await browser.see(CHECK))["is"] == "CheckView"
        await browser.post("/finish")
        assert browser.cookie("yinyi_visit") == ""
        browser.set_cookie("yinyi_visit", "register.session.session-token")
        assert (await browser.see(CHECK))["is"] == "NoPaperView"

    run(work())
