"""Staff want the devices to begin anew: from the page of maintenance through to the agent, which comes back."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from terminal_hall import HALL
from terminal_lines import PATIENCE_S, lines, real_agent
from test_maintenance import PIN, SERIAL, enrol

from yinyi.bus.operation import Caller
from yinyi.business.terminals.messages import GetTerminal, PairBrowser
from yinyi.business.terminals.messages_maintenance import DoMaintenance, GetMaintenance, OpenMaintenance
from yinyi.wire.terminal_line import OtherCard

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_restart_goes_through_to_the_agent(run: Run, database: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with lines(database) as there:
            place = there.hall
            await enrol(place)
            async with real_agent(there, tmp_path, HALL) as kiosk:
                await place.pushes.heard("LineUp")
                paired = PairBrowser(pairing_code=kiosk.agent.line.state.pairing_code)
                screen = (await place.ask(Caller.KIOSK, paired)).screen_token
                kiosk.reader.lay(OtherCard(serial=SERIAL))
                await place.pushes.heard("CardLaid")
                ticket = (await place.ask(Caller.KIOSK, OpenMaintenance(pin=PIN), terminal=screen)).ticket
                await place.ask(Caller.KIOSK, DoMaintenance(ticket=ticket, act="restart"), terminal=screen)
                async with asyncio.timeout(PATIENCE_S):
                    await kiosk.ended.wait()
            async with real_agent(there, tmp_path, HALL):
                await place.pushes.heard("LineUp", times=2)
                assert (await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)).terminal_id == HALL
                assert (await place.ask(Caller.KIOSK, GetMaintenance(ticket=ticket), terminal=screen)).line_ok

    run(test())
