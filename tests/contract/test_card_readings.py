"""A card is asked for at a kiosk: once, by the one who stands there, for what he wants to pay."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from card_hall import SUN, CardHall, play

from yinyi.business.payments.errors import PaymentClosed, PaymentUnknown
from yinyi.business.payments.messages import CancelPayment
from yinyi.business.payments.messages_cards import CancelReading, ReadCard
from yinyi.kernel.errors import (
    ChannelUnavailable,
    IdempotencyConflict,
    NotAllowed,
    NotYours,
    SessionEnded,
)
from yinyi.kernel.means import TenderName

Story = Callable[[CardHall], Awaitable[None]]
Played = Callable[[Story], None]


@pytest.fixture
def within(platform_url: str, tmp_path: Path) -> Played:
    """Plays a story in a hall of its own."""
    return lambda story: play(platform_url, tmp_path, story)


def test_asked_again_with_the_same_key_it_is_the_same_reading(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        payment_no = await hall.to_pay()
        first = await hall.reads(payment_no, key="key-that-is-used-twice")
        assert await hall.reads(payment_no, key="key-that-is-used-twice") == first
        assert await hall.reads(payment_no) != first, "with another key it is another one"
        other = ReadCard(payment_no=await hall.to_pay(), tender="bank_card")
        with pytest.raises(IdempotencyConflict):
            await hall.at_screen(other, key="key-that-is-used-twice")

    within(story)


def test_two_readings_at_once_leave_one(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        numbers = [await hall.to_pay() for _ in range(4)]
        asked = [hall.at_screen(ReadCard(payment_no=number, tender="bank_card")) for number in numbers]
        await asyncio.gather(*asked)
        reading, wanted = await hall.reading(), await hall.wanted()
        assert wanted.request is not None
        await hall.brings(wanted.request_id)
        assert [number for number in numbers if await hall.paid(number)] == [reading.payment_no]
        assert hall.purchases() == 1

    within(story)


def test_the_second_one_at_a_terminal_ends_the_first(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        first, second = await hall.to_pay(), await hall.to_pay(SUN)
        earlier = await hall.reads(first)
        later = await hall.reads(second, SUN)
        await hall.brings(earlier)
        assert not hall.purchases(), "it belongs to nobody any more"
        await hall.leaves(first)
        assert (await hall.wanted()).request is not None, "who was first does not end the second"
        await hall.brings(later)
        assert await hall.paid(second)
        assert not await hall.paid(first)

    within(story)


def test_only_his_own_payment_is_read_for_and_left(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        for message in (ReadCard(payment_no=number, tender="bank_card"), CancelReading(payment_no=number)):
            with pytest.raises(NotYours):
                await hall.at_screen(message, SUN)
            with pytest.raises(SessionEnded):
                await hall.at_screen(message, "nobody")
            with pytest.raises(SessionEnded):
                await hall.at_screen(message, kiosk=hall.there)
            with pytest.raises(NotAllowed):
                await hall.by_agent(message)
        with pytest.raises(PaymentUnknown):
            await hall.at_screen(ReadCard(payment_no="26112309260500NOSUCH0", tender="bank_card"))
        assert (await hall.wanted()).request is None

    within(story)


def test_what_is_no_card_here_is_not_asked_for(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        others: tuple[TenderName, ...] = ("wechatpay", "window", "prepaid", "public_card", "social_security_card")
        for tender in others:
            with pytest.raises(ChannelUnavailable):
                await hall.at_screen(ReadCard(payment_no=number, tender=tender))
        assert (await hall.wanted()).request is None

    within(story)


def test_a_payment_that_is_over_asks_for_no_card(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        gone, done = await hall.to_pay(), await hall.to_pay()
        await hall.at_screen(CancelPayment(payment_no=gone))
        await hall.brings(await hall.reads(done))
        assert await hall.paid(done)
        for number in (gone, done):
            with pytest.raises(PaymentClosed):
                await hall.reads(number)

    within(story)
