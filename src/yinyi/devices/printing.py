"""Print jobs: one at a time, each once, each with a result."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from yinyi.devices.device import PrinterFault, PrintsReceipts, PrintsSheets
from yinyi.devices.journal import Ending, PrintJournal
from yinyi.kernel.ids import random_text
from yinyi.wire.terminal_line import PrintJob, PrintResult

_log = structlog.get_logger("yinyi.devices")
_WAITING_JOBS = 8


class Printing:
    """Takes jobs off the line and reports how each ended; a job seen before is answered from the journal."""

    def __init__(
        self,
        journal: PrintJournal,
        printer: PrintsReceipts | None,
        sheets: PrintsSheets | None,
        report: Callable[[PrintResult], None],
        timeout_s: float,
    ) -> None:
        self._journal = journal
        self._printer = printer
        self._sheets = sheets
        self._report = report
        self._timeout_s = timeout_s
        self._jobs: asyncio.Queue[PrintJob] = asyncio.Queue(_WAITING_JOBS)
        self._taken: set[str] = set()

    def take(self, job: PrintJob) -> None:
        """Never blocks. Whatever becomes of the job, a result is reported."""
        if self._journal.ended(job.job_id):
            self._answer(job.job_id, self._journal.ending(job.job_id))
        elif job.job_id not in self._taken:
            try:
                self._jobs.put_nowait(job)
                self._taken.add(job.job_id)
            except asyncio.QueueFull:
                self._finish(job.job_id, "busy")

    async def run(self) -> None:
        """Prints until cancelled."""
        while True:
            job = await self._jobs.get()
            self._finish(job.job_id, await self._print(job))
            self._taken.discard(job.job_id)

    def _of(self, job: PrintJob) -> Callable[[bytes], Awaitable[None]] | None:
        """What prints it; None: there is no such printer here."""
        if job.kind == "sheet":
            return self._sheets.print_sheets if self._sheets else None
        return self._printer.print_receipt if self._printer else None

    async def _print(self, job: PrintJob) -> Ending:
        printer = self._of(job)
        if printer is None:
            return "offline"
        try:
            self._journal.begin(job.job_id)
        except OSError as error:
            _log.error("print journal cannot be written", error=type(error).__name__)
            return "storage"
        try:
            async with asyncio.timeout(self._timeout_s):
                await printer(job.data)
        except PrinterFault as fault:
            return fault.reason
        except TimeoutError:
            return "timeout"
        except Exception:
            _log.exception("the printer's driver failed", job_id=job.job_id)
            return "interrupted"
        return None

    def _finish(self, job_id: str, ending: Ending) -> None:
        _log.info("print job ended", job_id=job_id, reason=ending or "ok")
        self._journal.end(job_id, ending)
        self._answer(job_id, ending)

    def _answer(self, job_id: str, ending: Ending) -> None:
        self._report(PrintResult(event_id=random_text(20), job_id=job_id, reason=ending or ""))
