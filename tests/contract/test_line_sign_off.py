"""Sessions that people sign off, and batches that the bank has gone past."""

from dataclasses import replace
from pathlib import Path

import pytest
from line_desk import SLOT, Desk, at, play
from line_stage import BANK, CARD, NO_ANSWER, OUTPATIENT, SIGN_ON_FIRST, LineStage
from test_line_routine import NEXT, found

from yinyi.business.lines.errors import BankRefused, BankSilent, BatchIsOpen, BatchUnknown
from yinyi.business.lines.invariants import LineBatchesAreSettled
from yinyi.business.lines.messages_sessions import SettleBatch, SignOff, SignOn
from yinyi.business.lines.session_model import Approved, Batch, Declined, Settled, SignedOn
from yinyi.business.lines.session_model import Desk as AtBank
from yinyi.business.lines.session_store import ruled
from yinyi.business.lines.session_work import SIGNED_OFF
from yinyi.kernel.money import Fen

OFF = SignOff(**SLOT)


def test_a_session_is_signed_off_with_everything_in_order(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        line = desk.line
        await line.buy("p1", 1000)
        line.bank.next["purchase"] = [NO_ANSWER]
        await line.buy("doubt1", 500)
        view = await desk.ask(OFF)
        assert view.signed_off_at == desk.clock.now()
        assert line.bank.kinds()[-3:] == ["reverse", "settle", "sign_off"]
        assert [row["debit_fen"] for row in await line.rows("SELECT debit_fen FROM line_batch")] == [1000]
        assert await line.state("doubt1") == "reversed"
        assert isinstance(await line.buy("inpatient1", 100, line.inpatient), Approved), "the other one goes on"

    play(platform_url, tmp_path, story)


def test_nothing_is_bought_until_people_sign_it_on(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        line = desk.line
        await line.buy("p1", 1000)
        await desk.ask(OFF)
        said = len(line.bank.said)
        assert await line.sessions.pin_key(BANK, line.outpatient) == SIGNED_OFF
        assert await line.buy("p2", 100) == SIGNED_OFF
        assert await line.sessions.balance(BANK, line.outpatient, CARD) == SIGNED_OFF
        assert await line.state("p2") is None, "it has not left"
        desk.later(days=1)
        await desk.routine().round()
        assert OUTPATIENT not in [each.slot for each in line.bank.said[said:]], "not even the routine signs it on"
        view = await desk.ask(SignOn(**SLOT))
        assert (view.signed_off_at, view.must_sign_on) == (None, False)
        assert isinstance(await line.buy("p2", 100), Approved)

    play(platform_url, tmp_path, story)


def test_money_still_goes_back_where_it_was_signed_off(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        line = desk.line
        await line.buy("p1", 1000)
        await desk.ask(OFF)
        assert isinstance(await line.sessions.refund(BANK, "r1", "p1", Fen(400)), Approved)
        assert await line.buy("p2", 100) == SIGNED_OFF, "signed on for a refund, it is still signed off"
        desk.clock.at = at("00:30", NEXT)
        await desk.routine().round()
        rows = await line.rows("SELECT debit_fen, credit_fen FROM line_batch ORDER BY batch_no")
        assert [tuple(row) for row in rows] == [(1000, 0), (0, 400)]
        assert (await desk.outpatient()).signed_off_at is not None

    play(platform_url, tmp_path, story)


def test_a_bank_that_does_not_answer_has_not_signed_it_off(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.line.bank.next["sign_off"] = [NO_ANSWER, SIGN_ON_FIRST]
        await desk.line.buy("p1", 1000)
        with pytest.raises(BankSilent):
            await desk.ask(OFF, key="one")
        assert (await desk.outpatient()).signed_off_at is None
        assert (await desk.ask(OFF, key="one")).signed_off_at is not None, "it has signed it off already"
        said = len(desk.line.bank.said)
        await desk.ask(OFF, key="one")
        assert len(desk.line.bank.said) == said

    play(platform_url, tmp_path, story)


# ---- batches that the bank has gone past


def moved_on(line: LineStage, batch_no: int) -> None:
    """At the next sign-on the bank names this batch."""

    def signs(desk: AtBank) -> SignedOn:
        return replace(line.bank.keys(desk.slot), batch_no=batch_no)

    line.bank.next["sign_on"] = [signs]


async def left_behind(desk: Desk) -> None:
    await desk.line.buy("p1", 1000)
    moved_on(desk.line, 4)
    desk.later(seconds=1)
    await desk.ask(SignOn(**SLOT))


def test_a_batch_that_the_bank_has_gone_past_is_seen(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await left_behind(desk)
        view = await desk.outpatient()
        assert (view.batch_no, view.left_batches, view.host_batch_no) == (4, [1], None)
        assert await found(desk.line, LineBatchesAreSettled()) == [f"{OUTPATIENT} 1"]
        await desk.line.buy("p2", 200)
        assert desk.line.bank.said[-1].batch_no == 4
        with pytest.raises(BatchUnknown):
            await desk.ask(SettleBatch(**SLOT, batch_no=2))

    play(platform_url, tmp_path, story)


def test_so_is_one_of_which_people_found_out_later_that_there_is_money_in_it(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.buy("p1", 1000)
        await desk.ask(SettleBatch(**SLOT, batch_no=1))
        desk.line.bank.next["refund"] = [NO_ANSWER]
        await desk.line.sessions.refund(BANK, "back1", "p1", Fen(300))
        behind = (await desk.outpatient()).batch_no
        moved_on(desk.line, 9)
        desk.later(seconds=1)
        await desk.ask(SignOn(**SLOT))
        assert (await desk.outpatient()).left_batches == [], "nothing in it is known to have happened"
        for _ in range(2):
            async with desk.line.database.transaction() as tx:
                assert await ruled(tx, 1, "back1", desk.clock.now(), happened=True)
            assert (await desk.outpatient()).left_batches == [behind]
        assert (await desk.ask(SettleBatch(**SLOT, batch_no=behind))).credit_fen == 300
        assert (await desk.outpatient()).left_batches == []

    play(platform_url, tmp_path, story)


def test_people_settle_it_with_the_bank(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await left_behind(desk)
        await desk.line.buy("p2", 200)
        desk.line.bank.next["settle"] = [Declined(code="12"), Settled(balanced=False)]
        with pytest.raises(BankRefused):
            await desk.ask(SettleBatch(**SLOT, batch_no=1))
        batch = await desk.ask(SettleBatch(**SLOT, batch_no=1))
        assert (batch.state, batch.debit_fen, batch.balanced, batch.uploaded) == ("settled", 1000, False, 0)
        assert (desk.line.bank.said[-1].kind, desk.line.bank.said[-1].batch_no) == ("settle", 1)
        view = await desk.outpatient()
        assert (view.batch_no, view.left_batches, view.must_sign_on) == (4, [], False), "ours is open as before"
        assert await found(desk.line, LineBatchesAreSettled()) == []
        assert (await desk.ask(SettleBatch(**SLOT, batch_no=4))).debit_fen == 200

    play(platform_url, tmp_path, story)


def test_or_the_statement_tells(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await left_behind(desk)
        with pytest.raises(BatchIsOpen):
            await desk.ask(SettleBatch(**SLOT, batch_no=4, by_statement=True))
        with pytest.raises(BatchUnknown):
            await desk.ask(SettleBatch(**SLOT, batch_no=3, by_statement=True))
        said = len(desk.line.bank.said)
        batch = await desk.ask(SettleBatch(**SLOT, batch_no=1, by_statement=True))
        assert (batch.state, batch.balanced, len(desk.line.bank.said)) == ("settled", False, said)
        assert (await desk.outpatient()).left_batches == []

    play(platform_url, tmp_path, story)


def test_a_bank_that_has_gone_past_an_empty_batch_leaves_nothing(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        moved_on(desk.line, 9)
        await desk.line.buy("p1", 100)
        view = await desk.outpatient()
        assert (view.batch_no, view.left_batches) == (9, [])

    play(platform_url, tmp_path, story)


def test_what_the_routine_was_to_settle_is_settled_though_the_bank_has_gone_past_it(
    platform_url: str, tmp_path: Path
) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.buy("p1", 1000)
        desk.clock.at = at("00:30", NEXT)
        moved_on(desk.line, 2)
        batch = await desk.line.sessions.settle(BANK, desk.line.outpatient, 1)
        assert isinstance(batch, Batch)
        assert (batch.batch_no, batch.totals.debit_fen) == (1, 1000)
        view = await desk.outpatient()
        assert (view.batch_no, view.left_batches) == (2, [])

    play(platform_url, tmp_path, story)


def test_a_bank_whose_batch_is_behind_ours_is_seen(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.rows("UPDATE line_session SET batch_no = 7 WHERE session_id = $1", desk.line.outpatient)
        moved_on(desk.line, 3)
        await desk.line.buy("p1", 100)
        view = await desk.outpatient()
        assert (view.batch_no, view.host_batch_no) == (7, 3), "ours never goes back"
        await desk.line.sessions.settle(BANK, desk.line.outpatient)
        assert (await desk.outpatient()).host_batch_no is None, "it has not been heard of the new one"

    play(platform_url, tmp_path, story)
