"""What screens are told of a payment: what lasts, once, by a loop whose time only the test moves."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from yinyi.bus.forgetting import Whose
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.pushes import LASTS_S, Pushes
from yinyi.kernel.money import Fen

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SOON_S = LASTS_S / 4


class Loop(asyncio.SelectorEventLoop):
    """Its timers fall due when the test says that time has passed."""

    now = 0.0

    def time(self) -> float:
        return self.now


class Screen:
    """``told``: versions, in order, with the second in which each came; ``passes``: so much time goes by."""

    def __init__(self, loop: Loop) -> None:
        self.told: list[tuple[int, float]] = []
        self._loop = loop
        self.anew: list[Whose] = []
        self.pushes = Pushes(self._hear, self.anew.append)

    def _hear(self, subject: str, body: bytes) -> None:
        said: dict[str, Any] = msgspec.json.decode(body)
        assert (subject, said["number"]) == ("push.terminal.K03.PaymentChanged", "P1")
        self.told.append((said["version"], self._loop.now))

    async def passes(self, seconds: float) -> None:
        self._loop.now += seconds
        for _ in range(3):  # the loop finds the timer, runs it, and comes back
            await asyncio.sleep(0)


def plan(version: int, payment_id: int = 1, terminal_id: str = "K03") -> Plan:
    return Plan(
        hospital_id=1,
        payment_id=payment_id,
        payment_no=f"P{payment_id}",
        ask_no="A1",
        purpose="registration",
        scope="outpatient",
        patient_id=1,
        terminal_id=terminal_id,
        amount_fen=Fen(5000),
        description="挂号费",
        started_at=NOW,
        pay_by=NOW + timedelta(minutes=8),
        version=version,
    )


Story = Callable[[Screen], Awaitable[None]]


def play(story: Story) -> list[tuple[int, float]]:
    async def on_stage() -> list[tuple[int, float]]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        screen = Screen(loop)
        await story(screen)
        await screen.passes(10 * LASTS_S)
        return screen.told

    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(on_stage())


def test_what_rests_is_told_at_once() -> None:
    async def story(screen: Screen) -> None:
        screen.pushes.written(plan(2), changed=True, rests=True)
        assert screen.told == [(2, 0)]

    assert play(story) == [(2, 0)]


def test_a_state_that_is_left_again_so_soon_is_not_told() -> None:
    async def story(screen: Screen) -> None:
        for version in (2, 3, 4):
            screen.pushes.written(plan(version), changed=True, rests=False)
            await screen.passes(SOON_S)
        screen.pushes.written(plan(5), changed=True, rests=True)

    assert play(story) == [(5, 3 * SOON_S)]


def test_a_state_that_lasts_is_told_though_the_engine_goes_on() -> None:
    async def story(screen: Screen) -> None:
        screen.pushes.written(plan(2), changed=True, rests=False)
        await screen.passes(LASTS_S)
        assert screen.told == [(2, LASTS_S)]
        screen.pushes.written(plan(3), changed=True, rests=False)
        await screen.passes(SOON_S)

    assert [version for version, _ in play(story)] == [2, 3]


@pytest.mark.parametrize("rests", [True, False])
def test_what_was_passed_over_is_told_with_the_next_write_though_that_changes_nothing(rests: bool) -> None:
    """Nobody has been told yet of what people see by now."""

    async def story(screen: Screen) -> None:
        screen.pushes.written(plan(2), changed=True, rests=False)
        await screen.passes(SOON_S)
        screen.pushes.written(plan(3), changed=False, rests=rests)

    assert [version for version, _ in play(story)] == [3]


def test_what_changes_nothing_is_not_told() -> None:
    async def story(screen: Screen) -> None:
        screen.pushes.written(plan(2), changed=True, rests=True)
        screen.pushes.written(plan(3), changed=False, rests=True)
        screen.pushes.written(plan(4), changed=False, rests=False)

    assert play(story) == [(2, 0)]


def test_a_payment_without_a_terminal_tells_nobody() -> None:
    async def story(screen: Screen) -> None:
        screen.pushes.written(plan(2, terminal_id=""), changed=True, rests=True)
        screen.pushes.written(plan(3, terminal_id=""), changed=True, rests=False)

    assert play(story) == []


def test_whoever_sees_another_state_is_told_anew_wherever_the_payment_was_begun() -> None:
    async def story(screen: Screen) -> None:
        screen.pushes.written(plan(2), changed=True, rests=True)
        screen.pushes.written(plan(3, terminal_id=""), changed=True, rests=True)
        screen.pushes.written(plan(4), changed=False, rests=True)
        assert screen.anew == [Whose(1, 1)] * 2

    play(story)


def test_one_payment_does_not_silence_another() -> None:
    async def story(screen: Screen) -> None:
        screen.pushes.written(plan(2), changed=True, rests=False)
        screen.pushes.written(plan(7, payment_id=2, terminal_id=""), changed=True, rests=True)

    assert [version for version, _ in play(story)] == [2]
