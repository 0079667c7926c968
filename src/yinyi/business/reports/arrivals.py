"""Reports that their laboratory brings by itself, instead of being asked for them."""

from datetime import datetime
from typing import Literal

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.reports import store
from yinyi.business.reports.model import DiagnosticReport, WholeReport
from yinyi.business.reports.views import is_ready

Arrived = Literal["told", "known", "other_patient"]


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """about: as its sender has it; its version does not count. whole: what it says."""

    about: DiagnosticReport
    whole: WholeReport


async def arrive(
    tx: Tx, hospital_id: int, patient_id: int, arrival: Arrival, theirs: DiagnosticReport | None, now: datetime
) -> Arrived:
    """Keep it for good, as a version of its own where it says something new. theirs: what the hospital's own system has
    of it; None: nothing. What it keeps from patients is kept from them."""
    about = arrival.about
    owner = await store.owner(tx, hospital_id, about.order_no)
    if owner not in (None, patient_id):
        return "other_patient"
    ours = await store.head(tx, hospital_id, about.order_no, patient_id)
    if theirs is not None and is_ready(theirs) and not _later(about, theirs):
        await store.seen(tx, hospital_id, patient_id, [theirs], now)
        return "told" if ours is None or ours.version < theirs.version else "known"
    if ours is not None and not _later(about, ours):
        return "known"
    version = max(ours.version if ours else 0, theirs.version if theirs else 0) + 1
    state = "corrected" if version > 1 or about.state == "corrected" else "final"
    sensitive = about.sensitive or bool(theirs and theirs.sensitive) or bool(ours and ours.sensitive)
    known = theirs or ours or about
    kept = msgspec.structs.replace(
        known,
        state=state,
        version=version,
        sensitive=sensitive,
        issued_at=about.issued_at,
        sampled_at=about.sampled_at or known.sampled_at,
    )
    await store.seen(tx, hospital_id, patient_id, [kept], now)
    text = msgspec.structs.replace(arrival.whole.text, version=version, state=state)
    await store.keep(tx, hospital_id, kept, msgspec.structs.replace(arrival.whole, text=text), now)
    return "told"


def _later(one: DiagnosticReport, other: DiagnosticReport) -> bool:
    return one.issued_at is not None and (other.issued_at is None or one.issued_at > other.issued_at)
