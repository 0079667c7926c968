"""The doctor's room charges prepaid accounts: once for each of its numbers, never below zero, and never more back than
was charged."""

import asyncio

import pytest
from charge_desk import ChargeDesk, named_patients
from payment_checks import play
from payment_world import World
from prepaid_desk import balance, desk, opening
from watch_world import Watch, watch

from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.payments.errors import AccountsClosed
from yinyi.business.prepaid.errors import (
    ChargeDiffers,
    ChargeReversed,
    ChargeUnknown,
    ChargeVoided,
    MoreThanCharged,
    ReversalDiffers,
)
from yinyi.business.prepaid.messages import GetPrepaidAccount
from yinyi.kernel.errors import HospitalUnavailable

INCOME = "hospital:outpatient:prepaid_charge"
PUT_IN = 10_000


async def room(it: World, fen: int = PUT_IN) -> tuple[ChargeDesk, Watch]:
    """A doctor's room, and a patient, the first one there is, with money on the account."""
    await desk(it)
    at = ChargeDesk(it)
    assert await at.admit() == 1
    if fen:
        await opening(it, fen)
    return at, watch(it)


def test_charged_and_given_back_in_parts_as_ledger_and_patient_see_it(platform_url: str) -> None:
    async def story(it: World) -> None:
        at, _ = await room(it)
        prepaid = await desk(it)
        made = await at.charge("C1", 3000)
        assert (made.state, made.patient_no, made.left_fen, made.place) == ("charged", "P1", 3000, "内科 3 诊室")
        part = await at.reverse("C1", "R1", 1000)
        assert (part.state, part.left_fen, [each.amount_fen for each in part.reversals]) == (
            *("partly_reversed", 2000),
            [1000],
        )
        assert await it.balance(INCOME) == -2000
        whole = await at.reverse("C1", "R2")
        assert (whole.state, [(each.reversal_no, each.amount_fen) for each in whole.reversals]) == (
            "reversed",
            [("R1", 1000), ("R2", 2000)],
        )
        assert (await balance(it), await it.balance(INCOME)) == (PUT_IN, 0)
        async with it.database.read() as tx:
            account = await prepaid.get(tx, it.call(), GetPrepaidAccount())
        assert [(each.kind, each.amount_fen, each.about) for each in account.entries[:3]] == [
            ("charge_back", 2000, "内科 3 诊室 心电图 等"),
            ("charge_back", 1000, "内科 3 诊室 心电图 等"),
            ("charged", -3000, "内科 3 诊室 心电图 等"),
        ]
        found = await at.balance()
        assert (found.name, found.balance_fen, [each.charge_no for each in found.charges]) == ("赵*姨", PUT_IN, ["C1"])

    play(platform_url, story)


def test_asked_again_under_the_same_number_it_is_one_charge(platform_url: str) -> None:
    async def story(it: World) -> None:
        at, _ = await room(it)
        await at.admit("P2")
        first = await at.charge("C1", 3000)
        assert await at.charge("C1", 3000) == first
        for fen, who in ((3001, "P1"), (3000, "P2")):
            with pytest.raises(ChargeDiffers):
                await at.charge("C1", fen, who)
        assert await balance(it) == PUT_IN - 3000
        other = ChargeDesk(it, "lis")
        assert (await other.query("C1")).state == "unknown", "another institution's numbers are its own"
        assert (await other.charge("C1", 500)).state == "charged"
        await at.reverse("C1", "R1", 1000)
        assert await at.reverse("C1", "R1", 1000) == await at.reverse("C1", "R1")
        with pytest.raises(ReversalDiffers):
            await at.reverse("C1", "R1", 999)
        await at.reverse("C1", "R2")
        with pytest.raises(ChargeReversed):
            await at.charge("C1", 3000)
        assert await balance(it) == PUT_IN - 500

    play(platform_url, story)


def test_at_once_never_below_zero_and_never_more_back_than_was_charged(platform_url: str) -> None:
    async def story(it: World) -> None:
        at, _ = await room(it)
        many = await asyncio.gather(*(at.charge(f"C{n}", 3000) for n in range(6)), return_exceptions=True)
        assert sorted(type(each).__name__ for each in many) == ["BalanceTooLow"] * 3 + ["PrepaidCharge"] * 3
        assert await balance(it) == PUT_IN - 9000
        refused = next(n for n, each in enumerate(many) if isinstance(each, BalanceTooLow))
        assert (await at.query(f"C{refused}")).state == "unknown", "nothing of it was written"
        charged = next(n for n, each in enumerate(many) if not isinstance(each, BaseException))
        twice = await asyncio.gather(*(at.charge("C9", 700) for _ in range(3)))
        assert twice[0] == twice[1] == twice[2]
        assert await balance(it) == PUT_IN - 9700
        back = [at.reverse(f"C{charged}", f"R{n}", 2000) for n in range(3)]
        again = await asyncio.gather(*back, return_exceptions=True)
        assert sorted(type(each).__name__ for each in again) == ["MoreThanCharged"] * 2 + ["PrepaidCharge"]
        assert await balance(it) == PUT_IN - 7700

    play(platform_url, story)


def test_what_cannot_be_charged_or_given_back_leaves_nothing_behind(platform_url: str) -> None:
    async def story(it: World) -> None:
        at, them = await room(it, 0)
        with pytest.raises(PatientUnknown):
            await at.charge("C1", 1, "P404")
        with pytest.raises(BalanceTooLow):
            await at.charge("C1", 1)
        with pytest.raises(ChargeUnknown):
            await at.reverse("C1", "R1")
        await desk(it, "off")
        with pytest.raises(AccountsClosed):
            await at.charge("C1", 1)
        assert (await at.query("C1")).state == "unknown"
        assert await them.found() == {}

    play(platform_url, story)


def test_who_had_no_answer_and_does_not_want_it_any_more_says_so_and_what_comes_late_is_refused(
    platform_url: str,
) -> None:
    async def story(it: World) -> None:
        at, them = await room(it)
        assert (await at.reverse("C1", "R1", or_never=True)).state == "void"
        assert (await at.reverse("C1", "R1", or_never=True)).state == "void"
        with pytest.raises(ChargeUnknown):
            await at.reverse("C1", "R2")
        with pytest.raises(ChargeVoided):
            await at.charge("C1", 3000)
        await at.charge("C2", 3000)
        assert (await at.reverse("C2", "R1", or_never=True)).state == "reversed", "it had come after all"
        with pytest.raises(MoreThanCharged):
            await at.reverse("C2", "R2", 1)
        assert await balance(it) == PUT_IN
        assert set(await them.found()) <= {"openings_confirmed"}

    play(platform_url, story)


def test_whoever_only_the_hospital_knows_is_on_record_from_then_on(platform_url: str) -> None:
    async def story(it: World) -> None:
        await room(it)
        at = ChargeDesk(it, named=named_patients(it, "P7"))
        found = await at.balance(" p7 ")
        assert (found.patient_no, found.name, found.balance_fen) == ("P7", "钱*", 0)
        with pytest.raises(BalanceTooLow):
            await at.charge("C1", 3000, "P7")
        with pytest.raises(PatientUnknown):
            await at.balance("P8")
        away = ChargeDesk(it, named=named_patients(it, away=True))
        assert (await away.balance("P7")).name == "钱*", "and found while the hospital is away"
        with pytest.raises(HospitalUnavailable):
            await away.charge("C2", 3000, "P8")

    play(platform_url, story)
