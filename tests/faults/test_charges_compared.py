"""What the hospital believes to have charged, day by day, against what was charged: what differs is found, stays until
both sides agree or somebody settles it, and around midnight nothing differs that does not."""

from datetime import date, datetime, time, timedelta

import pytest
from charge_desk import ChargeDesk
from msgspec.structs import replace
from payment_checks import play
from payment_world import ZONE, World
from prepaid_desk import desk, opening
from queue_desk import as_staff

from yinyi.business.prepaid.agreeing import HereCharge, Key, differences
from yinyi.business.prepaid.comparing import Comparing
from yinyi.business.prepaid.errors import DifferenceUnknown
from yinyi.business.prepaid.messages_agreeing import (
    ChargeDifferences,
    CompareCharges,
    ListChargeDifferences,
    SettleChargeDifference,
)
from yinyi.business.prepaid.model import HospitalCharge
from yinyi.kernel.errors import HospitalUnavailable, InvalidField
from yinyi.kernel.money import Fen

MIDNIGHT = datetime.combine(date(2026, 3, 3), time(), ZONE)


class Ledgers:
    """The hospital's own list, and the platform that compares it."""

    def __init__(self, it: World, *institutions: str) -> None:
        self._it = it
        self.told: list[HospitalCharge] = []
        self.away = False
        self.comparing = Comparing(it.database, self, institutions or ("his",), ZONE, it.clock, 1)

    async def account_charges(self, since: datetime, until: datetime) -> list[HospitalCharge]:
        if self.away:
            raise HospitalUnavailable
        return [each for each in self.told if since <= each.charged_at <= until]

    def believes(self, charge_no: str, fen: int, back: int = 0, patient_no: str = "P1") -> None:
        self.told = [each for each in self.told if each.charge_no != charge_no]
        self.told.append(charge(charge_no, fen, back, patient_no, self._it.clock.now()))

    async def listed(self) -> ChargeDifferences:
        async with self._it.database.read() as tx:
            return await self.comparing.list(tx, as_staff(self._it, "operator"), ListChargeDifferences())

    async def found(self) -> list[tuple[str, str, int, int]]:
        return [(d.charge_no, d.kind, d.hospital_fen, d.here_fen) for d in (await self.listed()).differences]

    async def compare(self, on: date) -> None:
        call, message = as_staff(self._it, "operator"), CompareCharges(on=on)
        listed = await self.comparing.told(call, message)
        async with self._it.database.transaction() as tx:
            await self.comparing.compare(tx, call, message, listed)

    async def settle(self, charge_no: str) -> None:
        message = SettleChargeDifference(institution_id="his", charge_no=charge_no, note="in cash")
        async with self._it.database.transaction() as tx:
            await self.comparing.settle(tx, as_staff(self._it, "operator"), message, None)


def charge(
    charge_no: str, fen: int, back: int = 0, patient_no: str = "P1", at: datetime = MIDNIGHT, by: str = "his"
) -> HospitalCharge:
    return HospitalCharge(
        charge_no=charge_no,
        institution_id=by,
        patient_no=patient_no,
        amount_fen=Fen(fen),
        returned_fen=Fen(back),
        charged_at=at,
    )


async def a_day(it: World) -> tuple[ChargeDesk, Ledgers, date]:
    await desk(it)
    at = ChargeDesk(it)
    await at.admit()
    await opening(it, 100_000)
    return at, Ledgers(it), it.clock.now().astimezone(ZONE).date()


def test_what_differs_is_found_the_next_day_and_is_gone_once_it_agrees(platform_url: str) -> None:
    async def story(it: World) -> None:
        at, both, today = await a_day(it)
        for number in ("SAME", "HERE", "LESS"):
            await at.charge(number, 3000)
        both.believes("SAME", 3000)
        both.believes("LESS", 3000, back=1000)
        both.believes("LOST", 1200)
        assert await both.comparing.turn() > 0
        assert await both.found() == [], "today is not over"
        while await both.comparing.turn():
            pass
        it.clock.at += timedelta(days=1)
        while await both.comparing.turn():
            pass
        stands = [("HERE", "here_only", 0, 3000), ("LESS", "amount", 2000, 3000), ("LOST", "hospital_only", 1200, 0)]
        assert await both.found() == stands
        async with it.database.transaction() as tx:
            merged = "INSERT INTO patient (hospital_id, patient_no, name, sex, created_at, updated_at, merged_into) "
            await tx.execute(f"{merged} VALUES (1, 'P0', '赵阿姨', 'female', $1, $1, 1)", it.clock.now())
        both.told = [replace(each, patient_no="P0") if each.charge_no == "SAME" else each for each in both.told]
        await both.compare(today)
        assert await both.found() == stands, "two numbers that are one patient"
        [day] = [each for each in (await both.listed()).days if each.on == today]
        assert (day.hospital_charges, day.here_charges, day.compared_at) == (3, 3, it.clock.now())
        assert await both.comparing.turn() == 0, "and is not looked at all the time"
        await at.reverse("LESS", "R1", 1000)
        await at.reverse("HERE", "R2")
        await at.charge("LOST", 1200)
        it.clock.at += timedelta(hours=1, minutes=1)
        assert await both.comparing.turn() == 1
        assert await both.found() == []
        it.clock.at += timedelta(hours=2)
        assert await both.comparing.turn() == 0, "what agrees rests"

    play(platform_url, story)


def test_what_people_have_settled_stays_so_unless_it_changes(platform_url: str) -> None:
    async def story(it: World) -> None:
        at, both, today = await a_day(it)
        await at.charge("HERE", 3000)
        it.clock.at += timedelta(days=1)
        await both.compare(today)
        await both.settle("HERE")
        assert await both.found() == []
        with pytest.raises(DifferenceUnknown):
            await both.settle("HERE")
        await both.compare(today)
        assert await both.found() == []
        await at.reverse("HERE", "R1", 1000)
        await both.compare(today)
        assert await both.found() == [("HERE", "here_only", 0, 2000)]

    play(platform_url, story)


def test_a_hospital_that_is_away_is_asked_later_and_no_day_is_left_out(platform_url: str) -> None:
    async def story(it: World) -> None:
        at, both, today = await a_day(it)
        await at.charge("HERE", 3000)
        it.clock.at += timedelta(days=3)
        both.away = True
        for _ in range(9):
            with pytest.raises(HospitalUnavailable):
                await both.comparing.turn()
            if not any(each.compared_at for each in (await both.listed()).days):
                break
        with pytest.raises(InvalidField):
            await both.compare(it.clock.now().astimezone(ZONE).date())
        both.away = False
        it.clock.at += timedelta(minutes=11)
        while await both.comparing.turn():
            pass
        assert await both.found() == [("HERE", "here_only", 0, 3000)]
        assert all(each.compared_at for each in (await both.listed()).days)
        assert today in {each.on for each in (await both.listed()).days}

    play(platform_url, story)


def test_only_programs_that_stand_in_the_list_are_compared(platform_url: str) -> None:
    async def story(it: World) -> None:
        _, both, today = await a_day(it)
        await ChargeDesk(it, "lis").charge("OTHER", 500)
        both.told.append(charge("NOBODYS", 700, at=it.clock.now(), by="ris"))
        it.clock.at += timedelta(days=1)
        await both.compare(today)
        assert await both.found() == []

    play(platform_url, story)


def here(charge_no: str, fen: int, back: int = 0, *, of_day: bool = True, patient_no: str = "P1") -> HereCharge:
    return HereCharge(
        institution_id="his",
        charge_no=charge_no,
        patient_no=patient_no,
        amount_fen=Fen(fen),
        returned_fen=Fen(back),
        of_day=of_day,
    )


@pytest.mark.parametrize(
    ("theirs", "of_day", "ours", "found"),
    [
        (charge("A", 100), True, here("A", 100), ""),
        (charge("A", 100), True, here("A", 100, of_day=False), ""),
        (charge("A", 100), False, here("A", 100), ""),
        (charge("A", 100), True, None, "hospital_only"),
        (charge("A", 100, 100), True, None, ""),
        (None, False, here("A", 100), "here_only"),
        (None, False, here("A", 100, 100), ""),
        (None, False, here("A", 100, of_day=False), ""),
        (charge("A", 100), True, here("A", 90), "amount"),
        (charge("A", 100, 10), True, here("A", 90), ""),
        (charge("A", 100), True, here("A", 100, patient_no="P2"), "patient"),
        (charge("A", 100, 100), True, here("A", 100, 100, patient_no="P2"), ""),
        (charge("A", 100), True, here("A", 100, patient_no="P1-OLD"), ""),
        (charge("A", 100, patient_no="P1-OLD"), True, here("A", 100), ""),
    ],
)
def test_when_two_sides_agree(theirs: HospitalCharge | None, of_day: bool, ours: HereCharge | None, found: str) -> None:
    key: Key = ("his", "A")
    told: dict[Key, HospitalCharge] = {key: theirs} if theirs is not None else {}
    differ = differences(told, [key] if of_day else [], {key: ours} if ours is not None else {}, {"P1-OLD": "P1"})
    assert [each.kind for each in differ] == ([found] if found else [])
