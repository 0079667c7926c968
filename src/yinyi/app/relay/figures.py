"""What the relay counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest

NOWHERE = "nowhere"


class Figures:
    """Tunnels by destination and how they ended, and what went through."""

    def __init__(self) -> None:
        self._registry = of = CollectorRegistry()
        self._tunnels = Counter("yinyi_relay_tunnels", "Tunnels that ended", ["destination", "end"], registry=of)
        self._open = Gauge("yinyi_relay_open", "Open tunnels", ["destination"], registry=of)
        self._bytes = Counter("yinyi_relay_bytes", "Passed on", ["destination", "direction"], registry=of)
        ProcessCollector(registry=of)

    def opened(self, destination: str) -> None:
        self._open.labels(destination).inc()

    def closed(self, destination: str, end: str) -> None:
        self._open.labels(destination).dec()
        self._tunnels.labels(destination, end).inc()

    def refused(self, why: str) -> None:
        """Whoever asks for what is not allowed adds no series of his own."""
        self._tunnels.labels(NOWHERE, why).inc()

    def passed(self, destination: str, direction: str, size: int) -> None:
        self._bytes.labels(destination, direction).inc(size)

    def text(self) -> bytes:
        return generate_latest(self._registry)
