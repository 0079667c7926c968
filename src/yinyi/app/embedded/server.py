"""A server program as a child of this process: how to start it, and one that was started."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from yinyi.app.errors import CannotStart

_LOG_LIMIT_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Command:
    """How to start a program."""

    argv: Sequence[str]
    log: Path
    """Takes its output, appended; moved aside to ``….1`` when it has grown past 8 MiB."""
    preexec: Callable[[], None]
    """Runs in the child before the program: ties it to its parent, changes identity."""
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    stop_with: signal.Signals = signal.SIGTERM
    hands_over: Mapping[str, bytearray] = field(default_factory=dict[str, bytearray], repr=False)
    """What it inherits on a pipe of its own, by the variable that names the descriptor: never in its environment."""

    def open_log(self) -> IO[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_name(self.log.name + ".1"))
        return self.log.open("ab")


class RunningServer:
    """A program that was started; its own session, so that a Ctrl-C of the terminal reaches only the parent."""

    def __init__(self, command: Command) -> None:
        self._command = command
        with command.open_log() as log:
            self._log_from = log.tell()
            self._process = subprocess.Popen(
                command.argv,
                cwd=command.cwd,
                env=dict(command.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=command.preexec,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Raises:
        CannotStart: it ended instead, or did not get ready in time; with the last line that it said.
        """
        name = Path(self._command.argv[0]).name
        deadline = time.monotonic() + timeout_s
        while not ready():
            if self._process.poll() is not None:
                raise CannotStart(f"{name} did not start: {last_words(self._command.log, self._log_from)}")
            if time.monotonic() > deadline:
                self.stop()
                raise CannotStart(f"{name} was not ready after {timeout_s:g} seconds; see {self._command.log}.")
            time.sleep(0.01)

    def stop(self, timeout_s: float = 20) -> None:
        """Asks it to end, and ends it when it does not; harmless when done twice."""
        if self._process.poll() is None:
            self._process.send_signal(self._command.stop_with)
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()


def last_words(log: Path, start: int) -> str:
    """The last telling line that a log gained since byte ``start``; lines of rules and boxes tell nothing."""
    with log.open("rb") as file:
        file.seek(max(start, log.stat().st_size - 4000))
        lines = [line.strip(" │") for line in file.read().decode("utf-8", "replace").splitlines()]
    lines = [line for line in lines if any(character.isalnum() for character in line)]
    grave = [line for line in lines if "FATAL" in line or "FTL" in line or "PANIC" in line]
    return (grave or lines or ["it said nothing"])[-1]
