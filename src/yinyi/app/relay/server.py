"""The relay: tunnels to what is on its list. It sees names and sizes, never what is inside."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus

import msgspec
import structlog

from yinyi.app.relay.allowed import Ask, Destination, Refused, ask_of, wanted
from yinyi.app.relay.figures import Figures

log = structlog.get_logger()

_TLS = b"\x16\x03"
"""How a ClientHello begins (RFC 8446, 5.1)."""
_PIECE = 65_536
_PAGES = ("/metrics", "/healthz")
_SAID = {200: "Connection established", 407: "Proxy Authentication Required"}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """at_once: tunnels in all; to_one: to one destination. strangers: those that have not said what they want. idle_s:
    one through which nothing goes is closed then."""

    at_once: int = 400
    to_one: int = 100
    strangers: int = 150
    head_within_s: float = 5.0
    connect_within_s: float = 5.0
    idle_s: float = 3600.0


class _End(Exception):
    """Why a tunnel ends."""


class Relay:
    """``serve`` each connection."""

    def __init__(
        self,
        allowed: Mapping[tuple[str, int], Destination],
        password: str,
        limits: Limits | None = None,
    ) -> None:
        self._allowed = allowed
        self._password = password
        self._limits = limits or Limits()
        self._figures = Figures()
        self._open: dict[Destination, int] = {}
        self._strangers: dict[asyncio.Task[None], None] = {}
        self._serving: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Every tunnel ends; asking twice is fine."""
        serving = set(self._serving)
        for each in serving:
            each.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._answer(reader, writer)
        except Refused as refused:
            self._figures.refused(refused.why)
            log.warning("relay.refused", why=refused.why)
            with suppress(OSError):
                await _say(writer, refused.status, allows=refused.allows)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            self._figures.refused(type(error).__name__)
        finally:
            self._serving.discard(task)
            await _ended(writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ask = await self._heard(reader)
        if ask.target in _PAGES:
            if ask.method not in ("GET", "HEAD"):
                raise Refused(405, "only to be read", "GET, HEAD")
            body = self._figures.text() if ask.target == "/metrics" else b"ok\n"
            await _say(writer, 200, body, only_head=ask.method == "HEAD")
            return
        destination = wanted(ask, self._allowed, self._password)
        if sum(self._open.values()) >= self._limits.at_once or self._open.get(destination, 0) >= self._limits.to_one:
            raise Refused(503, "full")
        self._open[destination] = self._open.get(destination, 0) + 1
        try:
            await self._through(destination, reader, writer)
        finally:
            self._open[destination] -= 1

    async def _heard(self, reader: asyncio.StreamReader) -> Ask:
        """What it wants. Of those who have not said it yet, the one that has been silent longest makes room.

        Raises:
            Refused, TimeoutError, OSError, IncompleteReadError, LimitOverrunError.
        """
        task = asyncio.current_task()
        assert task is not None
        if len(self._strangers) >= self._limits.strangers:
            silent = next(iter(self._strangers))
            del self._strangers[silent]
            silent.cancel()
            self._figures.refused("silent")
        self._strangers[task] = None
        try:
            async with asyncio.timeout(self._limits.head_within_s):
                return ask_of(await reader.readuntil(b"\r\n\r\n"))
        finally:
            self._strangers.pop(task, None)

    async def _through(
        self, destination: Destination, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, back = await self._dialled(destination)
        name, end = f"{destination.host}:{destination.port}", "closed"
        self._figures.opened(name)
        try:
            await _say(writer, 200)
            if not destination.plain:
                async with asyncio.timeout(self._limits.head_within_s):
                    begins = await reader.readexactly(len(_TLS))
                if begins != _TLS:
                    raise _End("not TLS")
                back.write(begins)
            await asyncio.gather(
                self._pump(name, "out", reader, back),
                self._pump(name, "in", there, writer),
            )
        except _End as why:
            end = str(why)
        except TimeoutError:
            end = "idle"
        except (OSError, asyncio.IncompleteReadError):
            end = "broken"
        finally:
            self._figures.closed(name, end)
            await _ended(back)

    async def _dialled(self, destination: Destination) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """
        Raises:
            Refused: it does not answer.
        """
        try:
            async with asyncio.timeout(self._limits.connect_within_s):
                return await asyncio.open_connection(destination.host, destination.port, limit=_PIECE)
        except TimeoutError:
            raise Refused(504, "not reached in time") from None
        except OSError:
            raise Refused(502, "not reached") from None

    async def _pump(self, name: str, direction: str, source: asyncio.StreamReader, drain: asyncio.StreamWriter) -> None:
        """Until the source has said all; then the other side is told so."""
        while True:
            async with asyncio.timeout(self._limits.idle_s):
                piece = await source.read(_PIECE)
                if not piece:
                    break
                drain.write(piece)
                await drain.drain()
            self._figures.passed(name, direction, len(piece))
        if drain.can_write_eof() and not drain.is_closing():
            drain.write_eof()


async def _ended(writer: asyncio.StreamWriter) -> None:
    """What was written leaves if it can at once."""
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _say(
    writer: asyncio.StreamWriter, status: int, body: bytes = b"", *, only_head: bool = False, allows: str = ""
) -> None:
    said = _SAID.get(status) or HTTPStatus(status).phrase
    lines = [f"HTTP/1.1 {status} {said}"]
    if allows:
        lines.append(f"Allow: {allows}")
    if status == 407:
        lines.append('Proxy-Authenticate: Basic realm="yinyi"')
    if body or status != 200:
        lines += [f"Content-Length: {len(body)}", "Connection: close"]
    writer.write("\r\n".join((*lines, "", "")).encode("ascii") + (b"" if only_head else body))
    await writer.drain()


async def listening(relay: Relay, host: str, port: int) -> asyncio.Server:
    """
    Raises:
        OSError: the address cannot be used.
    """
    return await asyncio.start_server(relay.serve, host, port, limit=_PIECE, backlog=256)
