"""A bank's own branch: its customers register, pay and bind their cards at its terminal, and its money moves here. It
tells the hospital what it has taken until that has heard it, and gives back what it is told to."""

import asyncio
import secrets
from contextlib import suppress
from typing import Annotated, Any

import msgspec
import structlog

from yinyi.kernel.clock import Clock
from yinyi.wire.beijing_time import BEIJING
from yinyi_sandbox.bank.model import Card
from yinyi_sandbox.bank.store import Store
from yinyi_sandbox.demo.branch_book import Book, Order, Taking
from yinyi_sandbox.demo.branch_line import BranchLine
from yinyi_sandbox.demo.signed import PlatformAway, Problem
from yinyi_sandbox.people.people import PEOPLE, DemoPerson, person

log = structlog.get_logger()

EVERY_S = 5.0
"""How often it looks whether the hospital has heard everything and wants anything back."""
NOT_ENOUGH = {
    "code": "NotEnough",
    "title": "There is not enough in this account; nothing was taken.",
    "title_zh": "账户余额不足，没有扣款。",
}
Fen = Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Key = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z-]{8,48}(?![\s\S])")]


class Customer(msgspec.Struct, frozen=True):
    """Who stands at the terminal. token: of his session at the hospital."""

    key: str
    token: str


class Taken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the bank does. pan: from this card; "": cash. kept_back: the hospital is not told yet."""

    payment_no: Id
    purpose: Id
    amount_fen: Fen
    key: Key
    pan: Annotated[str, msgspec.Meta(max_length=19)] = ""
    kept_back: bool = False


class Branch:
    """One branch with one terminal. Raises ``PlatformAway`` and ``Problem``, see there."""

    def __init__(self, line: BranchLine, accounts: Store, book: Book, clock: Clock) -> None:
        """accounts: of all cards of the sandbox's banks."""
        self._line = line
        self._accounts = accounts
        self.book = book
        self._clock = clock
        self._customer: Customer | None = None

    async def close(self) -> None:
        await self._line.close()
        self.book.close()

    # -- who is there

    def customers(self) -> list[dict[str, Any]]:
        """Everybody whose document the bank can verify, with the cards that he has at a bank."""
        return [{"key": each.key, "name": each.name, "cards": self._cards(each)} for each in PEOPLE]

    async def come(self, key: str, pan: str = "") -> dict[str, Any]:
        """With his document; or with a card of his that is bound at the hospital already.

        Raises:
            KeyError: nobody has this key.
        """
        who = person(key)
        found = await self._line.ask("IdentifyHolder", _by_card(who, pan) if pan else _by_document(who))
        if found["status"] == "several":
            chosen = {"ticket": found["ticket"], "choice": found["matches"][0]["choice"]}
            found = await self._line.ask("ChoosePatient", chosen)
        if found["status"] == "first_visit":
            fresh = {"ticket": found["ticket"], "phone": who.phone, "sex": who.card.sex, "born_on": who.card.born_on}
            found = await self._line.ask("RegisterPatient", fresh, key=f"first-{found['ticket']}"[:64])
        self._customer = Customer(key, found["session_token"])
        return {**await self._ask("ListCredentials", {}), "key": key, "name": who.name, "cards": self._cards(who)}

    async def bind(self, pan: str, key: str) -> dict[str, Any]:
        """The customer's card: from now on it says who he is, at the hospital's terminals too."""
        return await self._ask("BindHolderCard", {"card_no": pan, "name": person(self._here().key).name}, key)

    # -- what he wants

    async def departments(self) -> dict[str, Any]:
        return await self._line.ask("ListDepartments", {})

    async def doctors(self, department_id: str) -> dict[str, Any]:
        return await self._line.ask("ListSchedules", {"department_id": department_id})

    async def register(self, department_id: str, schedule_id: str, key: str) -> dict[str, Any]:
        wanted = {"department_id": department_id, "schedule_id": schedule_id}
        return (await self._ask("RegisterToday", wanted, key))["payment"]

    async def bills(self) -> dict[str, Any]:
        return await self._ask("ListInvoices", {})

    async def pay_bills(self, chosen: list[dict[str, Any]], key: str) -> dict[str, Any]:
        return (await self._ask("PayInvoices", {"chosen": chosen}, key))["payment"]

    async def payment(self, payment_no: str) -> dict[str, Any]:
        return await self._ask("GetPayment", {"number": payment_no})

    async def cancel(self, payment_no: str, key: str) -> dict[str, Any]:
        return await self._ask("CancelPayment", {"payment_no": payment_no}, key)

    # -- money

    async def take(self, taken: Taken) -> Taking:
        """Out of the account, or out of the customer's hand, and into the book; then the hospital is told. The same
        ``key`` again is the same money.

        Raises:
            KeyError: there is no such card.
            Problem: there is less in the account.
        """
        now = self._clock.now().replace(microsecond=0)
        reference = f"HZ{taken.key}"
        taking = self.book.taking(reference)
        if taking is None:
            if taken.pan:
                self._move(taken.pan, -taken.amount_fen)
            taking = Taking(
                reference=reference,
                payment_no=taken.payment_no,
                purpose=taken.purpose,
                customer=self._here().key,
                pan=taken.pan,
                amount_fen=taken.amount_fen,
                taken_at=now,
                taken_on=now.astimezone(BEIJING).date(),
                kept_back=taken.kept_back,
            )
            self.book.put_taking(taking)
        return taking if taking.kept_back else await self.tell(taking.reference)

    async def tell(self, reference: str) -> Taking:
        """The hospital what was taken, until it has said under a MAC what becomes of it.

        Raises:
            KeyError: nothing was taken under this number.
        """
        taking = self.book.taking(reference)
        if taking is None:
            raise KeyError(reference)
        told = {
            "payment_no": taking.payment_no,
            "reference": reference,
            "amount_fen": taking.amount_fen,
            "taken_at": taking.taken_at,
            "taken_on": taking.taken_on,
        }
        try:
            view = await self._line.ask("ReportTaken", told, key=f"taken-{reference}"[:64])
        except Problem as problem:
            self.book.put_taking(msgspec.structs.replace(taking, kept_back=False, problem=problem.told["code"]))
            raise
        except PlatformAway:
            self.book.put_taking(msgspec.structs.replace(taking, kept_back=False))
            raise
        return self._heard(taking, view)

    async def give_back(self, reference: str) -> Order:
        """Onto the card that it came from, or into the customer's hand; once. Then the platform is told.

        Raises:
            KeyError: there is no such order.
        """
        order = self.book.order(reference)
        taking = self.book.taking(order.taken_reference) if order else None
        if order is None or taking is None:
            raise KeyError(reference)
        if order.given_at is None:
            if taking.pan:
                self._move(taking.pan, order.amount_fen)
            now = self._clock.now().replace(microsecond=0)
            order = msgspec.structs.replace(order, given_at=now, their_reference=f"HB{secrets.token_hex(8)}")
            self.book.put_order(order)
        if not order.confirmed:
            view = await self._line.ask("ConfirmGiveBack", _given(order), key=f"back-{reference}"[:64])
            self._heard(taking, view)
        return self.book.order(reference) or order

    async def follow(self) -> None:
        """For ever: whatever the hospital has not heard is said again, and what it wants back is asked for."""
        while True:
            with suppress(PlatformAway, Problem):
                await self.follow_once()
            await asyncio.sleep(EVERY_S)

    async def follow_once(self) -> None:
        takings, orders = self.book.takings(), self.book.orders()
        for each in takings:
            if not each.kept_back and each.verdict in ("", "delivering"):
                with suppress(Problem):
                    await self.tell(each.reference)
        for each in orders:
            if each.given_at is not None and not each.confirmed:
                await self.give_back(each.reference)
        if takings:
            listed = await self._line.ask("ListGiveBacks", {})
            self._ordered(listed["orders"])

    # -- in the book

    def _heard(self, taking: Taking, view: dict[str, Any]) -> Taking:
        taking = msgspec.structs.replace(taking, kept_back=False, verdict=view["verdict"], problem="")
        self.book.put_taking(taking)
        self._ordered(view.get("give_backs", []))
        return taking

    def _ordered(self, orders: list[dict[str, Any]]) -> None:
        for told in orders:
            ordered = msgspec.structs.replace(msgspec.convert(told, Order), confirmed=bool(told.get("done")))
            known = self.book.order(ordered.reference)
            if known is None:
                self.book.put_order(ordered)
            elif ordered.confirmed and not known.confirmed:
                self.book.put_order(msgspec.structs.replace(known, confirmed=True))

    def _move(self, pan: str, fen: int) -> None:
        """
        Raises:
            KeyError: there is no such card.
            Problem: there is less in the account.
        """
        card = self._accounts.card(pan)
        if card is None:
            raise KeyError(pan)
        if card.balance_fen + fen < 0:
            raise Problem(409, NOT_ENOUGH)
        self._accounts.put_card(msgspec.structs.replace(card, balance_fen=card.balance_fen + fen))

    # -- words

    def _here(self) -> Customer:
        """
        Raises:
            KeyError: nobody is there.
        """
        if self._customer is None:
            raise KeyError("customer")
        return self._customer

    async def _ask(self, operation: str, body: dict[str, Any], key: str = "") -> dict[str, Any]:
        """In the session of whoever is there."""
        return await self._line.ask(operation, body, key, patient=self._here().token)

    def _cards(self, who: DemoPerson) -> list[dict[str, Any]]:
        return [_shown(card) for card in self._accounts.cards() if card.holder == who.key and card.kind == "bank"]


def _by_document(who: DemoPerson) -> dict[str, str]:
    return {"by": "document", "number": who.card.number, "name": who.name}


def _by_card(who: DemoPerson, pan: str) -> dict[str, str]:
    return {"by": "bank_card", "number": pan, "name": who.name}


def _shown(card: Card) -> dict[str, Any]:
    return {"pan": card.pan, "issuer": card.issuer_name, "balance_fen": card.balance_fen}


def _given(order: Order) -> dict[str, Any]:
    return {
        "reference": order.reference,
        "their_reference": order.their_reference,
        "given_back_at": order.given_at,
    }
