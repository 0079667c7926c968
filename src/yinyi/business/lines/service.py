"""The domain's handlers."""

from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.lines.key_desk import KeyDesk
from yinyi.business.lines.key_ports import KeyStore
from yinyi.business.lines.key_rotation import KeyRotationDesk
from yinyi.kernel.clock import Clock


class LineService:
    """Keys of the lines to acquirers."""

    def __init__(self, database: Database, store: KeyStore, clock: Clock, hospital_id: int) -> None:
        """``hospital_id``: whose keys are looked after from the start on."""
        self._hospital_id = hospital_id
        self.keys = KeyDesk(database, store, clock)
        self.rotation = KeyRotationDesk(database, store)

    def register(self, dispatcher: Dispatcher) -> None:
        self.keys.register(dispatcher)
        self.rotation.register(dispatcher)

    async def start(self) -> None:
        """Says in the log which keys cannot be used with the master keys that are here; everything else works."""
        await self.keys.begin(self._hospital_id)

    async def run(self) -> None:
        """Until cancelled."""
        await self.keys.run()
