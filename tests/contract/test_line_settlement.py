"""Batch settlement: totals of what was approved, details where the host differs, then a new batch."""

from pathlib import Path

from line_stage import BANK, CARD, NO_ANSWER, LineStage, play
from msgspec.structs import replace

from yinyi.business.lines.session_model import Approved, Batch, Declined, NeverSent, NoAnswer, Settled, Totals
from yinyi.business.lines.sessions import NOT_HERE
from yinyi.kernel.money import Fen


async def a_day(stage: LineStage) -> None:
    """Three purchases, one reversed, one voided, one partly refunded; one declined."""
    await stage.buy("a1", 1000)
    await stage.buy("b1", 2000)
    await stage.buy("c1", 3000)
    stage.bank.next["purchase"] = [Declined(code="51"), NO_ANSWER]
    await stage.buy("d1", 500)
    await stage.buy("e1", 700)
    await stage.sessions.void(BANK, "b2", "b1")
    await stage.sessions.refund(BANK, "c2", "c1", Fen(1200))


SUMS = Totals(debit_fen=Fen(6000), debits=3, credit_fen=Fen(3200), credits=2)


def test_a_balanced_batch_is_closed(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await a_day(stage)
        batch = await stage.sessions.settle(BANK, stage.outpatient)
        assert batch == Batch(batch_no=1, totals=SUMS, balanced=True)
        assert stage.bank.said[-1].what == SUMS
        await stage.buy("next1")
        assert stage.bank.kinds()[-2:] == ["sign_on", "purchase"]
        assert stage.bank.said[-1].batch_no == 2
        assert await stage.sessions.void(BANK, "v1", "a1") is NOT_HERE, "its batch is settled"
        assert isinstance(await stage.sessions.refund(BANK, "r1", "a1", Fen(1)), Approved)

    play(platform_url, tmp_path, story)


def test_a_batch_that_differs_is_uploaded_in_pieces(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        for number in range(10):
            await stage.buy(f"many{number}", 100 + number)
        stage.bank.next["settle"] = [Settled(balanced=False)]
        batch = await stage.sessions.settle(BANK, stage.outpatient)
        assert isinstance(batch, Batch)
        assert (batch.balanced, batch.uploaded) == (False, 10)
        uploads = [each.what for each in stage.bank.said if each.kind == "upload"]
        assert [len(each) for each in uploads] == [8, 2]
        assert [each.amount_fen for piece in uploads for each in piece] == [100 + number for number in range(10)]
        assert {each.pan for piece in uploads for each in piece} == {CARD.pan}
        assert stage.bank.said[-1].kind == "end_upload"
        assert stage.bank.said[-1].what == 10

    play(platform_url, tmp_path, story)


def test_a_host_that_wants_to_hear_the_end_of_a_balanced_batch_hears_it(platform_url: str, tmp_path: Path) -> None:
    """What it says to that changes nothing: it has settled."""

    async def story(stage: LineStage) -> None:
        stage.bank.habits = replace(stage.bank.habits, ends_balanced=True)
        await a_day(stage)
        stage.bank.next["end_balanced"] = [NO_ANSWER]
        assert await stage.sessions.settle(BANK, stage.outpatient) == Batch(batch_no=1, totals=SUMS, balanced=True)
        assert stage.bank.kinds()[-2:] == ["settle", "end_balanced"]
        stage.bank.next["settle"] = [Settled(balanced=False)]
        await stage.sessions.settle(BANK, stage.outpatient)
        assert stage.bank.kinds()[-1] == "end_upload"

    play(platform_url, tmp_path, story)


def test_without_an_answer_the_batch_stays_open_and_is_settled_again(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await a_day(stage)
        stage.bank.next["settle"] = [NO_ANSWER, Settled(balanced=False)]
        stage.bank.next["upload"] = [NO_ANSWER]
        assert isinstance(await stage.sessions.settle(BANK, stage.outpatient), NoAnswer)
        assert isinstance(await stage.sessions.settle(BANK, stage.outpatient), NoAnswer), "in the middle of an upload"
        assert await stage.rows("SELECT FROM line_batch") == []
        assert await stage.sessions.settle(BANK, stage.outpatient) == Batch(batch_no=1, totals=SUMS, balanced=True)
        rows = await stage.rows("SELECT batch_no, debit_fen, credit_fen, balanced FROM line_batch")
        assert [tuple(row) for row in rows] == [(1, 6000, 3200, True)]

    play(platform_url, tmp_path, story)


def test_what_is_in_doubt_is_reversed_before_the_totals(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await stage.buy("a1", 1000)
        stage.bank.next["purchase"] = [NO_ANSWER]
        stage.bank.next["reverse"] = [NO_ANSWER]
        await stage.buy("b1", 2000)
        assert isinstance(await stage.sessions.settle(BANK, stage.outpatient), NeverSent)
        batch = await stage.sessions.settle(BANK, stage.outpatient)
        assert isinstance(batch, Batch)
        assert batch.totals == Totals(debit_fen=Fen(1000), debits=1)
        assert await stage.state("b1") == "reversed"

    play(platform_url, tmp_path, story)
