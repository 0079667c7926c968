"""A request's head has to be whole within seconds: a line whose head trickles in is held by nobody for ever."""

import asyncio
from typing import Any

from yinyi.interface.one_write import OneWrite

WHOLE_WITHIN_S = 10.0
SILENT_S = 75.0
"""A line on which nothing has come yet is left open as long as one that is idle: browsers open some in advance."""


class WholeHeads(OneWrite):
    """As ``OneWrite``; a line that keeps its head back is closed."""

    whole_within_s = WHOLE_WITHIN_S
    silent_s = SILENT_S
    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait(self.silent_s)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait(self.whole_within_s)

    def on_headers_complete(self) -> None:
        self._wait(None)
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)

    def _wait(self, seconds: float | None) -> None:
        if self._due is not None:
            self._due.cancel()
        self._due = None if seconds is None else self.loop.call_later(seconds, self._close)

    def _close(self) -> None:
        self._due = None
        if not self.transport.is_closing():
            self.transport.close()
