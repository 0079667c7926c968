"""The platform's own figures in ``/metrics``: asked by an operation, because an interface has no database."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from yinyi.bus.client import BusClient
from yinyi.business.watch.messages import FigureView, GetFigures
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import YinyiError

WITHIN_S = 4.0
FRESH = timedelta(seconds=5)
"""However often it is asked for, the platform is asked at most this often."""


class PlatformFigures(Collector):
    """What was answered last. Nothing is shown that could not be asked just now: an old number looks like a new one."""

    def __init__(self, buses: Mapping[str, BusClient], clock: Clock) -> None:
        """``buses``: by account; any that may ask ``GetFigures`` serves."""
        self._bus = next(iter(buses.values()), None)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._asked_at: datetime | None = None
        self._figures: Sequence[FigureView] | None = None

    async def ask(self) -> None:
        """Before every collection."""
        if self._bus is None:
            return
        async with self._lock:
            now = self._clock.now()
            if self._asked_at is not None and now - self._asked_at < FRESH:
                return
            self._asked_at = now
            try:
                self._figures = (await self._bus.ask(GetFigures(), timeout_s=WITHIN_S)).reply.figures
            except YinyiError:
                self._figures = None

    def collect(self) -> Iterator[Metric]:
        if self._bus is None:
            return
        answers = 0 if self._figures is None else 1
        yield GaugeMetricFamily("yinyi_platform_answers", "Whether the platform could be asked for these", answers)
        for figure in self._figures or ():
            labels = [figure.label] if figure.label else []
            family = GaugeMetricFamily(f"yinyi_{figure.name}", figure.meaning, labels=labels)
            for label, value in figure.values.items():
                family.add_metric([label] if labels else [], value)
            yield family
