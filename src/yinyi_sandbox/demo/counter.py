"""The hospital's own counter program."""

import secrets
from typing import Any

from yinyi_sandbox.demo.signed import Problem, SignedCaller

OPERATOR = "窗口演示"


class Counter:
    """One cashier."""

    def __init__(self, platform: SignedCaller) -> None:
        self._platform = platform
        self._unanswered: dict[str, str] = {}
        """By a slip's number, that of the receipt it would have."""

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
        paper = self._unanswered.setdefault(number, secrets.token_hex(6))
        body = {"number": number, "operator": OPERATOR, "receipt_no": f"W{paper}"}
        try:
            told = await self._platform.ask("CollectHoldSlip", body, key=f"collect-{paper}")
        except Problem:
            self._unanswered.pop(number, None)
            raise
        self._unanswered.pop(number, None)
        return told
