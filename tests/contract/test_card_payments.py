"""Cards on the bank line as the engine drives them: what each answer of the bank makes of a payment's step."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from asyncpg import UniqueViolationError
from line_stage import BANK, CARD, INPATIENT, NO_ANSWER, OUTPATIENT, SIGN_ON_FIRST, ZONE, LineStage, play

from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.session_model import Card, Declined, Desk, LineAnswer, NeverSent, NoAnswer, SignedOn
from yinyi.business.lines.sessions import CARD_FORGOTTEN
from yinyi.business.payments import apply
from yinyi.business.payments.cards import CardLine, RefundToCard, SealedCards, TakeByCard
from yinyi.business.payments.plan import PAYER_CODE, REFUND, REFUSED_CODE, TAKE, VOID, Plan, Step
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, Refused
from yinyi.kernel.secrets import Vault

OVER = timedelta(seconds=66)


class Till:
    """One payment by card."""

    def __init__(self, stage: LineStage, *, scope: str = "outpatient", wait_s: float = 4.0, number: int = 1) -> None:
        self.stage = stage
        self.line = CardLine(
            "bank_card", BANK, stage.sessions, SealedCards(Vault({1: bytes(32)}, bytes(32))), ZONE, wait_s=wait_s
        )
        self.take, self.give = TakeByCard(self.line), RefundToCard(self.line)
        self.rules = {f"{TAKE}/bank_card": self.take.rule, f"{REFUND}/bank_card": self.give.rule}
        now = stage.clock.now()
        self.plan = Plan(
            hospital_id=1,
            payment_id=number,
            payment_no=f"P2026112300000{number}",
            ask_no="7Q4-8XK9",
            purpose="registration",
            scope=scope,
            amount_fen=Fen(5_000),
            started_at=now,
            pay_by=now + timedelta(minutes=10),
            terminal_id="K03",
            description="挂号费",
            steps=(self._step(TAKE, 30, f"P2026112300000{number}AB", {PAYER_CODE: self.line.cards.seal(CARD)}),),
        )

    def _step(self, kind: str, position: int, reference: str, more: Mapping[str, object]) -> Step:
        params = {"channel": "bank_card", "merchant": "outpatient", "scanned": True, **more}
        return Step(
            position=position,
            attempt=1,
            kind=kind,
            reference=reference,
            amount_fen=Fen(5_000),
            since=self.stage.clock.now(),
            params=params,
        )

    @property
    def step(self) -> Step:
        return self.plan.takes()[0]

    async def begin(self) -> str:
        now = self.stage.clock.now()
        self.plan = apply.sent(self.plan, self.step, now)
        return self._learned(self.step, await self.take.do(self.plan, self.step, now))

    async def ask(self) -> str:
        return self._learned(self.step, await self.take.ask(self.plan, self.step, self.stage.clock.now()))

    async def undo(self) -> str:
        now = self.stage.clock.now()
        self.plan = apply.undo_sent(self.plan, self.step, now)
        answer = await self.take.undo(self.plan, self.step, now)
        self.plan = apply.undo_learned(self.plan, self.step, answer, self.rules, now)
        return self.step.state

    def refund(self, reference: str, *, void: bool = False) -> Step:
        how = {"how": VOID} if void else {}
        step = self._step(REFUND, 900, reference, {"of": self.step.reference} | how)
        self.plan = self.plan.with_step(step)
        return step

    def _learned(self, step: Step, answer: Answer) -> str:
        now = self.stage.clock.now()
        self.plan = apply.learned(self.plan, step, answer, self.rules, now)
        return self.step.state


def test_a_purchase_says_where_it_was_cleared(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        till, ward = Till(stage), Till(stage, scope="inpatient", number=2)
        assert (await till.begin(), await ward.begin()) == ("done", "done")
        for each, slot in ((till, OUTPATIENT), (ward, INPATIENT)):
            evidence = each.step.evidence
            assert PosSession(BANK, evidence["merchant_no"], evidence["terminal_no"]) == slot
            assert evidence["card"] == "622588******5678"
            assert (evidence["batch_no"], evidence["trace_no"]) == (1, 2)
            assert evidence["retrieval_ref"] == "000000000002"
            assert PAYER_CODE not in each.step.params, "the card is forgotten"

    play(platform_url, tmp_path, story)


def test_a_card_travels_sealed(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        till = Till(stage)
        shown = till.step.params[PAYER_CODE]
        assert CARD.pan not in shown
        opened = till.line.cards.open(shown)
        assert opened == CARD
        assert isinstance(opened, Card)

    play(platform_url, tmp_path, story)


def test_a_declined_card_leaves_the_payer_another_choice(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [Declined(code="51", reason="insufficient_funds")]
        till = Till(stage)
        assert await till.begin() == "refused"
        assert till.step.reason == "insufficient_funds"

    play(platform_url, tmp_path, story)


def test_a_refund_to_a_card_that_is_forgotten_is_for_people(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        till = Till(stage)
        assert await till.begin() == "done"
        await stage.rows("UPDATE line_message SET card_key_id = NULL, card_data = NULL RETURNING trace_no")
        answer = await RefundToCard(till.line).do(till.plan, till.refund("back1"), stage.clock.now())
        assert isinstance(answer, Refused)
        assert (answer.reason, answer.detail) == ("not_refundable", CARD_FORGOTTEN.detail)
        assert stage.bank.kinds() == ["sign_on", "purchase"]

    play(platform_url, tmp_path, story)


def test_what_never_left_may_be_sent_again(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [NeverSent(detail="the line is down")]
        till = Till(stage)
        assert await till.begin() == "planned"
        assert PAYER_CODE in till.step.params
        assert await till.begin() == "done"

    play(platform_url, tmp_path, story)


def test_a_purchase_in_doubt_is_reversed(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        stage.bank.next["purchase"] = [NO_ANSWER]
        stage.bank.next["reverse"] = [NO_ANSWER]
        till = Till(stage)
        assert await till.begin() == "unknown"
        assert await till.ask() == "unknown"
        assert await till.undo() == "undo_unknown"
        assert await till.undo() == "undone"

    play(platform_url, tmp_path, story)


def test_a_slow_bank_keeps_the_payment_waiting_and_the_engine_free(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await stage.buy("before1")
        stage.bank.gate = asyncio.Event()
        till = Till(stage, wait_s=0.0)
        assert await till.begin() == "waiting"
        await stage.bank.arrived.wait()
        assert await till.ask() == "waiting"
        assert await till.undo() == "undo_unknown", "nobody can tell yet"
        stage.bank.gate.set()
        await till.line.errands.come_home(10)
        till.line.wait_s = 4.0
        assert await till.undo() == "done", "it was taken after all"

    play(platform_url, tmp_path, story)


async def asked_late(stage: LineStage, answer: LineAnswer, keys: SignedOn | Declined) -> Till:
    """A bank that has answered so after the page had stopped waiting, and then this to a sign-on."""
    await stage.buy("before1")
    stage.bank.gate = asyncio.Event()
    stage.bank.next = {"purchase": [answer], "sign_on": [keys]}
    till = Till(stage, wait_s=0.0)
    assert await till.begin() == "waiting"
    await stage.bank.arrived.wait()
    stage.bank.gate.set()
    await till.line.errands.come_home(10)
    till.line.wait_s = 4.0
    return till


def told(till: Till) -> tuple[str, str, str]:
    return till.step.state, till.step.reason, till.step.evidence.get(REFUSED_CODE, "")


def test_a_pin_that_comes_back_late_for_new_keys_is_told_as_one_that_comes_back_at_once(
    platform_url: str, tmp_path: Path
) -> None:
    """It never took effect, whichever process asks; undone all the same it says so, too."""

    async def story(stage: LineStage) -> None:
        till = await asked_late(stage, SIGN_ON_FIRST, stage.bank.keys(OUTPATIENT, pik=bytes(range(16))))
        other = Till(stage)
        other.plan = undoing = till.plan
        assert await other.ask() == "refused"
        assert told(other) == ("refused", "expired", "77")
        other.plan = undoing
        await other.undo()
        assert told(other) == ("undone", "expired", "77")
        assert stage.bank.kinds() == ["sign_on", "purchase", "purchase", "sign_on"]

    play(platform_url, tmp_path, story)


def test_what_a_bank_wants_under_new_keys_that_it_does_not_give_has_never_left(
    platform_url: str, tmp_path: Path
) -> None:
    async def story(stage: LineStage) -> None:
        till = await asked_late(stage, SIGN_ON_FIRST, Declined(code="97", reason="not_permitted"))
        assert await till.ask() == "waiting"
        await till.undo()
        assert told(till) == ("undone", "unavailable", "")

    play(platform_url, tmp_path, story)


def test_what_a_dead_process_has_sent_is_taken_back_by_the_next(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        def dies(_: Desk) -> NoAnswer:
            raise asyncio.CancelledError

        await stage.buy("before1")
        stage.bank.next["purchase"] = [dies]
        dead = Till(stage)
        died = asyncio.create_task(dead.begin())
        await asyncio.wait([died])
        again = Till(stage)
        again.plan = dead.plan
        assert await again.ask() == "waiting", "its claim may still be alive"
        stage.clock.at += OVER
        assert await again.ask() == "waiting"
        assert await again.undo() == "undone"
        assert stage.bank.kinds()[-1] == "reverse"

    play(platform_url, tmp_path, story)


def test_what_is_undone_before_it_leaves_never_leaves(platform_url: str, tmp_path: Path) -> None:
    """The process that was about to send it stood still for so long that another one has taken the payment over."""

    async def story(stage: LineStage) -> None:
        await stage.buy("before1")
        stalled = Till(stage)
        stalled.plan = apply.sent(stalled.plan, stalled.step, stage.clock.now())
        other = Till(stage)
        other.plan = stalled.plan
        stage.clock.at += OVER
        assert await other.ask() == "unknown", "not on record, and maybe about to leave"
        assert await other.undo() == "undone"
        with pytest.raises(UniqueViolationError):
            await stalled.take.do(stalled.plan, stalled.step, stage.clock.now())
        assert stage.bank.kinds().count("purchase") == 1, "the one before"
        await stage.buy("behind1")
        assert await stage.state("behind1") == "approved"

    play(platform_url, tmp_path, story)


def test_nothing_is_undone_in_a_session_that_is_in_use(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        await stage.buy("before1")
        stage.bank.gate = asyncio.Event()
        neighbour = asyncio.create_task(stage.buy("beside1"))
        await stage.bank.arrived.wait()
        till = Till(stage)
        till.plan = apply.sent(till.plan, till.step, stage.clock.now())
        assert await till.ask() == "unknown"
        assert await till.undo() == "undo_unknown"
        stage.bank.gate.set()
        await neighbour
        assert await till.undo() == "undone"

    play(platform_url, tmp_path, story)


def test_a_refund_is_a_void_while_the_batch_is_open(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        till = Till(stage)
        await till.begin()
        void = till.refund("P20261123000001AC", void=True)
        answer = await till.give.do(till.plan, void, stage.clock.now())
        assert stage.bank.kinds()[-1] == "void"
        assert answer == await till.give.ask(till.plan, void, stage.clock.now()), "asked again it says the same"
        other = Till(stage, number=2)
        await other.begin()
        await stage.sessions.settle(BANK, stage.outpatient)
        late = other.refund("P20261123000002AC", void=True)
        assert isinstance(await other.give.do(other.plan, late, stage.clock.now()), Refused)

    play(platform_url, tmp_path, story)


def test_a_void_in_doubt_never_was_and_a_refund_in_doubt_waits_for_the_statement(
    platform_url: str, tmp_path: Path
) -> None:
    async def story(stage: LineStage) -> None:
        till, now = Till(stage), stage.clock.now()
        await till.begin()
        stage.bank.next["void"] = [NO_ANSWER]
        stage.bank.next["refund"] = [NO_ANSWER]
        void = till.refund("P20261123000001AC", void=True)
        assert type(await till.give.do(till.plan, void, now)).__name__ == "Unknown"
        assert isinstance(await till.give.ask(till.plan, void, now), Refused)
        assert stage.bank.kinds()[-1] == "reverse"
        refund = till.refund("P20261123000001AD")
        assert type(await till.give.do(till.plan, refund, now)).__name__ == "Unknown"
        assert type(await till.give.ask(till.plan, refund, now)).__name__ == "Unknown"
        assert stage.bank.kinds()[-1] == "refund"

    play(platform_url, tmp_path, story)


def test_a_declined_refund_goes_out_again_and_an_approved_one_never(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: LineStage) -> None:
        till, now = Till(stage), stage.clock.now()
        await till.begin()
        stage.bank.next["refund"] = [Declined(code="61", reason="not_refundable")]
        refund = till.refund("P20261123000001AC")
        assert isinstance(await till.give.do(till.plan, refund, now), Refused)
        assert isinstance(await till.give.ask(till.plan, refund, now), Refused)
        assert isinstance(await till.give.do(till.plan, refund, now), Done)
        assert stage.bank.kinds().count("refund") == 2
        with pytest.raises(UniqueViolationError):
            await till.give.do(till.plan, refund, now)
        assert stage.bank.kinds().count("refund") == 2
        assert isinstance(await till.give.ask(till.plan, refund, now), Done)

    play(platform_url, tmp_path, story)
