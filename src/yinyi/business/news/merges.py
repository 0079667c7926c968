"""What people say about two numbers of the hospital that are one patient, and what comes back to merged ones."""

from datetime import timedelta

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.identity.model import PatientRecord
from yinyi.business.news import reading, store
from yinyi.business.news.errors import NewsNotParked, NewsUnknown, NotMerged
from yinyi.business.news.handling import Handling
from yinyi.business.news.merging import StillStands
from yinyi.business.news.messages_merges import ConfirmMerge, GetMerge, MergeView
from yinyi.business.news.model import BODY, NewsSettings, NewsState, PatientNews
from yinyi.kernel.clock import Clock

BROUGHT_EVERY = timedelta(seconds=30)


class Merges:
    """Their operations. ``bring_after`` is called again and again."""

    def __init__(self, database: Database, handling: Handling, settings: NewsSettings, clock: Clock) -> None:
        self._database = database
        self._handling = handling
        self._settings = settings
        self._clock = clock
        self._brought_at = clock.now() - BROUGHT_EVERY

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(GetMerge, self.get)
        change = Change(self.confirm, self._show, prepare=self.ask_hospital, only_reads=True)
        dispatcher.changes(ConfirmMerge, change)

    async def bring_after(self) -> int:
        """See ``Merging.bring_after``; not at every call."""
        now = self._clock.now()
        if now < self._brought_at + BROUGHT_EVERY:
            return 0
        self._brought_at = now
        async with self._database.transaction() as tx:
            return await self._handling.merging.bring_after(tx, now)

    async def get(self, tx: Tx, call: Call, message: GetMerge) -> MergeView:
        """
        Raises:
            NewsUnknown, NotMerged: there are no such news, or they tell something else.
        """
        _, news = await self._news(tx, call, message.news_no)
        return await self._handling.merging.look(tx, call, message.news_no, news)

    async def ask_hospital(self, call: Call, message: ConfirmMerge) -> PatientRecord:
        """
        Raises:
            HospitalUnavailable: it does not answer.
            NewsUnknown, NotMerged: see ``get``; it does not confirm it.
        """
        async with self._database.read() as tx:
            _, news = await self._news(tx, call, message.news_no)
        try:
            record = (await self._handling.compare(news)).record
        except StillStands:
            raise NotMerged from None
        assert record is not None, "compared"
        return record

    async def confirm(self, tx: Tx, call: Call, message: ConfirmMerge, survivor: PatientRecord) -> str:
        """
        Raises:
            NewsNotParked: nobody waits for people's word on these.
            BalanceDiffers, PaymentsStillOpen, NotMerged.
        """
        state, news = await self._news(tx, call, message.news_no)
        if state != "parked":
            raise NewsNotParked(state)
        merging = self._handling.merging
        if await merging.by_people(tx, call, message, news, survivor):
            await store.done(tx, call.hospital_id, message.news_no, call.principal.actor, call.now)
        return str(message.news_no)

    async def _show(self, tx: Tx, call: Call, news_no: str) -> MergeView:
        return await self.get(tx, call, GetMerge(news_no=int(news_no)))

    async def _news(self, tx: Tx, call: Call, news_no: int) -> tuple[NewsState, PatientNews]:
        found = await store.body(tx, call.hospital_id, news_no)
        if found is None:
            raise NewsUnknown
        state, body = found
        opened = reading.opened(self._handling.vault.open(body, BODY).encode("latin-1"), self._settings)
        if reading.kind_of(opened) == "patient":
            news = reading.patient(opened)
            if news.merged_no:
                return state, news
        raise NotMerged("these news are not about two numbers")
