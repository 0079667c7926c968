"""MLLP: laboratories and the hospital's systems tell news as messages of HL7 version 2, each answered before the next.

Nothing is understood here but where a message begins and ends and to whom its answer goes; the rest is the business
layer's. ``AA`` leaves when it has said that the message is kept, and not before.
"""

import asyncio
import time
from contextlib import suppress
from datetime import tzinfo
from random import getrandbits

import structlog

from yinyi.bus.client import BusClient
from yinyi.business.news.messages import MOST_BYTES, TellNews
from yinyi.interface.body import TooLarge
from yinyi.interface.hl7.errors import answer_to
from yinyi.interface.metrics import Metrics
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import InternalError, YinyiError
from yinyi.wire.hl7.answers import Told, answer
from yinyi.wire.hl7.charset import Charset, decoded
from yinyi.wire.hl7.codec import Message, read
from yinyi.wire.hl7.errors import FrameError, Hl7Error, MessageTooLarge
from yinyi.wire.hl7.framing import Frames, framed

log = structlog.get_logger()

NAME = "hl7"
LINES_AT_MOST = 200
WHOLE_WITHIN_S = 20.0
"""From the first byte of a message to its last one, and for an answer to be taken."""
IDLE_S = 900.0
"""Longer than the pause between two messages of a laboratory at night is not waited for: it connects anew."""
CHUNK = 16 * 1024
MOST_PASSED_OVER = 256
"""Of pieces behind a message that was too large: whoever still sends sees no answer before it has sent it all."""
KINDS = ("ORU", "ADT", "SIU")
_STATUS = {"AA": 200, "AE": 422, "AR": 403, "": 503}
"""As HTTP would have it, for those who watch all interfaces."""


class Hl7Lines:
    """All lines of this process. ``start`` before serving, ``close`` at the end."""

    def __init__(
        self,
        bus: BusClient,
        metrics: Metrics,
        clock: Clock,
        zone: tzinfo,
        *,
        whole_within_s: float = WHOLE_WITHIN_S,
        idle_s: float = IDLE_S,
        at_most: int = LINES_AT_MOST,
    ) -> None:
        self._bus = bus
        self._metrics = metrics
        self._clock = clock
        self._zone = zone
        self._whole_within_s = whole_within_s
        self._idle_s = idle_s
        self._at_most = at_most
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> None:
        """
        Raises:
            OSError: somebody else listens there.
        """
        self._server = await asyncio.start_server(self._connected, host, port, limit=CHUNK)

    @property
    def port(self) -> int:
        assert self._server is not None
        return self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """What was not answered is sent again; asking twice is fine."""
        if self._server is not None:
            self._server.close()
        lines = set(self._lines)
        for each in lines:
            each.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        if len(self._lines) >= self._at_most:
            log.warning("hl7.too_many_lines", peer=peer)
            writer.close()
            return
        self._lines.add(task)
        try:
            await self._serve(reader, writer, peer)
        except MessageTooLarge as error:
            await self._too_large(reader, writer, peer, error.header)
        except (FrameError, OSError, TimeoutError) as error:
            log.warning("hl7.line_ended", peer=peer, why=str(error) or type(error).__name__)
        except Exception:
            log.exception("hl7.line_failed", peer=peer)
        finally:
            self._lines.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str) -> None:
        """Until the other side has gone, or something is wrong with what it sends.

        Raises:
            FrameError, OSError, TimeoutError.
        """
        frames = Frames(MOST_BYTES)
        while True:
            for message in await self._received(reader, frames):
                if not message:
                    return
                replied = await self._reply(message, peer)
                if replied is None:
                    return
                writer.write(framed(replied))
                async with asyncio.timeout(self._whole_within_s):
                    await writer.drain()

    async def _too_large(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str, first: bytes
    ) -> None:
        """It is told so, once: silence would have it sent again for ever, with all others waiting behind it."""
        header, charset = _header(first)
        log.warning("hl7.too_large", peer=peer)
        self._metrics.failed(NAME, TooLarge())
        told = answer_to(TooLarge(), _language(charset))
        if header is None or told is None:
            return
        writer.write(framed(self._answer(header, charset, told)))
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._whole_within_s):
                for _ in range(MOST_PASSED_OVER):
                    if not await reader.read(CHUNK):
                        return

    async def _received(self, reader: asyncio.StreamReader, frames: Frames) -> list[bytes]:
        """At least one whole message; an empty one: the other side has gone."""
        whole: list[bytes] = []
        async with asyncio.timeout(self._whole_within_s if frames.waiting else self._idle_s) as limit:
            while not whole:
                data = await reader.read(CHUNK)
                if not data:
                    return [b""]
                began = frames.waiting == 0
                whole = frames.feed(data)
                if began and frames.waiting and not whole:
                    limit.reschedule(asyncio.get_running_loop().time() + self._whole_within_s)
        return whole

    async def _reply(self, message: bytes, peer: str) -> bytes | None:
        """None: nothing is answered."""
        started = time.perf_counter()
        header, charset = _header(message)
        if header is None:
            log.warning("hl7.no_message", peer=peer)
            return None
        told = await self._told(message, peer, _language(charset))
        kind = header.header.text(9)
        status = _STATUS[told.code if told else ""]
        self._metrics.answered(NAME, kind if kind in KINDS else "other", status, time.perf_counter() - started)
        return None if told is None else self._answer(header, charset, told)

    def _answer(self, header: Message, charset: Charset, told: Told) -> bytes:
        control_id = f"Y{getrandbits(60):015X}"
        return answer(header, charset, told, control_id, self._clock.now(), self._zone)

    async def _told(self, message: bytes, peer: str, language: str) -> Told | None:
        """What the business layer says of it; None: it cannot be asked just now."""
        try:
            await self._bus.ask(TellNews(peer=peer, message=message), language=language)
            return Told("AA")
        except YinyiError as error:
            self._metrics.failed(NAME, error)
            log.warning("hl7.not_taken", peer=peer, error=error.code(), detail=error.detail)
            return answer_to(error, language)
        except Exception:
            log.exception("hl7.failed", peer=peer)
            return answer_to(InternalError(), language)


def _language(charset: Charset) -> str:
    """Of the words in an answer: those that its characters can write."""
    return "en" if charset == "ascii" else "zh-CN"


def _header(message: bytes) -> tuple[Message | None, Charset]:
    """As far as an answer needs it: also of a message that cannot be read for its characters."""
    first = message.split(b"\r", 1)[0]
    try:
        text, charset = decoded(first, "ascii")
    except Hl7Error:
        text, charset = first.decode("ascii", "replace"), "ascii"
    try:
        return read(text), charset
    except Hl7Error:
        return None, charset
