"""The hospital's own counter program."""

import secrets
from typing import Any

from yinyi_sandbox.demo.signed import SignedCaller

OPERATOR = "窗口演示"


class Counter:
    """One cashier."""

    def __init__(self, platform: SignedCaller) -> None:
        self._platform = platform

    async def calls(self) -> list[dict[str, Any]]:
        """Who waits for staff, oldest first.

        Raises:
            PlatformAway, Problem: see there.
        """
        return (await self._platform.ask("ListStaffCalls", {}))["calls"]

    async def come(self, call_id: int) -> dict[str, Any]:
        """Somebody goes there.

        Raises:
            PlatformAway, Problem: see there.
        """
        return await self._platform.ask("AnswerCall", {"call_id": call_id}, key=f"answer-{call_id}")

    async def collect(self, number: str) -> dict[str, Any]:
        """The money for a hold slip lies in the till.

        Raises:
            PlatformAway, Problem: see there.
        """
        body = {"number": number, "operator": OPERATOR, "receipt_no": f"W{secrets.token_hex(6)}"}
        return await self._platform.ask("CollectHoldSlip", body, key=f"collect-{secrets.token_hex(8)}")
