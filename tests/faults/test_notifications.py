"""Institutions are told of payments: nothing that was told is lost, whatever their servers and our processes do."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace
from notice_desk import ENDPOINT, Died, Office, Server
from payment_checks import play
from payment_far_side import FEE
from payment_world import World
from refund_desk import refund

from yinyi.bus.operation import Caller
from yinyi.business.institutions.messages import AddInstitution, CloseInstitution
from yinyi.business.payments.owners import AT_INSTITUTION
from yinyi.business.subscriptions.errors import EndpointInvalid, NoSecretToSign, SubscriptionUnknown
from yinyi.business.subscriptions.messages import (
    EndSubscription,
    ListNotifications,
    ListSubscriptions,
    ResendNotifications,
    SetSubscription,
)
from yinyi.business.subscriptions.model import LADDER_S, Headers
from yinyi.business.subscriptions.notifier import CLAIMED_S
from yinyi.business.subscriptions.store import Wanting
from yinyi.business.subscriptions.telling import concerns
from yinyi.kernel.errors import NotYours

DAYS = timedelta(days=3)


def test_the_his_is_told_of_a_payment_and_of_its_refund_signed_with_its_secret(platform_url: str) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        secret = await office.subscribes()
        number = await office.pays()
        await office.turn()
        greeting, paid = office.server.heard
        assert (greeting["topic"], paid["topic"]) == ("subscription", "payment")
        assert office.server.signed_with(secret)
        assert not office.server.signed_with(secret + "x")
        told = paid["payment"]
        assert (told["payment_no"], told["state"], told["taken_fen"]) == (number, "fulfilled", FEE)
        await refund(it, number)
        await it.to_the_end(number)
        await office.turn()
        again = office.server.heard[-1]["payment"]
        assert (again["refunds"], again["returned_fen"]) == ("wholly", FEE)
        assert again["version"] > told["version"]

    play(platform_url, story)


def test_while_a_secret_is_being_replaced_both_sign(platform_url: str) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        old = await office.subscribes()
        new = await office.replaces()
        await office.turn()
        assert office.server.signed_with(old)
        assert office.server.signed_with(new)
        await office.pays()
        await office.turn(timedelta(days=2))
        assert not office.server.signed_with(old)
        assert office.server.signed_with(new)

    play(platform_url, story)


def test_a_server_that_is_down_is_left_alone_ever_longer_and_then_told_everything(platform_url: str) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        await office.subscribes()
        await office.turn()
        numbers = [await office.pays() for _ in range(3)]
        office.server.answers.extend(["no answer in time"] * 6)
        await office.turn()
        assert len(office.server.answers) == 3, "all three were on their way"
        for pause_s in (5, 30, 120):
            await office.turn(timedelta(seconds=pause_s - 1))
            left = len(office.server.answers)
            await office.turn(timedelta(seconds=1))
            assert len(office.server.answers) == left - 1, "it is tried with one"
        await office.turn(timedelta(hours=1))
        assert {each["payment"]["payment_no"] for each in office.server.heard[1:]} == set(numbers)
        [view] = (await office.says(ListSubscriptions())).subscriptions
        assert (view.waiting, view.given_up, view.failures, view.problem) == (0, 0, 0, "")

    play(platform_url, story)


def test_one_that_is_never_taken_holds_up_no_other_and_is_given_up_where_people_see_it(platform_url: str) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        await office.subscribes()
        await office.turn()
        await office.pays()
        for step in range(len(LADDER_S) + 1):
            office.server.answers.append("status 400")
            await office.turn(timedelta(hours=9) if step else timedelta())
        assert not office.server.answers, "it was tried so often"
        await office.pays()
        await office.turn(DAYS)
        assert len(office.server.heard) == 2, "the other one arrived"
        [view] = (await office.says(ListSubscriptions())).subscriptions
        assert (view.waiting, view.given_up) == (0, 1)
        office.asks_as("his")
        kept = (await office.says(ListNotifications())).notifications
        assert [(each.state, each.problem) for each in kept] == [
            ("delivered", ""),
            ("given_up", "status 400"),
            ("delivered", ""),
        ]
        lost = kept[1].notification_no
        resent = await office.says(ResendNotifications(first_no=lost, last_no=lost))
        assert resent.waiting == 1
        await office.turn()
        assert office.server.numbers()[-1] == lost

    play(platform_url, story)


@pytest.mark.parametrize("when", ["before it arrived", "after it arrived"])
def test_a_process_that_dies_leaves_nothing_untold(platform_url: str, when: str) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        await office.subscribes()
        await office.turn()
        number = await office.pays()
        if when == "after it arrived":
            office.server.heard.append({"notification_no": 0, "payment": {"payment_no": number}})
        office.server.answers.append(Died())
        with pytest.raises(Died):
            await office.turn()
        await office.turn(timedelta(seconds=60))
        assert len(office.server.heard) == (2 if when == "after it arrived" else 1), "whoever has it may be at it still"
        await office.turn(timedelta(seconds=60))
        assert office.server.heard[-1]["payment"]["payment_no"] == number

    play(platform_url, story)


def test_two_processes_tell_it_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        await office.subscribes()
        for _ in range(6):
            await office.pays()
        other = office.another(it.database)
        while await office.notifier.turn() + await other.turn():
            pass
        numbers = office.server.numbers()
        assert len(numbers) == 7
        assert len(set(numbers)) == 7

    play(platform_url, story)


class Slow(Server):
    """Answers its first call after two minutes and more, and then with nothing. meanwhile: what happens in them."""

    def __init__(self, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self._meanwhile: list[Callable[[], Awaitable[object]]] = [meanwhile]

    async def notify(self, endpoint: str, headers: Headers, content: bytes) -> str:
        if not self._meanwhile:
            return await super().notify(endpoint, headers, content)
        await self._meanwhile.pop()()
        return "no answer"


def test_whoever_learns_too_late_that_it_was_not_taken_does_not_send_again_what_another_has_sent(
    platform_url: str,
) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        await office.subscribes()

        async def another_sends_it() -> None:
            it.clock.advance(timedelta(seconds=CLAIMED_S))
            assert await office.another(it.database).turn() == 1

        office.server = Slow(another_sends_it)
        office.notifier = office.another(it.database)
        await office.turn()
        await office.turn(DAYS)
        assert [each["topic"] for each in office.server.heard] == ["subscription"]
        [told] = (await office.says(ListNotifications(institution_id="his"))).notifications
        assert (told.tries, told.problem) == (1, "")

    play(platform_url, story)


def test_whoever_would_rather_ask_misses_nothing_page_by_page(platform_url: str) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        await office.subscribes()
        numbers = [await office.pays() for _ in range(5)]
        office.asks_as("his")
        found, after, pages = list[str](), 0, 0
        while True:
            page = await office.says(ListNotifications(after=after, most=2))
            found += [each.payment.payment_no for each in page.notifications if each.payment]
            pages += 1
            if page.next_after is None:
                break
            after = page.next_after
        assert (found, pages) == (numbers, 3)

    play(platform_url, story)


MORE = """
INSERT INTO notification (hospital_id, institution_id, topic, subject, version, body, at, delivered_at)
SELECT 1, 'his', 'subscription', n, 1, '{}', $1, $1 FROM generate_series(1, 2003) AS n
"""


def test_a_long_range_is_sent_again_page_by_page_and_nothing_of_it_is_left_out_silently(platform_url: str) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        await office.subscribes()
        await office.turn()
        async with it.database.read() as tx:
            await tx.execute(MORE, it.clock.now())
            numbers = await tx.fetchval("SELECT array_agg(notification_no ORDER BY 1) FROM notification")
        office.asks_as("his")
        first, last, pages = numbers[1], numbers[-1], list[tuple[int, int | None]]()
        page = await office.says(ResendNotifications(first_no=first, last_no=last), key="office-resends-1")
        again = await office.says(ResendNotifications(first_no=first, last_no=last), key="office-resends-1")
        assert (again, page.next_first_no) == (page, numbers[1001]), "whoever asks again hears the same"
        pages.append((page.waiting, page.next_first_no))
        while page.next_first_no is not None:
            page = await office.says(ResendNotifications(first_no=page.next_first_no, last_no=last))
            pages.append((page.waiting, page.next_first_no))
        assert pages == [(1000, numbers[1001]), (1000, numbers[2001]), (3, None)]
        kept = (await office.says(ListNotifications(after=numbers[0], most=1))).notifications
        assert [each.state for each in kept] == ["waiting"]
        short = await office.says(ResendNotifications(first_no=first, last_no=numbers[1000]))
        assert (short.waiting, short.next_first_no) == (1000, None), "a thousand are not more than a thousand"

    play(platform_url, story)


def test_nobody_hears_what_is_not_his(platform_url: str) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        await office.subscribes()
        await office.subscribes("bank-of-yunshan", "bank")
        number = await office.pays()
        await office.turn()
        assert [each["topic"] for each in office.server.heard].count("payment") == 1
        office.asks_as("bank-of-yunshan", Caller.INSTITUTION)
        theirs = (await office.says(ListNotifications())).notifications
        assert [each.topic for each in theirs] == ["subscription"]
        plan = await it.plan(number)
        opened_there = replace(plan, facts=plan.facts | {AT_INSTITUTION: "bank-of-yunshan"})
        for bank, heard in (("bank-of-yunshan", True), ("other-bank", False)):
            assert concerns(opened_there, Wanting(1, bank, "bank")) == heard
            assert not concerns(plan, Wanting(1, bank, "bank"))
        assert not concerns(plan, Wanting(2, "his", "hospital"))
        with pytest.raises(NotYours):
            await office.says(ListNotifications(institution_id="his"))
        with pytest.raises(NotYours):
            await office.says(ResendNotifications(institution_id="his", first_no=0, last_no=9))

    play(platform_url, story)


def test_an_end_is_an_end(platform_url: str) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        await office.subscribes()
        await office.pays()
        await office.says(EndSubscription(institution_id="his"))
        await office.turn(DAYS)
        assert office.server.heard == []
        with pytest.raises(SubscriptionUnknown):
            await office.says(ResendNotifications(institution_id="his", first_no=0, last_no=99))
        await office.says(SetSubscription(institution_id="his", endpoint=ENDPOINT, topics=["payment"]))
        await office.turn()
        assert [each["topic"] for each in office.server.heard] == ["subscription"]
        await office.pays()
        await office.says(CloseInstitution(institution_id="his"))
        await office.pays()
        await office.turn(DAYS)
        assert len(office.server.heard) == 1
        async with it.database.read() as tx:
            rows = await tx.fetch("SELECT problem FROM notification WHERE topic = 'payment'")
        assert [row["problem"] for row in rows] == ["", ""], "one before each end, and nothing of them was tried"

    play(platform_url, story)


@pytest.mark.parametrize(
    "endpoint",
    [
        *("ftp://his.example/x", "https:///nowhere", "https://u:p@his.example/", "https://his.example/#a"),
        *("his.example/told", "https://his.example:99999/", "https://his.example/ a", "https://his.example/病人"),
    ],
)
def test_an_address_that_cannot_be_told_is_refused(platform_url: str, endpoint: str) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        await office.subscribes()
        with pytest.raises(EndpointInvalid):
            await office.says(SetSubscription(institution_id="his", endpoint=endpoint, topics=["payment"]))

    play(platform_url, story)


def test_what_could_not_be_signed_is_refused(platform_url: str) -> None:
    async def story(it: World) -> None:
        office = Office(it)
        add = AddInstitution(institution_id="bus", kind="hospital", name="总线", algorithm="UsernameToken")
        await office.says(add)
        with pytest.raises(NoSecretToSign):
            await office.says(SetSubscription(institution_id="bus", endpoint=ENDPOINT, topics=["payment"]))

    play(platform_url, story)
