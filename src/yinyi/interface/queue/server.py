"""The queue by which one kind of caller asks: each message is answered and then acknowledged, in this order.

What cannot be answered is laid aside, with the reason, in the queue of dead letters beside it. A line that is lost is
made again; the broker delivers again what was not acknowledged, and the same is answered.
"""

import asyncio
import hashlib
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import cycle

import structlog

from yinyi.interface.queue import letter as said
from yinyi.interface.queue.address import Address
from yinyi.interface.queue.asking import Asking, refusal
from yinyi.interface.queue.errors import DeliveredTooOften, ReplyRefused
from yinyi.interface.queue.letter import Answer, Letter
from yinyi.interface.queue.line import Line, LineLost, SendRefused, open_line
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import DeadlineExceeded, InvalidField, YinyiError
from yinyi.wire.stomp import Frame

log = structlog.get_logger()

AT_ONCE = 64
MOST_PAUSING = 448
"""Messages that are tried again later: so many, and the next is laid aside at once."""
TAKEN = AT_ONCE + MOST_PAUSING
"""What pauses keeps the broker from bringing no other message."""
WITHIN_S = 8.0
"""A business process answers within so long, or not at all."""
REPLY_KEPT = timedelta(days=1)
"""A reply to a request that does not say when it expires."""
MOST_DELIVERIES = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 15.0
PAUSES_S = (1.0, 5.0, 15.0, 60.0)
"""Before a message that nobody waits for is tried again, where it failed by nobody's fault."""
DRAINED_WITHIN_S = 5.0

_TEMPORARY = ("/temp-queue/", "/remote-temp-queue/")
_MOST_COUNTED = 10_000


class Queue:
    """``name``: of the queue; dead letters lie in ``NAME.dead``. ``wall``: the clock that brokers go by, which is not
    the hospital's where that was moved."""

    def __init__(self, asking: Asking, brokers: Sequence[Address], name: str, wall: Clock) -> None:
        self._asking = asking
        self._brokers = brokers
        self._wall = wall
        self.name = name
        self.dead = f"{name}.dead"
        self._line: Line | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._working: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._pausing = 0
        self._deliveries = OrderedDict[str, int]()
        self._stopping = False

    @property
    def connected(self) -> bool:
        return self._line is not None

    def start(self) -> None:
        """Takes messages from now on, as soon as there is a broker."""
        self._keeping = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """What is being answered still is; asking twice is fine."""
        self._stopping = True
        if self._working:
            await asyncio.wait(self._working, timeout=DRAINED_WITHIN_S)
        if self._line:
            await self._line.leave()
        if self._keeping:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping

    async def _keep(self) -> None:
        pause_s = FIRST_PAUSE_S
        for broker in cycle(self._brokers):
            try:
                line = await open_line(broker)
                log.info("queue.open", queue=self.name, broker=broker.host)
                pause_s = FIRST_PAUSE_S
                await self._serve(line)
            except LineLost as error:
                if self._stopping:
                    return
                log.warning("queue.lost", queue=self.name, broker=broker.host, why=str(error), again_after_s=pause_s)
            await asyncio.sleep(pause_s * (0.5 + secrets.randbelow(500) / 1000))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _serve(self, line: Line) -> None:
        line.subscribe(f"/queue/{self.name}", TAKEN, self._taker(line))
        self._line = line
        try:
            await line.run()
        finally:
            self._line = None
            for task in self._working:  # what they work on is delivered again
                task.cancel()

    def _taker(self, line: Line) -> Callable[[Frame], None]:
        def take(frame: Frame) -> None:
            if self._stopping:
                return
            task = asyncio.create_task(self._work(line, frame))
            self._working.add(task)
            task.add_done_callback(self._working.discard)

        return take

    async def _work(self, line: Line, frame: Frame) -> None:
        try:
            await self._answer(line, frame)
            line.acknowledge(frame)
            self._deliveries.pop(_message_id(frame), None)
        except LineLost:
            pass
        except SendRefused as error:
            log.error("queue.dead_letter_refused", queue=self.dead, why=str(error))
            line.reject(frame)

    async def _answer(self, line: Line, frame: Frame) -> None:
        """Returns when nothing is left to be done with it.

        Raises:
            LineLost: it is delivered again.
            SendRefused: the broker takes no dead letter.
        """
        letter, reply_to = letter_of(frame, WITHIN_S), frame.headers.get("reply-to", "")
        if self._left_s(frame) <= 0:
            if not reply_to:
                await self._lay_aside(line, frame, letter, _expired())
        elif self._delivered(frame) > MOST_DELIVERIES:
            await self._lay_aside(line, frame, letter, DeliveredTooOften())
        elif reply_to and not self._may_reply(reply_to):
            await self._lay_aside(line, frame, letter, InvalidField("JMSReplyTo is no queue for replies"))
        elif reply_to:
            await self._reply(line, frame, letter, await self._ask(frame, letter), reply_to)
        else:
            answer = await self._until_done(frame, letter)
            if not answer.done:
                await self._dead_letter(line, frame, answer)

    async def _ask(self, frame: Frame, letter: Letter) -> Answer:
        """As soon as there is a place, unless it has expired by then."""
        async with self._places:
            left_s = self._left_s(frame)
            if left_s <= 0:
                return replace(refusal(letter, letter.said(said.OPERATION), _expired(), ""), again=False)
            return await self._asking.answer(replace(letter, within_s=min(left_s, WITHIN_S)))

    async def _until_done(self, frame: Frame, letter: Letter) -> Answer:
        """Nobody waits for it: what may pass later is asked again."""
        answer = await self._ask(frame, letter)
        for pause_s in PAUSES_S:
            if not answer.again or self._pausing >= MOST_PAUSING:
                break
            await self._pause(pause_s)
            answer = await self._ask(frame, letter)
        return answer

    async def _pause(self, pause_s: float) -> None:
        self._pausing += 1
        try:
            await asyncio.sleep(pause_s)
        finally:
            self._pausing -= 1

    async def _reply(self, line: Line, frame: Frame, letter: Letter, answer: Answer, reply_to: str) -> None:
        expires = _expires_ms(frame) or int((self._wall.now() + REPLY_KEPT).timestamp() * 1000)
        headers = {
            **answer.properties,
            "correlation-id": letter.correlation,
            "expires": str(expires),
            "persistent": frame.headers.get("persistent", "false"),
        }
        try:
            await line.send(reply_to, headers, answer.body, text=_is_text(frame))
        except SendRefused as error:
            log.warning("queue.reply_refused", queue=self.name, why=str(error))
            if not reply_to.startswith(_TEMPORARY):  # whoever waited there is gone
                await self._lay_aside(line, frame, letter, ReplyRefused(str(error)))

    async def _lay_aside(self, line: Line, frame: Frame, letter: Letter, error: YinyiError) -> None:
        await self._dead_letter(line, frame, refusal(letter, letter.said(said.OPERATION), error, ""))

    async def _dead_letter(self, line: Line, frame: Frame, answer: Answer) -> None:
        """The message as it was, and why it lies there."""
        code, reason = answer.properties[said.CODE], answer.properties[said.REASON]
        log.warning("queue.dead_letter", queue=self.dead, code=code, message_id=_message_id(frame))
        headers = {
            **_properties(frame),
            said.CODE: code,
            said.REASON: reason,
            said.CORRELATION: answer.properties[said.CORRELATION],
            said.REPLY_TO: frame.headers.get("reply-to", ""),
            said.MESSAGE_ID: _message_id(frame),
            "correlation-id": frame.headers.get("correlation-id", ""),
            "persistent": "true",
        }
        await line.send(f"/queue/{self.dead}", headers, frame.body, text=_is_text(frame))

    def _left_s(self, frame: Frame) -> float:
        """Until it expires."""
        expires = _expires_ms(frame)
        return expires / 1000 - self._wall.now().timestamp() if expires else float("inf")

    def _delivered(self, frame: Frame) -> int:
        """How often it has come to this process."""
        message_id = _message_id(frame)
        times = self._deliveries[message_id] = self._deliveries.pop(message_id, 0) + 1
        if len(self._deliveries) > _MOST_COUNTED:
            self._deliveries.popitem(last=False)
        return times

    def _may_reply(self, destination: str) -> bool:
        """To a queue, of whoever asks: not to everybody who listens, and not to us."""
        ours = {f"/queue/{self.name}", f"/queue/{self.dead}"}
        return destination.startswith(("/queue/", *_TEMPORARY)) and destination not in ours


def _expired() -> DeadlineExceeded:
    return DeadlineExceeded("it had expired")


def letter_of(frame: Frame, within_s: float) -> Letter:
    message_id, headers = _message_id(frame), frame.headers
    correlation = headers.get("correlation-id", "")
    told = "\n".join((message_id, headers.get("reply-to", ""), correlation))
    return Letter(
        properties=_properties(frame),
        body=frame.body,
        within_s=within_s,
        charset="utf-8" if _is_text(frame) else "",
        cut=frame.cut,
        delivery=hashlib.sha256(told.encode()).hexdigest() if message_id else "",
        correlation=correlation or message_id,
    )


def _properties(frame: Frame) -> dict[str, str]:
    return {name: value for name, value in frame.headers.items() if name.startswith("Yinyi")}


def _message_id(frame: Frame) -> str:
    return frame.headers.get("message-id", "")


def _is_text(frame: Frame) -> bool:
    """ActiveMQ tells no length of a TextMessage."""
    return "content-length" not in frame.headers


def _expires_ms(frame: Frame) -> int:
    """Since 1970; 0: never."""
    said_ms = frame.headers.get("expires", "")
    return int(said_ms) if re.fullmatch(r"[0-9]{1,15}", said_ms) else 0
