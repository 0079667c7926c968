"""ActiveMQ for a bench, as the tests have it; and a bare server behind two of its queues, a process of its own."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL

import uvloop

from yinyi.app.embedded.child import tied_to_parent
from yinyi.app.embedded.folder import free_port
from yinyi.bus.transport import NatsTransport, connect
from yinyi.wire.stomp import Frame, Frames, encoded

ECHO, BARE = "/queue/yinyi.echo", "/queue/yinyi.bare"
"""Sent back as it is; asked on the bus as it is, and the answer sent back."""
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
def bare_server(port: int, bus_url: str, password: str) -> Generator[None]:
    """Behind ``ECHO`` and ``BARE``: as little as can be, without a look at what comes."""
    with _running([sys.executable, "-m", "bench.activemq", str(port), bus_url], password):
        yield


@contextmanager
def _running(command: list[str], told: str = "") -> Generator[None]:
    """Once it says that it is ready."""
    tied = tied_to_parent(SIGKILL)
    process = subprocess.Popen(command, preexec_fn=tied, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdin.write(f"{told}\n".encode())
        process.stdin.flush()
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


async def _serve(port: int, bus: NatsTransport) -> None:
    """Both queues, each message as soon as it comes."""
    reader, writer = await greeted(port, "platform", BARE, 64)
    writer.write(encoded("SUBSCRIBE", {"id": "echo", "destination": ECHO, "ack": "client-individual"}))
    print("ready", flush=True)
    frames, working = Frames(1 << 20), set[asyncio.Task[None]]()

    def back(asked: Frame, body: bytes) -> None:
        told = {"destination": asked.headers["reply-to"], "correlation-id": asked.headers["correlation-id"]}
        sent = encoded("SEND", told, body, length=False)
        writer.write(sent + encoded("ACK", {"id": asked.headers["ack"]}))

    async def ask(asked: Frame) -> None:
        back(asked, await bus.request(asked.headers["subject"], asked.body, 20.0))

    while data := await reader.read(65536):
        for frame in frames.feed(data):
            if frame.headers["subscription"] == "echo":
                back(frame, frame.body)
            else:
                task = asyncio.create_task(ask(frame))
                working.add(task)
                task.add_done_callback(working.discard)


async def _main(port: int, bus_url: str) -> None:
    await _serve(port, await connect(bus_url, "hospital", sys.stdin.readline().strip()))


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1]), sys.argv[2]))
