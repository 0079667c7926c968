"""What an interface process counts, for Prometheus. One registry per process, so that tests do not share any."""

from collections.abc import Callable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from yinyi.interface.figures import PlatformFigures
from yinyi.kernel.errors import Unavailable, YinyiError

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Requests and how long they took by route, open streams, what went wrong on the bus, and this process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "yinyi_http_requests", "Requests answered", ["interface", "route", "status"], registry=self.registry
        )
        of = self.registry
        self._seconds = Histogram(
            "yinyi_http_request_seconds", "Until answered", ["interface", "route"], buckets=SECONDS, registry=of
        )
        self._bus = Counter("yinyi_bus_errors", "What the bus did not answer", ["account", "error"], registry=of)
        self._queues = Gauge("yinyi_queue_open", "Whether a broker is there", ["queue"], registry=of)
        self._streams = Gauge("yinyi_event_streams", "Open event streams", registry=of)
        self._platform: PlatformFigures | None = None
        ProcessCollector(registry=of)
        PlatformCollector(registry=of)
        self._known: dict[tuple[str, str, int], Callable[[float], None]] = {}

    def answered(self, interface: str, route: str, status: int, seconds: float) -> None:
        known = self._known.get((interface, route, status))
        if known is None:
            known = self._known[interface, route, status] = self._counting(interface, route, status)
        known(seconds)

    def _counting(self, interface: str, route: str, status: int) -> Callable[[float], None]:
        requests = self._requests.labels(interface, route, str(status))
        histogram = self._seconds.labels(interface, route)

        def count(seconds: float) -> None:
            requests.inc()
            histogram.observe(seconds)

        return count

    def failed(self, account: str, error: YinyiError) -> None:
        """Counts outages only: a number that is taken is not a fault of the bus."""
        if isinstance(error, Unavailable):
            self._bus.labels(account, error.code()).inc()

    def count_streams(self, how_many: Callable[[], int]) -> None:
        self._streams.set_function(how_many)

    def watch_queue(self, name: str, open_now: Callable[[], bool]) -> None:
        self._queues.labels(name).set_function(open_now)

    def ask_first(self, platform: PlatformFigures) -> None:
        """The platform's own figures are shown too."""
        self._platform = platform
        self.registry.register(platform)

    def routes(self) -> list[BaseRoute]:
        return [Route("/metrics", self, methods=["GET", "HEAD"])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """GET /metrics."""
        if self._platform is not None:
            await self._platform.ask()
        headers = [(b"content-type", CONTENT_TYPE_LATEST.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": generate_latest(self.registry)})
