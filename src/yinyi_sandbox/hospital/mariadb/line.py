"""The platform's line to MariaDB: a relay that can misbehave at one procedure at a time.

It reads the client's packets just far enough to know which procedure a ``CALL`` names, and passes every byte on
unchanged. Source: MariaDB protocol, "0 - packet", "COM_QUERY". TLS is not offered by the sandbox's server.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping

from yinyi_sandbox.hospital.faults import Fault, LineFaults

_CALL = re.compile(rb"\A\x03CALL `[^`]+`\.`([^`]+)`\(")
_CHUNK = 65536
_LONGEST_CALL_S = 60.0


class Line:
    """Listens on loopback; ``start()`` it, then the platform connects to ``port``."""

    def __init__(self, port: int, faults: LineFaults, procedures: Mapping[str, str], rings: Callable[[], None]) -> None:
        """``port``: where MariaDB is. ``procedures``: ours by its names. ``rings``: a call is on its way."""
        self._target = port
        self.faults, self.procedures, self.rings = faults, procedures, rings
        self._calls: dict[_Call, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self._server = None
        tasks = list(self._calls.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def settled(self) -> None:
        """Returns when the hospital has answered every call, also those that nobody waits for any more."""
        while under_way := [call.answered.wait() for call in self._calls if not call.answered.is_set()]:
            await asyncio.gather(*under_way)

    def is_busy(self) -> bool:
        return any(not call.answered.is_set() for call in self._calls)

    def hang_up(self) -> None:
        """Breaks every connection, whatever it is doing."""
        for call in list(self._calls):
            call.break_off()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.faults.down or self._server is None:
            writer.transport.abort()
            return
        call = _Call(self, reader, writer)
        self._calls[call] = asyncio.create_task(self._serve(call))

    async def _serve(self, call: "_Call") -> None:
        try:
            await call.relay(self._target)
        except (OSError, asyncio.IncompleteReadError):
            pass  # either side went away: the other one is told by closing
        finally:
            del self._calls[call]
            call.answered.set()
            call.break_off()


class _Call:
    """One connection of the platform. ``answered``: as soon as anything comes back, since procedures answer last."""

    def __init__(self, line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._line, self._reader, self._writer = line, reader, writer
        self._upstream: asyncio.StreamWriter | None = None
        self._losing: Fault | None = None
        self.answered = asyncio.Event()
        self.answered.set()

    async def relay(self, port: int) -> None:
        from_server, self._upstream = await asyncio.open_connection("127.0.0.1", port, limit=_CHUNK)
        answers = asyncio.create_task(self._pass_answers(from_server))
        try:
            await self._pass_calls(self._upstream)
        finally:
            self._writer.transport.abort()
            if not self.answered.is_set():  # a call that has left takes its course although its caller has gone
                await asyncio.wait([answers], timeout=_LONGEST_CALL_S)
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)

    def break_off(self) -> None:
        self._writer.transport.abort()
        if self._upstream is not None:
            self._upstream.close()

    async def _pass_calls(self, upstream: asyncio.StreamWriter) -> None:
        while head := await self._reader.read(4):
            head += await self._reader.readexactly(4 - len(head))
            body = await self._reader.readexactly(int.from_bytes(head[:3], "little"))
            found = _CALL.match(body)
            if found:
                self.answered.clear()
                await self._suffer(self._line.faults.take(self._line.procedures[found[1].decode()]))
                self._line.rings()
            upstream.write(head + body)
            await upstream.drain()

    async def _suffer(self, fault: Fault | None) -> None:
        if fault is None:
            return
        if fault.fault == "slow":
            await asyncio.sleep(fault.ms / 1000)
        elif fault.fault == "cut":
            self.answered.set()
            raise ConnectionAbortedError
        else:
            self._losing = fault

    async def _pass_answers(self, from_server: asyncio.StreamReader) -> None:
        """Back to the platform; of a lost call nothing. When the hospital hangs up, so does the line."""
        while chunk := await from_server.read(_CHUNK):
            self.answered.set()
            if self._losing is None:
                self._writer.write(chunk)
                with contextlib.suppress(ConnectionError):
                    await self._writer.drain()
            elif self._losing.fault == "lost":
                break
        self._writer.transport.abort() if self._losing else self._writer.close()
