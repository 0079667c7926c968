"""A batch is settled before it holds more than a settlement can count, and nobody's purchase is lost by it."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from dispatch_stage import SimClock
from line_desk import Desk, play, routine_of
from line_stage import BANK, NO_ANSWER, OUTPATIENT, LineStage

from yinyi.access.payment.unionpay import messages
from yinyi.access.payment.unionpay.config import MOST_IN_BATCH, Address, Settings
from yinyi.access.payment.unionpay.plugin import UnionPay
from yinyi.business.lines.session_model import FULL_BATCH, Approved, PinKey, Totals
from yinyi.business.lines.session_model import Desk as AtBank
from yinyi.business.lines.session_work import FULL
from yinyi.kernel.plugin import Surroundings


async def bought(line: LineStage, many: int) -> None:
    """So many purchases more of 100 fen in the open batch, which has one."""
    await line.rows(
        "WITH had AS (UPDATE line_session SET trace_no = trace_no + $2 WHERE session_id = $1"
        " RETURNING trace_no, batch_no, epoch)"
        " INSERT INTO line_message (hospital_id, session_id, batch_no, trace_no, epoch, kind, reference, amount_fen,"
        " state, sent_at) SELECT 1, $1, had.batch_no, n, had.epoch, 'purchase', 'bulk' || n, 100, 'approved', $3"
        " FROM had, generate_series(had.trace_no - $2 + 1, had.trace_no) AS n",
        *(line.outpatient, many, line.clock.now()),
    )


async def settled(line: LineStage) -> list[tuple[int, int, int]]:
    rows = await line.rows("SELECT batch_no, debits, debit_fen FROM line_batch ORDER BY batch_no")
    return [tuple(row) for row in rows]


def test_a_batch_that_is_nearly_full_is_settled_by_itself(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.line.bank.habits = msgspec.structs.replace(desk.line.bank.habits, most_in_batch=3)
        for number in range(1, 8):
            assert isinstance(await desk.line.buy(f"p{number}", 100 * number), Approved)
            other = routine_of(desk.line, desk.line.another_process(), "there:2")
            await asyncio.gather(desk.routine().round(), other.round())
        assert await settled(desk.line) == [(1, 3, 600), (2, 3, 1500)]
        assert [each.trace_no for each in desk.line.bank.said if each.kind == "purchase"] == sorted(
            {each.trace_no for each in desk.line.bank.said if each.kind == "purchase"}
        )
        assert (await desk.outpatient()).batch_no == 3

    play(platform_url, tmp_path, story)


def test_messages_that_move_nothing_do_not_fill_a_batch(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.line.bank.habits = msgspec.structs.replace(desk.line.bank.habits, most_in_batch=3)
        await desk.line.buy("p1", 100)
        for _ in range(5):
            await desk.line.sessions.echo(BANK, desk.line.outpatient)
        await desk.routine().round()
        assert await settled(desk.line) == []
        await desk.line.rows("UPDATE line_session SET trace_no = 5000 WHERE session_id = $1", desk.line.outpatient)
        assert isinstance(await desk.line.buy("p2", 100), Approved), "so many numbers are gaps"

    play(platform_url, tmp_path, story)


def test_in_a_full_batch_nothing_is_bought_before_it_is_settled(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        line = desk.line
        await line.buy("p1", 100)
        await bought(line, FULL_BATCH - 2)
        assert isinstance(await line.buy("last1", 100), Approved)
        assert await line.buy("next1", 100) == FULL
        assert await line.state("next1") is None, "it has not left, and may go again"
        line.bank.next["settle"] = [NO_ANSWER]
        assert await line.sessions.pin_key(BANK, line.outpatient) == FULL
        assert isinstance(await line.sessions.pin_key(BANK, line.outpatient), PinKey), "it is settled for the next one"
        assert await settled(line) == [(1, FULL_BATCH, 100 * FULL_BATCH)]
        assert isinstance(await line.buy("next1", 100), Approved)
        assert line.bank.said[-1].batch_no == 2

    play(platform_url, tmp_path, story)


def test_a_full_batch_fits_its_settlement() -> None:
    desk = AtBank(OUTPATIENT, 1, 1, SimClock().now())
    said = messages.settle(desk, Totals(debits=FULL_BATCH, credits=FULL_BATCH), "01", has_mac=False)
    assert said.text(48)[12:15] == said.text(48)[27:30] == str(FULL_BATCH)


def test_how_full_is_a_setting_of_the_profile() -> None:
    def connector(**more: Any) -> UnionPay:
        settings = Settings(name="bank", addresses=(Address(host="127.0.0.1", port=9),), **more)
        return UnionPay(settings, Surroundings(clock=SimClock(), callback_url=""))

    assert connector().habits.most_in_batch == 900
    assert connector(most_in_batch=50).habits.most_in_batch == 50
    with pytest.raises(ValueError, match="most_in_batch"):
        connector(most_in_batch=MOST_IN_BATCH + 1)
