"""Codes that a terminal's scanner reads: the screen hears what they may be, never what they say."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import pytest
from terminal_hall import Hall, hall

from yinyi.bus.operation import Caller
from yinyi.business.terminals.messages import GetTerminal, PresentCode
from yinyi.business.terminals.messages_media import (
    ClassifyCode,
    KindsOfCode,
    ListMedia,
    MediumRuleView,
    ReadHospitalNumber,
    SetMedium,
)
from yinyi.kernel.errors import InvalidField

TUBE = "2611230000012"
_serial = count(1)


def play(url: str, story: Callable[[Hall, Callable[[str], Awaitable[int]], str], Awaitable[None]]) -> None:
    """With hands that hold a code under the scanner, and the screen beside it."""

    async def whole() -> None:
        async with hall(url) as place:
            token = await place.enrolled()
            line = await place.connected(token)
            screen = await place.screen(line)

            async def holds(text: str) -> int:
                """The version before it."""
                before = (await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)).code_version
                event = PresentCode(epoch=line.epoch, event_id=f"code-{next(_serial)}", device="scanner", text=text)
                await place.ask(Caller.TERMINAL, event, terminal=token)
                return before

            await story(place, holds, screen)

    asyncio.run(whole())


def test_a_code_is_told_apart_once_it_is_scanned_and_stays_for_its_journey(database: str) -> None:
    async def story(place: Hall, holds: Callable[[str], Awaitable[int]], screen: str) -> None:
        async def may_be(after: int) -> KindsOfCode:
            return await place.ask(Caller.KIOSK, ClassifyCode(after=after), terminal=screen)

        assert await may_be(0) == KindsOfCode(scanned=False)
        before = await holds(TUBE)
        assert await may_be(before) == KindsOfCode(scanned=True, kinds=["tube"])
        assert await may_be(before + 1) == KindsOfCode(scanned=False), "this page was made afterwards"
        before = await holds("what is this")
        assert await may_be(before) == KindsOfCode(scanned=True)
        before = await holds(TUBE)
        place.clock.pass_by(seconds=61)
        assert await may_be(before) == KindsOfCode(scanned=False), "who left it has gone"
        before = await holds(TUBE)
        async with place.database.transaction() as tx:
            assert await place.terminals.presented.take_code(tx, 7, "hall-1", before) == TUBE
        assert await may_be(before) == KindsOfCode(scanned=False), "a journey has it"

    play(database, story)


def test_a_hospital_says_how_its_codes_look(database: str) -> None:
    async def story(place: Hall, holds: Callable[[str], Awaitable[int]], screen: str) -> None:
        rule = MediumRuleView(prefixes=["SH"], alphabet="capitals", least=6, most=12)
        said = await place.ask(Caller.STAFF, SetMedium(kind="tube", rules=[rule]))
        assert [(each.own, each.rules) for each in said.media if each.kind == "tube"] == [(True, [rule])]
        assert sum(each.own for each in said.media) == 1
        before = await holds("SH00012345")
        found = await place.ask(Caller.KIOSK, ClassifyCode(after=before), terminal=screen)
        assert found.kinds == ["tube"]
        before = await holds(TUBE)
        assert (await place.ask(Caller.KIOSK, ClassifyCode(after=before), terminal=screen)).kinds == []
        await place.ask(Caller.STAFF, SetMedium(kind="tube", usual=True))
        assert (await place.ask(Caller.KIOSK, ClassifyCode(after=before), terminal=screen)).kinds == ["tube"]
        with pytest.raises(InvalidField):
            await place.ask(Caller.STAFF, SetMedium(kind="tube", rules=[MediumRuleView(least=9, most=8)]))
        assert not [each for each in (await place.ask(Caller.STAFF, ListMedia())).media if each.own]

    play(database, story)


def test_of_all_codes_a_page_is_told_hospital_numbers_only(database: str) -> None:
    async def story(place: Hall, holds: Callable[[str], Awaitable[int]], screen: str) -> None:
        async def told(after: int) -> str:
            return (await place.ask(Caller.KIOSK, ReadHospitalNumber(after=after), terminal=screen)).number

        assert await told(0) == ""
        before = await holds("0000821236")
        assert await told(before) == "0000821236"
        assert await told(before + 1) == ""
        for other in ("134567890123456789", TUBE, "RF2611230000157", "0000821236x"):
            assert await told(await holds(other)) == ""

    play(database, story)


def test_a_card_is_known_by_how_it_begins_and_two_kinds_never_begin_alike(database: str) -> None:
    async def story(place: Hall, holds: Callable[[str], Awaitable[int]], screen: str) -> None:
        city = SetMedium(kind="public_card", rules=[MediumRuleView(prefixes=["9990"], least=16, most=16)])
        assert sum(each.own for each in (await place.ask(Caller.STAFF, city)).media) == 1
        for wrong in (MediumRuleView(least=16, most=16), MediumRuleView(prefixes=["62", "9990"], least=16, most=19)):
            with pytest.raises(InvalidField):
                await place.ask(Caller.STAFF, SetMedium(kind="bank_card", rules=[wrong]))

    play(database, story)


def test_a_hospital_may_take_no_documents_of_a_kind(database: str) -> None:
    async def story(place: Hall, holds: Callable[[str], Awaitable[int]], screen: str) -> None:
        async def takes(kind: str, number: str) -> bool:
            async with place.database.read() as tx:
                return await place.terminals.presented.takes(tx, 7, kind, number, place.clock.now())

        number = "11010519491231002X"
        assert await takes("resident_card", number)
        assert not await takes("hmt_resident_card", number)
        await place.ask(Caller.STAFF, SetMedium(kind="resident_card", rules=[]))
        assert not await takes("resident_card", number)

    play(database, story)
