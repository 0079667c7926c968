"""Sends notices until they are accepted, at Alipay's intervals, with the faults that were asked for."""

from urllib.parse import urlencode

from yinyi.kernel.clock import Clock
from yinyi.kernel.money import fen, yuan
from yinyi_sandbox.alipay.faults import Faults
from yinyi_sandbox.alipay.model import Event, time_text
from yinyi_sandbox.alipay.seals import Seals
from yinyi_sandbox.alipay.store import Store
from yinyi_sandbox.channel.sending import Sender

LADDER_S = (240, 600, 600, 3_600, 7_200, 21_600, 54_000)
"""4 min, 10 min, 10 min, 1 h, 2 h, 6 h, 15 h: eight attempts within 25 hours. opendocs.alipay.com, 异步通知说明."""
STALE_S = 2 * 86_400
_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


class Callbacks(Sender[Event]):
    """Notices wait in the store. ladder_scale: the waits between attempts are multiplied by it."""

    def __init__(self, store: Store, seals: Seals, faults: Faults, clock: Clock, ladder_scale: float) -> None:
        waits = tuple(wait_s * ladder_scale for wait_s in LADDER_S)
        super().__init__(store, lambda: faults.take("callback"), clock, waits)
        self._seals = seals

    async def _post(self, event: Event, fault: str) -> bool:
        """Accepted is what is answered with the word ``success`` and nothing else."""
        at = self._now() - (STALE_S if fault == "stale" else 0)
        fields = event.fields | {"notify_id": event.id, "notify_time": time_text(at)}
        if fault == "wrong_amount":
            fields["total_amount"] = yuan(fen(fields["total_amount"]) + 1)
        if fault == "wrong_merchant":
            fields["seller_id"] = "2088999999999999"
        signed = self._seals.notice(fields, forged=fault == "forged")
        reply = await self._answer_to(event, urlencode(signed).encode(), _FORM)
        return reply is not None and reply.is_success and reply.text.strip().lower() == "success"
