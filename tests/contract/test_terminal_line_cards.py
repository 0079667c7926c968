"""Cards on the terminal line: an agent is asked for one, and what it has read goes through sealed."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from terminal_hall import HALL, HOSPITAL, PATIENCE_S, PATIENT, Hall
from terminal_lines import Line, lines, real_agent, welcomed

from yinyi.bus.call import Call, Principal
from yinyi.bus.operation import Caller
from yinyi.business.terminals.messages import CardRequest, CardRouteView
from yinyi.devices.virtual.card_terminal import PlasticCard, VirtualCardTerminal
from yinyi.wire.terminal_line import CardStep, CardTerminalStep, LeaveCard, TakeCard

Run = Callable[[Coroutine[Any, Any, None]], None]
Test = Callable[[Line], Coroutine[Any, Any, None]]
Within = Callable[[Test], None]

PAID = "26112309260500ABCDEFGH"
STEPS: tuple[tuple[CardStep, str], ...] = (
    ("inserted", ""), ("typing", "request-0"), ("cancelled", ""), ("typing", "request-1"),
)  # fmt: skip
PAN, SLOT = "9990010000000011", "public/898999900000003/80000001"


@pytest.fixture
def within(run: Run, database: str) -> Within:
    """Runs a test where terminals can connect."""

    def enter(test: Test) -> None:
        async def entered() -> None:
            async with lines(database) as there:
                await test(there)

        run(entered())

    return enter


def _call(place: Hall) -> Call:
    now = place.clock.now()
    who = Principal(caller=Caller.KIOSK, hospital_id=HOSPITAL, terminal_id=HALL, patient_id=PATIENT, session_id=1)
    return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c")


async def _ask(place: Hall, request_id: str) -> None:
    """For a card whose issuer wants no PIN."""
    route = CardRouteView(prefixes=["99900"], slot=SLOT, channel="public_card")
    away = CardRouteView(prefixes=["62"], slot="", channel="bank_card", taken=False)
    request = CardRequest(
        request_id=request_id, amount_fen=5000, merchant_name="云山市人民医院", language="en", routes=[route, away]
    )
    async with place.database.transaction() as tx:
        await place.terminals.readings.begin(tx, _call(place), request, PAID, "public_card")
    place.publisher.wake()


async def _leave(place: Hall) -> None:
    async with place.database.transaction() as tx:
        await place.terminals.readings.leave(tx, _call(place), PAID)
    place.publisher.wake()


def test_an_agent_is_asked_for_a_card_and_told_when_none_is_wanted(within: Within) -> None:
    async def test(there: Line) -> None:
        place = there.hall
        token = await place.enrolled()
        async with welcomed(there, token) as (agent, _):
            await _ask(place, "request-1")
            first = await agent.hears(TakeCard)
            assert (first.request_id, first.amount_fen, first.language) == ("request-1", 5000, "en")
            assert [(route.prefixes, route.taken) for route in first.routes] == [(["99900"], True), (["62"], False)]
            await _ask(place, "request-2")
            second = await agent.hears(TakeCard)
            while second.request_id == "request-1":  # a new line asks by itself, too
                second = await agent.hears(TakeCard)
            assert second.request_id == "request-2"
            assert second.seal_key != first.seal_key, "each has a key of its own"
        async with welcomed(there, token) as (agent, _):
            again = await agent.hears(TakeCard)
            assert (again.request_id, again.seal_key) == ("request-2", second.seal_key)
            await _leave(place)
            assert await agent.hears(LeaveCard) == LeaveCard(request_id="request-2")

    within(test)


def test_a_card_goes_through_sealed(within: Within, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interface and the bus see where it belongs, and nothing of the card."""
    seen: list[bytes] = []
    came = asyncio.Event()

    async def test(there: Line) -> None:
        place = there.hall
        ask = place.bus.request

        async def listened(subject: str, data: bytes, timeout_s: float) -> bytes:
            seen.append(data)
            if "PresentPayCard" in subject:
                came.set()
            return await ask(subject, data, timeout_s)

        monkeypatch.setattr(place.bus, "request", listened)
        async with real_agent(there, tmp_path) as kiosk:
            await place.pushes.heard("LineUp")
            terminal = kiosk.agent.devices["card_terminal"]
            assert isinstance(terminal, VirtualCardTerminal)
            terminal.bring(PlasticCard(pan=PAN))
            await _ask(place, "request-1")
            async with asyncio.timeout(PATIENCE_S):
                await came.wait()
        told = next(json.loads(data)["body"] for data in seen if b"sealed" in data)
        assert set(told) == {"epoch", "event_id", "request_id", "slot", "sealed"}
        assert (told["request_id"], told["slot"]) == ("request-1", SLOT)
        assert not any(PAN.encode() in data for data in seen)

    within(test)


@pytest.mark.parametrize(
    "change", [{"pan": PAN}, {"sealed": ""}, {"request_id": ""}, {"event_id": "e1\n"}, {"type": "pay_card"}]
)
def test_what_is_no_sealed_card_ends_the_line(within: Within, change: dict[str, str]) -> None:
    async def test(there: Line) -> None:
        read = {"type": "pay_card_read", "event_id": "e1", "device": "card_terminal", "request_id": "r1", "slot": SLOT}
        read |= {"at": "2026-11-23T09:26:00Z", "sealed": "QUJDRA==", **change}
        async with welcomed(there, await there.hall.enrolled()) as (agent, _):
            await agent.socket.send(json.dumps(read))
            bye = await agent.hears_bye()
            assert bye.reason == "protocol"
            assert PAN not in bye.detail
        assert "PresentPayCard" not in there.hall.bus.asked

    within(test)


def test_what_happens_at_a_terminal_is_told_to_nobody_else(within: Within) -> None:
    """A step of another request, or of none, moves no reading; whether a card is in the slot is known anyway."""

    async def test(there: Line) -> None:
        place = there.hall
        async with welcomed(there, await place.enrolled()) as (agent, _):
            await _ask(place, "request-1")
            await agent.hears(TakeCard)
            for number, (step, request_id) in enumerate(STEPS):
                await agent.say(
                    CardTerminalStep(
                        event_id=f"event-{number}",
                        device="card_terminal",
                        at=place.clock.now(),
                        step=step,
                        request_id=request_id,
                        digits=number,
                    )
                )
            await place.pushes.heard("CardTerminalChanged", 2)
            found = await place.one("SELECT state || ' ' || digits || ' ' || card_in FROM card_reading")
            assert found == "typing 3 true"

    within(test)
