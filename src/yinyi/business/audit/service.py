"""Was anything altered unseen?"""

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.audit import store
from yinyi.business.audit.messages import AuditReport, VerifyAudit
from yinyi.business.audit.model import FIRST, first_broken

_AT_ONCE = 1000


class AuditService:
    """The domain's handlers. Others append by ``store.append``; ``sealer`` seals."""

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(VerifyAudit, self.verify)

    async def verify(self, tx: Tx, call: Call, message: VerifyAudit) -> AuditReport:
        """Walks the whole chain of the caller's hospital."""
        place, previous, broken_at = 0, FIRST, None
        while records := await store.sealed_after(tx, call.hospital_id, place, _AT_ONCE):
            broken_at = first_broken(previous, place, records)
            if broken_at is not None:
                break
            place, previous = records[-1].place, records[-1].hash
        unsealed = await store.count_unsealed(tx, call.hospital_id)
        return AuditReport(records=place, unsealed=unsealed, broken_at=broken_at)
