"""What a call to the outside ended in: a closed list, the same for every port. Plain data."""

from datetime import datetime
from typing import Any, Literal

import msgspec

Evidence = dict[str, Any]
"""What the other side said, as JSON values: its reference, its time, the number it gave."""

RefusedReason = Literal[
    "declined",  # the payer or his bank said no
    "insufficient_funds",
    "limit_exceeded",
    "slot_taken",
    "duplicate_registration",  # this patient already has this doctor's number today
    "session_stopped",
    "expired",  # what we refer to ran out of time (a hold, a code)
    "already_paid",  # a closing came too late: the money was taken
    "not_refundable",
    "bad_request",  # the other side does not understand us: people have to look
    "not_permitted",
    "changed",  # what is to be paid is no longer what we have said
    "held_elsewhere",  # somebody else is just paying it
    "too_early",  # it can be done later that day, or another day
    "too_late",
]
"""Why something surely did not happen: a closed list; vendors' codes are translated at the edge."""


class Show(msgspec.Struct, frozen=True, kw_only=True):
    """What the payer needs in order to act: the text of a QR code."""

    code_url: str


class Done(msgspec.Struct, frozen=True, tag="done", kw_only=True):
    """It happened."""

    evidence: Evidence = {}


class Waiting(msgspec.Struct, frozen=True, tag="waiting", kw_only=True):
    """It was accepted and waits for somebody until then: a payer with a code, a refund under way."""

    until: datetime
    show: Show | None = None
    evidence: Evidence = {}


class Refused(msgspec.Struct, frozen=True, tag="refused", kw_only=True):
    """It surely did not happen, and will not by itself."""

    reason: RefusedReason
    detail: str = ""
    evidence: Evidence = {}


class NotSent(msgspec.Struct, frozen=True, tag="not_sent", kw_only=True):
    """It surely never left: no connection, limit reached. The same attempt may be sent again."""

    detail: str = ""


class Unknown(msgspec.Struct, frozen=True, tag="unknown", kw_only=True):
    """It may have happened. Only asking tells. ``evidence``: ``amount_fen``, where the other side knows our reference
    over another amount than we have asked about."""

    detail: str = ""
    evidence: Evidence = {}


class NotFound(msgspec.Struct, frozen=True, tag="not_found", kw_only=True):
    """Answer to asking: the other side has no record of our reference (yet)."""

    detail: str = ""


Outcome = Done | Waiting | Refused | NotSent | Unknown
Answer = Done | Waiting | Refused | NotSent | Unknown | NotFound
"""What ``ask`` may answer."""
