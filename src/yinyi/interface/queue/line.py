"""One connection to a broker, by STOMP 1.2: heart-beats, sends that are confirmed, messages as they come."""

import asyncio
import re
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count

import structlog

from yinyi.interface.queue.address import Address
from yinyi.wire.stomp import BrokenStream, Frame, Frames, encoded

log = structlog.get_logger()

CONNECT_WITHIN_S = 10.0
CONFIRMED_WITHIN_S = 15.0
BEAT_S = 10.0
FRAME_LIMIT = 256 * 1024
"""Of a body; what is longer is passed over."""
_PIECE = 64 * 1024


class LineLost(ConnectionError):
    """The broker is away, or does not let us in. What was not confirmed may have arrived."""


class SendRefused(Exception):
    """The broker does not take this message, and says why. The line stays."""


class Line:
    """``open_line`` makes one; ``run`` reads until it is lost. Names of subscriptions and receipts cannot be guessed:
    what a stranger has written into a message never passes for a frame of the broker's."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = Frames(FRAME_LIMIT)
        self._names = (f"{secrets.token_hex(12)}-{number}" for number in count())
        self._confirmed: dict[str, asyncio.Future[None]] = {}
        self._got: dict[str, Callable[[Frame], None]] = {}
        self._beat_out_s = self._beat_in_s = 0.0
        self._written_at = 0.0
        self._closed = False

    async def greet(self, address: Address) -> None:
        beat = str(int(BEAT_S * 1000))
        headers = {"accept-version": "1.2", "host": address.host, "heart-beat": f"{beat},{beat}"}
        if address.login:
            headers |= {"login": address.login, "passcode": address.passcode}
        self._write(encoded("CONNECT", headers))
        while not (found := self._frames.feed(await self._read())):
            pass
        if found[0].command != "CONNECTED":
            raise LineLost(found[0].headers.get("message", "refused")[:200])
        theirs, ours = _beats(found[0].headers.get("heart-beat", "0,0"))
        self._beat_in_s = max(theirs, BEAT_S) if theirs else 0.0
        self._beat_out_s = max(ours, BEAT_S) if ours else 0.0

    async def run(self) -> None:
        """
        Raises:
            LineLost: always, sooner or later.
        """
        beating = asyncio.create_task(self._beat()) if self._beat_out_s else None
        try:
            while True:
                async with asyncio.timeout(2.5 * self._beat_in_s or None):
                    data = await self._read()
                for frame in self._frames.feed(data):
                    self._take(frame)
        except (BrokenStream, TimeoutError) as error:
            raise LineLost(str(error) or "silent") from None
        finally:
            if beating:
                beating.cancel()
            self.close()

    def subscribe(self, destination: str, at_once: int, got: Callable[[Frame], None]) -> None:
        """``got`` is told each message; at most so many of them are not acknowledged."""
        name = next(self._names)
        self._got[name] = got
        headers = {
            "id": name,
            "destination": destination,
            "ack": "client-individual",
            "activemq.prefetchSize": str(at_once),
            "prefetch-count": str(at_once),
        }
        self._write(encoded("SUBSCRIBE", headers))

    async def send(self, destination: str, headers: Mapping[str, str], body: bytes, *, text: bool) -> None:
        """Returns when the broker has it.

        Raises:
            SendRefused
            LineLost: whether it has it is not known.
        """
        if self._closed:
            raise LineLost("closed")
        name = next(self._names)
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._confirmed[name] = told
        frame = {"destination": destination, **headers, "receipt": name}
        try:
            self._write(encoded("SEND", frame, body, length=not text))
            async with asyncio.timeout(CONFIRMED_WITHIN_S):
                await self._writer.drain()
                await told
        except TimeoutError:
            self.close()
            raise LineLost("it does not confirm") from None
        except LineLost:
            raise
        except OSError as error:
            raise LineLost(type(error).__name__) from None
        finally:
            self._confirmed.pop(name, None)

    def acknowledge(self, message: Frame) -> None:
        self._write(encoded("ACK", {"id": message.headers.get("ack", "")}))

    def reject(self, message: Frame) -> None:
        """The broker lays it aside by its own rule."""
        self._write(encoded("NACK", {"id": message.headers.get("ack", "")}))

    def close(self) -> None:
        """At once; asking twice is fine."""
        self._closed = True
        self._writer.close()
        for told in self._confirmed.values():
            if not told.done():
                told.set_exception(LineLost("closed"))

    async def leave(self) -> None:
        """Whatever was written has arrived before the line is closed."""
        name = next(self._names)
        told = self._confirmed[name] = asyncio.get_running_loop().create_future()
        with suppress(OSError, TimeoutError):
            self._write(encoded("DISCONNECT", {"receipt": name}))
            await asyncio.wait_for(told, 2)
        self.close()

    def _take(self, frame: Frame) -> None:
        match frame.command:
            case "MESSAGE":
                got = self._got.get(frame.headers.get("subscription", ""))
                if got:
                    got(frame)
            case "RECEIPT":
                told = self._confirmed.get(frame.headers.get("receipt-id", ""))
                if told and not told.done():
                    told.set_result(None)
            case "ERROR":
                self._refused(frame)
            case _:
                pass

    def _refused(self, frame: Frame) -> None:
        why = frame.headers.get("message", "")[:200]
        told = self._confirmed.get(frame.headers.get("receipt-id", ""))
        if told and not told.done():
            told.set_exception(SendRefused(why))
        else:
            log.warning("queue.error", why=why)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._beat_out_s / 2)
            if time.monotonic() - self._written_at > self._beat_out_s / 3:
                self._write(b"\n")

    async def _read(self) -> bytes:
        try:
            data = await self._reader.read(_PIECE)
        except OSError as error:
            raise LineLost(type(error).__name__) from None
        if not data:
            raise LineLost("hung up")
        return data

    def _write(self, data: bytes) -> None:
        self._writer.write(data)
        self._written_at = time.monotonic()


def _beats(text: str) -> tuple[float, float]:
    """What they send and what they want to hear, in seconds; 0: nothing."""
    theirs, _, ours = text.partition(",")
    return _seconds(theirs), _seconds(ours)


def _seconds(text: str) -> float:
    return int(text) / 1000 if re.fullmatch(r"[0-9]{1,9}", text) else 0.0


async def open_line(address: Address) -> Line:
    """
    Raises:
        LineLost: nobody answers, or the log-in is refused.
    """
    context = ssl.create_default_context() if address.tls else None
    try:
        async with asyncio.timeout(CONNECT_WITHIN_S):
            line = Line(*await asyncio.open_connection(address.host, address.port, ssl=context))
            try:
                await line.greet(address)
            except BaseException:
                line.close()
                raise
            return line
    except (OSError, BrokenStream, TimeoutError) as error:
        if isinstance(error, LineLost):
            raise
        raise LineLost(str(error) or type(error).__name__) from None
