"""A guardian takes a child on and acts for it; nobody else's child can be opened."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest
from identity_house import HALL, HOSPITAL, WARD, House, Run, house, on_record, resident
from msgspec.structs import replace

from yinyi.business.identity.attempts import PER_NUMBER
from yinyi.business.identity.errors import (
    AlreadyYourChild,
    CheckDigitWrong,
    ChildAtWindow,
    GuardianTooYoung,
    NoCard,
    NotAChild,
    TicketExpired,
    TooManyChildren,
    TooManyTries,
    WindowOnly,
)
from yinyi.business.identity.messages import ChoosePatient, GetTicket, Identify, ListCredentials, RegisterPatient
from yinyi.business.identity.messages_children import (
    ActForChild,
    ActForOneself,
    ChildFound,
    LeaveChild,
    ListChildren,
    ReadChild,
    RegisterChild,
)
from yinyi.business.identity.model import age_in_words
from yinyi.business.identity.sessions import verify_session
from yinyi.kernel.errors import HospitalUnavailable, NotFound, SessionEnded
from yinyi.wire import gb11643

WANG = resident()
PHONE = "13900000001"
BORN = date(2019, 6, 1)
CHILD = resident("陈雨桐", BORN, 8)
TYPED = ReadChild(document="resident_number", number=CHILD.number, name="陈雨桐")


@asynccontextmanager
async def at_kiosk(url: str) -> AsyncGenerator[tuple[House, str]]:
    """A house in whose hall Wang stands; her session."""
    async with house(url) as it:
        yield it, await comes(it)


async def comes(it: House, card: Any = WANG, phone: str = PHONE, patient_no: str = "2021000001") -> str:
    it.index.put(card, on_record(card, patient_no, phone=phone))
    it.readers.lay(card)
    return (await it.ask(Identify())).session_token


async def takes_on(it: House, session: str, asked: ReadChild = TYPED) -> str:
    """The child's session."""
    found = await it.ask(asked, session=session)
    return await agrees(it, session, found)


async def agrees(it: House, session: str, found: ChildFound) -> str:
    agreed = RegisterChild(ticket=found.ticket, relation="mother", consent=True)
    return (await it.ask(agreed, session=session)).session_token


async def facts(it: House, session: str, terminal: str = HALL) -> Any:
    async with it.database.read() as tx:
        return await verify_session(tx, HOSPITAL, session, terminal, it.clock.now())


def test_a_new_child_gets_a_number_and_its_guardian_acts_for_it(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with at_kiosk(platform_url) as (it, hers):
            found = await it.ask(TYPED, session=hers)
            assert (found.sex, found.born_on, found.on_record) == ("female", BORN, False)
            childs = await agrees(it, hers, found)
            [made] = it.index.created
            assert (made.name, made.guardian_name, made.guardian_phone, made.phone) == ("陈雨桐", "王芳", PHONE, PHONE)
            child, guardian = await facts(it, childs), await facts(it, hers)
            assert guardian is None, "there is one session at a screen"
            assert (child.patient.name, child.guardian_name) == ("陈雨桐", "王芳")
            assert child.guardian_id != child.patient.patient_id
            [bound] = (await it.ask(ListCredentials(), session=childs)).credentials
            assert bound.kind == "resident_card"
            listed = await it.ask(ListChildren(), session=childs)
            assert [(each.name_masked, each.relation) for each in listed.children] == [(found.name_masked, "mother")]
            assert listed.acting
            mine = (await it.ask(ActForOneself(), session=childs)).session_token
            assert (await facts(it, mine)).patient.name == "王芳"
            assert not (await it.ask(ListChildren(), session=mine)).acting
            again = await it.ask(ActForChild(child_id=listed.children[0].child_id), session=mine)
            assert (await facts(it, again.session_token)).guardian_name == "王芳"
            it.readers.lay(WANG)
            assert (await it.ask(Identify())).has_children

    run(story())


def test_a_birth_certificate_names_a_child(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with at_kiosk(platform_url) as (it, hers):
            certificate = ReadChild(
                document="birth_certificate", number="q110000123", name="陈新生", sex="male", born_on=date(2026, 11, 1)
            )
            childs = await takes_on(it, hers, certificate)
            [bound] = (await it.ask(ListCredentials(), session=childs)).credentials
            assert bound.kind == "birth_certificate"
            lacks: list[dict[str, Any]] = [
                {"sex": "unknown"},
                {"born_on": None},
                {"number": "1100001234"},
                {"name": ""},
            ]
            for lacking in lacks:
                fields: dict[str, Any] = {
                    "number": "Q110000124",
                    "name": "陈新生",
                    "sex": "male",
                    "born_on": date(2026, 11, 1),
                }
                with pytest.raises(CheckDigitWrong):
                    await it.ask(ReadChild(document="birth_certificate", **{**fields, **lacking}), session=childs)

    run(story())


PERMIT = ReadChild(document="travel_permit", number="h12345678", name="陈大文", sex="male", born_on=date(2020, 2, 29))


def test_a_permit_says_nothing_of_a_child_and_is_asked_for_it(platform_url: str, run: Run) -> None:
    """A travel permit, and the old number of a permanent-resident card: what they do not say is said, or refused."""

    async def story() -> None:
        async with at_kiosk(platform_url) as (it, hers):
            childs = await takes_on(it, hers, PERMIT)
            [bound] = (await it.ask(ListCredentials(), session=childs)).credentials
            assert (bound.kind, bound.number_masked) == ("hmt_travel_permit", "*****5678")
            [made] = it.index.created
            assert (made.number, made.sex, made.born_on) == ("H12345678", "male", date(2020, 2, 29))
            old = replace(PERMIT, document="resident_number", number="USA110120010110", name="Li Ann")
            assert (await it.ask(old, session=childs)).born_on == PERMIT.born_on
            for lacking in ({"sex": "unknown"}, {"born_on": None}, {"number": "H1234"}):
                for asked in (PERMIT, old):
                    with pytest.raises(CheckDigitWrong):
                        await it.ask(replace(asked, **lacking), session=childs)

    run(story())


def test_a_child_on_record_needs_its_card_or_its_telephone(platform_url: str, run: Run) -> None:
    """A number and a name can be read off anything; somebody else's child stays closed."""

    async def story() -> None:
        async with at_kiosk(platform_url) as (it, hers):
            it.index.put(CHILD, on_record(CHILD, "2019000004", phone="13700000000"))
            with pytest.raises(ChildAtWindow):
                await it.ask(TYPED, session=hers)
            it.index.put(CHILD, on_record(CHILD, "2019000004"))
            with pytest.raises(ChildAtWindow):
                await it.ask(TYPED, session=hers)
            it.index.put(CHILD, on_record(CHILD, "2019000004", phone=PHONE))
            found = await it.ask(TYPED, session=hers)
            assert found.on_record
            with pytest.raises(ChildAtWindow):
                await it.ask(ReadChild(document="resident_number", number=CHILD.number, name="陈雨晴"), session=hers)
            it.index.put(CHILD, on_record(CHILD, "2019000004", phone="13700000000"))
            it.readers.lay(CHILD)
            childs = await takes_on(it, hers, ReadChild(document="card"))
            assert (await facts(it, childs)).patient.patient_no == "2019000004"
            assert it.index.created == []

    run(story())


def test_a_child_without_a_telephone_is_not_opened_by_a_guardian_without_one(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            hers = await comes(it, phone="")
            it.index.put(CHILD, on_record(CHILD, "2019000004"))
            with pytest.raises(ChildAtWindow):
                await it.ask(TYPED, session=hers)

    run(story())


def test_guesses_are_counted(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with at_kiosk(platform_url) as (it, hers):
            it.index.mishaps.append("down")
            with pytest.raises(HospitalUnavailable):
                await it.ask(TYPED, session=hers)
            it.index.put(CHILD, on_record(CHILD, "2019000004", phone="13700000000"))
            for _ in range(PER_NUMBER):
                with pytest.raises(ChildAtWindow):
                    await it.ask(TYPED, session=hers)
            with pytest.raises(TooManyTries):
                await it.ask(TYPED, session=hers)

    run(story())


@pytest.mark.parametrize(
    ("born", "is_child"),
    [(date(2012, 11, 24), True), (date(2012, 11, 23), False), (date(2026, 11, 23), True), (date(2026, 11, 24), False)],
)
def test_who_is_a_child(platform_url: str, run: Run, born: date, is_child: bool) -> None:
    """Below fourteen, and born."""

    async def story() -> None:
        async with at_kiosk(platform_url) as (it, hers):
            asked = ReadChild(document="resident_number", number=gb11643.number_of("110199", born, 5), name="陈小雨")
            if is_child:
                assert (await it.ask(asked, session=hers)).born_on == born
            else:
                with pytest.raises(NotAChild):
                    await it.ask(asked, session=hers)

    run(story())


def test_who_is_grown_is_acted_for_no_more(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with at_kiosk(platform_url) as (it, hers):
            born = date(2012, 11, 24)
            asked = ReadChild(document="resident_number", number=gb11643.number_of("110199", born, 5), name="陈小雨")
            childs = await takes_on(it, hers, asked)
            [child] = (await it.ask(ListChildren(), session=childs)).children
            it.clock.pass_by(days=2)
            hers = await comes(it)
            assert (await it.ask(ListChildren(), session=hers)).children == []
            with pytest.raises(NotAChild):
                await it.ask(ActForChild(child_id=child.child_id), session=hers)

    run(story())


def test_a_child_acts_for_nobody(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            theirs = await comes(it, resident("李小明", date(2010, 1, 1), 7), patient_no="2020000009")
            with pytest.raises(GuardianTooYoung):
                await it.ask(TYPED, session=theirs)

    run(story())


def test_so_many_and_each_once(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with at_kiosk(platform_url) as (it, session):
            asked = [
                ReadChild(document="resident_number", number=gb11643.number_of("110199", BORN, n), name="陈小雨")
                for n in range(1, 7)
            ]
            late = await it.ask(asked[5], session=session)
            for each in asked[:5]:
                session = await takes_on(it, session, each)
            with pytest.raises(AlreadyYourChild):
                await it.ask(asked[0], session=session)
            with pytest.raises(TooManyChildren):
                await it.ask(asked[5], session=session)
            with pytest.raises(TooManyChildren):
                await agrees(it, session, late)
            [first, *_] = (listed := await it.ask(ListChildren(), session=session)).children
            assert not listed.may_add
            left = await it.ask(LeaveChild(child_id=first.child_id), session=session)
            assert (len(left.children), left.may_add) == (4, True)
            with pytest.raises(NotFound):
                await it.ask(ActForChild(child_id=first.child_id), session=session)

    run(story())


def test_nobody_opens_somebody_elses_child(platform_url: str, run: Run) -> None:
    """Neither by its id, nor by the ticket of its guardian, nor as a patient of his own by that ticket."""

    async def story() -> None:
        async with at_kiosk(platform_url) as (it, hers):
            found = await it.ask(TYPED, session=hers)
            childs = await takes_on(it, hers, ReadChild(document="resident_number", number=CHILD.number, name="陈雨桐"))
            [child] = (await it.ask(ListChildren(), session=childs)).children
            stranger = await comes(it, resident("李四", date(1980, 1, 1), 3), "13600000000", "2020000008")
            with pytest.raises(NotFound):
                await it.ask(ActForChild(child_id=child.child_id), session=stranger)
            with pytest.raises(NotFound):
                await it.ask(LeaveChild(child_id=child.child_id), session=stranger)
            with pytest.raises(NotFound):
                await it.ask(ActForOneself(), session=stranger)
            with pytest.raises(TicketExpired):
                await agrees(it, stranger, found)
            for message in (
                GetTicket(ticket=found.ticket),
                ChoosePatient(ticket=found.ticket, choice="1"),
                RegisterPatient(ticket=found.ticket),
            ):
                with pytest.raises(TicketExpired):
                    await it.ask(message, session=stranger)
            for message in (ListChildren(), TYPED, ActForChild(child_id=child.child_id)):
                with pytest.raises(SessionEnded):
                    await it.ask(message)
                with pytest.raises(SessionEnded):
                    await it.ask(message, session=childs, terminal=WARD)

    run(story())


def test_without_a_card_or_with_one_that_has_run_out(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with at_kiosk(platform_url) as (it, hers):
            it.readers.blocks.clear()
            with pytest.raises(NoCard):
                await it.ask(ReadChild(document="card"), session=hers)
            it.readers.lay(resident("陈雨桐", BORN, 8, valid_to=date(2026, 1, 1)))
            with pytest.raises(WindowOnly):
                await it.ask(ReadChild(document="card"), session=hers)
            it.readers.lay(WANG)
            with pytest.raises(NotAChild):
                await it.ask(ReadChild(document="card"), session=hers)

    run(story())


@pytest.mark.parametrize("name", ["", "陈", "x" * 60, "陈\n雨", "<b>", "1234"])
def test_a_name_is_a_name(platform_url: str, run: Run, name: str) -> None:
    async def story() -> None:
        async with at_kiosk(platform_url) as (it, hers):
            with pytest.raises(CheckDigitWrong):
                await it.ask(ReadChild(document="resident_number", number=CHILD.number, name=name), session=hers)

    run(story())


def test_the_audit_says_who_acted_for_whom(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with at_kiosk(platform_url) as (it, hers):
            childs = await takes_on(it, hers)
            child = await facts(it, childs)
            call = f"kiosk:{HALL}:guardian {child.guardian_id}"
            [listed] = (await it.ask(ListChildren(), session=childs)).children
            await it.ask(LeaveChild(child_id=listed.child_id), session=childs, key="left-at-the-kiosk")
            async with it.database.read() as tx:
                owners = await tx.fetch("SELECT actor FROM idempotency WHERE key = 'left-at-the-kiosk'")
            assert [row["actor"] for row in owners] == [f"{call}:{child.patient.patient_id}"]

    run(story())


@pytest.mark.parametrize(
    ("born_on", "said"),
    [
        (date(2026, 11, 27), "0 天"),
        (date(2026, 10, 28), "30 天"),
        (date(2026, 10, 27), "1 个月"),
        (date(2025, 12, 31), "10 个月"),
        (date(2025, 11, 28), "11 个月"),
        (date(2025, 11, 27), "1 岁"),
        (date(1961, 11, 28), "64 岁"),
        (None, "—"),
    ],
)
def test_infants_are_so_many_months_or_days_old(born_on: date | None, said: str) -> None:
    assert age_in_words(date(2026, 11, 27), born_on) == said
