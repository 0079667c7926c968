"""What auditors can ask."""

import msgspec

from yinyi.bus.operation import Caller, Operation, operation


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """``broken_at``: the first record that does not fit the chain, or None. ``unsealed``: not yet in the chain."""

    records: int
    unsealed: int
    broken_at: int | None


@operation(callers=[Caller.STAFF])
class VerifyAudit(Operation[AuditReport], frozen=True, kw_only=True):
    """Was anything altered unseen?"""
