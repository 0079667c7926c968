"""STOMP 1.2: frames to bytes, and bytes to frames. https://stomp.github.io/stomp-specification-1.2.html

What a broker passes on was written by strangers. Whatever it is, the frames behind it are read: what is longer than is
taken is passed over and its frame says so, and what is no frame is passed over until one begins.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

HEAD_LIMIT = 64 * 1024
LINE_LIMIT = 4 * 1024
"""Of one header where a head is longer than that."""

_FROM_BROKERS = (b"MESSAGE", b"RECEIPT", b"ERROR", b"CONNECTED")
_KEPT = re.compile(
    rb"(?:ack|subscription|message-id|receipt-id|destination|reply-to|correlation-id|content-length|expires|persistent):"
)
"""Of a head that is too long: who it is for, and how to answer."""
_BLANK = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"[0-9]{1,12}")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", ":": "\\c"}
_TO_ESCAPE = re.compile(r"[\\\n\r:]")
_MEANT = {escaped: plain for plain, escaped in _ESCAPES.items()}
_ESCAPED = re.compile(r"\\[\\nrc]")


class BrokenStream(ValueError):
    """Where the next frame begins cannot be found out."""


@dataclass(frozen=True)
class Frame:
    """cut: a part of it was longer than is taken, and is not there."""

    command: str
    headers: Mapping[str, str]
    body: bytes = b""
    cut: bool = False


def encoded(command: str, headers: Mapping[str, str], body: bytes = b"", *, length: bool = True) -> bytes:
    """length: whether its length is told. To ActiveMQ that makes it a BytesMessage, and a TextMessage if it is not;
    a text has no NUL then."""
    plain = command == "CONNECT"
    lines = [f"{name}:{value}" if plain else f"{_escaped(name)}:{_escaped(value)}" for name, value in headers.items()]
    if length and body:
        lines.append(f"content-length:{len(body)}")
    head = "\n".join([command, *lines, "", ""])
    return head.encode("utf-8", "replace") + body + b"\0"


def _escaped(text: str) -> str:
    return _TO_ESCAPE.sub(lambda found: _ESCAPES[found[0]], text)


class Frames:
    """The frames of one line, as its bytes come."""

    def __init__(self, body_limit: int) -> None:
        self._body_limit = body_limit
        self._held = bytearray()
        self._head: _Head | None = None
        self._cut = False
        self._to_skip = 0
        self._until_nul = False

    def feed(self, data: bytes) -> list[Frame]:
        """Those that are whole now.

        Raises:
            BrokenStream
        """
        self._held += data
        found: list[Frame] = []
        while self._skipped() and (self._head is not None or self._read_head()):
            frame = self._whole(self._head) if self._head else None
            if frame is not None:
                found.append(frame)
            elif not self._until_nul:
                break
        return found

    def _skipped(self) -> bool:
        """What has to be passed over has been."""
        if self._to_skip:
            gone = min(self._to_skip, len(self._held))
            del self._held[:gone]
            self._to_skip -= gone
        if self._until_nul:
            end = self._held.find(b"\0")
            del self._held[: end + 1 if end >= 0 else len(self._held)]
            self._until_nul = end < 0
        return not (self._to_skip or self._until_nul)

    def _read_head(self) -> bool:
        """Whether one is whole, or something has to be passed over instead."""
        begin = len(self._held) - len(self._held.lstrip(b"\r\n"))
        del self._held[:begin]
        command, line_feed, _ = self._held[:16].partition(b"\n")
        if not line_feed and len(self._held) < 16:
            return False
        if bytes(command).rstrip(b"\r") not in _FROM_BROKERS:
            self._until_nul = True
            return True
        end = _BLANK.search(self._held)
        if end is None:
            self._shorten()
            return False
        said, *lines = bytes(self._held[: end.start()]).splitlines()
        del self._held[: end.end()]
        cut = self._cut or end.start() > HEAD_LIMIT
        self._head = _Head(said.decode(), _kept(lines) if cut else lines, cut)
        self._cut = False
        return True

    def _shorten(self) -> None:
        if len(self._held) <= HEAD_LIMIT:
            return
        command, *lines, last = bytes(self._held).split(b"\n")
        self._held = bytearray(b"\n".join([command, *_kept(lines), last[:LINE_LIMIT]]))
        self._cut = True

    def _whole(self, head: "_Head") -> Frame | None:
        """None: it is not whole yet."""
        length = head.length
        if length is None:
            return self._until_its_end(head)
        if length > self._body_limit:
            self._to_skip = length + 1
            return self._made(head, b"", cut=True)
        if len(self._held) <= length:
            return None
        if self._held[length]:
            raise BrokenStream("no NUL behind a body")
        body = bytes(self._held[:length])
        del self._held[: length + 1]
        return self._made(head, body)

    def _until_its_end(self, head: "_Head") -> Frame | None:
        end = self._held.find(b"\0")
        if end > self._body_limit or (end < 0 and len(self._held) > self._body_limit):
            self._until_nul = True
            return self._made(head, b"", cut=True)
        if end < 0:
            return None
        body = bytes(self._held[:end])
        del self._held[: end + 1]
        return self._made(head, body)

    def _made(self, head: "_Head", body: bytes, *, cut: bool = False) -> Frame:
        self._head = None
        return Frame(head.command, head.headers, body, cut or head.cut)


def _kept(lines: list[bytes]) -> list[bytes]:
    """Each once, and the first of its name."""
    known = [line for line in reversed(lines) if len(line) <= LINE_LIMIT and _KEPT.match(line)]
    return list({line.partition(b":")[0]: line for line in known}.values())


class _Head:
    def __init__(self, command: str, lines: list[bytes], cut: bool) -> None:
        self.command = command
        self.cut = cut
        self.headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.decode("utf-8", "replace").partition(":")
            self.headers.setdefault(self._meant(name), self._meant(value))  # the first one counts

    @property
    def length(self) -> int | None:
        said = self.headers.get("content-length")
        if said is None:
            return None
        if not _LENGTH.fullmatch(said.encode()):
            raise BrokenStream("content-length")
        return int(said)

    def _meant(self, text: str) -> str:
        if self.command == "CONNECTED" or "\\" not in text:
            return text
        return _ESCAPED.sub(lambda found: _MEANT[found[0]], text)
