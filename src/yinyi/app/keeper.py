"""One part's life: prepared, started, ready, and started again with growing patience whenever it ends."""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Callable
from dataclasses import dataclass

from yinyi.app.embedded.server import Command, last_words
from yinyi.app.errors import CannotStart
from yinyi.app.part import Part
from yinyi.app.status import PartState, PartStatus
from yinyi.kernel.clock import Clock
from yinyi.kernel.ready import FAILED_PREFIX, READY_FD, READY_LINE

_POLL_S = 0.01
_LONGEST_LINE = 4096


@dataclass(frozen=True)
class Patience:
    """How long a part may take, and how soon it is tried again."""

    ready_within_s: float = 60
    stop_within_s: float = 20
    first_pause_s: float = 0.5
    longest_pause_s: float = 30
    steady_after_s: float = 60
    """Having been ready for so long, a part starts again with the first pause."""
    first_tries: int = 3
    """So often a part that was never ready is tried before everything is given up."""


class _Ended(Exception):
    """The part is not running; the message says why."""

    def __init__(self, reason: str, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final
        """Trying again would not help."""


class Keeper:
    """Keeps one part alive from ``keep()`` until ``stop()``."""

    def __init__(
        self, part: Part, patience: Patience, clock: Clock, say: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        self.part = part
        self.ready = asyncio.Event()
        self.status = PartStatus(part.name, "waiting", clock.now())
        self._patience = patience
        self._clock = clock
        self._say = say
        self._changed = changed
        self._was_ready = False
        self._running: _Running | None = None

    async def keep(self) -> None:
        """Runs until cancelled.

        Raises:
            CannotStart: the part was never ready and will not be.
        """
        failures = 0
        while True:
            begun = time.monotonic()
            try:
                await self._live_once()
            except _Ended as ended:
                await self._end()
                steady = time.monotonic() - begun > self._patience.steady_after_s
                failures = 1 if steady else failures + 1
                if not self._was_ready and (ended.final or failures >= self._patience.first_tries):
                    raise CannotStart(f"{self.part.name} cannot start: {ended}") from ended
                pause_s = min(self._patience.first_pause_s * 2 ** (failures - 1), self._patience.longest_pause_s)
                self._say(f"{self.part.name}: {ended}; it is started again in {pause_s:g} s")
                self._set("restarting", restarts=self.status.restarts + 1)
                await asyncio.sleep(pause_s)

    async def stop(self) -> None:
        """After ``keep()`` was cancelled: asks the process to end, and ends it when it does not within the time."""
        await self._end()
        self._set("stopped")

    def kill(self) -> None:
        """At once. Whatever it was doing, it has to survive that anyway."""
        if self._running is not None:
            self._running.send(signal.SIGKILL)

    async def _live_once(self) -> None:
        """
        Raises:
            _Ended: always, when it is over.
        """
        self._set("starting")
        begun = time.monotonic()
        await self._blocking(self.part.prepare)
        self._running = running = await _spawn(self.part.command())
        self._set("starting", running.process.pid)
        try:
            await self._until_ready(running)
        finally:
            running.said.close()
        await self._blocking(self.part.once_ready)
        self._was_ready = True
        self._set("ready", running.process.pid)
        self.ready.set()
        self._say(f"{self.part.name} is ready after {time.monotonic() - begun:.1f} s")
        await running.process.wait()
        raise running.ended()

    async def _until_ready(self, running: "_Running") -> None:
        try:
            async with asyncio.timeout(self._patience.ready_within_s):
                while not (self.part.is_ready() if self.part.is_ready else running.said.ready):
                    if running.said.failed:
                        raise _Ended(running.said.failed, final=True)
                    if running.process.returncode is not None:
                        raise running.ended()
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            within_s = self._patience.ready_within_s
            raise _Ended(f"it was not ready after {within_s:g} s; see {running.command.log}") from None

    async def _blocking(self, work: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(work)
        except CannotStart as error:
            raise _Ended(str(error), final=True) from error

    async def _end(self) -> None:
        self.ready.clear()
        running = self._running
        if running is None or running.process.returncode is not None:
            return
        running.send(running.command.stop_with)
        try:
            await asyncio.wait_for(running.process.wait(), self._patience.stop_within_s)
        except TimeoutError:
            self._say(f"{self.part.name} did not end when asked; it is ended now")
            self.kill()
            await running.process.wait()

    def _set(self, state: PartState, pid: int | None = None, restarts: int | None = None) -> None:
        count = self.status.restarts if restarts is None else restarts
        self.status = PartStatus(self.part.name, state, self._clock.now(), pid, count)
        self._changed()


@dataclass(frozen=True)
class _Running:
    command: Command
    process: Process
    said: "_Said"
    log_from: int

    def send(self, number: signal.Signals) -> None:
        """Not by asyncio's own method, which may reap the process behind asyncio's back and so lose its exit code."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def ended(self) -> _Ended:
        code = self.process.returncode or 0
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return _Ended(f"it ended ({how}): {last_words(self.command.log, self.log_from)}")


async def _spawn(command: Command) -> _Running:
    """
    Raises:
        _Ended: there is no such program, or it may not be run.
    """
    reading, writing = os.pipe()
    inherited = {name: _filled_pipe(secret) for name, secret in command.hands_over.items()}
    try:
        with command.open_log() as log:
            log_from = log.tell()
            process = await asyncio.create_subprocess_exec(
                *command.argv,
                cwd=command.cwd,
                env={**command.env, READY_FD: str(writing), **{name: str(end) for name, end in inherited.items()}},
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                preexec_fn=command.preexec,
                pass_fds=(writing, *inherited.values()),
                start_new_session=True,
            )
            return _Running(command, process, _Said(reading), log_from)
    except OSError as error:
        os.close(reading)
        raise _Ended(f"{command.argv[0]} cannot be run: {error.strerror}", final=True) from error
    finally:
        for descriptor in (writing, *inherited.values()):
            os.close(descriptor)


def _filled_pipe(secret: bytearray) -> int:
    """The end to read from; what is so short fits into the pipe at once."""
    reading, writing = os.pipe()
    os.write(writing, secret)
    os.close(writing)
    return reading


class _Said:
    """What the part has said on its pipe so far."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._text = b""
        os.set_blocking(descriptor, False)

    @property
    def ready(self) -> bool:
        return self._line() == READY_LINE

    @property
    def failed(self) -> str:
        line = self._line()
        return line.removeprefix(FAILED_PREFIX) if line.startswith(FAILED_PREFIX) else ""

    def close(self) -> None:
        os.close(self._descriptor)

    def _line(self) -> str:
        try:
            if len(self._text) < _LONGEST_LINE:
                self._text += os.read(self._descriptor, _LONGEST_LINE)
        except BlockingIOError:
            pass
        return self._text.decode("utf-8", "replace").partition("\n")[0] if b"\n" in self._text else ""
