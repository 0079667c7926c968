"""Batch settlement (批结算): our totals against the host's; where they differ the host gets every detail.

Afterwards the session has a new batch and signs on anew. What is in doubt is reversed before; what is stuck or without
an answer stays out of the totals, and the statement tells.
"""

from dataclasses import replace

import structlog

from yinyi.business.lines import batch_store as store
from yinyi.business.lines.line_means import LineMeans
from yinyi.business.lines.session_model import (
    Approved,
    Batch,
    Desk,
    Detail,
    LineAnswer,
    NeverSent,
    Settled,
    Totals,
)
from yinyi.business.lines.session_ports import Acquirer
from yinyi.business.lines.session_store import Saying
from yinyi.business.lines.session_work import Send, SessionWork
from yinyi.kernel.money import Fen
from yinyi.kernel.secrets import Sealed

log = structlog.get_logger()


async def settle(means: LineMeans, acquirer: Acquirer, work: SessionWork) -> Batch | LineAnswer:
    """Close the open batch of a claimed session, or what it was before a sign-on for this has brought another number.
    Repeated after an answer that was lost it asks the host again."""
    number = work.row.batch_no
    if problem := await work.make_ready():
        return problem
    if work.row.batch_no != number:
        return await settle_left(means, acquirer, work, number, by_statement=False)
    async with means.database.read() as tx:
        totals = await store.totals(tx, means.hospital_id, work.row, work.row.batch_no)
    said = await _compared(acquirer, work, totals, work.row.batch_no)
    if not isinstance(said, Settled):
        return said
    uploaded = 0
    if not said.balanced:
        sent = await _upload(means, acquirer, work)
        if not isinstance(sent, int):
            return sent
        uploaded = sent
    elif acquirer.habits.ends_balanced:
        await _end(acquirer, work)
    batch = Batch(batch_no=number, totals=totals, balanced=said.balanced, uploaded=uploaded)
    return await _closed(means, work, batch)


async def settle_left(
    means: LineMeans, acquirer: Acquirer, work: SessionWork, batch_no: int, *, by_statement: bool
) -> Batch | LineAnswer:
    """Close a batch that the host has left behind. It is asked for its totals of it, but takes no details any more;
    ``by_statement``: it is not asked at all."""
    async with means.database.read() as tx:
        totals = await store.totals(tx, means.hospital_id, work.row, batch_no)
    if by_statement:
        return await _closed(means, work, Batch(batch_no=batch_no, totals=totals, balanced=False))
    said = await work.make_ready() or await _compared(acquirer, work, totals, batch_no)
    if not isinstance(said, Settled):
        return said
    return await _closed(means, work, Batch(batch_no=batch_no, totals=totals, balanced=said.balanced))


async def _closed(means: LineMeans, work: SessionWork, batch: Batch) -> Batch | LineAnswer:
    async with means.database.read() as tx:
        closed = await store.close_batch(tx, means.hospital_id, work.row, batch, means.clock.now())
    if not closed:
        return NeverSent(detail="the claim was lost while settling")
    log.info("line.settled", session=work.row.session_id, batch_no=batch.batch_no, balanced=batch.balanced)
    return batch


async def _compared(acquirer: Acquirer, work: SessionWork, totals: Totals, batch_no: int) -> Settled | LineAnswer:
    got: list[Settled] = []

    async def send(desk: Desk) -> LineAnswer:
        answer = await acquirer.settle(replace(desk, batch_no=batch_no), totals)
        if not isinstance(answer, Settled):
            return answer
        got.append(answer)
        return Approved(retrieval_ref="")

    answer = await _said(work, Saying(kind="settle", amount_fen=Fen(totals.debit_fen)), send)
    return got[0] if got and isinstance(answer, Approved) else answer


async def _upload(means: LineMeans, acquirer: Acquirer, work: SessionWork) -> int | LineAnswer:
    count, behind = 0, 0
    while details := await _details(means, work, behind, acquirer.habits.most_details):
        count, behind = count + len(details), details[-1].trace_no
        answer = await _said(work, Saying(kind="upload"), _Upload(acquirer, details).send)
        if not isinstance(answer, Approved):
            return answer
    ended = await _said(work, Saying(kind="upload"), _Upload(acquirer, [], count).send)
    return count if isinstance(ended, Approved) else ended


async def _end(acquirer: Acquirer, work: SessionWork) -> None:
    """Of a batch whose totals agreed. It is settled, whatever becomes of this."""

    async def send(desk: Desk) -> LineAnswer:
        return await acquirer.end_upload(desk, 0, balanced=True)

    answer = await _said(work, Saying(kind="upload"), send)
    if not isinstance(answer, Approved):
        log.warning("line.end_not_taken", session=work.row.session_id, answer=type(answer).__name__)


class _Upload:
    """One message of an upload; without details its end."""

    def __init__(self, acquirer: Acquirer, details: list[Detail], count: int = 0) -> None:
        self._acquirer = acquirer
        self._details = details
        self._count = count

    async def send(self, desk: Desk) -> LineAnswer:
        if self._details:
            return await self._acquirer.upload(desk, self._details)
        return await self._acquirer.end_upload(desk, self._count)


async def _said(work: SessionWork, saying: Saying, send: Send) -> LineAnswer:
    """Under the next trace number, the session stays claimed. What gets no answer is asked again by settling again."""
    problem = await work.say(saying)
    return problem or await work.exchange(saying, send, None, release=False)


async def _details(means: LineMeans, work: SessionWork, behind: int, most: int) -> list[Detail]:
    async with means.database.read() as tx:
        rows = await store.details(tx, means.hospital_id, work.row, behind, most)
    return [
        Detail(
            kind=row["kind"],
            trace_no=row["trace_no"],
            pan=means.vault.open(Sealed(row["card_key_id"], row["card_data"])).pan,
            amount_fen=Fen(row["amount_fen"]),
        )
        for row in rows
    ]
