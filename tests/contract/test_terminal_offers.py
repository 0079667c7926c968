"""What staff say of the services of terminals, on a real database, as the screens see it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from terminal_hall import DEVICES, HALL, WARD, Hall, hall

from yinyi.bus.operation import Caller
from yinyi.business.terminals.messages import ConnectTerminal, GetTerminal, ListTerminals
from yinyi.business.terminals.messages_offers import (
    CancelClosure,
    ListClosures,
    ListServiceHours,
    PlanClosure,
    SetProfile,
    SetServiceHours,
)
from yinyi.business.terminals.model import SERVICES, Offer
from yinyi.kernel.errors import InvalidField, NotFound

ZONE = ZoneInfo("Asia/Shanghai")


def play(url: str, story: Callable[[Hall, str], Awaitable[None]]) -> None:
    """With the screen of the terminal in the hall."""

    async def whole() -> None:
        async with hall(url) as place:
            token = await place.enrolled()
            connected = await place.ask(
                Caller.TERMINAL, ConnectTerminal(agent_version="1", devices=DEVICES), terminal=token
            )
            await story(place, await place.screen(connected))

    asyncio.run(whole())


async def offered(place: Hall, screen: str) -> dict[str, Offer]:
    found = await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)
    return {each.service: each for each in found.offers}


def test_a_terminal_offers_what_its_profile_says(database: str) -> None:
    async def story(place: Hall, screen: str) -> None:
        assert list(await offered(place, screen)) == [each for each in SERVICES if each != "card_balance"], (
            "no issuer tells what is on its cards"
        )
        view = await place.ask(Caller.STAFF, SetProfile(terminal_id=HALL, profile="report_printer"))
        assert view.profile == "report_printer"
        assert list(await offered(place, screen)) == ["reports", "reprint"]
        assert "ProfileChanged" in await place.published()
        profiles = {
            each.terminal_id: each.profile for each in (await place.ask(Caller.STAFF, ListTerminals())).terminals
        }
        assert profiles == {HALL: "report_printer", WARD: "hall"}
        with pytest.raises(NotFound):
            await place.ask(Caller.STAFF, SetProfile(terminal_id="nowhere", profile="ward"))

    play(database, story)


def test_what_is_not_sold_at_night_says_when_it_opens(database: str) -> None:
    async def story(place: Hall, screen: str) -> None:
        local = place.clock.now().astimezone(ZONE)
        opens = (local + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
        closes = (local + timedelta(hours=4)).time().replace(minute=0, second=0, microsecond=0)
        told = await place.ask(
            Caller.STAFF, SetServiceHours(profile="hall", service="register", opens=opens.time(), closes=closes)
        )
        assert [(each.service, each.opens, each.closes) for each in told.hours] == [("register", opens.time(), closes)]
        shut = (await offered(place, screen))["register"]
        assert (shut.shut, shut.opens_at) == ("hours", opens)
        place.clock.pass_by(hours=2)
        assert not (await offered(place, screen))["register"].shut
        await place.ask(Caller.STAFF, SetServiceHours(profile="hall", service="register", offered=False))
        assert "register" not in await offered(place, screen)
        (only,) = (await place.ask(Caller.STAFF, ListServiceHours())).hours
        assert (only.offered, only.opens, only.closes) == (False, time(0), time(0))

    play(database, story)


def test_a_closure_is_planned_seen_and_called_off(database: str) -> None:
    async def story(place: Hall, screen: str) -> None:
        now = place.clock.now()
        plan = PlanClosure(
            what="hospital_system", begins_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=3), reason="升级"
        )
        planned = await place.ask(Caller.STAFF, plan, key="key-of-the-plan")
        assert await place.ask(Caller.STAFF, plan, key="key-of-the-plan") == planned, "asked twice, planned once"
        assert (await place.ask(Caller.HOSPITAL, ListClosures())).closures == [planned]
        assert not (await offered(place, screen))["bills"].shut
        place.clock.pass_by(hours=1, seconds=1)
        shut = await offered(place, screen)
        assert (shut["bills"].shut, shut["bills"].opens_at) == ("closed", planned.ends_at)
        assert not shut["find_payment"].shut
        await place.ask(Caller.HOSPITAL, CancelClosure(closure_id=planned.closure_id))
        assert not (await offered(place, screen))["bills"].shut
        assert (await place.ask(Caller.STAFF, ListClosures())).closures == []

    play(database, story)


def test_a_closure_that_makes_no_sense_is_refused(database: str) -> None:
    async def story(place: Hall, screen: str) -> None:
        now = place.clock.now()
        with pytest.raises(InvalidField):
            await place.ask(Caller.STAFF, PlanClosure(what="clinics", begins_at=now, ends_at=now))
        with pytest.raises(NotFound):
            await place.ask(Caller.STAFF, CancelClosure(closure_id=99))
        assert (await place.ask(Caller.STAFF, ListClosures())).closures == []

    play(database, story)
