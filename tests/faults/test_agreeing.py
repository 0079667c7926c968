"""Insured with nothing left to pay: nothing is claimed in the patient's name before he has agreed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from yinyi.app.faults.stage import Stage, stage
from yinyi.business.payments.errors import MoreThanOwed, NothingToAgree, PaymentClosed
from yinyi.business.payments.messages import AgreeToQuote, ChooseTender
from yinyi.business.payments.view import PaymentView, state_of, view_of
from yinyi.kernel.errors import NotYours


def play(url: str, story: Callable[[Stage], Awaitable[None]]) -> None:
    async def on_stage() -> None:
        async with stage(url) as it:
            it.script.began(())
            await story(it)

    asyncio.run(on_stage())


async def quoted(it: Stage, *, pays_all: bool = True) -> PaymentView:
    """The scheme has said how much it pays."""
    it.insured_wholly = pays_all
    await it.open("insured")
    await it.drive()
    return await seen(it)


async def seen(it: Stage) -> PaymentView:
    return view_of(await it.plan(), it.means.registry)


async def agree(it: Stage) -> None:
    async with it.quiet.transaction() as tx:
        await it.payments.tenders.agree(tx, it.call(), AgreeToQuote(payment_no=it.number), None)


def test_it_is_settled_only_once_he_has_agreed(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        view = await quoted(it)
        assert (view.state, view.to_agree, view.owed_fen) == ("ready", True, 0)
        it.clock.at += timedelta(minutes=5)
        await it.drive()
        assert it.scheme.claimed == set()
        async with it.quiet.transaction() as tx:
            with pytest.raises(MoreThanOwed):
                await it.payments.tenders.choose(
                    tx, it.call(), ChooseTender(payment_no=it.number, tender="wechatpay"), None
                )
        await agree(it)
        await it.drive()
        await it.until_the_end()
        view = await seen(it)
        assert (view.state, view.to_agree, view.taken_fen, len(it.scheme.settlements)) == ("fulfilled", False, 0, 1)
        await agree(it)  # the same press twice is one

    play(platform_url, story)


def test_who_does_not_agree_is_not_claimed_for(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        await quoted(it)
        await it.until_the_end()
        plan = await it.plan()
        assert (state_of(plan), plan.reason, it.scheme.claimed) == ("closed", "expired", set())
        with pytest.raises(PaymentClosed):
            await agree(it)

    play(platform_url, story)


def test_he_can_still_leave_it(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        await quoted(it)
        await it.cancel()
        await it.drive()
        plan = await it.plan()
        assert (state_of(plan), plan.reason, it.scheme.claimed) == ("closed", "cancelled", set())

    play(platform_url, story)


def test_nobody_agrees_for_him(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        await quoted(it)
        it.somebody_else()
        with pytest.raises(NotYours):
            await agree(it)

    play(platform_url, story)


def test_who_has_something_to_pay_agrees_by_paying(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        view = await quoted(it, pays_all=False)
        assert (view.state, view.to_agree, view.owed_fen) == ("ready", False, 1500)
        with pytest.raises(NothingToAgree):
            await agree(it)

    play(platform_url, story)
