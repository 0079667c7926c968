"""A number of today is sold until its session is over, and no longer: neither by a code nor by a hold slip."""

from datetime import timedelta

import pytest
from booking_desk import Desk, play

from yinyi.business.payments.errors import PaymentClosed
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.errors import SessionClosed
from yinyi.business.scheduling.plans import RegistrationFacts

MORNING_LASTS = timedelta(hours=3)
"""From the beginning of these stories until the session of every doctor ends."""


async def _ends_in(desk: Desk, left: timedelta) -> None:
    desk.pass_by(MORNING_LASTS - left)
    await desk.it.means.lease.take()


def _held_until(plan: Plan) -> list[object]:
    """For the payer, for the holder of a slip, and at the hospital."""
    facts = RegistrationFacts.of(plan)
    return [plan.pay_by, facts.keep_until, facts.held_until]


def test_a_number_is_held_until_its_session_ends(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        ends_at = desk.it.clock.now() + MORNING_LASTS
        await _ends_in(desk, timedelta(minutes=3))
        plan = await desk.register()
        assert _held_until(plan) == [ends_at, None, ends_at + timedelta(minutes=2)], "what is paid can be confirmed yet"
        ended = await desk.it.to_the_end(plan.payment_no)
        assert (state_of(ended), ended.reason) == ("closed", "expired")
        assert desk.it.clock.now() < ends_at + timedelta(seconds=10)

    play(platform_url, story)


def test_a_hold_slip_keeps_it_no_longer_than_that(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        ends_at = desk.it.clock.now() + MORNING_LASTS
        await _ends_in(desk, timedelta(minutes=15))
        kept, late = await desk.register("A"), await desk.register("B")
        kept = await desk.hold_slip(kept)
        assert _held_until(kept)[:2] == [ends_at, ends_at]
        desk.pass_by(timedelta(minutes=15))
        with pytest.raises(PaymentClosed):
            await desk.hold_slip(late)

    play(platform_url, story)


def test_nothing_is_sold_of_a_session_that_is_over(platform_url: str) -> None:
    """Whatever the hospital's list still says."""

    async def story(desk: Desk) -> None:
        await _ends_in(desk, timedelta())
        with pytest.raises(SessionClosed):
            await desk.register()

    play(platform_url, story)
