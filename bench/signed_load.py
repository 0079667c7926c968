"""What institutions send, made before the clock runs: by REST, by SOAP, and the same on the bus."""

import asyncio
import base64
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from bench.http_load import Load
from yinyi.bus.envelope import Credentials, ReplyEnvelope, RequestEnvelope, Signed
from yinyi.bus.operation import Operation, spec_of
from yinyi.bus.transport import NatsTransport
from yinyi.business.institutions.messages_lines import OpenInstitutionLine
from yinyi.interface.rest.openapi import PREFIX
from yinyi.interface.soap.envelope import DIGEST, SOAP_11, WSSE, WSU, enveloped
from yinyi.kernel.clock import Clock
from yinyi.wire import institution, institution_message, username_token
from yinyi.wire.institution_message import Head
from yinyi.wire.iso8583.framing import framed
from yinyi.wire.xml_shapes import written

PATIENCE_S = 20.0
FRAMED = "FRAME-HMAC-SHA256"
FORM = institution_message.ASKED["binary-2"]

Send = Callable[[int], Awaitable[bool]]
"""The request of this number; whether it was answered well."""


@dataclass(frozen=True)
class Institution:
    """Who asks: its secrets for each algorithm. framed: of lines."""

    institution_id: str
    hmac_secret: str
    password: str
    framed: str
    clock: Clock

    def signed(self, path: str, body: bytes) -> Signed:
        timestamp, nonce = institution.timestamp_of(self.clock.now()), secrets.token_hex(16)
        return Signed(
            institution_id=self.institution_id,
            algorithm="HMAC-SHA256",
            timestamp=timestamp,
            nonce=nonce,
            signature=institution.sign("HMAC-SHA256", self.hmac_secret, "POST", path, timestamp, nonce, body),
            method="POST",
            path=path,
            body=body,
        )

    def on_the_bus(self, message: Operation[Any], key: str) -> bytes:
        body = msgspec.json.encode(message)
        signed = self.signed(institution.path_of_request(PREFIX + type(message).__name__, key=key), body)
        envelope = RequestEnvelope(
            correlation_id=secrets.token_hex(16),
            deadline=self.clock.now() + timedelta(seconds=300),
            body=msgspec.Raw(body),
            credentials=Credentials(signed=signed),
            key=key,
        )
        return msgspec.json.encode(envelope)

    def by_rest(self, message: Operation[Any], key: str) -> bytes:
        body = msgspec.json.encode(message)
        path = PREFIX + type(message).__name__
        signed = self.signed(institution.path_of_request(path, key=key), body)
        headers = {
            "content-type": "application/json",
            "idempotency-key": key,
            "x-yinyi-institution": signed.institution_id,
            "x-yinyi-timestamp": signed.timestamp,
            "x-yinyi-nonce": signed.nonce,
            "x-yinyi-signature": signed.signature,
        }
        return _post(path, headers, body)

    def by_soap(self, message: Operation[Any], key: str) -> bytes:
        nonce, created = base64.b64encode(secrets.token_bytes(16)).decode(), username_token.created_of(self.clock.now())
        digest = username_token.digest(self.password, nonce, created)
        name = type(message).__name__
        call = written(name, message)
        if spec_of(type(message)).changes:
            call = call.replace(f"</{name}>", f"<idempotency_key>{key}</idempotency_key></{name}>")
        token = (
            f'<w:Security xmlns:w="{WSSE}" xmlns:u="{WSU}"><w:UsernameToken><w:Username>{self.institution_id}'
            f'</w:Username><w:Password Type="{DIGEST}">{digest}</w:Password><w:Nonce>{nonce}</w:Nonce>'
            f"<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
        )
        body = enveloped(SOAP_11, call).replace(
            b"<soap:Body>", f"<soap:Header>{token}</soap:Header><soap:Body>".encode()
        )
        return _post("/soap", {"content-type": "text/xml; charset=utf-8"}, body)

    def on_a_line(self, message: Operation[Any], key: str, line: str, sequence: int) -> bytes:
        head = Head(
            institution=self.institution_id,
            operation=type(message).__name__,
            time=institution_message.time_of(self.clock.now()),
            line=line,
            sequence=sequence,
            key=key,
        )
        document = msgspec.json.encode({"head": head, "body": message})
        mac = institution_message.hmac_of(FRAMED, self.framed, document)
        return framed(FORM, institution_message.joined(FRAMED, mac, document))


def _post(path: str, headers: dict[str, str], body: bytes) -> bytes:
    head = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
    lines = [*head, *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


async def over_http(port: int, requests: Sequence[bytes], at_once: int) -> Load:
    """Each of so many lines sends the next one as soon as its last was answered."""

    async def line() -> tuple[Send, Callable[[], None]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def send(number: int) -> bool:
            writer.write(requests[number])
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(each for each in head.lower().split(b"\r\n") if each.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            return head.startswith(b"HTTP/1.1 200")

        return send, writer.close

    return await _load(line, len(requests), at_once)


async def over_lines(port: int, who: Institution, asked: Sequence[tuple[Operation[Any], str]], at_once: int) -> Load:
    """So many lines are signed on, each with its share of the requests; made before the clock runs, too."""
    lines = [await _signed_on(port, who) for _ in range(at_once)]
    shares = [
        [who.on_a_line(message, key, line.name, n) for n, (message, key) in enumerate(asked[at::at_once], 1)]
        for at, line in enumerate(lines)
    ]
    found = Load()

    async def work(line: _Line, frames: Sequence[bytes]) -> None:
        for frame in frames:
            begun = time.perf_counter()
            answer = await line.said(frame)
            found.latencies.append(time.perf_counter() - begun)
            found.errors += b'"code":"OK"' not in answer

    begun = time.perf_counter()
    await asyncio.gather(*(work(line, share) for line, share in zip(lines, shares, strict=True)))
    found.took_s = time.perf_counter() - begun
    for line in lines:
        line.writer.close()
    return found


@dataclass
class _Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    name: str = ""

    async def said(self, frame: bytes) -> bytes:
        self.writer.write(frame)
        size = int.from_bytes(await self.reader.readexactly(2), "big")
        return await self.reader.readexactly(size)


async def _signed_on(port: int, who: Institution) -> _Line:
    line = _Line(*await asyncio.open_connection("127.0.0.1", port))
    answer = await line.said(who.on_a_line(OpenInstitutionLine(nonce=secrets.token_hex(12)), "", "", 0))
    line.name = msgspec.json.decode(answer.partition(b"\n")[2])["body"]["line"]
    return line


async def over_the_bus(bus: NatsTransport, subject: str, requests: Sequence[bytes], at_once: int) -> Load:
    async def line() -> tuple[Send, Callable[[], None]]:
        async def send(number: int) -> bool:
            reply = msgspec.json.decode(await bus.request(subject, requests[number], PATIENCE_S), type=ReplyEnvelope)
            return reply.failure is None

        return send, lambda: None

    return await _load(line, len(requests), at_once)


async def _load(line: Callable[[], Awaitable[tuple[Send, Callable[[], None]]]], count: int, at_once: int) -> Load:
    found, numbers = Load(), iter(range(count))

    async def work(send: Send) -> None:
        for number in numbers:
            begun = time.perf_counter()
            well = await send(number)
            found.latencies.append(time.perf_counter() - begun)
            found.errors += not well

    lines = [await line() for _ in range(at_once)]
    begun = time.perf_counter()
    await asyncio.gather(*(work(send) for send, _ in lines))
    found.took_s = time.perf_counter() - begun
    for _, close in lines:
        close()
    return found
