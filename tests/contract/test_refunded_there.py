"""Money that somebody gives back in the channel's own console, from its sandbox on a socket to the human queue."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import alipay_lab
import pytest
import wechatpay_lab
from counter_stage import LONG, Counter, counter

from yinyi.business.payments.messages_queue import KnownNotice
from yinyi.business.payments.plan import REFUND
from yinyi.business.payments.view import state_of

Run = Callable[[Coroutine[Any, Any, Any]], Any]
LABS = {"alipay": alipay_lab.lab, "wechatpay": wechatpay_lab.lab}
CONSOLE, AGAIN = "2026112800077CONSOLE", "2026112800078CONSOLE"


def play(url: str, folder: Path, run: Run, channel: str, story: Callable[[Counter], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with LABS[channel](folder) as lab, counter(url, lab) as it:
            await story(it)

    run(main())


async def told(it: Counter) -> KnownNotice:
    """The one notice that stands."""
    case = await it.case()
    assert (case.why, case.can) == ("refunded_at_channel", ["settle_notice"])
    [notice] = case.notices
    return notice


@pytest.mark.parametrize("channel", LABS)
@pytest.mark.parametrize("amount_fen", [2000, 5000])
def test_it_stands_in_the_queue_and_is_booked(
    platform_url: str, tmp_path: Path, run: Run, channel: str, amount_fen: int
) -> None:
    async def story(it: Counter) -> None:
        await it.has_paid()
        await it.console_refunds(amount_fen, CONSOLE)
        await it.tells()
        notice = await told(it)
        assert (notice.their_id, notice.amount_fen, notice.booked) == (CONSOLE, amount_fen, True)
        plan = await it.plan()
        assert (state_of(plan), plan.returned_fen) == ("fulfilled", amount_fen)

    play(platform_url, tmp_path, run, channel, story)


@pytest.mark.parametrize("channel", LABS)
def test_what_is_left_goes_back_through_the_channel(platform_url: str, tmp_path: Path, run: Run, channel: str) -> None:
    async def story(it: Counter) -> None:
        await it.has_paid()
        await it.console_refunds(2000, CONSOLE)
        await it.tells()
        await it.refunds(3000)
        await it.passes(timedelta(minutes=1))
        plan = await it.plan()
        assert (plan.taken_fen, plan.returned_fen, await it.really_back_fen()) == (5000, 5000, 5000)
        assert [each.state for each in plan.steps if each.kind == REFUND] == ["done", "done"]

    play(platform_url, tmp_path, run, channel, story)


def test_of_a_sum_only_what_is_not_ours_is_theirs(platform_url: str, tmp_path: Path, run: Run) -> None:
    """Alipay tells what has gone back of a trade in all."""

    async def story(it: Counter) -> None:
        await it.has_paid()
        await it.refunds(1000)
        await it.console_refunds(2000, CONSOLE)
        await it.console_refunds(500, AGAIN)
        for _ in range(3):
            await it.tells()
        case = await it.case()
        assert {each.their_id: each.amount_fen for each in case.notices} == {CONSOLE: 2000, AGAIN: 500}
        assert (await it.plan()).returned_fen == await it.really_back_fen() == 3500

    play(platform_url, tmp_path, run, "alipay", story)


def test_a_notice_that_got_lost_is_made_up_for_by_the_next_refund_of_ours(
    platform_url: str, tmp_path: Path, run: Run
) -> None:
    async def story(it: Counter) -> None:
        await it.has_paid()
        await it.console_refunds(2000, CONSOLE)
        await it.lab.mailbox.next()
        await it.refunds(1000)
        assert ((await told(it)).amount_fen, (await it.plan()).returned_fen) == (2000, 3000)

    play(platform_url, tmp_path, run, "alipay", story)


@pytest.mark.parametrize("channel", LABS)
def test_nothing_is_delivered_for_what_went_back_before_it_was_heard_of(
    platform_url: str, tmp_path: Path, run: Run, channel: str
) -> None:
    """The notice of the payment is lost; the one of the refund comes late."""

    async def story(it: Counter) -> None:
        it.lab.phone.pay(await it.is_shown_a_code())
        await it.lab.mailbox.next()
        await it.console_refunds(5000, CONSOLE)
        await it.tells()
        plan = await it.plan()
        assert (state_of(plan), plan.taken_fen, plan.returned_fen) == ("returned", 5000, 5000)
        assert (await told(it)).amount_fen == 5000
        assert "confirmed" not in it.hospital.numbers.values()

    play(platform_url, tmp_path, run, channel, story)


async def refund_is_seen(it: Counter, *, cancels: bool) -> wechatpay_lab.Received:
    """The notice of the payment is lost, and the one of the refund, which is returned, has not come when the order is
    asked about, or closed. WeChat Pay says that money went back, not how much."""
    it.lab.phone.pay(await it.is_shown_a_code())
    await it.lab.mailbox.next()
    await it.console_refunds(5000, CONSOLE)
    notice = await it.lab.mailbox.next()
    if cancels:
        await it.cancels()
    await it.passes(timedelta(seconds=30))
    assert ((await it.case()).why, (await it.plan()).taken_fen) == ("take_given_back", 0)
    return notice


@pytest.mark.parametrize("cancels", [False, True])
def test_an_order_of_which_wechat_says_refund_is_not_paid_until_its_notice_comes(
    platform_url: str, tmp_path: Path, run: Run, cancels: bool
) -> None:
    async def story(it: Counter) -> None:
        await it.tells(await refund_is_seen(it, cancels=cancels))
        await it.passes(timedelta(minutes=1))
        plan = await it.plan()
        assert (state_of(plan), plan.returned_fen, plan.attention) == ("returned", 5000, "refunded_at_channel")
        assert await it.really_back_fen() == 5000

    play(platform_url, tmp_path, run, "wechatpay", story)


@pytest.mark.parametrize("cancels", [False, True])
def test_an_order_of_which_wechat_says_refund_is_not_paid_until_people_say_so(
    platform_url: str, tmp_path: Path, run: Run, cancels: bool
) -> None:
    async def story(it: Counter) -> None:
        await refund_is_seen(it, cancels=cancels)
        await it.passes(LONG)
        plan = await it.plan()
        assert (plan.ended_at, plan.taken_fen) == (None, 0)
        assert "settle_by_hand" in (await it.case()).can
        await it.people_find_out("did_not_happen")
        await it.passes(timedelta(minutes=1))
        plan = await it.plan()
        assert (state_of(plan), plan.taken_fen, plan.attention) == ("closed", 0, "")
        assert "confirmed" not in it.hospital.numbers.values()
        assert await it.really_back_fen() == 5000

    play(platform_url, tmp_path, run, "wechatpay", story)
