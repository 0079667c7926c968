"""A card that is read at a kiosk: asked for once, used once, by the one who stands there, for what he wants to pay."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from card_hall import AWAY, HERE, PAN, SLOT, STRANGE, SUN, WANG, CardHall, play
from msgspec.structs import replace

from yinyi.business.payments.errors import PaymentClosed, PaymentUnknown
from yinyi.business.payments.messages import CancelPayment
from yinyi.business.payments.messages_cards import CancelReading, ReadCard
from yinyi.business.payments.model import TenderName
from yinyi.business.terminals.errors import LineReplaced
from yinyi.business.terminals.messages import ConnectTerminal
from yinyi.business.terminals.model import CardStep
from yinyi.business.terminals.readings import GRACE, READ_WITHIN
from yinyi.kernel.errors import (
    ChannelUnavailable,
    IdempotencyConflict,
    NotAllowed,
    NotYours,
    SessionEnded,
)

Story = Callable[[CardHall], Awaitable[None]]
Played = Callable[[Story], None]


@pytest.fixture
def within(platform_url: str, tmp_path: Path) -> Played:
    """Plays a story in a hall of its own."""
    return lambda story: play(platform_url, tmp_path, story)


async def paid(hall: CardHall, payment_no: str, who: str = WANG) -> bool:
    """Once whoever drives it has come to rest."""
    for _ in range(200):
        state = (await hall.payment(payment_no, who)).state
        if state not in ("starting", "waiting", "delivering", "holding"):
            return state == "fulfilled"
        await asyncio.sleep(0.01)
    raise AssertionError(f"{payment_no} does not come to rest")


# -- what is asked for


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
        assert [number for number in numbers if await paid(hall, number)] == [reading.payment_no]
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
        assert await paid(hall, second, SUN)
        assert not await paid(hall, first)

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
        assert await paid(hall, done)
        for number in (gone, done):
            with pytest.raises(PaymentClosed):
                await hall.reads(number)

    within(story)


# -- what is brought


def test_a_card_pays_once_however_often_it_is_told_of(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        card = hall.card(request_id)
        for key in ("key-of-the-event-1", "key-of-the-event-1", "key-of-the-event-2"):
            await hall.by_agent(card, key)
        await hall.brings(request_id)
        assert await paid(hall, number)
        assert hall.purchases() == 1
        assert (await hall.reading()).state == "read"

    within(story)


def test_told_of_at_once_it_pays_once(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        await asyncio.gather(*[hall.brings(request_id) for _ in range(5)])
        assert await paid(hall, number)
        assert hall.purchases() == 1

    within(story)


def test_a_card_of_another_terminal_is_none_of_this_reading(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        await hall.by_agent(replace(hall.card(request_id), epoch=hall.there.epoch), kiosk=hall.there)
        assert not hall.purchases()
        await hall.brings(request_id)
        assert await paid(hall, number)

    within(story)


def test_an_agent_that_was_replaced_brings_nothing(within: Played) -> None:
    """A terminal that connects anew is asked for the same card again."""

    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        old = hall.card(request_id)
        hall.here.epoch = (await hall.by_agent(ConnectTerminal(agent_version="2", devices=[]))).epoch
        with pytest.raises(LineReplaced):
            await hall.by_agent(old)
        assert (await hall.wanted()).request_id == request_id
        await hall.by_agent(replace(hall.card(request_id), event_id=old.event_id))
        assert await paid(hall, number)

    within(story)


@pytest.mark.parametrize(("late", "takes"), [(READ_WITHIN + GRACE / 2, True), (READ_WITHIN + GRACE, False)])
def test_a_card_for_a_reading_that_is_over(within: Played, late: timedelta, takes: bool) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        await hall.pass_by(late)
        assert (await hall.wanted()).request is None
        await hall.brings(request_id)
        assert await paid(hall, number) is takes
        assert hall.purchases() == takes

    within(story)


@pytest.mark.parametrize("step", ["cancelled", "timed_out", "not_taken", "unreadable", "key_refused"])
def test_after_its_end_a_reading_takes_no_card(within: Played, step: CardStep) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        await hall.says(step, request_id)
        assert (await hall.reading()).state == step
        await hall.brings(request_id)
        assert not await paid(hall, number)
        assert not hall.purchases()
        await hall.brings(await hall.reads(number))
        assert await paid(hall, number), "the next one does"

    within(story)


def test_after_he_has_left_it_a_reading_takes_no_card(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        await hall.leaves(number)
        await hall.leaves(number)
        assert (await hall.wanted()).request is None
        await hall.brings(request_id)
        assert not await paid(hall, number)
        assert not hall.purchases()

    within(story)


def test_what_comes_too_late_of_a_reading_changes_nothing(within: Played) -> None:
    """Asterisks that the line has delayed, and a patient who leaves when his card is at the bank."""

    async def story(hall: CardHall) -> None:
        first, second = await hall.to_pay(), await hall.to_pay()
        earlier = await hall.reads(first)
        await hall.says("typing", earlier, 4)
        assert ((await hall.reading()).state, (await hall.reading()).digits) == ("typing", 4)
        await hall.brings(earlier)
        await hall.says("typing", earlier, 5)
        await hall.says("timed_out", earlier)
        await hall.leaves(first)
        assert (await hall.reading()).state == "read"
        assert await paid(hall, first)
        later = await hall.reads(second)
        await hall.says("cancelled", earlier)
        assert ((await hall.reading()).state, (await hall.wanted()).request_id) == ("asked", later)

    within(story)


def test_a_payment_that_was_closed_meanwhile_takes_no_card(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        await hall.at_screen(CancelPayment(payment_no=number))
        await hall.brings(request_id)
        assert not await paid(hall, number)
        assert not hall.purchases()
        assert (await hall.payment(number)).state == "closed"

    within(story)


def test_who_has_gone_pays_nothing_any_more(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        async with hall.stage.database.transaction() as tx:
            ended = "UPDATE patient_session SET ended_at = $1 WHERE terminal_id = $2 AND token_digest IS NOT NULL"
            await tx.execute(ended, hall.stage.clock.now(), HERE)
        await hall.brings(request_id)
        assert not hall.purchases()
        assert await hall.stage.rows("SELECT 1 FROM card_reading WHERE state = 'cancelled'")

    within(story)


@pytest.mark.parametrize(
    ("pan", "slot"),
    [
        (STRANGE, SLOT),
        (AWAY, SLOT),
        (AWAY, ""),
        (PAN, ""),
        (PAN, "bank/898310070110002/10000001"),
        (PAN, SLOT.replace("bank/", "other/")),
    ],
)
def test_a_card_goes_where_the_server_says_or_nowhere(within: Played, pan: str, slot: str) -> None:
    """Whatever its agent says of it: the inpatients' merchant number is none of this payment's."""

    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        await hall.brings(await hall.reads(number), pan=pan, slot=slot)
        assert (await hall.reading()).state == "not_taken"
        assert not await paid(hall, number)
        assert not hall.purchases()

    within(story)


# -- sealed on its way


def test_what_does_not_open_is_read_again(within: Played) -> None:
    """Altered on its way, sealed for another reading or another slot: the patient is asked to try again."""

    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        for spoil in (_altered, _shortened, _of_another_slot, _of_no_card):
            request_id = await hall.reads(number)
            await hall.by_agent(replace(hall.card(request_id), sealed=spoil(hall, request_id)))
            assert (await hall.reading()).state == "unreadable"
        assert not hall.purchases()
        await hall.brings(await hall.reads(number))
        assert await paid(hall, number)

    within(story)


def _altered(hall: CardHall, request_id: str) -> bytes:
    sealed = hall.card(request_id).sealed
    return sealed[:-1] + bytes([sealed[-1] ^ 1])


def _shortened(hall: CardHall, request_id: str) -> bytes:
    return hall.card(request_id).sealed[:40]


def _of_another_slot(hall: CardHall, request_id: str) -> bytes:
    return hall.card(request_id, slot="bank/898310070110002/10000001").sealed


def _of_no_card(hall: CardHall, request_id: str) -> bytes:
    return hall.card(request_id, pan=f"{PAN}\n").sealed


def test_who_has_listened_cannot_read_it_afterwards(within: Played) -> None:
    """A card is sealed to a key of its own reading, and nobody has it when that is over."""

    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        told = hall.card(request_id)
        kept = "SELECT opens_data FROM card_reading WHERE opens_data IS NOT NULL"
        assert PAN.encode() not in told.sealed
        assert await hall.stage.rows(kept)
        await hall.by_agent(told)
        assert not await hall.stage.rows(kept)
        assert await paid(hall, number)
        first = hall.seal_keys[request_id]
        again = await hall.reads(await hall.to_pay())
        assert hall.seal_keys[again] != first
        await hall.says("cancelled", again)
        assert not await hall.stage.rows(kept)

    within(story)
