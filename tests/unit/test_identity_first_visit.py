"""The first visit: one number for one person, whatever happens on the way to the hospital and back."""

import asyncio

import pytest
from identity_house import WARD, House, Mishap, Run, house, on_record, resident

from yinyi.business.identity.creations import ASK_EVERY, BELIEVED_AFTER
from yinyi.business.identity.errors import CreationRefused, TicketExpired
from yinyi.business.identity.messages import EndSession, Identify, IdentifyByNumber, ListCredentials, RegisterPatient
from yinyi.business.identity.model import Person
from yinyi.business.identity.tickets import LIVES
from yinyi.kernel.errors import HospitalUnavailable, IdempotencyConflict, InvalidField, SessionEnded
from yinyi.kernel.outcome import Outcome

SUN = resident("孙晓梅", sequence=6)
KEY = "the-same-key"


async def ticket(it: House) -> str:
    it.readers.lay(SUN)
    answer = await it.ask(Identify())
    assert answer.status == "first_visit"
    return answer.ticket


async def patients(it: House) -> int:
    return await it.how_many("SELECT count(*) FROM patient")


def test_a_number_is_made_bound_and_opened(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            message = RegisterPatient(ticket=await ticket(it), phone="13912345678")
            answer = await it.ask(message)
            assert answer.status == "known"
            bound = (await it.ask(ListCredentials(), session=answer.session_token)).credentials
            assert [one.kind for one in bound] == ["resident_card"]
            made = it.index.records["resident_card", SUN.number][0]
            assert (made.phone, made.name) == ("13912345678", "孙晓梅")
            by_number = IdentifyByNumber(patient_no=made.patient_no, proof="5678")
            assert (await it.ask(by_number, terminal=WARD)).status == "known"
            assert (await it.ask(Identify())).status == "known"
            left = "SELECT count(*) FROM patient_creation WHERE person_data IS NOT NULL OR state <> 'done'"
            assert await it.how_many(left) == 0

    run(story())


def test_a_double_click_is_one_patient_and_one_session(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            message = RegisterPatient(ticket=await ticket(it))
            answers = await asyncio.gather(*(it.ask(message, key=KEY) for _ in range(4)), it.ask(message))
            assert len({answer.session_token for answer in answers}) == 1
            assert await patients(it) == 1
            assert len(it.index.by_reference) == 1
            await it.ask(ListCredentials(), session=answers[0].session_token)
            with pytest.raises(IdempotencyConflict):
                await it.ask(RegisterPatient(ticket=message.ticket, phone="13900000000"), key=KEY)

    run(story())


def test_asked_again_after_the_session_the_answer_is_its_end(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            message = RegisterPatient(ticket=await ticket(it))
            answer = await it.ask(message, key=KEY)
            await it.ask(EndSession(), session=answer.session_token)
            with pytest.raises(SessionEnded):
                await it.ask(message, key=KEY)

    run(story())


@pytest.mark.parametrize("mishap", ["down", "answer_lost", "never_arrives", "breaks"])
def test_after_a_doubt_the_same_ticket_finishes_it_with_one_number(platform_url: str, run: Run, mishap: Mishap) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            message = RegisterPatient(ticket=await ticket(it), phone="13912345678")
            it.index.calls.clear()
            it.index.mishaps.append(mishap)
            with pytest.raises(HospitalUnavailable):
                await it.ask(message, key=KEY)
            assert await patients(it) == 0
            assert (await it.ask(message, key=KEY)).status == "known"
            assert it.index.calls[:2] == ["create", "ask_created"]
            assert len(it.index.by_reference) == await patients(it) == 1

    run(story())


def test_a_lost_answer_is_found_when_the_card_is_laid_again(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            message = RegisterPatient(ticket=await ticket(it))
            it.index.mishaps.append("answer_lost")
            with pytest.raises(HospitalUnavailable):
                await it.ask(message)
            it.clock.instant += LIVES
            assert (await it.ask(Identify())).status == "known"
            it.clock.instant += ASK_EVERY
            assert await it.service.resume(it.clock) == 1
            assert await it.service.resume(it.clock) == 0
            assert await patients(it) == 1
            assert await it.how_many("SELECT count(*) FROM patient_creation WHERE state = 'done'") == 1

    run(story())


def test_whoever_left_after_a_lost_answer_is_kept_all_the_same(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            message = RegisterPatient(ticket=await ticket(it), phone="13912345678")
            it.index.mishaps.append("answer_lost")
            with pytest.raises(HospitalUnavailable):
                await it.ask(message)
            assert await it.service.resume(it.clock) == 0
            it.clock.instant += ASK_EVERY
            it.index.mishaps.append("down")
            assert await it.service.resume(it.clock) == 1
            assert await patients(it) == 0
            it.clock.instant += ASK_EVERY
            assert await it.service.resume(it.clock) == 1
            it.index.mishaps.append("down")
            assert (await it.ask(Identify())).status == "known"

    run(story())


def test_a_number_that_was_never_made_is_given_up_only_when_that_is_sure(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            message = RegisterPatient(ticket=await ticket(it))
            it.index.mishaps.append("never_arrives")
            with pytest.raises(HospitalUnavailable):
                await it.ask(message)
            it.clock.instant += BELIEVED_AFTER - ASK_EVERY
            assert await it.service.resume(it.clock) == 1
            open_ones = "SELECT count(*) FROM patient_creation WHERE state = 'open'"
            assert await it.how_many(open_ones) == 1
            it.clock.instant += ASK_EVERY
            assert await it.service.resume(it.clock) == 1
            assert await it.how_many(open_ones) == 0
            assert (await it.ask(RegisterPatient(ticket=await ticket(it)))).status == "known"
            assert len(it.index.by_reference) == 1

    run(story())


def test_a_refusal_is_final_and_names_the_window(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            message = RegisterPatient(ticket=await ticket(it))
            it.index.mishaps.append("refused")
            with pytest.raises(CreationRefused):
                await it.ask(message)
            assert await it.how_many("SELECT count(*) FROM patient_creation WHERE state = 'refused'") == 1
            assert await patients(it) == 0

    run(story())


def test_a_ticket_registers_at_its_terminal_in_time_and_only_whom_nobody_knows(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            message = RegisterPatient(ticket=await ticket(it))
            with pytest.raises(TicketExpired):
                await it.ask(message, terminal=WARD)
            it.clock.instant += LIVES
            with pytest.raises(TicketExpired):
                await it.ask(message)
            it.index.put(SUN, on_record(SUN, "2015000008"), on_record(SUN, "2022000009"))
            several = await it.ask(Identify())
            with pytest.raises(InvalidField):
                await it.ask(RegisterPatient(ticket=several.ticket))
            assert it.index.by_reference == {}

    run(story())


NO_PHONES = ["1391234567", "' OR 1=1 --", "<script>", "23912345678", "13912345678\n", "\n", "139１２３４５６７８"]


def test_a_telephone_is_eleven_digits(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            opened = await ticket(it)
            for phone in NO_PHONES:
                with pytest.raises(InvalidField):
                    await it.ask(RegisterPatient(ticket=opened, phone=phone))

    run(story())


def test_nothing_is_called_while_a_transaction_is_open(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            message = RegisterPatient(ticket=await ticket(it))
            held = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
            seen: list[int] = []
            create = it.index.create

            async def watched(reference: str, person: Person) -> Outcome:
                seen.append(await it.how_many(held))
                return await create(reference, person)

            it.index.create = watched
            await it.ask(message)
            assert seen == [0]

    run(story())
