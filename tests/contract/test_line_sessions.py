"""POS sessions: numbers, claims, reversals before anything else, sign-on, late answers; on a real database."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from line_stage import BANK, CARD, INPATIENT, NO_ANSWER, OUTPATIENT, SIGN_ON_FIRST, LineStage, play

from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.session_model import (
    Approved,
    Batch,
    Declined,
    Desk,
    LineAnswer,
    MessageNo,
    NeverSent,
    NoAnswer,
)
from yinyi.business.lines.sessions import BUSY, NOT_HERE
from yinyi.kernel.money import Fen

OVER = timedelta(seconds=66)
"""A claim for one exchange has run out by then."""


def dies(_: Desk) -> LineAnswer:
    raise asyncio.CancelledError


def test_the_first_purchase_of_a_day_signs_on(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        answer = await stage.buy("first1")
        assert isinstance(answer, Approved)
        assert isinstance(await stage.buy("second1"), Approved)
        assert stage.bank.kinds() == ["sign_on", "purchase", "purchase"]
        assert [each.trace_no for each in stage.bank.said] == [1, 2, 3]
        standing = await stage.sessions.standing("first1")
        assert standing is not None
        assert (standing.state, standing.code, standing.answer) == ("approved", "00", answer)
        stage.clock.at += timedelta(days=1)
        await stage.buy("third1")
        assert stage.bank.kinds()[3:] == ["sign_on", "purchase"]

    play(platform_url, tmp_path, story)


def test_outpatient_and_inpatient_share_nothing_on_one_terminal(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        assert await stage.sessions.choose("K03", BANK, "outpatient") == stage.outpatient
        assert await stage.sessions.choose("K03", BANK, "inpatient") == stage.inpatient
        assert await stage.sessions.choose("K03", BANK, "dental") is None
        await stage.buy("out1", session=stage.outpatient)
        await stage.buy("in1", session=stage.inpatient)
        await stage.buy("out2", session=stage.outpatient)
        spoken = [(each.kind, each.slot, each.trace_no) for each in stage.bank.said]
        assert spoken == [
            ("sign_on", OUTPATIENT, 1),
            ("purchase", OUTPATIENT, 2),
            ("sign_on", INPATIENT, 1),
            ("purchase", INPATIENT, 2),
            ("purchase", OUTPATIENT, 3),
        ]

    play(platform_url, tmp_path, story)


def test_one_transaction_at_a_time_in_a_session_whoever_asks(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await stage.buy("before1")
        stage.bank.gate = asyncio.Event()
        first = asyncio.create_task(stage.buy("slow1"))
        await stage.bank.arrived.wait()
        other = stage.another_process()
        assert await other.purchase(BANK, stage.outpatient, "second1", Fen(1), CARD) is BUSY
        assert await other.reverse("slow1") == "sent"
        standing = await other.standing("slow1")
        assert standing is not None
        assert standing.under_way
        stage.bank.gate.set()
        assert isinstance(await first, Approved)
        assert isinstance(await other.purchase(BANK, stage.outpatient, "second1", Fen(1), CARD), Approved)
        assert [each.trace_no for each in stage.bank.said] == [1, 2, 3, 4]

    play(platform_url, tmp_path, story)


def test_a_reversal_goes_before_the_next_transaction(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await stage.buy("before1")
        stage.bank.next["purchase"] = [NO_ANSWER]
        assert isinstance(await stage.buy("lost1", 7700), NoAnswer)
        assert await stage.state("lost1") == "in_doubt"
        assert isinstance(await stage.buy("next1"), Approved)
        assert stage.bank.kinds() == ["sign_on", "purchase", "purchase", "reverse", "purchase"]
        reversal = stage.bank.said[3]
        original, why, tries = reversal.what
        assert (reversal.trace_no, original.amount_fen, why, tries) == (3, 7700, "no_answer", 0)
        assert (original.card.pan, original.card.chip_data) == (CARD.pan, CARD.chip_data)
        assert original.card.pin_block == b""
        assert await stage.state("lost1") == "reversed"

    play(platform_url, tmp_path, story)


def test_a_wrong_mac_is_reversed_for_that_reason(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [NoAnswer(why="bad_mac")]
        await stage.buy("forged1")
        assert await stage.sessions.reverse("forged1") == "reversed"
        assert stage.bank.said[-1].what[1] == "bad_mac"
        assert await stage.sessions.reverse("forged1") == "reversed"
        assert stage.bank.kinds().count("reverse") == 1, "what is reversed is not reversed again"

    play(platform_url, tmp_path, story)


def test_a_reversal_without_answer_holds_up_its_own_session_only_and_not_for_ever(
    platform_url: str, tmp_path: Path
) -> None:
    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [NO_ANSWER]
        stage.bank.next["reverse"] = [NO_ANSWER] * 4
        await stage.buy("lost1")
        for tries in range(2):
            assert isinstance(await stage.buy("held1"), NeverSent)
            assert stage.bank.said[-1].what[2] == tries
            assert await stage.state("lost1") == "in_doubt"
        assert isinstance(await stage.buy("other1", session=stage.inpatient), Approved)
        assert isinstance(await stage.buy("held1"), Approved), "after the third people look into it"
        assert await stage.state("lost1") == "stuck"
        assert await stage.sessions.reverse("lost1") == "stuck", "it is tried again when somebody wants it"
        assert stage.bank.kinds().count("reverse") == 4
        assert await stage.sessions.reverse("lost1") == "reversed"

    play(platform_url, tmp_path, story)


def test_a_reversal_that_never_left_was_no_try(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [NO_ANSWER]
        stage.bank.next["reverse"] = [NeverSent(detail="the line is down")] * 5
        await stage.buy("lost1")
        for _ in range(5):
            assert await stage.sessions.reverse("lost1") == "in_doubt"
        assert await stage.sessions.reverse("lost1") == "reversed"
        assert stage.bank.said[-1].what[2] == 0

    play(platform_url, tmp_path, story)


def test_a_reversal_that_the_bank_refuses_is_for_people(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [NO_ANSWER]
        stage.bank.next["reverse"] = [Declined(code="12", reason="bad_request")]
        await stage.buy("lost1")
        assert await stage.sessions.reverse("lost1") == "stuck"
        standing = await stage.sessions.standing("lost1")
        assert standing is not None
        assert standing.code == "12"

    play(platform_url, tmp_path, story)


def test_a_reversal_that_the_bank_cannot_do_just_now_goes_again(platform_url: str, tmp_path: Path) -> None:
    """As often as one without an answer."""

    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [NO_ANSWER, NO_ANSWER]
        busy = Declined(code="90", may_retry=True)
        stage.bank.next["reverse"] = [busy, busy, Approved(retrieval_ref=""), busy, busy, busy]
        await stage.buy("lost1")
        assert [await stage.sessions.reverse("lost1") for _ in range(3)] == ["in_doubt", "in_doubt", "reversed"]
        await stage.buy("lost2")
        assert [await stage.sessions.reverse("lost2") for _ in range(3)] == ["in_doubt", "in_doubt", "stuck"]

    play(platform_url, tmp_path, story)


def test_a_process_that_dies_leaves_a_reversal_behind(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await stage.buy("before1")
        stage.bank.next["purchase"] = [dies]
        died = asyncio.create_task(stage.buy("dead1"))
        await asyncio.wait([died])
        other = stage.another_process()
        assert await other.purchase(BANK, stage.outpatient, "next1", Fen(1), CARD) is BUSY
        assert await other.reverse("dead1") == "sent", "its claim may still be alive"
        stage.clock.at += OVER
        assert isinstance(await other.purchase(BANK, stage.outpatient, "next1", Fen(1), CARD), Approved)
        assert stage.bank.kinds()[-2:] == ["reverse", "purchase"]
        assert await stage.state("dead1") == "reversed"

    play(platform_url, tmp_path, story)


def test_whoever_was_believed_dead_writes_nothing(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await stage.buy("before1")
        stage.bank.gate = asyncio.Event()
        asleep = asyncio.create_task(stage.buy("asleep1"))
        await stage.bank.arrived.wait()
        stage.clock.at += OVER
        other = stage.another_process()
        assert await other.reverse("asleep1") == "reversed"
        stage.bank.gate.set()
        assert isinstance(await asleep, NoAnswer), "it was approved, and reversed meanwhile"
        assert await stage.state("asleep1") == "reversed"
        assert isinstance(await stage.buy("next1"), Approved)

    play(platform_url, tmp_path, story)


def test_what_never_left_is_a_gap_and_no_doubt(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await stage.buy("before1")
        stage.bank.next["purchase"] = [NeverSent(detail="the line is down")]
        assert isinstance(await stage.buy("gap1"), NeverSent)
        assert await stage.state("gap1") is None
        assert isinstance(await stage.buy("gap1"), Approved), "the same may be sent again, under a new number"
        assert "reverse" not in stage.bank.kinds()
        rows = await stage.rows("SELECT trace_no, state FROM line_message ORDER BY trace_no")
        assert [tuple(row) for row in rows] == [
            (1, "approved"), (2, "approved"), (3, "never_sent"), (4, "approved"),
        ]  # fmt: skip

    play(platform_url, tmp_path, story)


def test_the_host_may_want_a_sign_on_first(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await stage.buy("before1")
        stage.bank.next["purchase"] = [SIGN_ON_FIRST]
        assert isinstance(await stage.buy("again1"), Approved)
        assert stage.bank.kinds() == ["sign_on", "purchase", "purchase", "sign_on", "purchase"]
        assert await stage.state("again1") == "approved"
        stage.bank.next["purchase"] = [SIGN_ON_FIRST, SIGN_ON_FIRST]
        assert isinstance(await stage.buy("never1"), Declined)
        assert await stage.state("never1") == "declined"
        assert isinstance(await stage.buy("next1"), Approved)
        assert stage.bank.kinds()[-2:] == ["sign_on", "purchase"]

    play(platform_url, tmp_path, story)


def test_an_approval_may_ask_for_a_sign_on_afterwards(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [Approved(retrieval_ref="1", must_sign_on=True)]
        assert isinstance(await stage.buy("first1"), Approved)
        await stage.buy("second1")
        assert stage.bank.kinds() == ["sign_on", "purchase", "sign_on", "purchase"]

    play(platform_url, tmp_path, story)


def test_without_a_sign_on_nothing_is_sold(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        stage.bank.next["sign_on"] = [Declined(code="97", reason="not_permitted"), NO_ANSWER]
        for _ in range(2):
            assert isinstance(await stage.buy("first1"), NeverSent)
        assert await stage.state("first1") is None, "its reference is free"
        assert isinstance(await stage.buy("first1"), Approved)

    play(platform_url, tmp_path, story)


def test_keys_that_do_not_agree_with_their_check_values_are_not_used(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        elsewhere = stage.bank.keys(PosSession(BANK, "999999999999999", "10000001"))
        stage.bank.next["sign_on"] = [elsewhere]
        assert isinstance(await stage.buy("first1"), NeverSent)
        assert isinstance(await stage.buy("first1"), Approved)
        assert stage.bank.kinds() == ["sign_on", "sign_on", "purchase"]

    play(platform_url, tmp_path, story)


def test_an_answer_that_comes_late_settles_what_no_reversal_has_left_for(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [NO_ANSWER, NO_ANSWER, NO_ANSWER]
        assert stage.bank.late is not None
        for reference, answer, state in (
            ("late1", Approved(retrieval_ref="77"), "approved"),
            ("late2", Declined(code="51"), "declined"),
        ):
            await stage.buy(reference)
            stage.bank.late(OUTPATIENT, stage.bank.said[-1].number, answer)
            await stage.sessions.settled_late()
            assert await stage.state(reference) == state
        found = await stage.sessions.standing("late1")
        assert found is not None
        assert found.answer == Approved(retrieval_ref="77")
        await stage.buy("late3")
        number = stage.bank.said[-1].number
        stage.bank.next["reverse"] = [NO_ANSWER]
        assert await stage.sessions.reverse("late3") == "in_doubt"
        stage.bank.late(OUTPATIENT, number, Approved(retrieval_ref="78"))
        await stage.sessions.settled_late()
        assert await stage.state("late3") == "in_doubt", "its reversal is out"
        assert await stage.sessions.reverse("late3") == "reversed"

    play(platform_url, tmp_path, story)


def test_a_late_answer_is_of_its_own_batch_and_settled_with_it(platform_url: str, tmp_path: Path) -> None:
    """The bank has begun another one meanwhile; what is settled already stays so."""

    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [NO_ANSWER]
        await stage.buy("late1", 700)
        number = stage.bank.said[-1].number
        stage.bank.next["sign_on"] = [replace(stage.bank.keys(OUTPATIENT), batch_no=5)]
        await stage.sessions.sign_on(BANK, stage.outpatient)
        assert stage.bank.late is not None
        stage.bank.late(OUTPATIENT, MessageNo(5, number.trace_no), Declined(code="51"))
        stage.bank.late(OUTPATIENT, number, Approved(retrieval_ref="77"))
        await stage.sessions.settled_late()
        assert await stage.state("late1") == "approved"
        assert await stage.rows("SELECT FROM line_session WHERE left_batches = '{1}'")
        batch = await stage.sessions.settle(BANK, stage.outpatient, 1)
        assert isinstance(batch, Batch)
        assert (batch.totals.debit_fen, batch.totals.debits) == (700, 1)
        stage.bank.next["refund"] = [NO_ANSWER]
        await stage.sessions.refund(BANK, "back1", "late1", Fen(100))
        number = stage.bank.said[-1].number
        await stage.sessions.settle(BANK, stage.outpatient)
        stage.bank.late(OUTPATIENT, number, Approved(retrieval_ref="78"))
        await stage.sessions.settled_late()
        assert await stage.state("back1") == "approved", "its statement tells"
        assert await stage.rows("SELECT FROM line_session WHERE left_batches <> '{}'") == []

    play(platform_url, tmp_path, story)


def test_a_refund_without_an_answer_is_neither_asked_about_nor_reversed(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await stage.buy("paid1", 5000)
        stage.bank.next["refund"] = [NO_ANSWER]
        assert isinstance(await stage.sessions.refund(BANK, "back1", "paid1", Fen(2000)), NoAnswer)
        original, amount_fen = stage.bank.said[-1].what
        assert (amount_fen, original.card.pan, original.approved.auth_code) == (2000, CARD.pan, "A12345")
        assert original.card.chip_data == b"", "kept for a reversal only"
        assert await stage.state("back1") == "unanswered"
        assert await stage.sessions.reverse("back1") == "unanswered"
        await stage.buy("next1")
        assert "reverse" not in stage.bank.kinds()

    play(platform_url, tmp_path, story)


def test_only_what_was_approved_is_given_back(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [Declined(code="51", reason="insufficient_funds")]
        await stage.buy("poor1")
        assert await stage.sessions.refund(BANK, "back1", "poor1", Fen(1)) is NOT_HERE
        assert await stage.sessions.void(BANK, "back2", "nothing") is NOT_HERE
        await stage.buy("paid1")
        assert isinstance(await stage.sessions.void(BANK, "back3", "paid1"), Approved)

    play(platform_url, tmp_path, story)


def test_traces_only_grow_whatever_number_of_processes_sells(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await stage.buy("before1")
        processes = [stage.another_process() for _ in range(4)]

        async def sell(number: int) -> LineAnswer:
            return await processes[number % 4].purchase(BANK, stage.outpatient, f"many{number}", Fen(1), CARD)

        sold = 0
        for turn in range(4):
            answers = await asyncio.gather(*(sell(turn * 100 + number) for number in range(12)))
            sold += sum(isinstance(each, Approved) for each in answers)
            assert all(isinstance(each, Approved) or each is BUSY for each in answers)
        assert sold >= 4
        traces = [each.trace_no for each in stage.bank.said]
        assert traces == list(range(1, sold + 3))

    play(platform_url, tmp_path, story)


def test_nothing_of_a_card_can_be_read_in_the_database(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [NO_ANSWER]
        await stage.buy("lost1")
        await stage.buy("paid1", session=stage.inpatient)
        everything = ""
        for table in ("line_session", "line_message", "line_batch", "line_key"):
            for row in await stage.rows(f"SELECT * FROM {table}"):
                everything += " ".join(v.hex() + repr(v) if isinstance(v, bytes) else str(v) for v in row.values())
        assert "622588******5678" in everything
        assert CARD.pan not in everything
        assert "chipdata" not in everything
        assert b"chipdata".hex() not in everything
        assert "PINBLOCK" not in everything
        assert CARD.pan not in repr(CARD)

    play(platform_url, tmp_path, story)
