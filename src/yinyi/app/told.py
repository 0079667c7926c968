"""Those to whom it means something that a payment has ended, wired: receipts, and institutions that want to hear."""

from yinyi.app.outside import Outside
from yinyi.app.people import MasterIndex
from yinyi.app.receipts import Receipts
from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.institutions.service import Institutions
from yinyi.business.news.bulletins import Bulletins
from yinyi.business.payments.ends import Ends, HearsOfEnds
from yinyi.business.payments.registry import Registry
from yinyi.business.subscriptions.notifier import Notifier
from yinyi.business.subscriptions.service import SubscriptionDesk
from yinyi.business.subscriptions.telling import Telling
from yinyi.kernel.clock import Clock


class Told:
    """``run_ends`` tells, ``run_notifier`` and ``run_bulletins`` carry what was told."""

    def __init__(
        self,
        database: Database,
        outside: Outside,
        registry: Registry,
        patients: MasterIndex,
        receipts: Receipts,
        institutions: Institutions,
        clock: Clock,
    ) -> None:
        hearers: list[HearsOfEnds] = [Telling(registry, patients)]
        if receipts.issuing is not None:
            hearers.append(receipts.issuing)
        self._bulletins = Bulletins(database, outside.bulletins, patients, clock)
        if outside.bulletins is not None:
            hearers.append(self._bulletins)
        self._ends = Ends(database, hearers, clock)
        self._desk = SubscriptionDesk(institutions)
        out = outside.notifies
        self._notifier = Notifier(database, institutions, out, clock) if out is not None else None

    def register(self, dispatcher: Dispatcher) -> None:
        self._desk.register(dispatcher)
        self._bulletins.register(dispatcher)

    async def run_ends(self) -> None:
        """Until cancelled."""
        await self._ends.run()

    async def run_notifier(self) -> None:
        """Until cancelled; at once where nothing leaves."""
        if self._notifier is not None:
            await self._notifier.run()

    async def run_bulletins(self) -> None:
        """Until cancelled; at once where nobody wants any."""
        await self._bulletins.run()
