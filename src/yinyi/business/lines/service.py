"""The domain's handlers, and what it does by itself."""

import asyncio
from collections.abc import Mapping

from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.lines.key_desk import KeyDesk
from yinyi.business.lines.key_ports import KeyStore
from yinyi.business.lines.key_rotation import KeyRotationDesk
from yinyi.business.lines.line_hours import LineHours
from yinyi.business.lines.line_routine import LineRoutine
from yinyi.business.lines.session_desk import SessionDesk
from yinyi.business.lines.sessions import PosSessions
from yinyi.business.lines.terminal_ports import Terminals
from yinyi.kernel.clock import Clock


class LineService:
    """Keys and sessions of the lines to acquirers."""

    def __init__(
        self,
        database: Database,
        store: KeyStore,
        clock: Clock,
        hospital_id: int,
        sessions: PosSessions,
        scopes: Mapping[tuple[str, str], str],
        hours: LineHours,
        process: str,
        terminals: Terminals,
    ) -> None:
        """``hospital_id``: whose lines are looked after from the start on. ``scopes``: of merchant numbers, by acquirer
        and number. ``process``: what this one is called. ``terminals``: whose sessions can be."""
        self._hospital_id = hospital_id
        self.keys = KeyDesk(database, store, clock)
        self.rotation = KeyRotationDesk(database, store)
        self.desk = SessionDesk(database, sessions, scopes, hours, terminals)
        self.routine = LineRoutine(database, sessions, clock, hospital_id, hours, process, terminals)

    def register(self, dispatcher: Dispatcher) -> None:
        self.keys.register(dispatcher)
        self.rotation.register(dispatcher)
        self.desk.register(dispatcher)

    async def start(self) -> None:
        """Says in the log which keys cannot be used with the master keys that are here; everything else works."""
        await self.keys.begin(self._hospital_id)

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(self.keys.run(), self.routine.run())

    async def come_home(self, within_s: float) -> None:
        """What people have asked of banks, at the end of the process."""
        await self.desk.come_home(within_s)
