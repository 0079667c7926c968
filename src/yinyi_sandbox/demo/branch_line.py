"""A bank's own line to the platform, as its programmers know it by the manual: frames under a MAC, after signing on."""

import asyncio
import contextlib
import hmac
import secrets
from pathlib import Path
from typing import Any

import msgspec

from yinyi.kernel.clock import Clock
from yinyi.wire import institution_message as wire
from yinyi.wire.institution_message import ANSWERED, AnswerHead, Head, NotAMessage
from yinyi.wire.iso8583.framing import framed
from yinyi_sandbox.demo.signed import PlatformAway, Problem, reachable

INSTITUTION = "haizhou-bank"
ALGORITHM = "FRAME-HMAC-SM3"
TIMEOUT_S = 10.0
_FORM = ANSWERED["ascii-8"]
_LENGTH_BYTES = 8
_REFUSED = 409


class LineGone(Exception):
    """Nothing is heard on this connection any more; what was asked may have been done."""


class _Answer(msgspec.Struct, frozen=True):
    head: AnswerHead
    body: msgspec.Raw = msgspec.Raw(b"{}")


class BranchLine:
    """One connection at a time, which is opened when it is needed, and one question on it at a time."""

    def __init__(self, host: str, port: int, secret_file: Path, clock: Clock) -> None:
        """``port`` 0: the platform listens nowhere."""
        self._at = (reachable(host), port)
        self._secret_file = secret_file
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._line = ""
        self._sequence = 0

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None

    async def ask(self, operation: str, body: object, key: str = "", patient: str = "") -> dict[str, Any]:
        """Asked a second time, with the same ``key``, where the connection was gone. patient: the token of his session.

        Raises:
            PlatformAway: there was no answer under a MAC: nobody knows what was done.
            Problem: it was refused, under a MAC.
        """
        async with self._one_at_a_time:
            with contextlib.suppress(LineGone):
                return await self._asked(operation, body, key, patient)
            try:
                return await self._asked(operation, body, key, patient)
            except LineGone as gone:
                raise PlatformAway(str(gone)) from gone

    async def _asked(self, operation: str, body: object, key: str, patient: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                if self._streams is None:
                    await self._sign_on()
                return await self._exchange(operation, body, key, patient)
        except (OSError, EOFError, NotAMessage, msgspec.DecodeError, ValueError) as error:
            await self.close()
            raise LineGone(type(error).__name__) from error
        except (LineGone, asyncio.CancelledError):
            await self.close()
            raise

    async def _sign_on(self) -> None:
        host, port = self._at
        self._streams = await asyncio.open_connection(host, port)
        self._line, self._sequence = "", 0
        opened = await self._exchange("OpenInstitutionLine", {"nonce": secrets.token_hex(12)})
        self._line, self._sequence = opened["line"], opened["first_sequence"]

    async def _exchange(self, operation: str, body: object, key: str = "", patient: str = "") -> dict[str, Any]:
        assert self._streams is not None, "it has just been opened"
        reader, writer = self._streams
        head = Head(
            institution=INSTITUTION,
            operation=operation,
            time=wire.time_of(self._clock.now()),
            line=self._line,
            sequence=self._sequence,
            key=key,
            patient=patient,
        )
        self._sequence += 1
        document = msgspec.json.encode({"head": head, "body": body})
        secret = self._secret_file.read_text(encoding="ascii").strip()
        mac = wire.hmac_of(ALGORITHM, secret, document)
        writer.write(framed(_FORM, wire.joined(ALGORITHM, mac, document)))
        await writer.drain()
        length = int(await reader.readexactly(_LENGTH_BYTES))
        return _believed(await reader.readexactly(min(length, _FORM.max_frame)), secret, head)


def _believed(frame: bytes, secret: str, asked: Head) -> dict[str, Any]:
    """
    Raises:
        LineGone: the answer carries no MAC of ours, or is one to something else.
        Problem: it was refused.
        NotAMessage, msgspec.DecodeError: see there.
    """
    answer = wire.cut(frame)
    told = msgspec.json.decode(answer.document, type=_Answer)
    expected = wire.hmac_of(ALGORITHM, secret, answer.document)
    if answer.algorithm != ALGORITHM or not hmac.compare_digest(answer.mac, expected):
        raise LineGone(f"an answer without our MAC: {told.head.code}")
    if (told.head.line, told.head.sequence) != (asked.line, asked.sequence):
        raise LineGone("an answer to something else")
    if told.head.code == "LineEnded":
        raise LineGone("LineEnded")
    if told.head.code != "OK":
        words = {"code": told.head.code, "title": told.head.title, "title_zh": told.head.title_zh}
        raise Problem(_REFUSED, words)
    return msgspec.json.decode(told.body)
