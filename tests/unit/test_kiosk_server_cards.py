"""A card at the kiosk: what is said of one that was refused, which cards are named, and what is left on one."""

from typing import Any, get_args

import msgspec
import pytest
from kiosk_bills import paying
from kiosk_platform import PAGES, TERMINAL, paired, registration, run

from yinyi.business.identity.errors import TicketExpired
from yinyi.business.identity.messages_cards import AskedForCard, CardBalance, CardLeft
from yinyi.business.payments.model import NO_SESSION, STRIPE, UNREAD
from yinyi.business.prepaid.messages import PrepaidAccount
from yinyi.business.terminals.model import CardReading, DeviceView
from yinyi.interface.journeys import views_pay
from yinyi.kernel.errors import ChannelUnavailable, YinyiError
from yinyi.kernel.money import Fen
from yinyi.wire.iso8583.response_codes import RESPONSES, response_of

WORKS = DeviceView(device="card_terminal", kind="card_terminal", state="ok")
HERE = msgspec.structs.replace(TERMINAL, devices=[*TERMINAL.devices, WORKS])


NO_ACCOUNT = PrepaidAccount(mode="off", balance_fen=Fen(0), entries=[])


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


@pytest.mark.parametrize(
    "code", [code for code, each in RESPONSES.items() if each.verdict not in ("approved", "unknown")]
)
def test_what_a_bank_has_answered_is_said_whatever_its_code_looks_like(code: str) -> None:
    async def work() -> None:
        answer = response_of(code)
        view = await seen(reason=answer.why, refused_code=code)
        assert (view["said"], view["said_en"]) == (answer.zh, answer.en)
        assert view["refused"] in set(get_args(views_pay.CardRefused)) - {"no_answer", "unreached", "pin_again"}

    run(work())


def test_the_page_knows_of_which_kind_the_card_is_once_it_was_read() -> None:
    async def work() -> None:
        assert (await seen(tender="public_card", state="waiting"))["tender"] == "public_card"
        nothing_read = CardReading(payment_no=registration().payment.payment_no, state="asked")
        assert (await seen(nothing_read, tender="wechatpay", scanned=False))["tender"] == "bank_card"

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


def test_where_a_card_has_not_enough_for_bills_a_part_can_be_paid_otherwise() -> None:
    async def divisible(code: str, **more: Any) -> bool:
        refused: dict[str, Any] = {"reason": "declined", "refused_code": code, "scanned": True, "tender": "public_card"}
        of_it = paying("ready", **{**refused, "tenders": ["wechatpay"], **more})
        browser = paired(GetInvoicePayment=of_it, GetPayment=of_it.payment, GetPrepaidAccount=NO_ACCOUNT)
        return (await browser.see(PAGES["pay"]))["v"]["divisible"]

    async def work() -> None:
        for code, can in [("51", True), ("61", True), ("55", False), ("54", False)]:
            assert await divisible(code) is can, code
        assert not await divisible("51", tenders=[]), "there is nothing to pay the part by"
        assert not (await seen(reason="declined", refused_code="51", tenders=["wechatpay"]))["divisible"], "no bills"

    run(work())


TICKET = f"request.{'a' * 32}"


@pytest.mark.parametrize(
    ("balance", "reading", "seen_as"),
    [
        (CardBalance(state="asked"), CardReading(purpose="balance", state="asked"), ("ReadCardView", "insert", None)),
        (CardBalance(state="asked"), CardReading(purpose="balance", state="typing"), ("ReadCardView", "pin", None)),
        (
            CardBalance(state="asked"),
            CardReading(purpose="balance", state="not_taken"),
            ("ReadCardView", "problem", "not_taken"),
        ),
        (CardBalance(state="asked"), CardReading(), ("ReadCardView", "problem", "timed_out")),
        (CardBalance(state="checking"), CardReading(), ("ReadCardView", "asking", None)),
        (CardBalance(state="declined", code="55"), CardReading(), ("ReadCardView", "problem", "wrong_pin")),
        (CardBalance(state="declined", code="14"), CardReading(), ("ReadCardView", "problem", "declined")),
        (CardBalance(state="declined", code="91"), CardReading(), ("ReadCardView", "problem", "unreachable")),
        (CardBalance(state="declined", code="97"), CardReading(), ("ReadCardView", "problem", "unreachable")),
        (CardBalance(state="pin_again"), CardReading(), ("ReadCardView", "problem", "pin_again")),
        (CardBalance(state="pin_again", code="77"), CardReading(), ("ReadCardView", "problem", "keys_changed")),
        (CardBalance(state="no_answer"), CardReading(), ("ReadCardView", "problem", "no_answer")),
        (CardBalance(state="stripe"), CardReading(), ("ReadCardView", "problem", "stripe")),
        (
            CardBalance(state="told", kind="public_card", number_tail="2007", balance_fen=Fen(0)),
            CardReading(),
            ("CardBalanceView", "told", None),
        ),
    ],
)
def test_how_far_a_balance_is(balance: CardBalance, reading: CardReading, seen_as: tuple[str, str, str]) -> None:
    async def work() -> None:
        terminal = msgspec.structs.replace(HERE, reading=reading)
        page = await paired(known=False, GetCardBalance=balance, GetTerminal=terminal).see(f"/card-balance/{TICKET}")
        assert (page["is"], page["v"]["state"], page["v"].get("problem")) == seen_as

    run(work())


def test_a_balance_is_asked_for_once_a_form_and_left_again() -> None:
    async def work() -> None:
        browser = paired(known=False, ReadCardForBalance=AskedForCard(ticket=TICKET), LeaveCard=CardLeft())
        begun = await browser.post("/card-balance")
        assert begun.headers["location"] == f"/kiosk/card-balance/{TICKET}"
        assert browser.platform.last("ReadCardForBalance").key == "k" * 22
        assert (await browser.post("/card-balance/no-card")).headers["location"] == "/kiosk/"
        assert "LeaveCard" in browser.platform.names()

    run(work())


@pytest.mark.parametrize(
    ("error", "state"), [(ChannelUnavailable("no session"), "away"), (TicketExpired("too old"), "begin")]
)
def test_where_no_issuer_can_be_asked_the_page_says_so(error: YinyiError, state: str) -> None:
    async def work() -> None:
        browser = paired(known=False, ReadCardForBalance=error, GetCardBalance=error)
        to = (await browser.post("/card-balance")).headers["location"].removeprefix("/kiosk")
        assert (await browser.see(to))["v"]["state"] == state

    run(work())
