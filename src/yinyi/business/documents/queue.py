"""Papers on their way to the printers of terminals: set when they are taken, reported once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

import structlog
from msgspec.structs import replace

from yinyi.bus.database import Database, Tx
from yinyi.business.documents import store
from yinyi.business.documents.messages import PrintState
from yinyi.business.documents.model import RegistrationSlip, RenderedSlip, SlipData
from yinyi.business.documents.ports import WhoIsHere
from yinyi.business.documents.pushes import push
from yinyi.business.documents.render import SlipNotRendered
from yinyi.business.documents.seals import Seals
from yinyi.business.documents.sheet import Sheet

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
"""Of papers in one reply: in base64 and with its envelope it fits a message of the bus (1 MB)."""

_KEPT_RECEIPTS = 32
_STATES: Mapping[str, PrintState] = {"": "printed", "paper_out": "paper_out", "jam": "jam", "offline": "offline"}


class RendersSheets(Protocol):
    def render(self, sheet: Sheet) -> bytes:
        """As PDF, or for a roll as ESC/POS; takes some fifty milliseconds of CPU, so it is called in a thread.

        Raises:
            SlipNotRendered
        """
        ...


@dataclass(frozen=True)
class Paper:
    """A job with the bytes for the printer: ESC/POS, or PDF."""

    job_id: str
    kind: Literal["receipt", "sheet"]
    data: bytes


@dataclass(frozen=True)
class SheetPress:
    """What sets sheets, each with its seal."""

    renderer: RendersSheets
    seals: Seals

    def set(self, hospital_id: int, job: store.TakenJob, sheet: Sheet) -> bytes:
        """
        Raises:
            SlipNotRendered
        """
        printed = replace(
            sheet,
            document_no=job.document_no,
            verify=self.seals.address(hospital_id, job.document_no, job.digest),
            terminal=job.terminal_name,
            printed_at=job.queued_at,
            copy=job.copy,
        )
        return self.renderer.render(printed)


class PaperQueue:
    """What waits for a terminal's printer. Taking changes nothing: what is not reported is taken again."""

    def __init__(
        self,
        database: Database,
        render: Render,
        press: SheetPress,
        here: WhoIsHere,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._here = here
        self._render = render
        self._press = press
        self._committed = committed
        self._receipts: OrderedDict[str, bytes] = OrderedDict()
        self._setting = asyncio.Semaphore(2)

    async def take(self, hospital_id: int, terminal_id: str, now: datetime) -> list[Paper]:
        """The oldest that were not reported yet: at most four, and no more than fit one reply. Only of whoever stands
        there: the paper of a patient who has gone is kept, and does not come out beside the next one."""
        async with self._database.read() as tx:
            here = await self._here(tx, hospital_id, terminal_id, now)
            jobs = await store.take(tx, hospital_id, terminal_id, now - EXPIRES_AFTER, AT_ONCE, here, now)
        papers: list[Paper] = []
        size = 0
        for job in jobs:
            data = await self._bytes(hospital_id, job)
            if data is None:
                await self._give_up(hospital_id, terminal_id, job, now)
                continue
            size += len(data)
            if papers and size > REPLY_BYTES:
                break
            papers.append(Paper(job.job_id, _printer(job.slip), data))
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

    async def _bytes(self, hospital_id: int, job: store.TakenJob) -> bytes | None:
        """The same bytes each time the job is taken; None: it cannot be set."""
        known = self._receipts.get(job.job_id)
        if known is not None:
            return known
        try:
            async with self._setting:
                data = await asyncio.to_thread(self._set, hospital_id, job)
        except SlipNotRendered as error:
            log.error("print.not_rendered", document_no=job.document_no, why=str(error)[:200])
            return None
        self._receipts[job.job_id] = data
        while len(self._receipts) > _KEPT_RECEIPTS:
            self._receipts.popitem(last=False)
        return data

    def _set(self, hospital_id: int, job: store.TakenJob) -> bytes:
        if isinstance(job.slip, Sheet):
            return self._press.set(hospital_id, job, job.slip)
        return self._render(as_printed(job, job.slip)).receipt

    async def _give_up(self, hospital_id: int, terminal_id: str, job: store.TakenJob, now: datetime) -> None:
        async with self._database.transaction() as tx:
            await self.report(tx, hospital_id, terminal_id, job.job_id, "bad_data", now)
        self._committed()


def _printer(paper: SlipData | Sheet) -> Literal["receipt", "sheet"]:
    return "sheet" if isinstance(paper, Sheet) and paper.paper != "roll" else "receipt"


def as_printed(job: store.TakenJob, kept: SlipData) -> SlipData:
    """The kept slip with the when and where of this printing. A copy does not tell who waits now: that was then."""
    slip = replace(kept, terminal=job.terminal_name, printed_at=job.queued_at, copy=job.copy)
    if job.copy and isinstance(slip, RegistrationSlip):
        return replace(slip, queue_ahead=None)
    return slip
