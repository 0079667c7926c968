"""Electronic receipts: what is issued comes to what is kept, whatever goes wrong, and no payment waits for one."""

import asyncio
from collections import deque
from datetime import timedelta

import pytest
from fiscal_desk import Bad, Died, SimReceipts, late, often, paid, process, rows, states, work
from msgspec.structs import replace
from payment_checks import play
from payment_far_side import FEE, Mishap
from payment_world import World
from refund_desk import refund

from yinyi.business.fiscal import store
from yinyi.business.fiscal.model import Issued
from yinyi.business.payments.plan import REFUND, Plan
from yinyi.kernel.outcome import Outcome


class Slow(SimReceipts):
    """Each call takes so long."""

    def __init__(self, it: World) -> None:
        super().__init__()
        self._it, self.takes = it, timedelta(seconds=12)

    def _made(self, verb: str, reference: str, fen: int) -> Outcome:
        self._it.clock.advance(self.takes)
        return super()._made(verb, reference, fen)


async def check_what_is_issued(it: World, hospital: SimReceipts, kept_fen: int) -> None:
    """By the hospital, and by our record; nothing is left to do."""
    assert sum(hospital.issued.values()) == kept_fen
    found = (await rows(it)).values()
    assert sum(row["amount_fen"] * (-1 if row["of"] else 1) for row in found if row["state"] == "issued") == kept_fen
    assert {row["state"] for row in found} <= {"issued", "void"}
    assert [row["reference"] for row in found if row["next_at"]] == []


def test_it_is_issued_once_over_what_was_paid(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts()
        issuing, plan = process(it, hospital), await paid(it)
        assert plan.ended_at == it.clock.now(), "it waited for nothing"
        assert hospital.calls == []
        await work(it, issuing)
        await work(it, issuing)
        assert hospital.calls == ["issue"]
        [row] = (await rows(it)).values()
        assert (row["reference"], row["code"], row["check_code"]) == (plan.payment_no, "33060126", "4711")
        await check_what_is_issued(it, hospital, FEE)

    play(platform_url, story)


ONCE: dict[str, tuple[list[Bad], list[str]]] = {
    "late": (["waits", "waits", "waits"], ["issue", "ask", "ask", "ask"]),
    "no answer, and it was made": (["lost_after"], ["issue", "ask"]),
    "no answer, and it never came": (["lost_before"], ["issue", "ask", "issue"]),
    "no answer to the question either": (["lost_after", "lost_before"], ["issue", "ask", "ask"]),
    "never left": (["not_sent", "not_sent"], ["issue", "issue", "issue"]),
    "refused": (["refused"], ["issue", "issue"]),
}


@pytest.mark.parametrize("trouble", ONCE)
def test_whatever_goes_wrong_there_is_one(platform_url: str, trouble: str) -> None:
    async def story(it: World) -> None:
        bad, calls = ONCE[trouble]
        hospital = SimReceipts(bad=deque(bad))
        issuing, _ = process(it, hospital), await paid(it)
        await work(it, issuing)
        assert hospital.calls == calls
        await check_what_is_issued(it, hospital, FEE)

    play(platform_url, story)


@pytest.mark.parametrize("back", [2000, None], ids=["a part", "all"])
@pytest.mark.parametrize("bad", [None, "not_sent", "refused", "lost_after", "lost_before", "waits"])
def test_what_goes_back_before_it_is_issued(platform_url: str, bad: Bad | None, back: int | None) -> None:
    """What has surely not been asked for is asked for over what is left, if anything; otherwise it is reversed."""

    async def story(it: World) -> None:
        hospital = SimReceipts(bad=deque([bad] if bad else []))
        issuing, plan = process(it, hospital), await paid(it)
        if bad:
            await issuing.turn()
        await refund(it, plan.payment_no, back)
        await it.to_the_end(plan.payment_no)
        await work(it, issuing)
        await check_what_is_issued(it, hospital, FEE - (back or FEE))
        asked = bad in ("lost_after", "lost_before", "waits")
        assert ("reverse" in hospital.calls) == asked
        if not asked and back is None:
            assert await states(it) == (["void"] if bad else []), "nobody has heard of it in between"

    play(platform_url, story)


def test_each_refund_is_reversed_once_under_its_own_reference(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts()
        issuing, plan = process(it, hospital), await paid(it)
        await work(it, issuing)
        for fen in (1000, 700):
            await refund(it, plan.payment_no, fen)
            plan = await it.to_the_end(plan.payment_no)
            hospital.bad.append("lost_after")
            await work(it, issuing)
        await refund(it, plan.payment_no)
        plan = await it.to_the_end(plan.payment_no)
        await work(it, issuing)
        red = {step.reference: -step.amount_fen for step in plan.steps if step.kind == REFUND}
        assert hospital.issued == {plan.payment_no: FEE, **red}
        assert sorted(red.values()) == [-3300, -1000, -700]
        await check_what_is_issued(it, hospital, 0)

    play(platform_url, story)


def test_what_went_back_while_nobody_knew_goes_the_shortest_way_once_it_is_refused(platform_url: str) -> None:
    """It was asked for, a part went back, and then the hospital says that it has refused: one receipt over the rest."""

    async def story(it: World) -> None:
        hospital = SimReceipts(bad=deque(["lost_before"]))
        issuing, plan = process(it, hospital), await paid(it)
        await issuing.turn()
        await refund(it, plan.payment_no, 2000)
        await it.to_the_end(plan.payment_no)
        await issuing.hear()
        assert await states(it) == ["sent", "wanted"]
        it.clock.advance(timedelta(minutes=2))
        hospital.bad = deque(["refused"])
        await issuing.turn()
        assert await states(it) == ["void", "wanted"]
        await work(it, issuing)
        assert hospital.issued == {plan.payment_no: FEE - 2000}
        await check_what_is_issued(it, hospital, FEE - 2000)

    play(platform_url, story)


def test_money_that_never_was_earned_has_none(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts()
        issuing = process(it, hospital)
        never: list[Mishap] = ["refuse"] * 20
        it.script.mishaps["confirm"] = deque(never)
        await paid(it)
        await it.cancel(await it.open())
        await work(it, issuing)
        assert (hospital.calls, await rows(it)) == ([], {})

    play(platform_url, story)


def test_a_process_that_dies_leaves_it_to_the_next(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts(bad=deque(["dies"]))
        first, second = process(it, hospital), process(it, hospital)
        await paid(it)
        with pytest.raises(Died):
            await first.turn()
        assert await states(it) == ["sent"]
        assert await second.turn() == 0, "the first one may still be at it"
        await work(it, second)
        assert hospital.calls == ["issue", "ask"]
        await check_what_is_issued(it, hospital, FEE)

    play(platform_url, story)


def test_processes_share_the_work(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts()
        processes = [process(it, hospital) for _ in range(3)]
        for _ in range(8):
            it.hospital.numbers.clear()
            await paid(it)
        await asyncio.gather(*(each.turn() for each in processes * 4))
        await work(it, processes[0])
        assert hospital.calls == ["issue"] * 8
        await check_what_is_issued(it, hospital, 8 * FEE)

    play(platform_url, story)


def test_an_answer_that_comes_after_the_claim_ran_out_changes_nothing(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts(bad=deque(["waits"]))
        issuing, plan = process(it, hospital), await paid(it)
        await issuing.hear()
        now = it.clock.now()
        async with it.database.read() as tx:
            [stale] = await store.claim(tx, now, now + timedelta(seconds=60), 5)
            it.clock.advance(timedelta(minutes=2))
            await store.claim(tx, it.clock.now(), it.clock.now() + timedelta(seconds=60), 5)
            await store.not_made(tx, stale, it.clock.now(), "stale")
            await store.learn(tx, [stale.became("void", None, "stale")])
        row = (await rows(it))[plan.payment_no]
        assert (row["state"], row["problem"]) == ("sent", "")

    play(platform_url, story)


def test_of_many_answers_written_at_once_a_stale_one_changes_nothing(platform_url: str) -> None:
    async def story(it: World) -> None:
        issuing, plans = process(it, SimReceipts()), list[Plan]()
        for _ in range(3):
            it.hospital.numbers.clear()
            plans.append(await paid(it))
        await issuing.hear()
        now = it.clock.now()
        async with it.database.read() as tx:
            claimed = await store.claim(tx, now, now + timedelta(seconds=60), 5)
            stale = replace(claimed[1], claim=claimed[1].claim - 1)
            told = Issued(code="1", number="2", issued_at=now)
            await store.learn(tx, [each.became("issued", issued=told) for each in (claimed[0], stale, claimed[2])])
        found = await rows(it)
        assert [found[each.reference]["state"] for each in claimed] == ["issued", "sent", "issued"]
        assert {row["number"] for row in found.values()} == {"2", ""}

    play(platform_url, story)


def test_a_slow_hospital_is_not_asked_when_the_claim_may_run_out(platform_url: str) -> None:
    """What was claimed and not begun is asked about later, and then sent."""

    async def story(it: World) -> None:
        hospital = Slow(it)
        issuing = process(it, hospital)
        for _ in range(8):
            it.hospital.numbers.clear()
            await paid(it)
        await issuing.turn()
        assert 0 < len(hospital.issued) < 8
        assert await states(it) == ["issued"] * len(hospital.issued) + ["sent"] * (8 - len(hospital.issued))
        hospital.takes = timedelta()
        await work(it, issuing)
        await check_what_is_issued(it, hospital, 8 * FEE)

    play(platform_url, story)


def test_what_is_late_is_shown_and_asked_for_again(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts(bad=often("refused", 30))
        issuing, plan = process(it, hospital), await paid(it)
        await issuing.turn()
        assert await late(it) == []
        await work(it, issuing, timedelta(hours=25))
        assert await late(it) == [plan.payment_no]
        assert (await rows(it))[plan.payment_no]["problem"] == "bad_request no seal"
        hospital.bad.clear()
        async with it.database.read() as tx:
            assert await store.again(tx, 1, plan.payment_no, it.clock.now())
        await issuing.turn()
        assert await late(it) == []
        await check_what_is_issued(it, hospital, FEE)

    play(platform_url, story)
