"""Paper of a payment: asked for once, whatever the printer does, and never for what never was."""

from datetime import timedelta
from typing import Any

import pytest
from kiosk_platform import LONG_AGO, NOW, PAGES, PAYMENT, document, paired, registration, run, shown

from yinyi.business.documents.errors import NothingToPrint
from yinyi.business.documents.messages import Documents
from yinyi.kernel.errors import Busy, InternalError


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
