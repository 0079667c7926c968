"""Institutions that ask badly: the same attempt in each interface's own form, and the code that comes back."""

import base64
import json
import secrets
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar, Protocol
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import httpx
from bad_requests import BOOK, LEAKS, Attempt, as_json
from lxml import etree
from web_line import signed_key

from yinyi.app.operations import declared_operations
from yinyi.bus.operation import Caller
from yinyi.business.institutions.model import Institution
from yinyi.interface.served import served_operations
from yinyi.kernel.clock import Clock
from yinyi.wire import institution, institution_message, username_token

declared_operations()

HIS = Institution(
    hospital_id=1,
    institution_id="his",
    kind="hospital",
    name="HIS",
    operations=("GetPayment", "AnswerCall", "CollectHoldSlip", "ListClosures"),
)
GOOD = Attempt("ListClosures", {})
"""May ask a little of what there is."""


class Peer(Protocol):
    """One interface, as a bad caller sees it. unfit: damages, and what is wrong, that cannot be done to it."""

    unfit: frozenset[str]

    def ask(self, attempt: Attempt) -> tuple[str, str]:
        """The code of the error (empty: there is none), and all that was answered."""
        ...


NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Knows no authority: nobody reads them again for each request."""


@dataclass(frozen=True)
class Within:
    """TLS, with a certificate that suffices, another institution's, or none."""

    own: ssl.SSLContext
    others: ssl.SSLContext
    nobodys: ssl.SSLContext

    def of(self, attempt: Attempt) -> ssl.SSLContext:
        if attempt.unsigned:
            return self.nobodys
        return self.others if attempt.wrong_secret else self.own


@dataclass
class _Peer(ABC):
    address: str
    secret: str
    clock: Clock
    unfit: frozenset[str] = frozenset()
    within: Within | None = None

    def ask(self, attempt: Attempt) -> tuple[str, str]:
        path, headers, body = self.request(attempt)
        tls = self.within.of(attempt) if self.within else None
        if attempt.damage == "slow":
            answer = sent_slowly(self.address, path, headers, body, tls)
            return self.code(answer), answer
        replies = [
            httpx.post(f"{self.address}{path}", content=body, headers=headers, timeout=20, verify=tls or NO_TLS)
            for _ in range(2 if attempt.twice else 1)
        ]
        return self.code(replies[-1].text), replies[-1].text

    @abstractmethod
    def request(self, attempt: Attempt) -> tuple[str, dict[str, str], bytes]:
        """Path, headers, body."""

    @abstractmethod
    def code(self, answer: str) -> str:
        """Of the error in it; empty: there is none."""

    def used(self, attempt: Attempt) -> str:
        return "another" + self.secret if attempt.wrong_secret else self.secret


class RestPeer(_Peer):
    def request(self, attempt: Attempt) -> tuple[str, dict[str, str], bytes]:
        path = f"/api/v1/{attempt.operation}"
        body = damaged_json(attempt)
        kind = {"unknown_charset": "application/json-klingon", "other_kind": "text/plain"}
        headers = {"content-type": kind.get(attempt.damage, "application/json"), "idempotency-key": attempt.key}
        if not attempt.unsigned:
            headers |= self.signature(attempt, institution.path_of_request(path, key=signed_key(attempt.key)), body)
        return path, headers, body + b" " if attempt.altered else body

    def signature(self, attempt: Attempt, path: str, body: bytes) -> dict[str, str]:
        at, nonce = self.clock.now() - timedelta(seconds=attempt.age_s), secrets.token_hex(16)
        stamp = institution.timestamp_of(at)
        told = {"x-yinyi-institution": attempt.who, "x-yinyi-timestamp": stamp, "x-yinyi-nonce": nonce}
        if self.within is None:
            made = institution.sign("HMAC-SHA256", self.used(attempt), "POST", path, stamp, nonce, body)
            told["x-yinyi-signature"] = made
        return told

    def code(self, answer: str) -> str:
        body = answer[answer.index("{") :]
        return httpx.Response(200, text=body).json().get("code", "")


def damaged_json(attempt: Attempt) -> bytes:
    body = as_json(attempt.fields)
    match attempt.damage:
        case "cut":
            return body[:-1]
        case "empty":
            return b""
        case "not_utf_8":
            return b'{"number": "\xc4\xe3\xba\xc3"}'
        case "oversize":
            return body + b" " * (1 << 20)
        case "deep":
            return b"[" * 20_000
        case _:
            return body


CHANGES = {name for name, spec in served_operations(Caller.HOSPITAL).items() if spec.changes}
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_SPACES = "docs.oasis-open.org/wss/2004/01/oasis-200401-wss"


class SoapPeer(_Peer):
    def request(self, attempt: Attempt) -> tuple[str, dict[str, str], bytes]:
        inner = as_xml(attempt.fields)
        key = f"<idempotency_key>{attempt.key}</idempotency_key>" if attempt.operation in CHANGES else ""
        call = f'<{attempt.operation} xmlns="urn:yinyi:v1">{inner}{key if attempt.key else ""}</{attempt.operation}>'
        header = "" if attempt.unsigned else self.token(attempt)
        return "/soap", kind_of(attempt), damaged_xml(attempt, enveloped(header, call))

    def token(self, attempt: Attempt) -> str:
        sent, created, digest = self.told(attempt)
        space, digested = f"http://{_SPACES}-wssecurity", f"http://{_SPACES}-username-token-profile-1.0#PasswordDigest"
        password = "" if self.within else f'<w:Password Type="{digested}">{digest}</w:Password>'
        return (
            f'<w:Security s:mustUnderstand="1" xmlns:w="{space}-secext-1.0.xsd" xmlns:u="{space}-utility-1.0.xsd">'
            f"<w:UsernameToken><w:Username>{escape(attempt.who)}</w:Username>"
            f"{password}<w:Nonce>{sent}</w:Nonce>"
            f"<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
        )

    def told(self, attempt: Attempt) -> tuple[str, str, str]:
        """Nonce, time and digest of a UsernameToken."""
        at, nonce = self.clock.now() - timedelta(seconds=attempt.age_s), secrets.token_bytes(16)
        told, created = base64.b64encode(nonce).decode(), username_token.created_of(at)
        digest = username_token.digest(self.used(attempt), told, created)
        return base64.b64encode(nonce[::-1]).decode() if attempt.altered else told, created, digest

    def code(self, answer: str) -> str:
        root = etree.fromstring(answer[answer.index("<?xml") :].encode())
        return root.findtext(".//{urn:yinyi:v1}code") or ""


def kind_of(attempt: Attempt) -> dict[str, str]:
    kind = {"unknown_charset": "text/xml; charset=klingon", "other_kind": "application/json"}
    return {"content-type": kind.get(attempt.damage, "text/xml")}


def enveloped(header: str, call: str) -> str:
    return f'<s:Envelope xmlns:s="{_SOAP}"><s:Header>{header}</s:Header><s:Body>{call}</s:Body></s:Envelope>'


def as_xml(fields: Mapping[str, Any]) -> str:
    told = {name: escape(str(value)).replace("\0", "&#0;") for name, value in fields.items()}
    return "".join(f"<{name}>{value}</{name}>" for name, value in told.items())


def damaged_xml(attempt: Attempt, text: str) -> bytes:
    match attempt.damage:
        case "cut":
            return text[:-3].encode()
        case "empty":
            return b""
        case "not_utf_8":
            return text.replace("7Q4-8XK9", "病").encode("gb18030")
        case "oversize":
            return (text + " " * (1 << 20)).encode()
        case "deep":
            return b"<a>" * 20_000
        case "other_kind":
            return b'{"number": "7Q4-8XK9"}'
        case _:
            return text.encode()


@dataclass
class SocketPeer:
    """On a line of its own for each attempt, signed on as it should be; twice: once more, on another line. JSON behind
    eight digits, under a MAC by SM3. tls: what it connects with, where it does so within TLS."""

    port: int
    secret: str
    clock: Clock
    unfit: frozenset[str] = frozenset()
    tls: ssl.SSLContext | None = None
    digits: ClassVar[int] = 8
    algorithm: ClassVar[str] = "FRAME-HMAC-SM3"
    brings: ClassVar[Mapping[str, str]] = {}
    """When it signs on."""

    def ask(self, attempt: Attempt) -> tuple[str, str]:
        attempt = self.words(attempt)
        with self._line() as line:
            signing_on = self.words(replace(GOOD, operation="OpenInstitutionLine", key=""))
            more = {"nonce": secrets.token_hex(12), **self.brings}
            opened = self.opened(self._said(line, self._frame(signing_on, "", 0, **more)))
            frame = self._frame(attempt, opened, 1)
            if attempt.damage == "slow":
                line.sendall(self.size(len(frame) + 10) + frame)
                answer = self._answered(line)
            else:
                answer = self._said(line, frame)
        if attempt.twice:
            with self._line() as another:
                answer = self._said(another, frame)
        code = self.code(answer)
        return "" if code == "OK" else code, answer

    # -- what is its own

    def words(self, attempt: Attempt) -> Attempt:
        """The same attempt, as this institution makes it."""
        return attempt

    def mac(self, document: bytes, *, wrong: bool = False) -> str:
        secret = "another" + self.secret if wrong else self.secret
        return institution_message.hmac_of(self.algorithm, secret, document)

    def document(self, attempt: Attempt, head: dict[str, Any], fields: Mapping[str, Any]) -> bytes:
        return damaged_message(attempt, {"head": head, "body": fields})

    def opened(self, answer: str) -> str:
        """The line that a sign-on has opened."""
        return json.loads(answer)["body"]["line"]

    def code(self, answer: str) -> str:
        """Also of an answer in XML, to whoever was not understood as he asked."""
        return answer.split("code>")[1][:-2] if answer.startswith("<") else json.loads(answer)["head"]["code"]

    # -- frames

    def size(self, length: int) -> bytes:
        return b"%0*d" % (self.digits, length) if self.digits else length.to_bytes(2, "big")

    def _line(self) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls.wrap_socket(line) if self.tls else line

    def _said(self, line: socket.socket, frame: bytes) -> str:
        line.sendall(self.size(len(frame)) + frame)
        return self._answered(line)

    def _answered(self, line: socket.socket) -> str:
        stream = line.makefile("rb")
        size = stream.read(self.digits or 2)
        content = stream.read(int(size) if self.digits else int.from_bytes(size, "big"))
        seal, _, document = content.partition(b"\n")
        if not seal.startswith(b"NONE "):
            assert seal.decode() == f"{self.algorithm} {self.mac(document)}", "what has a seal has a good one"
        return document.decode("gb18030" if document.startswith(b'<?xml version="1.0" encoding="GB18030"') else "utf-8")

    def _frame(self, attempt: Attempt, line: str, sequence: int, **more: str) -> bytes:
        head = {
            "institution": attempt.who,
            "operation": attempt.operation,
            "time": institution_message.time_of(self.clock.now() - timedelta(seconds=attempt.age_s)),
            "line": line,
            "sequence": sequence,
            "key": attempt.key,
        }
        document = self.document(attempt, head, {**attempt.fields, **more})
        mac = self.mac(document, wrong=attempt.wrong_secret)
        if attempt.damage == "other_kind":
            return document
        sent = document + b" " if attempt.altered else document
        return institution_message.joined(*(("NONE", "-") if attempt.unsigned else (self.algorithm, mac)), sent)


def damaged_message(attempt: Attempt, message: Mapping[str, Any]) -> bytes:
    whole = as_json(message)
    match attempt.damage:
        case "cut":
            return whole[:-1]
        case "empty":
            return b""
        case "not_utf_8":
            return whole.replace(b"7Q4-8XK9", b"\xc4\xe3\xba\xc3")
        case "unknown_charset":
            return b'<?xml version="1.0" encoding="klingon"?><message><head/><body/></message>'
        case "oversize":
            return whole + b" " * (1 << 20)
        case "deep":
            return b'{"head": {}, "body": ' + b"[" * 20_000
        case _:
            return whole


def sent_slowly(
    address: str, path: str, headers: Mapping[str, str], body: bytes, tls: ssl.SSLContext | None = None
) -> str:
    """All but its end, and no more."""
    parts = urlsplit(address)
    head = [f"POST {path} HTTP/1.1", f"host: {parts.netloc}", f"content-length: {len(body) + 10}", "connection: close"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    with ExitStack() as open_ones:
        line = open_ones.enter_context(socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20))
        line = open_ones.enter_context(tls.wrap_socket(line)) if tls else line
        line.sendall("\r\n".join([*head, "", ""]).encode() + body)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    return answer.decode()


def ask_badly(peers: Mapping[str, Peer]) -> None:
    """The whole book, by each of them."""
    wrong: list[str] = []
    for name, peer in peers.items():
        for what, (attempt, codes) in BOOK.items():
            if {what, attempt.damage} & peer.unfit:
                continue
            code, answer = peer.ask(attempt)
            if code not in codes or [leak for leak in LEAKS if leak in answer]:
                wrong.append(f"{name}: {what}: {code or 'done'}: {answer[-400:]}")
        code, _ = peer.ask(GOOD)
        assert code == "", "it still answers those who ask well"
    assert not wrong, "\n".join(wrong)
