"""A server of ours in a folder of its own, from taking the folder until it is given free."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, Self

from yinyi.app.embedded.folder import FolderLock
from yinyi.app.embedded.server import Command, RunningServer


class GuardedServer(ABC):
    """``start()`` and ``stop()`` it, or hand ``command()`` to a supervisor after ``prepare()``."""

    patience_s: ClassVar[float] = 15
    """So long a start may take."""

    def __init__(self) -> None:
        self._lock: FolderLock | None = None
        self._running: RunningServer | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Takes the folder and makes everything ready.

        Raises:
            CannotStart: the sentence says why.
        """

    @abstractmethod
    def command(self) -> Command:
        """How to start the server; after ``prepare()``."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it answers."""

    def start(self, timeout_s: float | None = None) -> Self:
        """Ready to be connected to when this returns. The server ends with the thread that calls this.

        Raises:
            CannotStart: the sentence says why.
        """
        try:
            self.prepare()
            self._running = RunningServer(self.command())
            self._running.wait_until(self.is_ready, self.patience_s if timeout_s is None else timeout_s)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends the server (open connections are closed) and gives the folder free; harmless when done twice."""
        if self._running is not None:
            self._running.stop()
            self._running = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
