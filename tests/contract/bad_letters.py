"""Institutions that ask badly by message queue, with a STOMP client of their own: JSON in bytes, or XML in a text."""

import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec
from bad_peers import CHANGES, as_xml, damaged_json, damaged_xml
from bad_requests import Attempt, Damage
from lxml import etree

from yinyi.kernel.clock import Clock
from yinyi.wire import institution

NOT_BY_QUEUE: frozenset[Damage] = frozenset({"slow", "unknown_charset", "other_kind"})
"""The broker takes in who is slow, and a message names neither its kind nor its characters."""


NOT_A_SUBJECT = frozenset({"by a name that is SQL", "by a name without end"})
"""Who asks is a part of the subject, in which there is neither a space nor room for so much."""


def _nowhere(*_: object) -> tuple[Mapping[str, str], bytes]:
    raise AssertionError("nobody has said where to")


@dataclass
class LetterPeer:
    """A JMS client as far as a broker can tell. ``port``: of the broker's STOMP."""

    port: int
    secret: str
    clock: Clock
    unfit: frozenset[str] = NOT_BY_QUEUE
    replies: str = "/queue/his.bad.bytes"
    _line: socket.socket | None = None
    _held: bytes = field(default=b"", repr=False)

    def ask(self, attempt: Attempt) -> tuple[str, str]:
        headers, body = self.letter(attempt)
        answers = [self._asked(headers, body) for _ in range(2 if attempt.twice else 1)]
        return self.code(answers[-1]), answers[-1].decode()

    def close(self) -> None:
        if self._line is not None:
            self._line.close()

    def letter(self, attempt: Attempt) -> tuple[dict[str, str], bytes]:
        body = self.damaged(attempt)
        key = attempt.key if attempt.operation in CHANGES else ""
        headers = {"YinyiOperation": attempt.operation}
        if key:
            headers["YinyiKey"] = key
        if not attempt.unsigned:
            headers |= self.signature(attempt, key, body)
        return headers, body + b" " if attempt.altered else body

    def damaged(self, attempt: Attempt) -> bytes:
        return damaged_json(attempt)

    def signature(self, attempt: Attempt, key: str, body: bytes) -> dict[str, str]:
        at = self.clock.now() - timedelta(seconds=attempt.age_s and 25 * attempt.age_s)  # a message may wait for a day
        stamp, nonce = institution.timestamp_of(at), secrets.token_hex(16)
        secret = "another" + self.secret if attempt.wrong_secret else self.secret
        path = institution.path_in_queue(attempt.operation, "" if "\t" in key else key)
        return {
            "YinyiInstitution": attempt.who,
            "YinyiTimestamp": stamp,
            "YinyiNonce": nonce,
            "YinyiSignature": institution.sign("HMAC-SHA256", secret, "SEND", path, stamp, nonce, body),
        }

    def code(self, answer: bytes) -> str:
        if answer.startswith(b"<"):
            return etree.fromstring(answer).findtext("{urn:yinyi:v1}code") or ""
        return msgspec.json.decode(answer).get("code", "")

    def _asked(self, headers: Mapping[str, str], body: bytes) -> bytes:
        line = self._connected()
        line.sendall(
            _frame("SEND", {"destination": "/queue/yinyi.hospital", "reply-to": self.replies, **headers}, body)
        )
        return self._read().partition(b"\n\n")[2]

    def _connected(self) -> socket.socket:
        if self._line is None:
            self._line = socket.create_connection(("127.0.0.1", self.port), timeout=20)
            login = {"accept-version": "1.2", "host": "x", "login": "his", "passcode": "his"}
            self._line.sendall(_frame("CONNECT", login) + _frame("SUBSCRIBE", {"id": "1", "destination": self.replies}))
            assert self._read().startswith(b"CONNECTED")
        return self._line

    def _read(self) -> bytes:
        """One frame of text, or of bytes without a NUL."""
        while b"\0" not in self._held:
            assert self._line is not None
            piece = self._line.recv(65536)
            assert piece, "the broker hung up"
            self._held += piece
        frame, _, self._held = self._held.partition(b"\0")
        return frame.lstrip(b"\n")


class BytesPeer(LetterPeer):
    """JSON in a BytesMessage."""

    def letter(self, attempt: Attempt) -> tuple[dict[str, str], bytes]:
        headers, body = super().letter(attempt)
        return headers | {"content-length": str(len(body))}, body


@dataclass
class TextPeer(LetterPeer):
    """XML in a TextMessage."""

    replies: str = "/queue/his.bad.text"

    def damaged(self, attempt: Attempt) -> bytes:
        return _damaged_xml(attempt)


def _damaged_xml(attempt: Attempt) -> bytes:
    inner = as_xml(attempt.fields)
    return damaged_xml(attempt, f'<{attempt.operation} xmlns="urn:yinyi:v1">{inner}</{attempt.operation}>')


@dataclass
class NatsPeer(LetterPeer):
    """The same letters below a subject. ``send``: by somebody's own connection; headers and body of its answer."""

    send: Callable[[str, str, Mapping[str, str], bytes], tuple[Mapping[str, str], bytes]] = _nowhere
    unfit: frozenset[str] = NOT_BY_QUEUE | NOT_A_SUBJECT

    def ask(self, attempt: Attempt) -> tuple[str, str]:
        headers, body = self.letter(attempt)
        asked = [self.send(attempt.who, attempt.operation, headers, body) for _ in range(2 if attempt.twice else 1)]
        said, answer = asked[-1]
        code = self.code(answer)
        assert said.get("YinyiCode", "") == code, "the header says what the body says"
        assert said["YinyiOutcome"] == ("refused" if code else "done")
        return code, f"{dict(said)} {answer.decode()}"


class NatsXmlPeer(NatsPeer):
    """XML."""

    def damaged(self, attempt: Attempt) -> bytes:
        return _damaged_xml(attempt)


def _frame(command: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    plain = command == "CONNECT"
    lines = [f"{name}:{value if plain else _escaped(value)}" for name, value in headers.items()]
    return "\n".join([command, *lines, "", ""]).encode() + body + b"\0"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace(":", "\\c")
