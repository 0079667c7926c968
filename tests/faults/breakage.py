"""How something is broken that has to hold: by statements that no code of ours would run."""

from datetime import timedelta
from typing import NamedTuple

STEPS = "UPDATE payment_step SET {} WHERE payment_id = :{} AND kind = '{}'"
PAYMENT = "UPDATE payment SET {} WHERE payment_id = :{}"
SOON, LATER = timedelta(minutes=6), timedelta(hours=2)
NOW = timedelta()


class Breakage(NamedTuple):
    """``subject``: under which the invariant finds it, ``after``: how long."""

    invariant: str
    subject: str
    after: timedelta
    statements: tuple[str, ...]
