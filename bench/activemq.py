"""ActiveMQ for a bench, as the tests have it; and a bare echo behind one of its queues, a process of its own."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL

from yinyi.app.embedded.child import tied_to_parent
from yinyi.app.embedded.folder import free_port
from yinyi.wire.stomp import Frames, encoded

ECHO = "/queue/yinyi.echo"
_SOURCE = Path(__file__).parents[1] / "tests" / "contract" / "jms" / "Broker.java"
_JARS = [
    f"/usr/share/java/{name}.jar"
    for name in (
        *("activemq-broker", "activemq-client", "activemq-stomp", "activemq-jaas", "activemq-openwire-legacy"),
        *("geronimo-jms_1.1_spec", "geronimo-j2ee-management-1.1-spec", "hawtbuf", "slf4j-api", "slf4j-nop"),
    )
]


@contextmanager
def activemq() -> Generator[int]:
    """Its STOMP port; users ``platform`` and ``his``, whose passwords are their names."""
    with tempfile.TemporaryDirectory(prefix="yinyi-bench-") as folder:
        subprocess.run(["javac", "-cp", ":".join(_JARS), "-d", folder, str(_SOURCE)], check=True)
        port = free_port()
        broker = ["java", "-Xmx128m", "-XX:+UseSerialGC", "-cp", ":".join([*_JARS, folder]), "Broker"]
        with _running([*broker, str(port), str(free_port())]):
            yield port


@contextmanager
def echo(port: int) -> Generator[None]:
    """Whatever comes to ``ECHO`` goes back where it is waited for."""
    with _running([sys.executable, "-m", "bench.activemq", str(port)]):
        yield


@contextmanager
def _running(command: list[str]) -> Generator[None]:
    """Once it says that it is ready."""
    tied = tied_to_parent(SIGKILL)
    process = subprocess.Popen(command, preexec_fn=tied, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"{command[0]} does not start")
        yield
    finally:
        process.kill()
        process.communicate()


async def greeted(
    port: int, user: str, queue: str, prefetch: int
) -> "tuple[asyncio.StreamReader, asyncio.StreamWriter]":
    """A line on which the messages of this queue come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(encoded("CONNECT", {"accept-version": "1.2", "host": "x", "login": user, "passcode": user}))
    await reader.readuntil(b"\0")
    asked = {"id": "1", "destination": queue, "ack": "client-individual", "activemq.prefetchSize": str(prefetch)}
    writer.write(encoded("SUBSCRIBE", asked))
    return reader, writer


async def _echo(port: int) -> None:
    reader, writer = await greeted(port, "platform", ECHO, 64)
    print("ready", flush=True)
    frames = Frames(1 << 20)
    while data := await reader.read(65536):
        for frame in frames.feed(data):
            reply = {name: frame.headers[name] for name in ("correlation-id",)}
            sent = encoded("SEND", {"destination": frame.headers["reply-to"], **reply}, frame.body, length=False)
            writer.write(sent + encoded("ACK", {"id": frame.headers["ack"]}))


if __name__ == "__main__":
    asyncio.run(_echo(int(sys.argv[1])))
