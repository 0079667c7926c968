"""Papers on their way to the printers of terminals: set when they are taken, reported once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace

from yinyi.bus.database import Database, Tx
from yinyi.business.documents import store
from yinyi.business.documents.messages import PrintState
from yinyi.business.documents.model import RegistrationSlip, RenderedSlip, SlipData
from yinyi.business.documents.pushes import push
from yinyi.business.documents.render import SlipNotRendered

log = structlog.get_logger()

Render = Callable[[SlipData], RenderedSlip]
"""Sets a slip; takes some ten milliseconds of CPU, so it is called in a thread.

Raises:
    SlipNotRendered
"""

EXPIRES_AFTER = timedelta(minutes=10)
"""Nobody stands there any more: a paper that comes out now would come out before somebody else."""
AT_ONCE = 4
REPLY_BYTES = 450 * 1024
"""Of receipts in one reply: in base64 and with its envelope it fits a message of the bus (1 MB)."""

_KEPT_RECEIPTS = 32
_STATES: Mapping[str, PrintState] = {"": "printed", "paper_out": "paper_out", "jam": "jam", "offline": "offline"}


@dataclass(frozen=True)
class Paper:
    """A job with the bytes for the printer."""

    job_id: str
    data: bytes


class PaperQueue:
    """What waits for a terminal's printer. Taking changes nothing: what is not reported is taken again."""

    def __init__(self, database: Database, render: Render, committed: Callable[[], None] = lambda: None) -> None:
        self._database = database
        self._render = render
        self._committed = committed
        self._receipts: OrderedDict[str, bytes] = OrderedDict()
        self._setting = asyncio.Semaphore(2)

    async def take(self, hospital_id: int, terminal_id: str, now: datetime) -> list[Paper]:
        """The oldest that were not reported yet: at most four, and no more than fit one reply."""
        async with self._database.read() as tx:
            jobs = await store.take(tx, hospital_id, terminal_id, now - EXPIRES_AFTER, AT_ONCE, now)
        papers: list[Paper] = []
        size = 0
        for job in jobs:
            data = await self._receipt(job)
            if data is None:
                await self._give_up(hospital_id, terminal_id, job, now)
                continue
            size += len(data)
            if papers and size > REPLY_BYTES:
                break
            papers.append(Paper(job.job_id, data))
        return papers

    async def report(self, tx: Tx, hospital_id: int, terminal_id: str, job_id: str, reason: str, now: datetime) -> None:
        """What became of a paper; ``reason`` empty: it came out. A second report changes nothing."""
        state = _STATES.get(reason, "failed")
        done = await store.report(tx, hospital_id, terminal_id, job_id, state, reason[:200], now)
        if done is None:
            log.info("print.reported_again", terminal_id=terminal_id, job_id=job_id)
            return
        await push(tx, hospital_id, terminal_id, "PrintDone", done["document_no"], done["nth"], now)
        self._receipts.pop(job_id, None)

    async def expire(self, now: datetime) -> None:
        """Give up papers that waited too long, in all hospitals."""
        async with self._database.transaction() as tx:
            given_up = await store.expire(tx, now - EXPIRES_AFTER, now)
            for row in given_up:
                await push(tx, row["hospital_id"], row["terminal_id"], "PrintDone", row["document_no"], row["nth"], now)
        if given_up:
            self._committed()

    async def _receipt(self, job: store.TakenJob) -> bytes | None:
        """The same bytes each time the job is taken; None: it cannot be set."""
        known = self._receipts.get(job.job_id)
        if known is not None:
            return known
        try:
            async with self._setting:
                rendered = await asyncio.to_thread(self._render, as_printed(job))
        except SlipNotRendered as error:
            log.error("print.not_rendered", document_no=job.document_no, why=str(error)[:200])
            return None
        self._receipts[job.job_id] = rendered.receipt
        while len(self._receipts) > _KEPT_RECEIPTS:
            self._receipts.popitem(last=False)
        return rendered.receipt

    async def _give_up(self, hospital_id: int, terminal_id: str, job: store.TakenJob, now: datetime) -> None:
        async with self._database.transaction() as tx:
            await self.report(tx, hospital_id, terminal_id, job.job_id, "bad_data", now)
        self._committed()


def as_printed(job: store.TakenJob) -> SlipData:
    """The kept slip with the when and where of this printing. A copy does not tell who waits now: that was then."""
    slip = replace(job.slip, terminal=job.terminal_name, printed_at=job.queued_at, copy=job.copy)
    if job.copy and isinstance(slip, RegistrationSlip):
        return replace(slip, queue_ahead=None)
    return slip
