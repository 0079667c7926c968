"""Putting a hospital and its terminals on record: for the command line and for the first start."""

import re
from datetime import datetime, timedelta

from yinyi.bus.database import Tx
from yinyi.business.terminals import store
from yinyi.business.terminals.credentials import enrolment_code
from yinyi.business.terminals.model import Hospital, Standing
from yinyi.kernel.errors import InvalidField

ENROLMENT_LASTS = timedelta(days=1)

_TERMINAL_ID = re.compile(r"[0-9A-Za-z_-]{1,32}")


async def ensure_hospital(tx: Tx, hospital: Hospital) -> None:
    """The hospital is on record like this, whatever was there before."""
    await store.keep_hospital(tx, hospital)


async def add_terminal(
    tx: Tx, hospital_id: int, standing: Standing, now: datetime, lasts: timedelta = ENROLMENT_LASTS
) -> str:
    """Put a terminal on record, or correct it; answers the code that enrols its agent, once, within ``lasts``.

    Adding it again makes a fresh code and voids the earlier one; an agent that is enrolled stays enrolled until the
    fresh code is used.

    Raises:
        InvalidField: a terminal id is 1 to 32 letters, digits, ``_`` and ``-``.
    """
    if not _TERMINAL_ID.fullmatch(standing.terminal_id):
        raise InvalidField(f"terminal_id {standing.terminal_id!r}")
    await store.keep_terminal(tx, hospital_id, standing, now)
    return await enrolment_code(tx, hospital_id, standing.terminal_id, now + lasts)
