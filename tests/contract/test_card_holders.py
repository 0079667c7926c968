"""Cards that identify: bound once their bank vouches for them, and then a medium like any other."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from holder_stage import BANK_PAN, PUBLIC_PAN, SOCIAL_PAN, HolderStage, play
from line_stage import NO_ANSWER

from yinyi.bus.operation import Caller
from yinyi.business.identity.errors import TicketExpired
from yinyi.business.identity.messages import EndSession, ListCredentials, UnbindCredential
from yinyi.business.identity.messages_cards import (
    CardIdentified,
    GetCardBinding,
    IdentifyByCard,
    LeaveCard,
    ReadCardToBind,
    ReadCardToIdentify,
)
from yinyi.business.lines.session_model import Card, Declined, Desk, LineAnswer, NeverSent
from yinyi.business.terminals.messages import GetTerminal, ReportCardTerminal
from yinyi.kernel.errors import ChannelUnavailable, NotFound, NotYours, SessionEnded

UNKNOWN = CardIdentified(state="unknown")


@pytest.mark.parametrize(
    ("pan", "kind"), [(BANK_PAN, "bank_card"), (PUBLIC_PAN, "public_card"), (SOCIAL_PAN, "social_security_card")]
)
def test_a_card_is_bound_by_its_pin_and_identifies_from_then_on(
    platform_url: str, tmp_path: Path, pan: str, kind: str
) -> None:
    async def story(stage: HolderStage) -> None:
        hall = stage.hall
        assert await hall.identified(pan) == UNKNOWN
        patient_id = await stage.comes(hall, "2021000001")
        bound = await hall.bound(pan)
        assert (bound.state, bound.kind, bound.number_tail) == ("bound", kind, pan[-4:])
        listed = (await hall.ask(ListCredentials())).credentials
        assert [(each.kind, each.number_masked[-4:]) for each in listed] == [(kind, pan[-4:])]
        assert set(listed[0].number_masked[:-4]) == {"*"}
        hall.session = ""
        found = await hall.identified(pan, entry_mode="contactless")
        assert found.identified is not None
        hall.session = found.identified.session_token
        assert len((await hall.ask(ListCredentials())).credentials) == 1
        latest = "SELECT patient_id FROM patient_session ORDER BY session_id DESC LIMIT 1"
        assert await stage.one(latest) == patient_id

    play(platform_url, tmp_path, story)


def test_no_money_is_asked_for_and_the_bank_is_asked_only_to_bind(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        hall = stage.hall
        await hall.ask(ReadCardToIdentify())
        asked = await hall.wanted()
        assert asked is not None
        assert (asked.purpose, asked.amount_fen, {route.pin_key for route in asked.routes}) == ("identify", 0, {b""})
        await hall.bring()
        assert stage.line.bank.said == []
        await stage.comes(hall, "2021000001")
        await hall.bound()
        assert stage.line.bank.kinds() == ["sign_on", "balance"]
        assert await stage.one("SELECT count(*) FROM payment") == 0

    play(platform_url, tmp_path, story)


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        (Declined(code="55"), "declined", "55"),
        (Declined(code="54"), "declined", "54"),
        (NO_ANSWER, "no_answer", ""),
        (NeverSent(), "unreachable", ""),
    ],
)
def test_what_the_bank_does_not_vouch_for_is_not_bound(
    platform_url: str, tmp_path: Path, answer: LineAnswer, state: str, code: str
) -> None:
    """An answer that may have been a yes is none; afterwards the same card can be tried again."""

    async def story(stage: HolderStage) -> None:
        hall = stage.hall
        await stage.comes(hall, "2021000001")
        stage.line.bank.next["balance"] = [answer]
        told = await hall.bound()
        assert (told.state, told.code) == (state, code)
        assert await stage.one("SELECT count(*) FROM credential") == 0
        assert (await hall.bound()).state == "bound"

    play(platform_url, tmp_path, story)


def test_a_pin_under_a_key_of_before_is_not_sent(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        await stage.comes(stage.hall, "2021000001")
        assert (await stage.hall.bound(pin_key_check=b"old")).state == "pin_again"
        assert "balance" not in stage.line.bank.kinds()

    play(platform_url, tmp_path, story)


def test_a_card_of_somebody_else_stays_his(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        await stage.comes(stage.hall, "2021000001")
        await stage.hall.bound()
        await stage.comes(stage.hall, "2021000002", "李红")
        assert (await stage.hall.bound()).state == "taken"
        assert (await stage.hall.ask(ListCredentials())).credentials == []

    play(platform_url, tmp_path, story)


def test_of_two_who_bind_one_card_at_once_one_has_it(platform_url: str, tmp_path: Path) -> None:
    """Both banks' answers are there at the same moment."""

    async def story(stage: HolderStage) -> None:
        hall, ward = stage.hall, stage.ward
        await stage.bank_knows(ward)
        await stage.comes(hall, "2021000001")
        await stage.comes(ward, "2021000002", "李红")
        begun = [await each.ask(ReadCardToBind()) for each in (hall, ward)]
        await asyncio.gather(hall.bring(), ward.bring())
        told = [await each.told(one.request_id) for each, one in zip((hall, ward), begun, strict=True)]
        assert sorted(each.state for each in told) == ["bound", "taken"]
        assert await stage.one("SELECT count(*) FROM credential WHERE unbound_at IS NULL") == 1

    play(platform_url, tmp_path, story)


def test_asked_again_it_is_the_same_request_and_the_card_is_bound_once(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        hall = stage.hall
        await stage.comes(hall, "2021000001")
        first = await hall.ask(ReadCardToBind(), key="the-same-key-twice")
        assert await hall.ask(ReadCardToBind(), key="the-same-key-twice") == first
        await hall.bring()
        await hall.bring_again()
        assert (await hall.told(first.request_id)).state == "bound"
        assert (await hall.ask(ReadCardToBind(), key="the-same-key-twice")).state == "bound"
        await hall.bring_again()
        assert await hall.wanted() is None, "nobody has it a second time"
        assert stage.line.bank.kinds().count("balance") == 1
        assert await stage.one("SELECT count(*) FROM audit WHERE detail LIKE '%bound%'") == 1

    play(platform_url, tmp_path, story)


def test_only_this_screen_and_this_patient_learn_of_it(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        hall, ward = stage.hall, stage.ward
        await stage.comes(hall, "2021000001")
        begun = await hall.ask(ReadCardToBind(), key="a-key-of-the-first")
        await hall.bring()
        await hall.told(begun.request_id)
        await stage.comes(ward, "2021000001")
        with pytest.raises(NotYours):
            await ward.ask(GetCardBinding(request_id=begun.request_id))
        await stage.comes(hall, "2021000002", "李红")
        with pytest.raises(NotYours):
            await hall.ask(GetCardBinding(request_id=begun.request_id))
        own = await hall.ask(ReadCardToBind(), key="a-key-of-the-first")
        assert own.request_id != begun.request_id, "a key is its own patient's"
        with pytest.raises(NotFound):
            await hall.ask(GetCardBinding(request_id="never-heard-of-it-at-all"))
        ticket = (await hall.ask(ReadCardToIdentify())).ticket
        await hall.bring()
        for wrong in (ticket[:-1] + ("0" if ticket[-1] != "0" else "1"), "", ticket.partition(".")[0]):
            with pytest.raises(TicketExpired):
                await hall.ask(IdentifyByCard(ticket=wrong))
        with pytest.raises(TicketExpired):
            await ward.ask(IdentifyByCard(ticket=ticket))
        known = await hall.ask(IdentifyByCard(ticket=ticket))
        assert known.state == "known"
        assert await hall.ask(IdentifyByCard(ticket=ticket)) == known, "however often it is asked"
        stage.line.clock.at += timedelta(minutes=5)
        with pytest.raises(TicketExpired):
            await hall.ask(IdentifyByCard(ticket=ticket))

    play(platform_url, tmp_path, story)


def test_who_has_gone_binds_nothing(platform_url: str, tmp_path: Path) -> None:
    """He leaves while the bank is still being asked; and a card that is read after he left is not even looked at."""

    async def story(stage: HolderStage) -> None:
        hall, gate, arrived = stage.hall, asyncio.Event(), asyncio.Event()
        await stage.comes(hall, "2021000001")
        plain = stage.line.bank.balance

        async def slow(desk: Desk, card: Card) -> LineAnswer:
            arrived.set()
            await gate.wait()
            return await plain(desk, card)

        stage.line.bank.balance = slow
        begun = await hall.ask(ReadCardToBind())
        await hall.bring()
        await arrived.wait()
        assert (await hall.ask(GetCardBinding(request_id=begun.request_id))).state == "checking"
        await hall.ask(EndSession())
        gate.set()
        await stage.business.pay_cards.come_home(20)
        assert await stage.one("SELECT state FROM card_inquiry") == "left"
        await stage.comes(hall, "2021000001")
        await hall.ask(ReadCardToBind())
        await hall.ask(EndSession())
        await hall.bring()
        hall.session = ""
        assert (await hall.ask(GetTerminal())).reading.state == "cancelled"
        assert stage.line.bank.kinds().count("balance") == 1
        with pytest.raises(SessionEnded):
            await hall.ask(ReadCardToBind())

    play(platform_url, tmp_path, story)


def test_an_answer_that_never_comes_is_told_in_the_end(platform_url: str, tmp_path: Path) -> None:
    """The process that asked has died. What it would write afterwards counts for nothing."""

    async def story(stage: HolderStage) -> None:
        hall, gate = stage.hall, asyncio.Event()
        await stage.comes(hall, "2021000001")
        plain = stage.line.bank.balance

        async def slow(desk: Desk, card: Card) -> LineAnswer:
            await gate.wait()
            return await plain(desk, card)

        stage.line.bank.balance = slow
        begun = await hall.ask(ReadCardToBind())
        await hall.bring()
        stage.line.clock.at += timedelta(minutes=4)
        assert (await hall.ask(GetCardBinding(request_id=begun.request_id))).state == "no_answer"
        gate.set()
        assert (await hall.told(begun.request_id)).state == "no_answer"
        assert await stage.one("SELECT count(*) FROM credential") == 0

    play(platform_url, tmp_path, story)


def test_tries_are_counted(platform_url: str, tmp_path: Path) -> None:
    """Five of one card within a quarter of an hour, whatever they were for; one that succeeds does not count."""

    async def story(stage: HolderStage) -> None:
        hall = stage.hall
        states = [(await hall.identified()).state for _ in range(6)]
        assert states == [*["unknown"] * 5, "too_many_tries"]
        await stage.comes(hall, "2021000001")
        assert (await hall.bound()).state == "too_many_tries"
        assert "balance" not in stage.line.bank.kinds()
        stage.line.clock.at += timedelta(minutes=15)
        await stage.comes(hall, "2021000001")
        stage.line.bank.next["balance"] = [Declined(code="55")] * 4
        states = [(await hall.bound()).state for _ in range(5)]
        assert states == [*["declined"] * 4, "bound"]
        assert [(await hall.identified()).state for _ in range(3)] == ["known"] * 3

    play(platform_url, tmp_path, story)


def test_a_terminal_tries_only_so_many_cards(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        states = [(await stage.hall.identified(f"62999100000000{at:05}")).state for at in range(21)]
        assert states == [*["unknown"] * 20, "too_many_tries"]

    play(platform_url, tmp_path, story)


def test_stripes_and_cards_that_have_run_out_count_for_nothing(platform_url: str, tmp_path: Path) -> None:
    """It is March 2026: a card that ends with that month still counts."""

    async def story(stage: HolderStage) -> None:
        hall = stage.hall
        await stage.comes(hall, "2021000001")
        assert (await hall.bound(expiry="2602")).state == "expired"
        assert (await hall.bound(entry_mode="stripe")).state == "stripe"
        assert "balance" not in stage.line.bank.kinds()
        assert (await hall.bound(expiry="2603")).state == "bound"
        assert (await hall.identified(expiry="2602")).state == "expired"
        assert (await hall.identified(entry_mode="stripe")).state == "stripe"
        assert (await hall.identified(expiry="2603")).state == "known"

    play(platform_url, tmp_path, story)


def test_kinds_that_the_hospital_does_not_want_are_not_taken(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        hall = stage.hall
        await hall.ask(ReadCardToIdentify())
        request = await hall.wanted()
        assert request is not None
        assert {route.channel: route.taken for route in request.routes} == {
            "public_card": True,
            "bank_card": False,
            "social_security_card": False,
        }
        assert (await hall.ask(GetTerminal())).identity_cards == ["public_card"]
        await hall.bring(BANK_PAN)
        assert (await hall.ask(GetTerminal())).reading.state == "not_taken"

    play(platform_url, tmp_path, story, kinds=("public_card",))


def test_where_no_card_identifies_none_is_asked_for(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        with pytest.raises(ChannelUnavailable):
            await stage.hall.ask(ReadCardToIdentify())

    play(platform_url, tmp_path, story, kinds=())


def test_left_and_cancelled(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        hall = stage.hall
        ticket = (await hall.ask(ReadCardToIdentify())).ticket
        assert (await hall.ask(GetTerminal())).reading.purpose == "identify"
        await hall.ask(LeaveCard())
        assert await hall.wanted() is None
        assert (await hall.ask(IdentifyByCard(ticket=ticket))).state == "asked"
        await hall.ask(ReadCardToIdentify())
        request = await hall.wanted()
        assert request is not None
        step = ReportCardTerminal(
            epoch=hall.epoch, event_id="e-cancelled", request_id=request.request_id, step="cancelled"
        )
        await stage.ask(Caller.TERMINAL, step, terminal=hall.agent)
        assert (await hall.ask(GetTerminal())).reading.state == "cancelled"

    play(platform_url, tmp_path, story)


def test_taken_off_it_identifies_nobody(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        hall = stage.hall
        await stage.comes(hall, "2021000001")
        await hall.bound()
        await hall.bound(PUBLIC_PAN)
        card, _ = (await hall.ask(ListCredentials())).credentials
        await hall.ask(UnbindCredential(credential_id=card.credential_id))
        assert await hall.identified() == UNKNOWN
        assert (await hall.identified(PUBLIC_PAN)).state == "known"

    play(platform_url, tmp_path, story)


def test_no_number_is_kept_or_logged_in_the_clear(
    platform_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(stage: HolderStage) -> None:
        await stage.comes(stage.hall, "2021000001")
        await stage.hall.bound()
        await stage.hall.identified()
        tables = await stage.one("SELECT array_agg(tablename::text) FROM pg_tables WHERE schemaname = 'public'")
        for table in tables:
            text = await stage.one(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            assert BANK_PAN not in text, table
            assert BANK_PAN.encode().hex() not in text, table

    play(platform_url, tmp_path, story)
    said = capsys.readouterr().out
    assert "card_checked" in said
    assert BANK_PAN not in said
