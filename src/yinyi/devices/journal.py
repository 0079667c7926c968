"""Which print jobs were begun and how they ended, on disk, so that no job is ever printed twice."""

import os
from pathlib import Path

import msgspec
import structlog

from yinyi.devices.credential import write_private
from yinyi.wire.terminal_line import PrintFault

Ending = PrintFault | None
"""How a job ended; ``None``: the paper came out."""

_log = structlog.get_logger("yinyi.devices")


class _Line(msgspec.Struct, frozen=True):
    job_id: str
    ended: bool
    reason: Ending = None


class PrintJournal:
    """One JSON line for each beginning and each ending, each on disk before anything else happens.

    A job that began and has no ending when the agent starts was interrupted: paper may have come out.
    """

    def __init__(self, path: Path, keep: int = 500) -> None:
        self._path = path
        self._keep = keep
        self._lines: dict[str, _Line] = {}
        for line in self._read():
            self._lines.pop(line.job_id, None)
            self._lines[line.job_id] = line
        for line in list(self._lines.values()):
            if not line.ended:
                self._lines[line.job_id] = _Line(line.job_id, True, "interrupted")
        self._compact()

    def ended(self, job_id: str) -> bool:
        line = self._lines.get(job_id)
        return line is not None and line.ended

    def ending(self, job_id: str) -> Ending:
        """Of a job that has ended."""
        return self._lines[job_id].reason

    def begin(self, job_id: str) -> None:
        """
        Raises:
            OSError: this cannot be remembered, so the job must not be printed.
        """
        self._append(_Line(job_id, False))

    def end(self, job_id: str, reason: Ending) -> None:
        """Never raises: an ending that cannot be written is read as an interruption after a restart."""
        try:
            self._append(_Line(job_id, True, reason))
        except OSError as error:
            self._lines[job_id] = _Line(job_id, True, reason)
            _log.error("print journal cannot be written", error=type(error).__name__)

    def _append(self, line: _Line) -> None:
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._lines.pop(line.job_id, None)
        self._lines[line.job_id] = line
        if len(self._lines) > 2 * self._keep:
            self._compact()

    def _read(self) -> list[_Line]:
        lines: list[_Line] = []
        for raw in self._path.read_bytes().splitlines() if self._path.exists() else ():
            try:
                lines.append(msgspec.json.decode(raw, type=_Line))
            except msgspec.DecodeError:
                _log.warning("print journal has a damaged line", at=len(lines))
        return lines

    def _compact(self) -> None:
        kept = list(self._lines.values())[-self._keep :]
        write_private(self._path, b"".join(msgspec.json.encode(line) + b"\n" for line in kept))
        self._lines = {line.job_id: line for line in kept}
