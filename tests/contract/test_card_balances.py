"""What is left on a public card: told at the terminal that has read it, for a while, and to nobody else."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from holder_stage import BANK_PAN, PUBLIC_PAN, HolderStage, Kiosk, play
from line_stage import NO_ANSWER

from yinyi.business.identity.errors import TicketExpired
from yinyi.business.identity.messages_cards import (
    CardBalance,
    GetCardBalance,
    IdentifyByCard,
    LeaveCard,
    ReadCardForBalance,
    ReadCardToIdentify,
)
from yinyi.business.lines.session_model import Approved, Declined, NeverSent
from yinyi.business.terminals.messages import GetTerminal
from yinyi.kernel.money import Fen


async def told(kiosk: Kiosk, ticket: str) -> CardBalance:
    """Once its issuer has answered."""
    await kiosk.stage.business.pay_cards.come_home(20)
    return await kiosk.ask(GetCardBalance(ticket=ticket))


async def read(kiosk: Kiosk, pan: str = PUBLIC_PAN, **more: Any) -> CardBalance:
    ticket = (await kiosk.ask(ReadCardForBalance())).ticket
    await kiosk.bring(pan, **more)
    return await told(kiosk, ticket)


def test_the_issuer_says_what_is_left_and_nothing_moves(platform_url: str, tmp_path: Path) -> None:
    """Nobody is known at this kiosk, and the card may be taken again."""

    async def story(stage: HolderStage) -> None:
        hall = stage.hall
        ticket = (await hall.ask(ReadCardForBalance())).ticket
        assert (await hall.ask(GetTerminal())).reading.purpose == "balance"
        assert (await told(hall, ticket)).state == "asked"
        stage.line.bank.next["balance"] = [Approved(retrieval_ref="", amount_fen=Fen(123_456))]
        await hall.bring(PUBLIC_PAN)
        found = await told(hall, ticket)
        assert found == CardBalance(state="told", kind="public_card", number_tail="2007", balance_fen=Fen(123_456))
        assert await hall.wanted() is None
        assert stage.line.bank.kinds().count("balance") == 1
        assert "purchase" not in stage.line.bank.kinds()
        assert await stage.one("SELECT count(*) FROM credential WHERE kind = 'public_card'") == 0, "nobody is bound"

    play(platform_url, tmp_path, story)


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        (Declined(code="55", tries_left=2), "declined", "55"),
        (Declined(code="77", reason="expired"), "pin_again", "77"),
        (NeverSent(), "unreachable", ""),
        (NO_ANSWER, "no_answer", ""),
        (Approved(retrieval_ref=""), "no_answer", ""),
    ],
)
def test_what_is_not_told_is_said(platform_url: str, tmp_path: Path, answer: Any, state: str, code: str) -> None:
    async def story(stage: HolderStage) -> None:
        stage.line.bank.next["balance"] = [answer]
        found = await read(stage.hall)
        assert (found.state, found.code, found.balance_fen) == (state, code, None)

    play(platform_url, tmp_path, story)


def test_only_the_screen_that_asked_is_told_and_only_for_a_while(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        hall, ward = stage.hall, stage.ward
        ticket = (await hall.ask(ReadCardForBalance())).ticket
        await hall.bring(PUBLIC_PAN)
        assert (await told(hall, ticket)).balance_fen == 100
        other = (await hall.ask(ReadCardToIdentify())).ticket
        request_id = ticket.partition(".")[0]
        for forged in (request_id, f"{request_id}.{'0' * 32}", "", other):
            with pytest.raises(TicketExpired):
                await told(hall, forged)
        with pytest.raises(TicketExpired):
            await hall.ask(IdentifyByCard(ticket=ticket))
        with pytest.raises(TicketExpired):
            await told(ward, ticket)
        stage.line.clock.at += timedelta(minutes=5)
        with pytest.raises(TicketExpired):
            await told(hall, ticket)

    play(platform_url, tmp_path, story)


def test_a_bank_card_is_not_asked_about_its_money(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        hall = stage.hall
        ticket = (await hall.ask(ReadCardForBalance())).ticket
        assert (await hall.ask(GetTerminal())).reading.kinds == ["public_card"]
        await hall.bring(BANK_PAN)
        assert (await hall.ask(GetTerminal())).reading.state == "not_taken"
        assert (await told(hall, ticket)).state == "asked"
        await hall.ask(ReadCardForBalance())
        await hall.ask(LeaveCard())
        assert await hall.wanted() is None
        assert "balance" not in stage.line.bank.kinds()

    play(platform_url, tmp_path, story)


def test_a_stripe_and_a_card_that_has_run_out_are_asked_nothing(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        assert (await read(stage.hall, entry_mode="stripe")).state == "stripe"
        assert (await read(stage.hall, expiry="2602")).state == "expired"
        assert "balance" not in stage.line.bank.kinds()

    play(platform_url, tmp_path, story)


def test_it_is_offered_where_such_cards_have_a_route(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        offers = {each.service: each.shut for each in (await stage.hall.ask(GetTerminal())).offers}
        assert offers["card_balance"] == "device", "this kiosk has no card terminal"

    play(platform_url, tmp_path, story)
