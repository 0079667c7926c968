"""MLLP: messages out of a stream of bytes and into it (HL7 v2, transport specification, appendix of release 1).

A message stands between 0x0B and 0x1C 0x0D. Neither byte can be part of one: in UTF-8 and GB18030 every byte of a
character of several bytes is 0x30 or above.
"""

from yinyi.wire.hl7.errors import FrameError, MessageTooLarge

BEGIN, END = b"\x0b", b"\x1c\r"
MOST_BYTES = 128 * 1024


def framed(message: bytes) -> bytes:
    """
    Raises:
        FrameError: it is empty, or holds a byte that frames.
    """
    if not message or BEGIN in message or b"\x1c" in message:
        raise FrameError("a message that cannot be framed")
    return BEGIN + message + END


class Frames:
    """Cuts what comes over one connection into messages. It keeps one that has not come whole yet, and no more."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._buffer = bytearray()
        self._broken: FrameError | None = None

    @property
    def waiting(self) -> int:
        """Bytes of a message that has not come whole."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now. Line ends between two of them are let pass: some senders add one.

        Those that came before something wrong are given first; the error is raised by the next call, and by every
        later one.

        Raises:
            FrameError: something else than a message, an empty one, or one over the limit.
        """
        if not self._broken:
            self._buffer += data
            whole = self._cut()
            if whole or not self._broken:
                return whole
        raise self._broken

    def _cut(self) -> list[bytes]:
        whole: list[bytes] = []
        buffer = self._buffer
        while True:
            del buffer[: len(buffer) - len(buffer.lstrip(b"\r\n"))]
            if buffer and not buffer.startswith(BEGIN):
                return self._break(FrameError("something else than a message"), whole)
            end = buffer.find(END, 0, self._most + len(BEGIN + END))
            if end < 0:
                if len(buffer) >= self._most + len(BEGIN + END):
                    header = bytes(buffer[1 : self._most]).split(b"\r", 1)[0]
                    return self._break(MessageTooLarge(self._most, header), whole)
                return whole
            message = bytes(buffer[1:end])
            del buffer[: end + len(END)]
            if not message or BEGIN in message:
                return self._break(FrameError("an empty message, or one within another"), whole)
            whole.append(message)

    def _break(self, why: FrameError, whole: list[bytes]) -> list[bytes]:
        self._broken = why
        self._buffer.clear()
        return whole
