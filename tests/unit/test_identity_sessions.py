"""How long a session lives, and where."""

from datetime import date, timedelta

import pytest
from identity_house import HALL, HOSPITAL, START, WARD, House, Mishap, Run, house, on_record, resident
from msgspec.structs import replace

from yinyi.business.identity.errors import NoCard
from yinyi.business.identity.messages import EndSession, Identify, ListCredentials
from yinyi.business.identity.model import PatientFacts, SessionFacts
from yinyi.business.identity.sessions import AT_MOST, IDLE, patients_at, session_view, start_session, verify_session
from yinyi.business.identity.store import patient_facts
from yinyi.kernel.errors import HospitalUnavailable, SessionEnded

WANG = resident()
LI = resident("李四", sequence=44)


async def begun(it: House, terminal: str = HALL) -> str:
    it.index.put(WANG, on_record(WANG, "2021000001"))
    it.readers.lay(WANG, terminal)
    return (await it.ask(Identify(), terminal=terminal)).session_token


async def verified(it: House, token: str, terminal: str = HALL) -> SessionFacts | None:
    async with it.database.read() as tx:
        return await verify_session(tx, HOSPITAL, token, terminal, it.clock.now())


def test_it_names_the_patient_at_its_own_terminal_only(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            token = await begun(it)
            facts = await verified(it, token)
            assert facts is not None
            assert facts.patient.patient_no == "2021000001"
            assert facts.expires_at == it.clock.now() + IDLE
            async with it.database.read() as tx:
                assert await patient_facts(tx, HOSPITAL, facts.patient.patient_id) == facts.patient
                assert await patient_facts(tx, HOSPITAL + 1, facts.patient.patient_id) is None
                assert await verify_session(tx, HOSPITAL + 1, token, HALL, it.clock.now()) is None
            assert await verified(it, token, WARD) is None
            assert await verified(it, "another") is None
            with pytest.raises(SessionEnded):
                await it.ask(ListCredentials(), session=token, terminal=WARD)

    run(story())


def test_it_ends_some_time_after_the_last_request(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            token = await begun(it)
            it.clock.instant += IDLE - timedelta(seconds=1)
            assert await verified(it, token)
            it.clock.instant += IDLE - timedelta(seconds=1)
            assert await verified(it, token)
            it.clock.instant += IDLE
            assert await verified(it, token) is None

    run(story())


def test_it_is_not_written_to_more_than_once_a_minute(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            token = await begun(it)
            version = "SELECT xmin::text::bigint FROM patient_session"
            written = {await it.how_many(version)}
            for _ in range(60):
                it.clock.pass_by(seconds=2)
                assert await verified(it, token)
                written.add(await it.how_many(version))
            assert len(written) == 3

    run(story())


def test_it_ends_after_an_hour_however_busy(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            token, start = await begun(it), it.clock.now()
            while it.clock.now() < start + AT_MOST - timedelta(minutes=5):
                it.clock.pass_by(minutes=5)
                facts = await verified(it, token)
                assert facts is not None
                assert facts.expires_at <= start + AT_MOST
            it.clock.pass_by(minutes=5)
            assert await verified(it, token) is None

    run(story())


def test_the_next_person_ends_it_and_so_does_its_end(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            first, elsewhere = await begun(it), await begun(it, WARD)
            second = await begun(it)
            assert await verified(it, first) is None
            assert await verified(it, second)
            await it.ask(EndSession(), session=second)
            await it.ask(EndSession(), session=second)
            assert await verified(it, second) is None
            assert await verified(it, elsewhere, WARD)

    run(story())


def test_ones_own_card_laid_again_goes_on_with_the_session_and_anybody_elses_ends_it(
    platform_url: str, run: Run
) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            first = await begun(it)
            again = await it.ask(Identify(), session=first)
            assert (again.status, again.session_token) == ("known", "")
            assert await verified(it, first)
            it.index.put(LI, on_record(LI, "2021000002"))
            it.readers.lay(LI)
            other = await it.ask(Identify(), session=first)
            assert other.session_token
            assert await verified(it, first) is None

    run(story())


def test_ones_own_card_makes_a_patient_of_whoever_has_shown_one_thing_of_his(platform_url: str, run: Run) -> None:
    """A form, a slip or a tube alone is no proof; the card is one, and opens a session of its own."""

    async def story() -> None:
        async with house(platform_url) as it:
            patient = (await facts_of(it, await begun(it))).patient
            for nth, opened_by in enumerate(("form:1", "booking:2", "specimen:3")):
                half = f"half-a-session-{nth}"
                async with it.database.transaction() as tx:
                    opened = (HOSPITAL, HALL, patient.patient_id, half, it.clock.now())
                    await start_session(tx, *opened, opened_by=opened_by)
                whole = (await it.ask(Identify(), session=half)).session_token
                assert (await facts_of(it, whole)).opened_by == ""
                assert await verified(it, half) is None

    run(story())


async def facts_of(it: House, token: str) -> SessionFacts:
    facts = await verified(it, token)
    assert facts is not None
    return facts


@pytest.mark.parametrize("mishap", ["down", "hangs"])
def test_a_card_that_is_not_his_own_ends_it_although_the_hospital_cannot_say_whose_it_is(
    mishap: Mishap, platform_url: str, run: Run
) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            first = await begun(it)
            it.index.mishaps.append(mishap)
            assert (await it.ask(Identify(), session=first)).session_token == "", (
                "his own is known without the hospital"
            )
            it.readers.lay(LI)
            with pytest.raises(HospitalUnavailable):
                await it.ask(Identify(), session=first)
            assert await verified(it, first) is None
            it.index.put(LI, on_record(LI, "2021000002"))
            assert (await it.ask(Identify(), session=first)).session_token, "the card still lies there"

    run(story())


def test_whoever_leaves_is_not_found_again_by_the_card_that_he_left(platform_url: str, run: Run) -> None:
    """Whether he was known already or not."""

    async def story() -> None:
        async with house(platform_url) as it:
            session = await begun(it)
            await it.ask(EndSession(), session=session)
            with pytest.raises(NoCard):
                await it.ask(Identify())
            it.readers.lay(WANG)
            await it.ask(EndSession())
            with pytest.raises(NoCard):
                await it.ask(Identify())

    run(story())


def test_only_who_stands_there_is_there(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            assert await here(it) == []
            session = await begun(it)
            assert len(await here(it)) == 1
            assert await here(it, WARD) == []
            await it.ask(EndSession(), session=session)
            assert await here(it) == []
            await begun(it)
            it.clock.pass_by(minutes=15)
            assert await here(it) == []

    run(story())


async def here(it: House, terminal: str = HALL) -> list[int]:
    async with it.database.read() as tx:
        return await patients_at(tx, HOSPITAL, terminal, it.clock.now())


def test_the_token_is_not_in_the_database(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            token = await begun(it)
            async with it.database.read() as tx:
                row: str = await tx.fetchval("SELECT s::text FROM patient_session s")
            assert token not in row
            assert token.encode().hex() not in row

    run(story())


@pytest.mark.parametrize("opened_by", ["form:20261123001", "booking:26112309300000ABCDEFGH", "specimen:B00012"])
def test_whoever_holds_one_thing_of_somebodys_sees_no_more_of_him_than_his_name(opened_by: str) -> None:
    old = PatientFacts(patient_id=1, patient_no="2021000001", name="王小芳", sex="female", born_on=date(1940, 4, 16))
    himself = SessionFacts(session_id=1, patient=old, expires_at=START)
    shown = session_view(himself, START.date())
    assert (shown.patient_no_tail, shown.age, shown.offer_elder, shown.of_specimen) == ("0001", 86, True, False)
    shown = session_view(replace(himself, opened_by=opened_by), START.date())
    assert (shown.patient_no_tail, shown.age, shown.offer_elder, shown.name_masked) == ("", None, False, "王*芳")
    assert shown.of_specimen == (opened_by == "specimen:B00012")
