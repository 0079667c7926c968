"""A payment is found at a window by whatever the patient can show."""

from datetime import date, timedelta
from typing import Any

import pytest
from charge_desk import ChargeDesk, named_patients
from payment_checks import play, reference_of
from payment_world import ZONE, World
from queue_desk import as_staff

from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.payments.finding import Finding
from yinyi.business.payments.messages import GetPayment
from yinyi.business.payments.messages_finding import FindPayment, ListDaysPayments
from yinyi.business.payments.plan import TAKE
from yinyi.kernel.errors import InvalidField


def desk(it: World) -> Finding:
    return Finding(it.database, it.payments.registry, named_patients(it), ZONE)


async def found(it: World, **by: Any) -> list[str]:
    told = await desk(it).find(as_staff(it, "cashier"), FindPayment(**by))
    return [payment.payment_no for payment in told.payments]


async def paid(it: World) -> str:
    number = await it.open()
    await it.drive(number)
    await it.choose(number)
    await it.drive(number)
    it.channel.pay(reference_of(await it.plan(number)))
    await it.to_the_end(number)
    return number


def test_by_its_numbers_by_its_patient_and_by_what_the_payers_bill_shows(platform_url: str) -> None:
    async def story(it: World) -> None:
        await ChargeDesk(it).admit("P1")
        await ChargeDesk(it).admit("P2")
        first, second = await paid(it), await paid(it)
        plan = await it.plan(first)
        take = plan.latest(TAKE)
        assert take is not None
        for by in ({"number": first}, {"number": f" {plan.ask_no.lower()} "}, {"channel_no": take.reference}):
            assert await found(it, **by) == [first], by
        for said in (plan.ask_no.replace("-", ""), plan.ask_no.lower().replace("-", " ")):
            assert await found(it, number=said) == [first], said
            asked = await it.payments.get(as_staff(it, "cashier"), GetPayment(number=said))
            assert asked.payment_no == first, said
        assert set(await found(it, patient_no=" p1 ")) == {first, second}
        assert await found(it, patient_no="P2") == []
        theirs = next(str(value) for value in take.evidence.values() if len(str(value)) > 12)
        today = it.clock.now().astimezone(ZONE).date()
        assert first in await found(it, channel_no=theirs)
        assert await found(it, channel_no=theirs, on=today - timedelta(days=1)) == []
        assert await found(it, patient_no="P1", on=today - timedelta(days=1)) == []
        for nothing in ({"number": "7Q4-0000"}, {"channel_no": "1"}, {"channel_no": f"{first}XX"}):
            assert await found(it, **nothing) == [], nothing

    play(platform_url, story)


def test_all_that_is_given_must_be_true_of_somebody_who_is_known(platform_url: str) -> None:
    async def story(it: World) -> None:
        await ChargeDesk(it).admit("P1")
        await ChargeDesk(it).admit("P2")
        number = await it.open()
        assert await found(it, number=number, patient_no="P1") == [number]
        for by in ({"number": number, "patient_no": "P2"}, {"number": number, "channel_no": "4200001"}):
            assert await found(it, **by) == [], by
        for by in ({}, {"on": date(2026, 3, 2)}, {"number": "  "}):
            with pytest.raises(InvalidField):
                await found(it, **by)
        with pytest.raises(PatientUnknown):
            await found(it, patient_no="P404")

    play(platform_url, story)


def test_a_day_page_by_page(platform_url: str) -> None:
    async def story(it: World) -> None:
        numbers = sorted([await paid(it) for _ in range(5)])
        today = it.clock.now().astimezone(ZONE).date()
        listed, after, pages = list[str](), "", 0
        while True:
            async with it.database.read() as tx:
                message = ListDaysPayments(on=today, after=after, most=2)
                page = await desk(it).of_day(tx, as_staff(it, "cashier"), message)
            listed += [each.payment_no for each in page.payments]
            pages += 1
            if not page.next_after:
                break
            after = page.next_after
        assert (listed, pages) == (numbers, 3)
        async with it.database.read() as tx:
            message = ListDaysPayments(on=today + timedelta(days=1))
            page = await desk(it).of_day(tx, as_staff(it, "cashier"), message)
        assert page.payments == []

    play(platform_url, story)
