"""Cards in `yinyi faults`: what the bank can do is played, and sessions that are wrong are found out."""

from collections.abc import Callable
from datetime import datetime

import pytest
import typer
import uvloop

from yinyi.app.commands.faults import command
from yinyi.app.faults.card_shapes import CARD_SHAPES
from yinyi.app.faults.explore import Explorer
from yinyi.app.faults.model import Fault, Run, Schedule
from yinyi.app.faults.play import play
from yinyi.app.faults.stage import stage
from yinyi.business.lines import session_store, session_work
from yinyi.business.lines.session_model import Declined, LineAnswer, NeverSent, NoAnswer
from yinyi.business.lines.session_work import SessionWork
from yinyi.business.payments.cards import TakeByCard
from yinyi.business.payments.plan import Plan, Step
from yinyi.kernel.outcome import Answer, Done, Unknown

pytestmark = pytest.mark.usefixtures("unlogged")
UNDO, ENDED = TakeByCard.undo, vars(session_work)["_ended"]


async def runs(url: str, *shapes: str) -> list[Run]:
    async with stage(url) as it:
        return [run async for run in Explorer(it, shapes=shapes).explore(1)]


def test_what_only_the_statement_tells_stands_in_the_queue(platform_url: str) -> None:
    """A refund without an answer can neither be asked about nor reversed."""
    found = uvloop.run(runs(platform_url, "card_refunded"))
    assert [run.violations for run in found if run.violations] == []
    queued = {hit[1] for run in found if run.ending == "queue" for hit in run.hit}
    assert {"lost_before", "lost_after", "silent_before", "silent_after", "bad_mac"} <= queued
    assert "refused" not in queued, "what was refused is tried again"


def test_the_same_schedule_is_the_same_run(platform_url: str) -> None:
    """Also after others have played on the same database."""

    async def go() -> None:
        schedule = Schedule("bank_is_silent", (Fault(4, "lost_before"),))
        async with stage(platform_url) as it:
            first = await play(it, schedule)
            for shape in CARD_SHAPES:
                await play(it, Schedule(shape))
            again = await play(it, schedule)
        assert [each.cell for each in again.moments] == [each.cell for each in first.moments]
        assert (again.hit, again.ending, again.took) == (first.hit, first.ending, first.took)

    uvloop.run(go())


def test_only_shapes_that_there_are_can_be_played() -> None:
    with pytest.raises(typer.BadParameter, match="pays_by_card"):
        command(shape=["pays_by_cheque"])


# ---- sessions that are wrong


def no_answer_is_a_refusal(broken: pytest.MonkeyPatch) -> None:
    def ended(answer: LineAnswer, *more: object) -> object:
        return ENDED(Declined(code="") if isinstance(answer, NoAnswer) else answer, *more)

    broken.setattr(session_work, "_ended", ended)


def the_next_one_does_not_wait_for_reversals(broken: pytest.MonkeyPatch) -> None:
    async def make_ready(self: SessionWork) -> NeverSent | None:
        return None

    broken.setattr(SessionWork, "make_ready", make_ready)


def late_answers_are_believed_after_the_reversal(broken: pytest.MonkeyPatch) -> None:
    late: str = vars(session_store)["_LATE"]
    assert "m.state = 'in_doubt' AND m.reversal_tries = 0" in late
    broken.setattr(session_store, "_LATE", late.replace("m.state = 'in_doubt' AND m.reversal_tries = 0", "true"))


def a_reversal_in_doubt_is_done(broken: pytest.MonkeyPatch) -> None:
    async def undo(self: TakeByCard, plan: Plan, step: Step, now: datetime) -> Answer:
        answer = await UNDO(self, plan, step, now)
        return Done() if isinstance(answer, Unknown) else answer

    broken.setattr(TakeByCard, "undo", undo)


def what_a_dead_process_has_sent_is_forgotten(broken: pytest.MonkeyPatch) -> None:
    behind: str = vars(session_store)["_LEFT_BEHIND"]
    assert "m.state = 'sent' AND m.epoch < $3" in behind
    wrong = behind.replace(
        "CASE WHEN m.kind IN ('purchase', 'void') THEN 'in_doubt' ELSE 'unanswered' END", "'declined'"
    )
    assert wrong != behind
    broken.setattr(session_store, "_LEFT_BEHIND", wrong)


Mutant = Callable[[pytest.MonkeyPatch], None]


@pytest.mark.parametrize(
    ("mutant", "shape", "said"),
    [
        (no_answer_is_a_refusal, "line_breaks", "at the bank it has happened"),
        (the_next_one_does_not_wait_for_reversals, "bank_is_silent", "left while a purchase was in doubt"),
        (late_answers_are_believed_after_the_reversal, "pays_by_card", "is approved on our record"),
        (a_reversal_in_doubt_is_done, "bank_is_silent", "the channels have kept 5000 fen instead of 0"),
        (what_a_dead_process_has_sent_is_forgotten, "pays_by_card", "at the bank it has happened"),
    ],
)
def test_wrong_sessions_are_found_out(
    platform_url: str, monkeypatch: pytest.MonkeyPatch, mutant: Mutant, shape: str, said: str
) -> None:
    """By one fault at most."""
    seen: list[str] = []

    async def found() -> bool:
        async with stage(platform_url) as it:
            async for run in Explorer(it, shapes=(shape,)).explore(1):
                seen.extend(run.violations)
                if any(said in sentence for sentence in run.violations):
                    return True
        return False

    mutant(monkeypatch)
    caught = uvloop.run(found())
    monkeypatch.undo()
    assert caught, seen
