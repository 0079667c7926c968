"""A load of keep-alive GETs as light as Python allows, so that what is measured is the server."""

import asyncio
import math
import time
from dataclasses import dataclass, field


@dataclass
class Load:
    """What came back: latencies in seconds, and answers that were not 200 or not what was asked for."""

    took_s: float = 0.0
    latencies: list[float] = field(default_factory=list[float])
    errors: int = 0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.took_s

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


@dataclass(frozen=True)
class Visitor:
    """One connection: the addresses that it walks in turn, and as whom; of several cookies each request has the
    next. ``put_off``: how a page says that it is only a place in a line."""

    cookies: tuple[str, ...]
    paths: tuple[str, ...]
    put_off: bytes = b""

    def requests(self) -> list[bytes]:
        told = [f"Cookie: {cookie}\r\n" for cookie in self.cookies] or [""]
        asked = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n" for path in self.paths]
        turns = range(math.lcm(len(told), len(asked)))
        return [f"{asked[n % len(asked)]}{told[n % len(told)]}\r\n".encode() for n in turns]


async def load(port: int, visitors: list[Visitor], seconds: float) -> Load:
    """Every visitor asks again as soon as he is answered."""
    found = Load()
    end = time.perf_counter() + seconds
    begun = time.perf_counter()
    await asyncio.gather(*(_visit(port, visitor, end, found) for visitor in visitors))
    found.took_s = time.perf_counter() - begun
    return found


async def _visit(port: int, visitor: Visitor, end: float, found: Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    requests = visitor.requests()
    turn = 0
    while time.perf_counter() < end:
        begun = time.perf_counter()
        writer.write(requests[turn % len(requests)])
        turn += 1
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        found.latencies.append(time.perf_counter() - begun)
        if not head.startswith(b"HTTP/1.1 200") or (visitor.put_off and visitor.put_off in body):
            found.errors += 1
    writer.close()
    await writer.wait_closed()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise ValueError("an answer without a length")
