"""Calling procedures, and what is known of a call that brought no rows."""

from collections.abc import Callable
from typing import Any

from yinyi.access.hospital.procedures.client import CallFailed, NotReached, ProcedureClient, Rejected, Row
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.outcome import Answer, NotSent, Outcome, Refused, Unknown


class Calls:
    """What every part of the connector stands on."""

    def __init__(self, client: ProcedureClient) -> None:
        self.client = client

    async def read(self, query: str, *parameters: Any) -> list[Row]:
        """
        Raises:
            HospitalUnavailable: whatever the reason.
        """
        try:
            return await self.client.call(query, *parameters)
        except CallFailed as error:
            raise HospitalUnavailable(str(error)) from error

    async def sent(self, query: str, *parameters: Any) -> list[Row] | Refused | NotSent | Unknown:
        """The rows, or what is known of a call that did not bring any."""
        try:
            return await self.client.call(query, *parameters)
        except NotReached as error:
            return NotSent(detail=str(error))
        except Rejected as error:
            return Refused(reason="bad_request", detail=str(error))
        except CallFailed as error:
            return Unknown(detail=str(error))

    async def asked(self, query: str, *parameters: Any) -> list[Row] | NotSent | Unknown:
        """A question that is rejected tells nothing of what it asked about."""
        rows = await self.sent(query, *parameters)
        return Unknown(detail=rows.detail) if isinstance(rows, Refused) else rows

    async def changed(self, meaning: Callable[[Row], Outcome], query: str, *parameters: Any) -> Outcome:
        """What the one row that answers means."""
        rows = await self.sent(query, *parameters)
        return meaning(rows[0]) if isinstance(rows, list) else rows

    async def told(self, meaning: Callable[[Row], Answer], query: str, *parameters: Any) -> Answer:
        """What the one row that answers a question means."""
        rows = await self.asked(query, *parameters)
        return meaning(rows[0]) if isinstance(rows, list) else rows
