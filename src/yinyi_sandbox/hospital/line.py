"""The platform's line to the hospital: a relay in front of PostgreSQL that can misbehave one procedure at a time.

It reads the client's side of the PostgreSQL protocol 3.0 just far enough to know which ``his.`` procedure a message
calls (Parse names it, Bind runs it) and passes every byte on unchanged. Source: PostgreSQL manual, "Message Formats".
TLS is refused by the sandbox's server, so messages are in the clear; the line stays on this machine.
"""

import asyncio
import contextlib
import re
import struct
from collections.abc import Iterator

from yinyi_sandbox.hospital.faults import Fault, LineFaults
from yinyi_sandbox.hospital.under_way import UnderWay

_SSL_REQUEST, _GSS_REQUEST, _CANCEL_REQUEST = 80877103, 80877104, 80877102
_CALL = re.compile(rb"\bhis\.(\w+)\s*\(")
_READY = b"Z\x00\x00\x00\x05I"
_CHUNK = 65536
_LONGEST_MESSAGE = 1 << 20
_LONGEST_CALL_S = 60.0


class Line:
    """Listens on loopback; ``start()`` it, then the platform connects to ``port``."""

    def __init__(self, host: str, port: int, faults: LineFaults, under_way: UnderWay) -> None:
        """``host``, ``port``: where PostgreSQL is."""
        self._target = (host, port)
        self._faults = faults
        self._under_way = under_way
        self._calls: dict[_Call, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, port: int = 0) -> None:
        """``port`` 0 takes a free one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port, limit=_CHUNK)
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

    def hang_up(self) -> None:
        """Breaks every connection, whatever it is doing."""
        for call in list(self._calls):
            call.break_off()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._faults.down or self._server is None:
            writer.transport.abort()
            return
        call = _Call(reader, writer, self._faults, self._under_way)
        self._calls[call] = asyncio.create_task(self._serve(call))

    async def _serve(self, call: "_Call") -> None:
        try:
            await call.relay(*self._target)
        except (OSError, asyncio.IncompleteReadError):
            pass  # either side went away: the other one is told by closing
        finally:
            del self._calls[call]
            call.is_over()
            call.break_off()


class _Call:
    """One connection of the platform."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, faults: LineFaults, under_way: UnderWay
    ) -> None:
        self._reader, self._writer, self._faults = reader, writer, faults
        self._under_way = under_way
        self._statements: dict[bytes, str] = {}
        self._upstream: asyncio.StreamWriter | None = None
        self._losing: Fault | None = None
        self.answered = asyncio.Event()
        self.answered.set()

    async def relay(self, host: str, port: int) -> None:
        from_server, self._upstream = await asyncio.open_connection(host, port, limit=_CHUNK)
        answers = asyncio.create_task(self._pass_answers(from_server))
        try:
            await self._open(self._upstream)
            try:
                await self._pass_calls(self._upstream)
            finally:
                await self._let_finish(answers)
        finally:
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)

    async def _let_finish(self, answers: "asyncio.Task[None]") -> None:
        """A call that has left takes its course although its caller has gone."""
        self._writer.transport.abort()
        if not self.answered.is_set():
            await asyncio.wait([answers], timeout=_LONGEST_CALL_S)

    def is_over(self) -> None:
        """The hospital has answered, or never heard of it."""
        if not self.answered.is_set():
            self.answered.set()
            self._under_way.ends()

    def break_off(self) -> None:
        self._writer.transport.abort()
        if self._upstream is not None:
            self._upstream.close()

    async def _open(self, upstream: asyncio.StreamWriter) -> None:
        """The messages before the first typed one: requests for encryption, then the start-up."""
        code = _SSL_REQUEST
        while code in (_SSL_REQUEST, _GSS_REQUEST):
            head = await self._reader.readexactly(8)
            length, code = struct.unpack("!II", head)
            upstream.write(head + await self._reader.readexactly(_sane(length) - 8))
        if code == _CANCEL_REQUEST:
            await upstream.drain()

    async def _pass_calls(self, upstream: asyncio.StreamWriter) -> None:
        rest = b""
        while chunk := await self._reader.read(_CHUNK):
            rest += chunk
            done = 0
            for start, end in _messages(rest):
                fault = self._befalls(rest[start:end])
                if fault is not None:
                    upstream.write(rest[done:start])
                    done = start
                    await self._suffer(fault)
                upstream.write(rest[done:end])
                done = end
            rest = rest[done:]
            await upstream.drain()

    def _befalls(self, message: bytes) -> Fault | None:
        """The fault of the call that this message makes, if it makes one."""
        kind = message[:1]
        if kind == b"P":
            name, query, _ = message[5:].split(b"\0", 2)
            found = _CALL.search(query)
            self._statements[name] = found[1].decode() if found else ""
        elif kind == b"B":
            _, name, _ = message[5:].split(b"\0", 2)
            return self._take(self._statements.get(name, ""))
        elif kind == b"Q" and (found := _CALL.search(message)):
            return self._take(found[1].decode())
        return None

    def _take(self, procedure: str) -> Fault | None:
        if not procedure:
            return None
        if self.answered.is_set():
            self.answered.clear()
            self._under_way.begins()
        return self._faults.take(procedure)

    async def _suffer(self, fault: Fault) -> None:
        if fault.fault == "slow":
            await asyncio.sleep(fault.ms / 1000)
        elif fault.fault == "cut":
            self.is_over()
            raise ConnectionAbortedError
        else:
            self._losing = fault

    async def _pass_answers(self, from_server: asyncio.StreamReader) -> None:
        """Back to the platform, and when the hospital hangs up, so does the line."""
        try:
            await self._pass_until_lost(from_server)
        finally:
            if self._losing is None:
                self._writer.close()
            else:
                self._writer.transport.abort()

    async def _pass_until_lost(self, from_server: asyncio.StreamReader) -> None:
        """From a lost call on nothing more goes back, but its end is waited for."""
        tail = b""
        while chunk := await from_server.read(_CHUNK):
            if self._losing is None and not self._writer.is_closing():
                self._writer.write(chunk)
            tail = (tail + chunk)[-len(_READY) :]
            if tail == _READY:
                self.is_over()
                if self._writer.is_closing() or (self._losing and self._losing.fault == "lost"):
                    break
            if self._losing is None:
                await self._pause_for_reader()

    async def _pause_for_reader(self) -> None:
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()


def _messages(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each complete typed message starts and ends."""
    start = 0
    while start + 5 <= len(data):
        end = start + 1 + _sane(struct.unpack_from("!I", data, start + 1)[0])
        if end > len(data):
            return
        yield start, end
        start = end


def _sane(length: int) -> int:
    """
    Raises:
        ConnectionAbortedError: no message of the platform is that long or short.
    """
    if not 4 <= length <= _LONGEST_MESSAGE:
        raise ConnectionAbortedError
    return length
