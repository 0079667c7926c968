"""A patient had two numbers, each with an account of its own: nothing of the money is lost when they become one."""

import asyncio
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace
from payment_checks import pay_in_time, play, waits_for_a_lock
from payment_far_side import FEE
from payment_world import ZONE, World
from prepaid_desk import balance, desk, given_back_at_channel, paid_from_account, topped_up
from queue_desk import as_staff
from refund_desk import refund

from yinyi.business.identity.model import PatientRecord
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.news import merge_store
from yinyi.business.news.errors import BalanceDiffers
from yinyi.business.news.merging import Merging
from yinyi.business.news.messages_merges import ConfirmMerge
from yinyi.business.news.model import PatientNews
from yinyi.business.payments.merged import Move, move
from yinyi.business.payments.view import state_of
from yinyi.business.prepaid.messages import GetPrepaidAccount, Withdraw
from yinyi.business.prepaid.service import PrepaidService
from yinyi.kernel.money import Fen
from yinyi.kernel.secrets import Vault

PATIENTS = """
INSERT INTO patient (hospital_id, patient_id, patient_no, name, sex, created_at, updated_at)
OVERRIDING SYSTEM VALUE SELECT 1, n, 'P' || n, '王芳', 'female', $1, $1 FROM generate_series(1, 3) AS n
ON CONFLICT DO NOTHING
"""
MERGING = Merging(Vault({1: b"k" * 32}, b"i" * 32), ZONE)


async def merged(it: World) -> None:
    """1 is 2."""
    now, fen = it.clock.now(), await balance(it)
    async with it.database.transaction() as tx:
        await tx.execute(PATIENTS, now)
        if fen:
            await move(tx, Move(1, "merge:1:1", "prepaid:1", "prepaid:2", Fen(fen)), now.date(), now)
        await merge_store.merge(tx, 1, 1, 2, now)


class Second(NamedTuple):
    """The patient, under the number that is left."""

    it: World
    prepaid: PrepaidService

    def call(self) -> Any:
        call = self.it.call()
        return replace(call, principal=replace(call.principal, patient_id=2))

    async def withdraws(self, fen: int) -> None:
        async with self.it.database.transaction() as tx:
            await self.prepaid.withdraw(tx, self.call(), Withdraw(amount_fen=Fen(fen)), None)

    async def kinds(self) -> list[str]:
        async with self.it.database.read() as tx:
            account = await self.prepaid.get(tx, self.call(), GetPrepaidAccount())
        assert sum(each.amount_fen for each in account.entries) == account.balance_fen
        return [each.kind for each in account.entries]


async def obliged(it: World) -> list[str]:
    async with it.database.read() as tx:
        rows = await tx.fetch("SELECT number FROM payment_obligation ORDER BY number")
    return [row["number"] for row in rows]


async def brought_after(it: World) -> int:
    async with it.database.transaction() as tx:
        return await MERGING.bring_after(tx, it.clock.now())


def test_money_of_a_merged_number_goes_back_to_where_it_came_from(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        number = await topped_up(it, prepaid)
        await merged(it)
        assert [await balance(it, each) for each in "12"] == [0, FEE]
        second = Second(it, prepaid)
        await second.withdraws(FEE - 1000)
        assert [await balance(it, each) for each in "12"] == [0, 1000]
        await it.to_the_end(number)
        await refund(it, number, 400)
        await it.to_the_end(number)
        assert (it.channel.kept_fen(), await balance(it, "2")) == (600, 600)
        with pytest.raises(BalanceTooLow):
            async with it.database.transaction() as tx:
                await move(
                    tx, Move(1, "spent", "prepaid:2", "prepaid:1", Fen(601)), it.clock.now().date(), it.clock.now()
                )
        assert sorted(await second.kinds()) == ["merged", "taken_back", "taken_back"]
        assert (await it.books_differ(), await brought_after(it)) == ([], 0)

    play(platform_url, story)


def test_what_the_channel_gives_back_of_a_merged_number_is_taken_off_the_other(platform_url: str) -> None:
    """Whoever finds out, the engine or people: it cannot be spent as well."""

    async def story(it: World) -> None:
        prepaid = await desk(it)
        number = await topped_up(it, prepaid)
        await merged(it)
        await given_back_at_channel(it, number, 1200)
        assert [await balance(it, each) for each in "12"] == [0, FEE - 1200]
        assert await it.balance("suspense:short") == 0
        assert await it.books_differ() == []

    play(platform_url, story)


def test_what_was_opened_while_two_were_merged_follows_when_it_has_ended(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        await merged(it)
        number = await topped_up(it, prepaid)
        assert [await balance(it, each) for each in "12"] == [FEE, 0], "its session was found good before"
        assert await brought_after(it) == 1
        assert [await balance(it, each) for each in "12"] == [0, FEE]
        assert (await it.plan(number)).patient_id == 2
        second = Second(it, prepaid)
        await second.withdraws(FEE)
        await it.to_the_end(number)
        assert ([await balance(it, each) for each in "12"], it.channel.kept_fen()) == ([0, 0], 0)
        assert await it.books_differ() == []

    play(platform_url, story)


def test_a_registration_is_the_others_and_holds_its_session_for_him(platform_url: str) -> None:
    """Also one that was opened while they were merged; whoever looked at one before decides anew."""

    async def story(it: World) -> None:
        await desk(it)
        before = await pay_in_time(it)
        await merged(it)
        after = await it.plan(before.payment_no)
        assert (after.patient_id, after.version) == (2, before.version + 1)
        late = await pay_in_time(it)
        assert late.patient_id == 1
        await brought_after(it)
        assert (await it.plan(late.payment_no)).patient_id == 2
        assert await obliged(it) == ["P2:S1", "P2:S2"]
        assert await it.books_differ() == []

    play(platform_url, story)


def test_both_numbers_may_be_registered_for_one_session(platform_url: str) -> None:
    async def story(it: World) -> None:
        await desk(it)
        first = await pay_in_time(it)
        async with it.database.transaction() as tx:
            await tx.execute("INSERT INTO payment_obligation VALUES (1, 'registration', 'P2:S1', $1)", 10**9)
        await merged(it)
        assert (await it.plan(first.payment_no)).patient_id == 2
        assert await obliged(it) == ["P1:S1", "P2:S1"]

    play(platform_url, story)


def test_who_confirms_while_the_account_is_charged_looks_again(platform_url: str) -> None:
    """The balance is read before the charge is committed, and gone when it is to be moved."""

    async def story(it: World) -> None:
        prepaid = await desk(it)
        await topped_up(it, prepaid)
        now = it.clock.now()
        said = ConfirmMerge(news_no=5, patient_no="P2", balance_fen=Fen(FEE))
        news = PatientNews(patient_no="P2", merged_no="P1")
        survivor = PatientRecord(patient_no="P2", name="王芳", sex="female", born_on=None)

        async def says(name: str) -> bool:
            async with it.database.transaction() as tx:
                return await MERGING.by_people(tx, as_staff(it, name), said, news, survivor)

        async with it.database.transaction() as tx:
            await tx.execute(PATIENTS, now)
        assert not await says("operator")
        async with it.database.transaction() as tx:
            await move(tx, Move(1, "charge", "prepaid:1", "opening:test", Fen(1)), now.date(), now)
            second = asyncio.create_task(says("supervisor"))
            while not await waits_for_a_lock(it):
                assert not second.done(), await second
        with pytest.raises(BalanceDiffers):
            await second
        assert [await balance(it, each) for each in "12"] == [FEE - 1, 0]

    play(platform_url, story)


def test_two_people_mean_the_same_two(platform_url: str) -> None:
    async def story(it: World) -> None:
        await desk(it)
        now = it.clock.now()
        async with it.database.transaction() as tx:
            await tx.execute(PATIENTS, now)
            assert not await merge_store.say(tx, 1, 5, (1, 2), 500, "one", now)
            assert not await merge_store.say(tx, 1, 5, (1, 3), 500, "other", now), "of another pair"
            assert not await merge_store.say(tx, 1, 5, (1, 2), 500, "one", now)
            assert await merge_store.say(tx, 1, 5, (1, 2), 500, "other", now)

    play(platform_url, story)


def test_what_comes_back_to_a_merged_number_later_is_brought_after(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        await topped_up(it, prepaid)
        bill = (await paid_from_account(it)).payment_no
        assert state_of(await it.to_the_end(bill)) == "fulfilled"
        await merged(it)
        assert [await balance(it, each) for each in "12"] == [0, 0]
        await refund(it, bill)
        await it.to_the_end(bill)
        assert [await balance(it, each) for each in "12"] == [FEE, 0], "where it was paid from"
        assert await brought_after(it) == 1
        assert [await balance(it, each) for each in "12"] == [0, FEE]
        assert await brought_after(it) == 0
        second = Second(it, prepaid)
        await second.withdraws(FEE)
        assert await balance(it, "2") == 0
        assert await it.books_differ() == []

    play(platform_url, story)
