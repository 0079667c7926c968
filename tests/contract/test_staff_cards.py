"""Who gets a staff card: the first two from whoever installs the platform, each further one by two who have cards."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from holder_stage import INSTALLS, SECOND, TILL, HolderStage, play

from yinyi.bus.operation import Caller, Operation
from yinyi.business.terminals.errors import StaffCardsThere, StaffCardTaken
from yinyi.business.terminals.messages_maintenance import (
    ConfirmStaffCard,
    EnrolFirstStaffCard,
    EnrolStaffCard,
    ListStaffCards,
    RevokeStaffCard,
    StaffCardView,
)
from yinyi.kernel.errors import NotAllowed, NotFound, PersonUnproven, SecondPersonNeeded

PINS = {"3021": "271828", "3022": "314159", "3023": "161803", "3024": "141421"}
LOUD = "SELECT array_agg(detail ORDER BY audit_id) FROM audit WHERE operation = 'terminals.EnrolFirstStaffCard.v1'"


class Office:
    """Where staff get their cards."""

    def __init__(self, stage: HolderStage) -> None:
        self.stage = stage

    async def says(self, message: Operation[Any], by: str = "", token: str = TILL) -> Any:
        return await self.stage.ask(Caller.STAFF, message, staff=token, person=by, pin=PINS.get(by, ""))

    async def first(self, who: str, token: str = INSTALLS) -> StaffCardView:
        return await self.says(EnrolFirstStaffCard(serial=f"04A1{who}", pin=PINS[who], staff_id=who), token=token)

    async def enrolled(self, who: str, by: str, serial: str = "") -> StaffCardView:
        return await self.says(EnrolStaffCard(serial=serial or f"04A1{who}", pin=PINS[who], staff_id=who), by)

    async def confirmed(self, card: StaffCardView, by: str, token: str = TILL) -> StaffCardView:
        return await self.says(ConfirmStaffCard(card_id=card.card_id, staff_id=card.staff_id), by, token)

    async def audited(self) -> list[str]:
        return await self.stage.one(LOUD)

    async def is_somebody(self, who: str) -> bool:
        """Whether his number and PIN prove anything: a card that there is not would be confirmed by him."""
        with pytest.raises((NotFound, PersonUnproven)) as seen:
            await self.says(ConfirmStaffCard(card_id=999, staff_id="x"), who)
        return seen.type is NotFound


def test_one_person_is_never_two(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        office = Office(stage)
        second, third = await the_first_two(office)
        await alone(office)
        await by_two(office, second, third)
        await when_one_is_left(office, second, third)

    play(platform_url, tmp_path, story)


async def the_first_two(office: Office) -> tuple[str, str]:
    """Who became the second one, and who was too late for it."""
    with pytest.raises(PersonUnproven):
        await office.enrolled("3021", by="")
    for token in (TILL, SECOND):
        with pytest.raises(NotAllowed):
            await office.first("3021", token)
    first = await office.first("3021")
    assert (first.good_since is not None, first.first_person, first.second_person) == (True, "", "")
    with pytest.raises(StaffCardTaken):
        await office.first("3021")
    at_once = await asyncio.gather(office.first("3022"), office.first("3023"), return_exceptions=True)
    [second] = [each.staff_id for each in at_once if isinstance(each, StaffCardView)]
    [refused] = [each for each in at_once if isinstance(each, BaseException)]
    assert isinstance(refused, StaffCardsThere), "never a third one"
    said = [msgspec.json.decode(detail) for detail in await office.audited()]
    assert [(each["staff_id"], each["decided_by"], each["people_before"]) for each in said] == [
        ("3021", "nobody else", 0),
        (second, "nobody else", 1),
    ]
    return second, "3023" if second == "3022" else "3022"


async def alone(office: Office) -> None:
    """One who has a card, and both accounts, and whatever numbers he likes: he stays one."""
    card = await office.enrolled("3024", by="3021")
    assert (card.good_since, card.first_person) == (None, "3021")
    for token in (TILL, SECOND):
        with pytest.raises(SecondPersonNeeded):
            await office.confirmed(card, "3021", token)
    with pytest.raises(PersonUnproven):
        await office.confirmed(card, "3024")
    assert not await office.is_somebody("3024")
    with pytest.raises(StaffCardsThere):
        await office.first("3024")
    with pytest.raises(asyncpg.CheckViolationError):
        await office.stage.one("UPDATE staff_card SET second_person = first_person WHERE card_id = $1", card.card_id)
    with pytest.raises(asyncpg.CheckViolationError):
        await office.stage.one("UPDATE staff_card SET good_since = enrolled_at WHERE card_id = $1", card.card_id)
    await office.says(RevokeStaffCard(card_id=card.card_id))
    with pytest.raises(NotFound):
        await office.confirmed(card, "3022")


async def by_two(office: Office, second: str, third: str) -> None:
    card = await office.enrolled(third, by="3021")
    with pytest.raises(NotFound):
        await office.says(ConfirmStaffCard(card_id=card.card_id, staff_id="3024"), second)
    assert not await office.is_somebody(third)
    good = await office.confirmed(card, second)
    assert (good.good_since is not None, good.first_person, good.second_person) == (True, "3021", second)
    assert await office.is_somebody(third)
    with pytest.raises(NotFound):
        await office.confirmed(card, third)
    assert (await office.says(ListStaffCards())).cards[0] == good


async def when_one_is_left(office: Office, second: str, third: str) -> None:
    """Cards are revoked at once, by anybody; whoever is left then cannot make himself two, and the installer can."""
    for card in (await office.says(ListStaffCards())).cards:
        if card.staff_id in (second, third):
            await office.says(RevokeStaffCard(card_id=card.card_id), token=SECOND)
    assert not await office.is_somebody(second)
    alone = await office.enrolled("3024", by="3021", serial="04A1AAAA")
    with pytest.raises(SecondPersonNeeded):
        await office.confirmed(alone, "3021")
    with pytest.raises(NotAllowed):
        await office.first(third, TILL)
    assert (await office.first(third)).good_since is not None
    assert (await office.confirmed(alone, third)).good_since is not None
