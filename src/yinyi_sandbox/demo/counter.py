"""The hospital's own counter program: it asks the platform as the HIS does, signed, over ``/api/v1``."""

import secrets
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import msgspec

from yinyi.kernel.clock import Clock
from yinyi.wire.institution import sign, timestamp_of

INSTITUTION = "his"
OPERATOR = "窗口演示"
TIMEOUT_S = 10.0


class PlatformAway(Exception):
    """The platform does not answer, or the institution has no secret yet."""


class Problem(Exception):
    """The platform refuses and says why; ``told`` is its problem document (RFC 9457)."""

    def __init__(self, status: int, told: dict[str, Any]) -> None:
        super().__init__(told.get("code", ""))
        self.status = status
        self.told = told


class Counter:
    """One cashier."""

    def __init__(self, host: str, port: int, secret_file: Path, clock: Clock) -> None:
        self._secret_file = secret_file
        self._clock = clock
        self._client = httpx.AsyncClient(
            base_url=f"http://{_reachable(host)}:{port}", timeout=TIMEOUT_S, trust_env=False
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def calls(self) -> list[dict[str, Any]]:
        """Who waits for staff, oldest first.

        Raises:
            PlatformAway, Problem: see there.
        """
        return (await self._ask("ListStaffCalls", {}))["calls"]

    async def come(self, call_id: int) -> dict[str, Any]:
        """Somebody goes there.

        Raises:
            PlatformAway, Problem: see there.
        """
        return await self._ask("AnswerCall", {"call_id": call_id}, key=f"answer-{call_id}")

    async def collect(self, number: str) -> dict[str, Any]:
        """The money for a hold slip lies in the till.

        Raises:
            PlatformAway, Problem: see there.
        """
        body = {"number": number, "operator": OPERATOR, "receipt_no": f"W{secrets.token_hex(6)}"}
        return await self._ask("CollectHoldSlip", body, key=f"collect-{secrets.token_hex(8)}")

    async def _ask(self, operation: str, message: object, key: str = "") -> dict[str, Any]:
        path, body = f"/api/v1/{operation}", msgspec.json.encode(message)
        try:
            answer = await self._client.post(path, content=body, headers=self._headers(path, body, key))
            told = msgspec.json.decode(answer.content)
        except (OSError, httpx.HTTPError, msgspec.DecodeError) as error:
            raise PlatformAway(type(error).__name__) from error
        if answer.is_error:
            raise Problem(answer.status_code, told)
        return told

    def _headers(self, path: str, body: bytes, key: str) -> dict[str, str]:
        timestamp, nonce = timestamp_of(self._clock.now()), secrets.token_urlsafe(18)
        secret = self._secret_file.read_text(encoding="ascii").strip()
        headers = {
            "content-type": "application/json",
            "x-yinyi-institution": INSTITUTION,
            "x-yinyi-timestamp": timestamp,
            "x-yinyi-nonce": nonce,
            "x-yinyi-signature": sign("HMAC-SHA256", secret, "POST", path, timestamp, nonce, body),
        }
        return {**headers, "idempotency-key": key} if key else headers


def _reachable(host: str) -> str:
    """An address to dial for one that was bound."""
    try:
        return "127.0.0.1" if ip_address(host).is_unspecified else host
    except ValueError:
        return host
