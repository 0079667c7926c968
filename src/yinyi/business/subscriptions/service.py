"""The operations about notifications."""

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.operation import Caller
from yinyi.business.institutions.errors import InstitutionUnknown
from yinyi.business.institutions.service import Institutions
from yinyi.business.subscriptions import messages as ask
from yinyi.business.subscriptions import store
from yinyi.business.subscriptions.errors import EndpointInvalid, NoSecretToSign, SubscriptionUnknown
from yinyi.kernel.errors import NotYours
from yinyi.wire.notification import is_endpoint


class SubscriptionDesk:
    """What the staff says of subscriptions, and what institutions ask of their own."""

    def __init__(self, institutions: Institutions) -> None:
        self._institutions = institutions

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(ask.ListSubscriptions, self._list)
        dispatcher.changes(
            ask.SetSubscription, Change(make=self._set, show=self._show, prepare=self._signs, only_reads=True)
        )
        dispatcher.changes(ask.EndSubscription, Change(make=self._end, show=self._show))
        dispatcher.reads(ask.ListNotifications, self._notifications)
        dispatcher.changes(ask.ResendNotifications, Change(make=self._resend, show=self._resent))

    async def _signs(self, call: Call, message: ask.SetSubscription) -> bool:
        return bool(await self._institutions.signing(message.institution_id, call.now))

    async def _set(self, tx: Tx, call: Call, message: ask.SetSubscription, signs: bool) -> str:
        if not is_endpoint(message.endpoint):
            raise EndpointInvalid
        said = (message.institution_id, message.endpoint, sorted(set(message.topics)))
        if not await store.put(tx, call.hospital_id, *said, call.now):
            raise InstitutionUnknown
        if not signs:
            raise NoSecretToSign
        await store.greet(tx, call.hospital_id, message.institution_id, call.now)
        return message.institution_id

    async def _end(self, tx: Tx, call: Call, message: ask.EndSubscription, _: None) -> str:
        if not await store.end(tx, call.hospital_id, message.institution_id, call.now):
            raise SubscriptionUnknown
        return message.institution_id

    async def _list(self, tx: Tx, call: Call, message: ask.ListSubscriptions) -> ask.Subscriptions:
        return await self._show(tx, call, "")

    async def _show(self, tx: Tx, call: Call, _: str) -> ask.Subscriptions:
        return ask.Subscriptions(subscriptions=await store.every(tx, call.hospital_id))

    async def _notifications(self, tx: Tx, call: Call, message: ask.ListNotifications) -> ask.Notifications:
        whose = _whose(call, message.institution_id)
        if not await store.is_set(tx, call.hospital_id, whose, ended_too=True):
            raise SubscriptionUnknown
        found = await store.listed(tx, call.hospital_id, whose, message.after, message.most + 1)
        listed = found[: message.most]
        more = len(found) > len(listed)
        return ask.Notifications(notifications=listed, next_after=listed[-1].notification_no if more else None)

    async def _resend(self, tx: Tx, call: Call, message: ask.ResendNotifications, _: None) -> str:
        whose = _whose(call, message.institution_id)
        if not await store.is_set(tx, call.hospital_id, whose):
            raise SubscriptionUnknown
        wanted = (message.first_no, message.last_no)
        await store.resend(tx, call.hospital_id, whose, *wanted, call.now, ask.MOST_RESENT)
        return f"{whose}:{message.first_no}:{message.last_no}"

    async def _resent(self, tx: Tx, call: Call, subject: str) -> ask.Resent:
        whose, first_no, last_no = subject.split(":")
        wanted = (int(first_no), int(last_no))
        waiting, behind = await store.resent(tx, call.hospital_id, whose, *wanted, ask.MOST_RESENT)
        return ask.Resent(waiting=waiting, next_first_no=behind)


def _whose(call: Call, institution_id: str) -> str:
    """
    Raises:
        NotYours: an institution asks for what another one is told.
        InstitutionUnknown: the staff does not say whose.
    """
    asks = call.principal.institution_id
    if call.principal.caller is Caller.STAFF:
        if not institution_id:
            raise InstitutionUnknown
        return institution_id
    if institution_id not in ("", asks):
        raise NotYours
    return asks
