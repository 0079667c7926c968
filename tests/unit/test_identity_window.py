"""What the hospital's window has seen: documents that no terminal reads, and a child with its guardian."""

from datetime import date

import pytest
from identity_house import House, Run, house, on_record, resident
from msgspec.structs import replace

from yinyi.business.identity.errors import (
    CheckDigitWrong,
    CredentialTaken,
    GuardianTooYoung,
    NotAChild,
    PatientUnknown,
)
from yinyi.business.identity.messages import Identify
from yinyi.business.identity.messages_children import ActForChild, LeaveChild, ListChildren
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
