"""Cards that a kiosk's agent brings: used once, for what they were asked for, sealed on their way."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from card_hall import AWAY, HERE, PAN, SLOT, STRANGE, CardHall, play
from line_stage import OUTPATIENT, SIGN_ON_FIRST
from msgspec.structs import replace

from yinyi.business.lines.session_model import Declined
from yinyi.business.payments.messages import CancelPayment
from yinyi.business.terminals.errors import LineReplaced
from yinyi.business.terminals.messages import ConnectTerminal
from yinyi.business.terminals.model import CardStep
from yinyi.business.terminals.readings import GRACE, READ_WITHIN

Story = Callable[[CardHall], Awaitable[None]]
Played = Callable[[Story], None]


@pytest.fixture
def within(platform_url: str, tmp_path: Path) -> Played:
    """Plays a story in a hall of its own."""
    return lambda story: play(platform_url, tmp_path, story)


def test_a_card_pays_once_however_often_it_is_told_of(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        card = hall.card(request_id)
        for key in ("key-of-the-event-1", "key-of-the-event-1", "key-of-the-event-2"):
            await hall.by_agent(card, key)
        await hall.brings(request_id)
        assert await hall.paid(number)
        assert hall.purchases() == 1
        assert (await hall.reading()).state == "read"

    within(story)


def test_told_of_at_once_it_pays_once(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        await asyncio.gather(*[hall.brings(request_id) for _ in range(5)])
        assert await hall.paid(number)
        assert hall.purchases() == 1

    within(story)


def test_a_card_of_another_terminal_is_none_of_this_reading(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        await hall.by_agent(replace(hall.card(request_id), epoch=hall.there.epoch), kiosk=hall.there)
        assert not hall.purchases()
        await hall.brings(request_id)
        assert await hall.paid(number)

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
        assert await hall.paid(number)

    within(story)


@pytest.mark.parametrize(("late", "takes"), [(READ_WITHIN + GRACE / 2, True), (READ_WITHIN + GRACE, False)])
def test_a_card_for_a_reading_that_is_over(within: Played, late: timedelta, takes: bool) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        await hall.pass_by(late)
        assert (await hall.wanted()).request is None
        await hall.brings(request_id)
        assert await hall.paid(number) is takes
        assert hall.purchases() == takes

    within(story)


@pytest.mark.parametrize(
    "step", ["cancelled", "pulled_out", "timed_out", "not_taken", "stripe", "unreadable", "key_refused"]
)
def test_after_its_end_a_reading_takes_no_card(within: Played, step: CardStep) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        await hall.says(step, request_id)
        assert (await hall.reading()).state == step
        await hall.brings(request_id)
        assert not await hall.paid(number)
        assert not hall.purchases()
        await hall.brings(await hall.reads(number))
        assert await hall.paid(number), "the next one does"

    within(story)


@pytest.mark.parametrize("takes", [False, True])
def test_a_magnetic_stripe_reaches_no_bank_that_does_not_take_it(within: Played, takes: bool) -> None:
    """Whatever the terminal makes of it: an older agent asks for the PIN all the same."""

    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        hall.business.payments.registry.cards["bank_card"].takes_stripe = takes
        request_id = await hall.reads(number)
        request = (await hall.wanted()).request
        assert request is not None
        assert [each.takes_stripe for each in request.routes] == [takes, False]
        await hall.brings(request_id, entry_mode="stripe")
        assert await hall.paid(number) is takes
        assert (await hall.reading()).state == ("read" if takes else "stripe")
        assert hall.purchases() == takes

    within(story)


def test_after_he_has_left_it_a_reading_takes_no_card(within: Played) -> None:
    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        await hall.leaves(number)
        await hall.leaves(number)
        assert (await hall.wanted()).request is None
        await hall.brings(request_id)
        assert not await hall.paid(number)
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
        assert await hall.paid(first)
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
        assert not await hall.paid(number)
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
        assert not await hall.paid(number)
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
        assert await hall.paid(number)

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
        assert await hall.paid(number)
        first = hall.seal_keys[request_id]
        again = await hall.reads(await hall.to_pay())
        assert hall.seal_keys[again] != first
        await hall.says("cancelled", again)
        assert not await hall.stage.rows(kept)

    within(story)


# -- when it may be taken


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, True),
        (Declined(code="51", reason="insufficient_funds"), True),
        (Declined(code="55", tries_left=2), False),
        (Declined(code="", reason="expired"), False),
    ],
)
def test_a_terminal_is_told_when_a_card_is_not_needed_any_more(
    within: Played, answer: Declined | None, told: bool
) -> None:
    """After a wrong PIN it stays where it is, and is not forgotten meanwhile."""

    async def story(hall: CardHall) -> None:
        asked = "SELECT 1 FROM outbox WHERE subject LIKE '%.CardAsked'"
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        hall.stage.bank.next["purchase"] = [] if answer is None else [answer]
        before = len(await hall.stage.rows(asked))
        await hall.brings(request_id)
        assert await hall.paid(number) is (answer is None)
        await hall.business.pay_cards.come_home(20)
        assert len(await hall.stage.rows(asked)) - before == told
        assert (await hall.wanted()).request is None
        if answer is not None:
            assert (await hall.payment(number)).tries_left == answer.tries_left

    within(story)


def test_a_pin_that_a_bank_sends_back_for_new_keys_was_sent(within: Played) -> None:
    """Under another key it is typed once more; the answer's code says that it had left."""

    async def story(hall: CardHall) -> None:
        number = await hall.to_pay()
        request_id = await hall.reads(number)
        hall.stage.bank.next["purchase"] = [SIGN_ON_FIRST]
        hall.stage.bank.next["sign_on"] = [hall.stage.bank.keys(OUTPATIENT, pik=bytes(range(16)))]
        await hall.brings(request_id)
        assert not await hall.paid(number)
        found = await hall.payment(number)
        assert (found.reason, found.refused_code, hall.purchases()) == ("expired", "77", 1)

    within(story)


def test_the_screen_knows_which_cards_are_taken(within: Played) -> None:
    """The bank of the public card has no session here: such a card is known, and not taken."""

    async def story(hall: CardHall) -> None:
        assert (await hall.reading()).kinds == []
        await hall.reads(await hall.to_pay())
        assert (await hall.reading()).kinds == ["bank_card"]

    within(story)
