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
        at = call.hospital_id, call.principal.terminal_id
        async with self._database.read() as tx:
            standing = await self._directory.standing(tx, *at, call.now)
            rules = await self._directory.rules(tx, call.hospital_id, call.now)
            zone = ZoneInfo((await self._directory.hospital(tx, call.hospital_id, call.now)).zone)
        offer = at_terminal(standing.profile, cast(ServiceName, service), rules, call.now, zone)
        if offer is None:
            raise ServiceClosed
        if offer.shut:
            raise ServiceClosed(offer.opens_at.isoformat() if offer.opens_at else "")
