"""A bank's own terminal, as its programmers would write it from ``docs/integrate/socket.md``: with nothing of ours, its
MACs included."""

import asyncio
import hmac
import itertools
import json
import secrets
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from xml.sax.saxutils import escape

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.hmac import HMAC
from lxml import etree


def _des(key: bytes, block: bytes, *, undo: bool = False) -> bytes:
    cipher = Cipher(TripleDES(key * 3), modes.ECB())
    worker = cipher.decryptor() if undo else cipher.encryptor()
    return worker.update(block)


def x9_19(key: bytes, data: bytes) -> str:
    """ANSI X9.19: CBC under the left half, then the last block under the right half and the left one again."""
    left, right = key[:8], key[8:]
    padded = data + bytes(-len(data) % 8)
    block = bytes(8)
    for at in range(0, len(padded), 8):
        block = _des(left, bytes(a ^ b for a, b in zip(block, padded[at : at + 8], strict=True)))
    return _des(left, _des(right, block, undo=True)).hex().upper()


def under(master: bytes, key: bytes) -> tuple[str, str]:
    """A key as it is sent, under a double-length master key, and its check value."""

    def triple(with_key: bytes) -> Any:
        return Cipher(TripleDES(with_key + with_key[:8]), modes.ECB()).encryptor()

    return triple(master).update(key).hex().upper(), triple(key).update(bytes(8))[:4].hex().upper()


def hmac_sm3(secret: str | bytes, data: bytes) -> str:
    code = HMAC(secret.encode() if isinstance(secret, str) else secret, hashes.SM3())
    code.update(data)
    return code.finalize().hex().upper()


@dataclass
class Answer:
    """As it was read. sealed: its MAC is right under the terminal's key."""

    sealed: bool
    head: dict[str, Any]
    body: Any
    raw: bytes

    @property
    def code(self) -> str:
        return self.head.get("code", "")


@dataclass
class BankTerminal:
    """mac: of a document, in hexadecimal. digits: so many before each frame instead of two bytes. as_xml: in
    these characters, instead of JSON."""

    institution: str
    algorithm: str
    mac: Callable[[bytes], str]
    now: Callable[[], datetime]
    digits: int = 0
    as_xml: str = ""
    line: str = ""
    patient: str = ""
    reader: asyncio.StreamReader = field(init=False)
    writer: asyncio.StreamWriter = field(init=False)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def connect(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)

    async def hang_up(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()

    # -- asking

    async def sign_on(self, **more: str) -> Answer:
        body = {"nonce": secrets.token_hex(12), **more}
        answer = await self.ask("OpenInstitutionLine", body, line="", sequence=0)
        self.line = answer.body["line"] if answer.code == "OK" else ""
        return answer

    async def ask(self, operation: str, body: dict[str, Any], key: str = "", **head: Any) -> Answer:
        return await self.send(self.frame(operation, body, key, **head))

    def frame(self, operation: str, body: dict[str, Any], key: str = "", **head: Any) -> bytes:
        """With its seal, ready to be sent, and to be sent again."""
        document = self.document(operation, body, key, **head)
        return self.sealed(document, self.mac(document))

    def sealed(self, document: bytes, mac: str) -> bytes:
        return f"{self.algorithm} {mac}\n".encode() + document

    def document(self, operation: str, body: dict[str, Any], key: str = "", age_s: int = 0, **head: Any) -> bytes:
        told: dict[str, Any] = {
            "institution": self.institution,
            "operation": operation,
            "time": (self.now() - timedelta(seconds=age_s)).isoformat(timespec="seconds"),
            "line": self.line,
            "sequence": head.pop("sequence", None) if "sequence" in head else next(self.numbers),
            "key": key,
            "patient": self.patient,
        }
        told |= head
        if not self.as_xml:
            return json.dumps({"head": told, "body": body}, ensure_ascii=False).encode()
        inner = f"<head>{_elements(told)}</head><body>{_elements(body)}</body>"
        return f'<?xml version="1.0" encoding="{self.as_xml}"?><message>{inner}</message>'.encode(self.as_xml)

    async def send(self, frame: bytes) -> Answer:
        self.write(frame)
        return await self.read()

    def write(self, frame: bytes) -> None:
        size = b"%0*d" % (self.digits, len(frame)) if self.digits else len(frame).to_bytes(2, "big")
        self.writer.write(size + frame)

    async def read(self) -> Answer:
        size = await self.reader.readexactly(self.digits or 2)
        frame = await self.reader.readexactly(int(size) if self.digits else int.from_bytes(size, "big"))
        seal, _, document = frame.partition(b"\n")
        algorithm, mac = seal.decode().split(" ")
        good = algorithm == self.algorithm and hmac.compare_digest(mac, self.mac(document))
        if document.startswith(b"<"):
            root = etree.fromstring(document)
            head, body = (_told(root.find(f"{{*}}{name}")) for name in ("head", "body"))
            return Answer(good, head, body, document)
        found = json.loads(document)
        return Answer(good, found["head"], found.get("body"), document)


def _elements(fields: dict[str, Any]) -> str:
    return "".join(f"<{name}>{_inner(value)}</{name}>" for name, value in fields.items() if value not in ("", None))


def _inner(value: Any) -> str:
    return _elements(cast(dict[str, Any], value)) if isinstance(value, dict) else escape(str(value))


def _told(element: Any) -> Any:
    """What stands in an element; the same name again and again is a list."""
    if element is None or not len(element):
        return {} if element is None else element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        name = etree.QName(child).localname
        value = _told(child)
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found
