"""Test prints of staff: they go to the agent among the papers, and are nobody's."""

import re
from datetime import timedelta

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.terminals import maintenance_store as store
from yinyi.business.terminals.messages import ReportPrint
from yinyi.business.terminals.model import PrintJobView
from yinyi.business.terminals.pushes import push
from yinyi.business.terminals.sample_paper import sample_paper

LASTS = timedelta(minutes=2)
"""Whoever has asked for it has gone by then."""

_JOB = re.compile(r"T([0-9]{1,18})")


def job_of(test_id: int) -> str:
    return f"T{test_id}"


async def waiting(tx: Tx, call: Call) -> list[PrintJobView]:
    """Those of this terminal that were not reported yet."""
    hospital_id, terminal_id = call.hospital_id, call.principal.terminal_id
    found = await store.waiting_tests(tx, hospital_id, terminal_id, call.now - LASTS)
    return [
        PrintJobView(job_id=job_of(test_id), kind="receipt", data=sample_paper(terminal_id, test_id))
        for test_id in found
    ]


async def reported(tx: Tx, call: Call, message: ReportPrint) -> bool:
    """What became of one; False: it is another paper."""
    job = _JOB.fullmatch(message.job_id)
    if job is None:
        return False
    hospital_id, terminal_id = call.hospital_id, call.principal.terminal_id
    if await store.tested(tx, hospital_id, terminal_id, int(job[1]), message.reason[:200], call.now):
        await push(tx, hospital_id, terminal_id, "PrintDone", message.job_id, 1, call.now)
    return True
