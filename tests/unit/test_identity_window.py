"""What the hospital's window has seen: documents that no terminal reads, and a child with its guardian."""

from datetime import date

import pytest
from identity_house import House, Run, house, on_record, resident
from msgspec.structs import replace

from yinyi.bus.operation import Caller
from yinyi.business.identity.errors import (
    CheckDigitWrong,
    CredentialTaken,
    GuardianTooYoung,
    HolderUnknown,
    NotAChild,
    PatientUnknown,
)
from yinyi.business.identity.messages import Identify, RegisterPatient
from yinyi.business.identity.messages_children import ActForChild, LeaveChild, ListChildren
from yinyi.business.identity.messages_institution import IdentifyHolder
from yinyi.business.identity.messages_window import BindDocument, RegisterGuardian
from yinyi.kernel.errors import HospitalUnavailable, NotFound
from yinyi.wire.resident_card import CardText

MOTHER, CHILD = resident(), resident("Noah Wang", date(2019, 6, 1), 8)
PASSPORT = BindDocument(patient_no="2026000002", kind="passport", number="ea1234567", operator="C12")
JOINED = RegisterGuardian(guardian_no="2026000001", child_no="2026000002", relation="mother", operator="C12")


def made_at_window(it: House, mother: CardText = MOTHER, child: CardText = CHILD) -> None:
    """The window has made records of both; the child's with its passport, which we have not seen."""
    it.index.put(mother, on_record(mother, "2026000001"))
    it.index.put(replace(child, number="EA1234567"), on_record(child, "2026000002"), kind="passport")


def test_a_passport_is_bound_by_whoever_has_seen_it(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            made_at_window(it)
            bound = await it.told(PASSPORT, key="bound-at-window-3")
            assert [(each.kind, each.number_masked) for each in bound.credentials] == [("passport", "*****4567")]
            assert await it.told(PASSPORT, key="bound-at-window-3") == bound
            for error, wrong in (
                (CheckDigitWrong, replace(PASSPORT, number="EA 12")),
                (CheckDigitWrong, replace(PASSPORT, kind="hmt_travel_permit")),
                (CheckDigitWrong, replace(PASSPORT, kind="permanent_resident_card", number="911344198503140010")),
                (PatientUnknown, replace(PASSPORT, patient_no="2026000009")),
                (CredentialTaken, replace(PASSPORT, patient_no="2026000001")),
            ):
                with pytest.raises(error):
                    await it.told(wrong)
            it.index.mishaps.append("down")
            with pytest.raises(HospitalUnavailable):
                await it.told(replace(PASSPORT, number="EA7654321"))

    run(story())


def test_a_guardian_acts_for_a_child_whose_documents_were_seen(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            made_at_window(it)
            joined = await it.told(JOINED, key="joined-at-window-3")
            assert (joined.name_masked, joined.relation, joined.number_tail) == ("N*** W***", "mother", "0002")
            it.readers.lay(MOTHER)
            known = await it.ask(Identify())
            assert known.has_children
            childs = (await it.ask(ActForChild(child_id=joined.child_id), session=known.session_token)).session_token
            assert [each.child_id for each in (await it.ask(ListChildren(), session=childs)).children] == [
                joined.child_id
            ]
            await it.ask(LeaveChild(child_id=joined.child_id), session=childs)
            with pytest.raises(NotFound):
                await it.told(JOINED, key="joined-at-window-3")

    run(story())


def test_numbers_that_were_merged_are_whose_they_are_now(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            made_at_window(it)
            it.index.put(MOTHER, on_record(MOTHER, "2026000001"), on_record(MOTHER, "2026000003"))
            known = await it.told(JOINED)
            assert (await it.told(replace(JOINED, guardian_no="2026000003"))).child_id == known.child_id
            await merged(it, "2026000003")
            assert (await it.told(replace(JOINED, guardian_no="2026000003"))).child_id == known.child_id
            await merged(it, "2026000002")
            with pytest.raises(NotAChild):
                await it.told(JOINED)

    run(story())


async def merged(it: House, patient_no: str) -> None:
    """Into the mother's."""
    async with it.database.transaction() as tx:
        mother = await tx.fetchval("SELECT patient_id FROM patient WHERE patient_no = '2026000001'")
        await tx.execute("UPDATE patient SET merged_into = $1 WHERE patient_no = $2", mother, patient_no)


@pytest.mark.parametrize(
    ("mother", "child", "error"),
    [
        (MOTHER, resident("Noah Wang", date(2005, 6, 1), 8), NotAChild),
        (MOTHER, resident("Noah Wang", born_on=None), NotAChild),
        (resident("王芳", date(2012, 4, 16), 42), CHILD, GuardianTooYoung),
    ],
)
def test_not_whoever_is_no_child(platform_url: str, run: Run, mother: CardText, child: CardText, error: type) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            made_at_window(it, mother, child)
            with pytest.raises(error):
                await it.told(JOINED)
            with pytest.raises(NotAChild):
                await it.told(replace(JOINED, child_no=JOINED.guardian_no))
            assert await it.how_many("SELECT count(*) FROM guardianship") == 0

    run(story())


def test_a_bank_that_has_verified_a_passport_finds_its_holder(platform_url: str, run: Run) -> None:
    """Bound at the window, or on record at the hospital; whoever is new says what his passport's number does not."""

    async def story() -> None:
        async with house(platform_url) as it:
            made_at_window(it)
            shown = IdentifyHolder(by="passport", number="ea1234567", name="NOAH WANG")
            assert (await it.told(shown, caller=Caller.INSTITUTION)).status == "known"
            with pytest.raises(HolderUnknown):
                await it.told(replace(shown, name="Li Ming"), caller=Caller.INSTITUTION)
            for wrong in (
                replace(shown, by="travel_permit"),
                replace(shown, by="document"),
                replace(shown, number="EA 123"),
            ):
                with pytest.raises(CheckDigitWrong):
                    await it.told(wrong, caller=Caller.INSTITUTION)
            found = await it.told(replace(shown, number="X7654321", name="Ann Li"), caller=Caller.INSTITUTION)
            assert (found.status, found.first_visit and found.first_visit.born_year) == ("first_visit", None)
            said = RegisterPatient(ticket=found.ticket, sex="female", born_on=date(1985, 3, 14))
            assert (await it.told(said, caller=Caller.INSTITUTION)).status == "known"
            [made] = it.index.created
            assert (made.kind, made.number, made.born_on) == ("passport", "X7654321", date(1985, 3, 14))

    run(story())
