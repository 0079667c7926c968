"""One connection of a line: its frames, and when it is hung up. The next one begins anew, with nothing of it left."""

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from yinyi.wire.iso8583.errors import Iso8583Error
from yinyi.wire.iso8583.framing import Frames, framed
from yinyi.wire.iso8583.model import Profile


class Connection(asyncio.Protocol):
    """``hear`` gets every message and says whether somebody waited for it. ``turn`` is told when nothing more may be
    sent for now, because the other side does not read, and when it may again."""

    def __init__(
        self,
        profile: Profile,
        hear: Callable[[bytes], bool],
        turn: Callable[[bool], None],
        most_unasked: int,
        lasting_s: float,
    ) -> None:
        """most_unasked: so many messages in a row that nobody waits for, and it is hung up. lasting_s: who holds it for
        so long was of use although nothing was asked."""
        self.gone = asyncio.Event()
        self.why_gone = "the other side has hung up"
        self.error: Exception | None = None
        """What it broke of, where the other side has not simply hung up."""
        self.is_spent = False
        """We have hung up: the other side is not as it should be."""
        self._profile = profile
        self._hear = hear
        self._turn = turn
        self._most_unasked = most_unasked
        self._lasting_s = lasting_s
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._has_answered = False
        self._unasked = 0
        self._frames = Frames(profile)
        self._transport: asyncio.Transport | None = None

    @property
    def was_of_use(self) -> bool:
        """Who takes a connection and cuts it without an answer is not dialled again without a pause."""
        return self._has_answered or self._loop.time() - self._since >= self._lasting_s

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, body: bytes) -> None:
        """
        Raises:
            FrameError: it is empty, or too long for this line.
        """
        frame = framed(self._profile, body)
        assert self._transport is not None
        self._transport.write(frame)

    def hang_up(self, why: str) -> None:
        """At once: what is not sent yet is dropped."""
        if self._transport is not None and not self.is_spent:
            self.is_spent, self.why_gone = True, why
            self._transport.abort()

    # ---- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has its methods, and is no subclass

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.error = None if self.is_spent else exc
        self.gone.set()

    def eof_received(self) -> None:
        """Who says nothing more gives no answers either; a farewell of TLS would be waited for."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                if not self.is_open:
                    return
                self._take(body)
            self._frames.feed(b"")  # tells at once of a wrong length behind whole messages
        except Iso8583Error as error:
            self.hang_up(str(error))

    def pause_writing(self) -> None:
        self._turn(False)

    def resume_writing(self) -> None:
        self._turn(True)

    # ---- inside

    def _take(self, body: bytes) -> None:
        if self._hear(body):
            self._has_answered = True
            self._unasked = 0
            return
        self._unasked += 1
        if self._unasked > self._most_unasked:
            self.hang_up("too much that nobody has asked for")


def keep_alive(transport: asyncio.BaseTransport, idle_s: int, delivered_within_s: float) -> None:
    """No Nagle; TCP finds out within two minutes that the other side is gone without a word; and what it could not
    deliver in time is never delivered, so that a network that comes back brings nothing that was reversed meanwhile."""
    end: socket.socket | None = transport.get_extra_info("socket")
    if end is None:
        return
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle_s)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(delivered_within_s * 1000))
