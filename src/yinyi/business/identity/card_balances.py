"""What is left on a public card (公共卡余额查询): asked of its issuer, and told to whoever has put it in."""

from collections.abc import Sequence
from typing import Any

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.identity import inquiry_store
from yinyi.business.identity.inquiry_tickets import by_ticket, ticket_of
from yinyi.business.identity.messages_cards import AskedForCard, CardBalance, GetCardBalance, ReadCardForBalance
from yinyi.business.identity.model import PaymentCardKind
from yinyi.business.identity.ports import CardDesk
from yinyi.kernel.errors import ChannelUnavailable
from yinyi.kernel.secrets import Vault


class CardBalances:
    """The handlers; what the issuer has said comes in by ``CardInquiries.checked``. ``kinds``: whose issuers tell."""

    def __init__(self, desk: CardDesk[Any], vault: Vault, kinds: Sequence[PaymentCardKind]) -> None:
        self._desk = desk
        self._vault = vault
        self._kinds = tuple(kinds)

    def register(self, dispatcher: Dispatcher) -> None:
        read = Change(self._begin, self._asked, prepare=self._ready, only_reads=True)
        dispatcher.changes(ReadCardForBalance, read)
        dispatcher.reads(GetCardBalance, self.get_balance)

    async def _ready(self, call: Call, message: ReadCardForBalance) -> Any:
        if not self._kinds:
            raise ChannelUnavailable("no issuer here tells what is on its cards")
        return await self._desk.ready(call, "balance", self._kinds)

    async def _begin(self, tx: Tx, call: Call, message: ReadCardForBalance, asked: Any) -> str:
        request_id = self._desk.request_id(asked)
        where = (call.hospital_id, call.principal.terminal_id)
        await inquiry_store.begin(tx, *where, request_id, "balance", None, call.now)
        await self._desk.begin(tx, call, asked)
        return request_id

    async def _asked(self, tx: Tx, call: Call, subject: str) -> AskedForCard:
        ticket = ticket_of(self._vault, subject)
        await by_ticket(tx, self._vault, call, ticket, "balance")
        return AskedForCard(ticket=ticket)

    async def get_balance(self, tx: Tx, call: Call, message: GetCardBalance) -> CardBalance:
        """
        Raises:
            TicketExpired: of another terminal, too old, or none.
        """
        found = await by_ticket(tx, self._vault, call, message.ticket, "balance")
        over = found.checking_until is not None and call.now >= found.checking_until
        return CardBalance(
            state="no_answer" if over else found.state,
            kind=found.kind,
            number_tail=found.number_tail,
            balance_fen=found.balance_fen,
            code=found.code,
        )
