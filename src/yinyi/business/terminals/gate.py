"""What a terminal may ask for at this instant, whatever its pages show: by its profile, by hours and by closures."""

from typing import cast
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Database
from yinyi.business.terminals.directory import Directory
from yinyi.business.terminals.model import ServiceName
from yinyi.business.terminals.offers import at_terminal
from yinyi.kernel.errors import ServiceClosed


class ServiceGate:
    """Asked by the dispatcher before an operation that names its service."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    async def admit(self, call: Call, service: str) -> None:
        """
        Raises:
            ServiceClosed: this terminal does not offer it, or not just now; its detail says when it opens, if anybody
                knows.
        """
        at = call.hospital_id, call.principal.terminal_id, call.now
        here = self._directory.here_as_remembered(*at)
        if here is None:
            async with self._database.read() as tx:
                here = await self._directory.here(tx, *at)
        zone = ZoneInfo(here.hospital.zone)
        offer = at_terminal(here.standing.profile, cast(ServiceName, service), here.rules, call.now, zone)
        if offer is None:
            raise ServiceClosed
        if offer.shut:
            raise ServiceClosed(offer.opens_at.isoformat() if offer.opens_at else "")
