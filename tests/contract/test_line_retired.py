"""Sessions of terminals that were taken away for good: they end what is under way, sign off, and are quiet."""

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from bank_lab import INPATIENT as INPATIENT_AT_BANK
from bank_lab import OUTPATIENT as OUTPATIENT_AT_BANK
from bank_lab import TERMINAL
from line_desk import SLOT, Desk, Some, at, play
from line_stage import BANK, HOSPITAL, INPATIENT, NO_ANSWER, OUTPATIENT
from test_line_routine import A_HOSPITAL, numbers
from unionpay_lab import Hall
from unionpay_lab import play as play_at_bank

from yinyi.business.lines.line_hours import USUAL
from yinyi.business.lines.line_routine import LineRoutine
from yinyi.business.lines.messages_sessions import PutSession, ReverseNow
from yinyi.business.lines.session_model import Approved, Batch, Declined
from yinyi.kernel.money import Fen

NEXT, AFTER = date(2026, 3, 3), date(2026, 3, 4)
AT_NIGHT = "00:30"
REFUSED = Declined(code="12")
Say = Callable[[Desk], Awaitable[Any]]


async def morning(desk: Desk, day: date) -> list[str]:
    """What is said in the session by the time at which people come."""
    said = len(desk.line.bank.said)
    for hour in (AT_NIGHT, "05:00", "06:01", "06:02"):
        desk.clock.at = at(hour, day)
        await desk.routine().round()
    told = [each.kind for each in desk.line.bank.said[said:] if each.slot == OUTPATIENT]
    return told


def test_it_signs_off_once_its_day_is_settled_and_on_no_more(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.buy("p1", 1000)
        desk.terminals.gone = ["K03"]
        await desk.routine().round()
        view = await desk.outpatient()
        assert (view.retired, view.must_sign_on, view.settled_at) == (True, False, None), "its day is not over"
        assert "sign_off" not in desk.line.bank.kinds()
        assert await morning(desk, NEXT) == ["sign_on", "settle"], "the end of the batch ends the sign-on"
        assert await morning(desk, AFTER) == []
        view = await desk.outpatient()
        assert (view.retired, view.must_sign_on, view.signed_off_at) == (True, True, None)

    play(platform_url, tmp_path, story)


def test_one_without_money_signs_off_at_once_and_once(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.sessions.sign_on(BANK, desk.line.outpatient)
        desk.terminals.gone = ["K03"]
        for _ in range(2):
            await desk.routine().round()
        assert [each.kind for each in desk.line.bank.said if each.slot == OUTPATIENT] == ["sign_on", "sign_off"]
        assert await morning(desk, NEXT) == []

    play(platform_url, tmp_path, story)


def test_what_is_stuck_goes_first_however_long_people_take(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        bank = desk.line.bank
        bank.next["purchase"], bank.next["reverse"] = [NO_ANSWER], [REFUSED]
        await desk.line.buy("doubt1", 500)
        await desk.line.sessions.reverse("doubt1", at_once=True)
        assert await desk.line.state("doubt1") == "stuck"
        desk.terminals.gone = ["K03"]
        assert await morning(desk, NEXT) == []
        assert (await desk.outpatient()).stuck == 1
        assert (await desk.ask(ReverseNow(reference="doubt1"))).state == "reversed"
        await desk.routine().round()
        assert bank.kinds()[-2:] == ["reverse", "sign_off"]

    play(platform_url, tmp_path, story)


def test_money_goes_back_there_and_it_is_quiet_again(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.buy("p1", 1000)
        desk.terminals.gone = ["K03"]
        await morning(desk, NEXT)
        assert isinstance(await desk.line.sessions.refund(BANK, "r1", "p1", Fen(400)), Approved)
        assert await morning(desk, AFTER) == ["sign_on", "settle"]
        rows = await desk.line.rows("SELECT debit_fen, credit_fen FROM line_batch ORDER BY batch_no")
        assert [tuple(row) for row in rows] == [(1000, 0), (0, 400)]

    play(platform_url, tmp_path, story)


async def _moves(desk: Desk) -> None:
    whose: dict[str, Any] = {"terminal_id": "K04", "scope": "outpatient", "merchant_name": "云山市人民医院 门诊"}
    assert not (await desk.ask(PutSession(**SLOT, **whose))).retired


async def _comes_back(desk: Desk) -> None:
    desk.terminals.gone = []


@pytest.mark.parametrize("goes_on", [_moves, _comes_back])
def test_at_a_terminal_that_is_there_it_goes_on(platform_url: str, tmp_path: Path, goes_on: Say) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.sessions.sign_on(BANK, desk.line.outpatient)
        desk.terminals.gone = ["K03"]
        await desk.routine().round()
        await goes_on(desk)
        assert await morning(desk, NEXT) == ["sign_on"]
        view = await desk.outpatient()
        assert (view.retired, view.must_sign_on) == (False, False)
        assert isinstance(await desk.line.buy("p1", 1000), Approved)

    play(platform_url, tmp_path, story)


def test_a_bank_that_does_not_answer_is_told_again(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.sessions.sign_on(BANK, desk.line.outpatient)
        desk.terminals.gone = ["K03"]
        desk.line.bank.next["sign_off"] = [NO_ANSWER]
        routine = desk.routine()
        await routine.round()
        await routine.round()
        assert desk.line.bank.kinds().count("sign_off") == 1, "it is left alone for a while"
        desk.later(seconds=61)
        await routine.round()
        assert desk.line.bank.kinds().count("sign_off") == 2
        assert (await desk.outpatient()).must_sign_on

    play(platform_url, tmp_path, story)


def test_it_is_no_figure_that_has_to_be_signed_on(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.rows(A_HOSPITAL)
        await desk.line.rows("UPDATE line_session SET terminal_id = 'K04' WHERE session_id = $1", desk.line.inpatient)
        desk.terminals.gone = ["K03"]
        await desk.routine().round()
        shown = await numbers(desk)
        assert [shown[each] for each in ("line_sessions", "line_sessions_signed_on", "line_session_signed_on")] == [
            {BANK: 1},
            {BANK: 1},
            {str(INPATIENT): 1},
        ]

    play(platform_url, tmp_path, story)


# ---- with the sandbox's bank


@pytest.mark.parametrize("dialect", ["cup_pos", "cup_ascii"])
def test_the_bank_has_signed_it_off(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        terminals, outpatient = Some(), it.by_merchant[OUTPATIENT_AT_BANK]
        routine = LineRoutine(it.database, it.sessions, it.bank.clock, HOSPITAL, USUAL, "here:1", terminals)
        assert isinstance(await it.buy("p1", 5000), Approved)
        assert isinstance(await it.sessions.sign_on(BANK, it.by_merchant[INPATIENT_AT_BANK]), Approved)
        terminals.gone = ["K03"]
        await routine.round()
        assert signed_on(it, INPATIENT_AT_BANK) == "", "nothing was under way"
        assert signed_on(it, OUTPATIENT_AT_BANK), "its batch is open"
        assert isinstance(await it.sessions.settle(BANK, outpatient), Batch)
        assert isinstance(await it.sessions.refund(BANK, "r1", "p1", Fen(2000)), Approved)
        assert isinstance(await it.sessions.settle(BANK, outpatient), Batch)
        said = len(await said_in(it, outpatient))
        await routine.round()
        assert len(await said_in(it, outpatient)) == said, "the end of a batch is the end of its sign-on"

    play_at_bank(platform_url, tmp_path, dialect, story)


def signed_on(it: Hall, merchant_no: str) -> str:
    """The day on which the bank has signed it on; empty: it has not, or off since."""
    found = it.bank.bank.store.session(merchant_no, TERMINAL)
    assert found is not None
    return found.signed_on


async def said_in(it: Hall, session_id: int) -> list[Any]:
    async with it.database.read() as tx:
        return await tx.fetch("SELECT FROM line_message WHERE session_id = $1", session_id)
