"""A code held under the kiosk's scanner: which page takes one, and where it leads. The page never sees what it says."""

from typing import Any

import msgspec
import pytest
from kiosk_platform import PAYMENT, TERMINAL, page, paired, payment, registration, run

from yinyi.business.payments.errors import NothingScanned, PayerCodeUnknown, PaymentClosed
from yinyi.business.payments.messages import SubmitScanned
from yinyi.business.payments.model import PaymentReason
from yinyi.business.terminals.model import DeviceView
from yinyi.kernel.errors import ChannelUnavailable

PAY = f"/pay/{PAYMENT}"
SCANNER = DeviceView(device="scanner", kind="scanner", state="ok")
WITH_SCANNER = msgspec.structs.replace(TERMINAL, devices=[*TERMINAL.devices, SCANNER], code_version=7)
WAITING: dict[str, Any] = {"code_url": "weixin://x", "tender": "wechatpay", "scans": ["wechatpay", "alipay"]}


def test_a_page_with_a_scanner_offers_it_and_listens() -> None:
    async def work() -> None:
        browser = paired(GetTerminal=WITH_SCANNER, GetRegistration=registration("waiting", **WAITING))
        seen = await browser.see(PAY)
        assert (seen["v"]["scans"], seen["v"]["after"], seen["v"]["other"]) == (["wechatpay", "alipay"], 7, False)
        assert "code=7" in seen["c"]["events"]

    run(work())


@pytest.mark.parametrize(
    "terminal",
    [
        TERMINAL,
        msgspec.structs.replace(WITH_SCANNER, line_ok=False),
        msgspec.structs.replace(
            TERMINAL, devices=[*TERMINAL.devices, msgspec.structs.replace(SCANNER, state="offline")]
        ),
    ],
)
def test_without_a_scanner_that_works_nothing_is_offered(terminal: Any) -> None:
    async def work() -> None:
        browser = paired(GetTerminal=terminal, GetRegistration=registration("waiting", **WAITING))
        seen = await browser.see(PAY + "?other=1")
        assert (seen["v"]["scans"], seen["v"]["other"]) == ([], False)
        assert "code=" not in seen["c"]["events"]

    run(work())


@pytest.mark.parametrize(
    ("state", "more"), [("starting", {}), ("unknown", {}), ("delivering", {}), ("waiting", {"scans": []})]
)
def test_no_other_page_takes_a_code(state: Any, more: dict[str, Any]) -> None:
    async def work() -> None:
        stands = registration(state, **{**WAITING, **more})
        seen = await paired(GetTerminal=WITH_SCANNER, GetRegistration=stands).see(PAY)
        assert "code=" not in seen["c"]["events"]

    run(work())


@pytest.mark.parametrize(
    ("answer", "leads_to"),
    [
        (payment("waiting", scanned=True), PAY),
        (PayerCodeUnknown(), PAY + "?other=1"),
        (ChannelUnavailable(), PAY + "?other=1"),
        (NothingScanned(), PAY),
        (PaymentClosed(), PAY),
    ],
)
def test_what_was_scanned_leads_back_to_the_payment(answer: Any, leads_to: str) -> None:
    async def work() -> None:
        browser = paired(SubmitScanned=answer)
        reply = await browser.post(PAY + "/scan", after="7", key="s" * 22)
        assert (reply.status_code, reply.headers["location"]) == (303, "/kiosk" + leads_to)
        asked = browser.platform.last("SubmitScanned")
        assert (asked.message, asked.key) == (SubmitScanned(payment_no=PAYMENT, after=7), "s" * 22)

    run(work())


def test_a_scan_after_the_payment_is_done_shows_that_it_is_done() -> None:
    async def work() -> None:
        browser = paired(SubmitScanned=PaymentClosed(), GetRegistration=registration("fulfilled"))
        await browser.post(PAY + "/scan", after="7")
        assert (await browser.see(PAY))["is"] == "DoneView"

    run(work())


@pytest.mark.parametrize("after", ["", "x", "-1", "9" * 19])
def test_a_form_that_is_not_ours_submits_nothing(after: str) -> None:
    async def work() -> None:
        browser = paired()
        reply = await browser.post(PAY + "/scan", after=after)
        assert (reply.status_code, page(reply)["v"]["kind"]) == (409, "old_page")
        assert "SubmitScanned" not in browser.platform.names()

    run(work())


@pytest.mark.parametrize(
    ("reason", "refused"),
    [
        ("", "expired"),
        ("expired", "expired"),
        ("declined", "declined"),
        ("insufficient_funds", "insufficient_funds"),
        ("limit_exceeded", "limit_exceeded"),
        ("unavailable", "unavailable"),
        ("not_permitted", "unavailable"),
    ],
)
def test_a_refused_code_says_why_and_the_next_one_may_be_held(reason: PaymentReason, refused: str) -> None:
    async def work() -> None:
        stands = registration("ready", reason=reason, scanned=True, **WAITING)
        seen = await paired(GetTerminal=WITH_SCANNER, GetRegistration=stands).see(PAY)
        view, chrome = seen["v"], seen["c"]
        assert (view["state"], view["refused"], view["hold_slip"]) == ("refused", refused, True)
        assert "code=7" in chrome["events"]
        assert chrome["can_time_out"] is True

    run(work())


def test_nobody_is_sent_away_while_a_password_is_typed() -> None:
    async def work() -> None:
        stands = registration("waiting", scanned=True, **WAITING)
        seen = await paired(GetTerminal=WITH_SCANNER, GetRegistration=stands).see(PAY)
        assert (seen["v"]["state"], seen["c"]["can_time_out"]) == ("password", False)

    run(work())
