"""A card at the kiosk that was refused: each page says what is true of it, and names the cards that are taken."""

from typing import Any, get_args

import msgspec
import pytest
from kiosk_platform import PAGES, TERMINAL, paired, registration, run

from yinyi.business.payments.model import NO_SESSION, STRIPE, UNREAD
from yinyi.business.terminals.model import CardReading, DeviceView
from yinyi.interface.journeys import views_pay
from yinyi.wire.iso8583.response_codes import RESPONSES, response_of

WORKS = DeviceView(device="card_terminal", kind="card_terminal", state="ok")
HERE = msgspec.structs.replace(TERMINAL, devices=[*TERMINAL.devices, WORKS])


async def seen(reading: CardReading | None = None, **facts: Any) -> dict[str, Any]:
    """The page of a card that was read for this payment, or is being read."""
    told: dict[str, Any] = {"scanned": True, "tender": "bank_card", "reads": ["bank_card"], **facts}
    terminal = msgspec.structs.replace(HERE, reading=reading or CardReading())
    browser = paired(GetRegistration=registration(told.pop("state", "ready"), **told), GetTerminal=terminal)
    return (await browser.see(PAGES["pay"]))["v"]


@pytest.mark.parametrize(
    ("reason", "code", "refused"),
    [
        ("expired", "", "pin_again"),
        ("expired", "77", "keys_changed"),
        ("expired", "22", "keys_changed"),
        ("expired", "A0", "keys_changed"),
        ("not_permitted", STRIPE, "stripe"),
        ("not_permitted", UNREAD, "unreadable"),
        ("not_permitted", NO_SESSION, "not_here"),
        ("unavailable", "", "unreached"),
        ("declined", "reversed", "no_answer"),
        ("", "", "no_answer"),
    ],
)
def test_what_no_bank_has_refused_has_a_sentence_of_its_own(reason: str, code: str, refused: str) -> None:
    async def work() -> None:
        view = await seen(reason=reason, refused_code=code)
        assert (view["state"], view["refused"], view["said"]) == ("refused", refused, "")

    run(work())


@pytest.mark.parametrize("code", [code for code, each in RESPONSES.items() if each.verdict in ("refused", "sign_on")])
def test_what_a_bank_has_answered_is_said_whatever_its_code_looks_like(code: str) -> None:
    async def work() -> None:
        answer = response_of(code)
        view = await seen(reason=answer.why, refused_code=code)
        assert (view["said"], view["said_en"]) == (answer.zh, answer.en)
        assert view["refused"] in set(get_args(views_pay.CardRefused)) - {"no_answer", "unreached", "pin_again"}

    run(work())


def test_a_code_of_letters_is_an_answer() -> None:
    async def work() -> None:
        assert (await seen(reason="bad_request", refused_code="A0"))["refused"] == "not_here"

    run(work())


def test_only_cards_that_are_taken_are_named() -> None:
    """While one is waited for, those that it can be; a bank that is away takes none."""

    async def work() -> None:
        waiting = CardReading(payment_no=registration().payment.payment_no, state="asked", kinds=["public_card"])
        every = ["bank_card", "public_card"]
        assert (await seen(waiting, state="waiting", scanned=False, reads=every))["kinds"] == ["public_card"]
        stranger = msgspec.structs.replace(waiting, state="not_taken")
        assert (await seen(stranger, state="waiting", scanned=False, reads=every))["kinds"] == ["public_card"]
        assert (await seen(reason="declined", refused_code="51", reads=every))["kinds"] == every
        at_code = await seen(state="waiting", scanned=False, tender="wechatpay", code_url="weixin://x", reads=every)
        assert at_code["kinds"] == every

    run(work())
