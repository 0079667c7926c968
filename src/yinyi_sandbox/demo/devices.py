"""The demo's hands on the kiosk's virtual devices: their control, as the agent's folder says where it is."""

from pathlib import Path
from typing import Any

import httpx
import msgspec

TIMEOUT_S = 8.0


class AgentAway(Exception):
    """The kiosk's agent does not answer; it may be starting."""


class Refused(Exception):
    """The agent does not do that. ``status`` as by HTTP."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class _Control(msgspec.Struct, frozen=True):
    url: str
    token: str


class Devices:
    """Asks the control. Its address is read anew each time: it changes whenever the agent starts."""

    def __init__(self, folder: Path) -> None:
        """``folder``: of the agent, holds ``control.json``."""
        self._file = folder / "control.json"
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str) -> Any:
        """
        Raises:
            AgentAway, Refused: see there.
        """
        return msgspec.json.decode((await self._ask("GET", path)).content)

    async def post(self, path: str, body: object = None) -> Any:
        """
        Raises:
            AgentAway, Refused: see there.
        """
        return msgspec.json.decode((await self._ask("POST", path, body or {})).content)

    async def paper(self, number: int) -> bytes:
        """A paper as PNG.

        Raises:
            AgentAway, Refused: see there.
        """
        return (await self._ask("GET", f"/printer/papers/{number}.png")).content

    async def sheet(self, number: int) -> bytes:
        """A sheet of A4 as PNG.

        Raises:
            AgentAway, Refused: see there.
        """
        return (await self._ask("GET", f"/sheet_printer/papers/{number}.png")).content

    async def _ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        try:
            control = msgspec.json.decode(self._file.read_bytes(), type=_Control)
            answer = await self._client.request(
                method,
                control.url + path,
                content=None if body is None else msgspec.json.encode(body),
                headers={"authorization": f"Bearer {control.token}"},
            )
        except (OSError, msgspec.DecodeError, httpx.HTTPError) as error:
            raise AgentAway(type(error).__name__) from error
        if answer.is_error:
            raise Refused(answer.status_code, answer.text)
        return answer
