"""Messages out of a stream of bytes and into it. No more is kept than one message that has not come whole yet."""

from typing import Literal, Protocol

from yinyi.wire.iso8583.errors import FrameError

FrameLength = Literal["binary-2", "ascii-4", "ascii-8"]

_LENGTH_BYTES: dict[FrameLength, int] = {"binary-2": 2, "ascii-4": 4, "ascii-8": 8}


class Framed(Protocol):
    """How long a message may be, and how its length stands before it; a ``Profile`` says it."""

    @property
    def frame_length(self) -> FrameLength: ...
    @property
    def max_frame(self) -> int: ...


def framed(profile: Framed, body: bytes) -> bytes:
    """The message with its length before it.

    Raises:
        FrameError: it is empty, or longer than the profile allows.
    """
    _check(profile, len(body))
    if profile.frame_length == "binary-2":
        return len(body).to_bytes(2, "big") + body
    return b"%0*d" % (_LENGTH_BYTES[profile.frame_length], len(body)) + body


class Frames:
    """Cuts what comes over one connection into messages."""

    def __init__(self, profile: Framed) -> None:
        self._profile = profile
        self._width = _LENGTH_BYTES[profile.frame_length]
        self._buffer = bytearray()
        self._broken: str = ""

    @property
    def waiting(self) -> int:
        """Bytes of a message that has not come whole: not 0 at the end of a connection means that it was cut off."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now, without their lengths.

        Those that came before a wrong length are given first; the error is raised by the next call, and by every
        later one: from there on nobody knows where a message begins.

        Raises:
            FrameError: a length of 0, over the limit, or not of digits: close the connection.
        """
        if not self._broken:
            self._buffer += data
            whole = self._cut()
            if whole or not self._broken:
                return whole
        raise FrameError(self._broken)

    def _cut(self) -> list[bytes]:
        whole: list[bytes] = []
        buffer, width, at = self._buffer, self._width, 0
        while len(buffer) >= at + width:
            start = at + width
            try:
                end = start + _length(self._profile, bytes(buffer[at:start]))
            except FrameError as error:
                self._broken = str(error)
                at = len(buffer)
                break
            if end > len(buffer):
                break
            whole.append(bytes(buffer[start:end]))
            at = end
        del buffer[:at]
        return whole


def _length(profile: Framed, prefix: bytes) -> int:
    if profile.frame_length != "binary-2":
        if not prefix.isdigit():
            raise FrameError("a length that is not of digits")
        return _check(profile, int(prefix))
    return _check(profile, int.from_bytes(prefix, "big"))


def _check(profile: Framed, length: int) -> int:
    if not length:
        raise FrameError("an empty message")
    if length > profile.max_frame:
        raise FrameError(f"a message of more than {profile.max_frame} bytes")
    return length
