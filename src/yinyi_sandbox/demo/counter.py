"""The hospital's own counter program."""

import hashlib
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
        """The money for a hold slip lies in the till. Whoever got no answer asks again, and it is the same.

        Raises:
            PlatformAway, Problem: see there.
        """
        paper = hashlib.sha256(number.encode()).hexdigest()[:12]
        body = {"number": number, "operator": OPERATOR, "receipt_no": f"W{paper}"}
        return await self._platform.ask("CollectHoldSlip", body, key=f"collect-{paper}")
