"""What the hospital's own programs have in common: they ask the platform as the HIS does, signed, over ``/api/v1``."""

import secrets
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import msgspec

from yinyi.kernel.clock import Clock
from yinyi.wire.institution import path_of_request, sign, timestamp_of

INSTITUTION = "his"
TIMEOUT_S = 10.0


class PlatformAway(Exception):
    """The platform does not answer, or the institution has no secret yet."""


class Problem(Exception):
    """The platform refuses and says why; ``told`` is its problem document (RFC 9457)."""

    def __init__(self, status: int, told: dict[str, Any]) -> None:
        super().__init__(told.get("code", ""))
        self.status = status
        self.told = told


class SignedCaller:
    """One institution."""

    def __init__(self, host: str, port: int, secret_file: Path, clock: Clock) -> None:
        self._secret_file = secret_file
        self._clock = clock
        self._client = httpx.AsyncClient(
            base_url=f"http://{reachable(host)}:{port}", timeout=TIMEOUT_S, trust_env=False
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, operation: str, message: object, key: str = "") -> dict[str, Any]:
        """
        Raises:
            PlatformAway, Problem: see there.
        """
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
            "x-yinyi-signature": sign(
                "HMAC-SHA256", secret, "POST", path_of_request(path, key=key), timestamp, nonce, body
            ),
        }
        return {**headers, "idempotency-key": key} if key else headers


def reachable(host: str) -> str:
    """An address to dial for one that was bound."""
    try:
        return "127.0.0.1" if ip_address(host).is_unspecified else host
    except ValueError:
        return host
