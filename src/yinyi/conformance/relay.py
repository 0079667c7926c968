"""A line between a connector and its far side that misbehaves on demand. It knows no protocol: what the connector
sends while no answer is on its way begins a call, and what comes back answers it."""

import asyncio
import contextlib

from yinyi.kernel.far_side import Mishap

_CHUNK = 65_536
_HELD_BACK_S = 0.6
"""Longer than a hasty connector waits."""
_LONGEST_CALL_S = 60.0
_PAGE = b"<html><body><h1>Closed for maintenance</h1></body></html>"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
_SPOILT = 12
"""Bytes at the end of an answer."""


class Relay:
    """``start()`` it, then the connector finds the far side on ``port``."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._calls: dict[_Call, asyncio.Task[None]] = {}
        self._next: Mishap | None = None
        self._port = 0

    @property
    def port(self) -> int:
        return self._port

    @property
    def struck(self) -> bool:
        return self._next is None

    def befall(self, mishap: Mishap) -> None:
        self._next = mishap

    def take(self) -> Mishap | None:
        taken, self._next = self._next, None
        return taken

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port, limit=_CHUNK)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        await self.down(True)
        for task in list(self._calls.values()):
            task.cancel()
        await asyncio.gather(*self._calls.values(), return_exceptions=True)

    async def calm(self) -> None:
        """Nothing goes wrong any more."""
        self._next = None
        await self.down(False)

    async def down(self, down: bool) -> None:
        if not down:
            if self._server is None:
                await self.start()
        elif self._server is not None:
            self._server.close()
            self._server = None
            for call in list(self._calls):
                call.hang_up()

    async def settled(self) -> None:
        while under_way := [call.answered.wait() for call in self._calls if not call.answered.is_set()]:
            await asyncio.gather(*under_way)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = _Call(self, reader, writer)
        self._calls[call] = asyncio.create_task(self._serve(call))

    async def _serve(self, call: "_Call") -> None:
        try:
            await call.pass_on(self._target)
        except (OSError, asyncio.IncompleteReadError):
            pass  # either side went away: the other one is told by closing
        finally:
            del self._calls[call]
            call.answered.set()
            call.hang_up()


class _Call:
    """One connection of the connector, and the call that is on it."""

    def __init__(self, relay: Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._relay, self._reader, self._writer = relay, reader, writer
        self._mishap: Mishap | None = None
        self.answered = asyncio.Event()
        self.answered.set()

    def hang_up(self) -> None:
        self._writer.transport.abort()

    async def pass_on(self, target: int) -> None:
        answers, upstream = await asyncio.open_connection("127.0.0.1", target, limit=_CHUNK)
        back = asyncio.create_task(self._pass_back(answers))
        try:
            await self._pass_calls(upstream)
            if not self.answered.is_set():  # a call that has left takes its course although its caller has gone
                await asyncio.wait([back], timeout=_LONGEST_CALL_S)
        finally:
            upstream.close()
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)

    async def _pass_calls(self, upstream: asyncio.StreamWriter) -> None:
        while chunk := await self._read():
            if self.answered.is_set() and (mishap := self._relay.take()) is not None:
                if mishap == "cut":
                    raise ConnectionAbortedError
                if mishap == "page":
                    return await self._answer_by_page(chunk)
                self._mishap = mishap
                self.answered.clear()
                if mishap == "slow":
                    await asyncio.sleep(_HELD_BACK_S)
            self.answered.clear()
            upstream.write(chunk)
            await upstream.drain()

    async def _answer_by_page(self, asked: bytes) -> None:
        """Closed by the connector, so that the rest of what it still says breaks nothing."""
        if b" HTTP/1." not in asked:
            raise ConnectionAbortedError
        self._writer.write(_ANSWER % (len(_PAGE), _PAGE))
        self._writer.write_eof()
        async with asyncio.timeout(_LONGEST_CALL_S):
            while await self._read():
                pass

    async def _read(self) -> bytes:
        """Nothing any more, however the connector has gone."""
        try:
            return await self._reader.read(_CHUNK)
        except OSError:
            return b""

    def _arriving(self, chunk: bytes) -> bytes:
        if self._mishap == "half":
            return chunk[: len(chunk) // 2]
        if self._mishap == "spoilt":
            self._mishap = None
            return chunk[:-_SPOILT] + bytes(_altered(each) for each in chunk[-_SPOILT:])
        return chunk

    async def _pass_back(self, answers: asyncio.StreamReader) -> None:
        """When the far side hangs up, so does the line."""
        try:
            while chunk := await answers.read(_CHUNK):
                if self._mishap != "silent" and not self._writer.is_closing():
                    self._writer.write(self._arriving(chunk))
                    with contextlib.suppress(ConnectionError):
                        await self._writer.drain()
                self.answered.set()
                if self._mishap in ("half", "silent"):
                    break
        finally:
            self.answered.set()
            if self._mishap != "silent":
                self._writer.close()


def _altered(byte: int) -> int:
    """Another digit or letter where there was one, so that what was text stays text."""
    if chr(byte).isalnum() and byte < 128:
        return byte - 1 if chr(byte) in "9zZ" else byte + 1
    return byte
