"""ActiveMQ on loopback and a JMS client in Java, both of Debian's packages: compiled once, ended with whoever asked."""

import asyncio
import base64
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
from cryptography.x509 import load_pem_x509_certificate
from tls_papers import Authority

from yinyi.app.embedded.child import tied_to_parent
from yinyi.app.embedded.folder import free_port

JARS = [
    Path("/usr/share/java", f"{name}.jar")
    for name in (
        *("activemq-broker", "activemq-client", "activemq-stomp", "activemq-jaas", "activemq-openwire-legacy"),
        *("geronimo-jms_1.1_spec", "geronimo-j2ee-management-1.1-spec", "hawtbuf", "slf4j-api", "slf4j-nop"),
    )
]
LOCAL, PASSWORD = "localhost", "platform"
_SOURCES = Path(__file__).parent / "jms"
_SMALL = ("-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")


@dataclass
class Broker:
    """passwords are the names: ``platform``, ``his``, ``operator``."""

    classes: Path
    stomp_port: int
    jms_port: int
    tls_port: int
    authority: Authority
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def jms_url(self) -> str:
        return f"tcp://127.0.0.1:{self.jms_port}"

    def start(self) -> None:
        store = key_store(self.classes, self.authority.papers(LOCAL))
        told = [f"-Djavax.net.ssl.keyStore{name}={value}" for name, value in (("", store), ("Password", PASSWORD))]
        ports = map(str, (self.stomp_port, self.jms_port, self.tls_port))
        command = java(self.classes, *told, "-Djavax.net.ssl.keyStoreType=PKCS12", "Broker", *ports)
        tied = tied_to_parent(SIGKILL)
        self.process = subprocess.Popen(command, preexec_fn=tied, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        """All that it held is gone."""
        assert self.process is not None
        self.process.kill()
        self.process.communicate()


@dataclass(frozen=True)
class Told:
    """What a JMS client reads."""

    kind: str
    operation: str
    outcome: str
    code: str
    reason: str
    reply_to: str
    same_correlation: bool
    expires: bool
    body: bytes


class JavaPeer:
    """One JVM that asks, a line for each question."""

    def __init__(self, process: asyncio.subprocess.Process, secret: str) -> None:
        self._process = process
        self.secret = secret
        self._asking = asyncio.Lock()

    async def ask(self, operation: str, body: bytes, timestamp: str, **more: str) -> Told:
        """more: ``form`` (text or bytes), ``key``, ``reply_to`` (a queue; a temporary one of its own), ``ttl_ms``."""
        return _told(await self._say(self._words("ask", operation, body, timestamp, more)))

    async def send(self, operation: str, body: bytes, timestamp: str, **more: str) -> str:
        """One way; the message's id."""
        return (await self._say(self._words("send", operation, body, timestamp, more))).partition("\t")[2]

    async def take(self, queue: str, user: str = "operator") -> Told:
        return _told(await self._say(["take", queue, user]))

    def _words(self, verb: str, operation: str, body: bytes, timestamp: str, more: dict[str, str]) -> list[str]:
        form, key, reply_to = more.get("form", "text"), more.get("key", ""), more.get("reply_to", "")
        told = base64.b64encode(body).decode()
        return [verb, form, reply_to, operation, key, more.get("ttl_ms", "0"), timestamp, self.secret, told]

    async def _say(self, words: list[str]) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._asking:
            self._process.stdin.write("\t".join(words).encode() + b"\n")
            answer = await self._process.stdout.readline()
        assert answer, "the Java client has ended"
        return answer.decode().rstrip("\n")


def _told(line: str) -> Told:
    assert line != "nothing", "nothing came within 20 s"
    kind, *texts, same, expires, body = line.split("\t")
    operation, outcome, code, reason, reply_to = ("" if text == "null" else text for text in texts)
    return Told(
        *(kind, operation, outcome, code, reason, reply_to),
        *(same == "true", expires == "true", base64.b64decode(body)),
    )


def key_store(folder: Path, papers: str) -> Path:
    """A certificate and its key, as Java reads them."""
    pem = Path(papers).read_bytes()
    key, certificate = load_pem_private_key(pem, None), load_pem_x509_certificate(pem)
    assert isinstance(key, EllipticCurvePrivateKey)
    made = pkcs12.serialize_key_and_certificates(
        b"broker", key, certificate, None, BestAvailableEncryption(PASSWORD.encode())
    )
    path = folder / "broker.p12"
    path.touch(mode=0o600)
    path.write_bytes(made)
    return path


def java(classes: Path, *words: str) -> list[str]:
    return ["java", *_SMALL, "-cp", ":".join(map(str, [*JARS, classes])), *words]


@contextmanager
def jms_broker(folder: Path) -> Generator[Broker]:
    path = ":".join(map(str, JARS))
    compiler = ("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC")
    sources = map(str, sorted(_SOURCES.glob("*.java")))
    subprocess.run(["javac", *compiler, "-cp", path, "-d", str(folder), *sources], check=True)
    broker = Broker(folder, free_port(), free_port(), free_port(), Authority(folder, "authority"))
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@asynccontextmanager
async def java_peer(broker: Broker, institution: str, secret: str) -> AsyncGenerator[JavaPeer]:
    process = await asyncio.create_subprocess_exec(
        *java(broker.classes, "Peer", broker.jms_url, "his", "his", institution),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        preexec_fn=tied_to_parent(SIGKILL),
        limit=1 << 22,
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        yield JavaPeer(process, secret)
    finally:
        process.kill()
        await process.wait()
